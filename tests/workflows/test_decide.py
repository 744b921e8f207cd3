"""Recording decisions: with their audit event, one at a time, never changed, and told to whom they are for."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from estates_api.domain.area import Area
from estates_api.domain.decision_form import parse_stated
from estates_api.domain.decision_rules import ADMINISTRATOR, Actor
from estates_api.domain.decisions import progress_of
from estates_api.domain.method_file import parse_method
from estates_api.domain.quarters import quarter_of
from estates_api.errors import BadInput, Conflict, Gone, NotFound
from estates_api.settings import ROOT
from estates_api.store.database import transaction
from estates_api.store.decisions import list_decided, list_owners
from estates_api.store.layers import Audience
from estates_api.store.shortlists import find_shortlist
from estates_api.store.sites import Moment
from estates_api.workflows import setup
from estates_api.workflows.assess import compute
from estates_api.workflows.decide import Recorded, Terms, record_decision
from estates_api.workflows.ingest import Ingested
from estates_api.workflows.judge import Word, judge, withdraw
from estates_api.workflows.progress import list_particulars, list_registered
from estates_api.workflows.prove import reproduce

METHOD = parse_method(setup.read_shipped(ROOT / "data", setup.METHOD_FILE), "method")
TODAY = datetime.now(UTC).date()
CLERK = Actor("A Clerk", roles=frozenset({ADMINISTRATOR}))
ST_ANNS, EDGWARE = "NCL-RRP03", "NCL-RYX24"
SAID = {"body": "Board", "decided_on": "2024-02-01", "minute_reference": "12/3", "reason": "it is empty",
        "by": "A Clerk"}  # fmt: skip
Decide = Callable[..., Recorded]


@pytest.fixture
def decide(area: Area) -> Decide:
    """Record a decision in a transaction of its own: by NHS Property Services at Edgware where nothing else is said."""

    def record(engine: Engine, step: str, ref: str = EDGWARE, organisation: str = "NHSPS", **parts: str) -> Recorded:
        stated = parse_stated({**SAID, "step": step, "organisation": organisation, **parts})
        with transaction(engine) as connection:
            return record_decision(connection, ref, stated, actor=CLERK, terms=Terms(area, METHOD, TODAY))

    return record


def test_the_decision_and_its_event_are_one(loaded: Engine, decide: Decide, area: Area) -> None:
    """The audit event, with who, why and the states, is written in the same transaction: both are there, or neither."""
    count = text("SELECT (SELECT count(*) FROM decision), (SELECT count(*) FROM audit WHERE action = 'decide')")
    stated = parse_stated({**SAID, "step": "propose", "organisation": "NHSPS"})
    with loaded.connect() as connection, connection.begin() as whole:
        record_decision(connection, EDGWARE, stated, actor=CLERK, terms=Terms(area, METHOD, TODAY))
        assert tuple(connection.execute(count).one()) == (1, 1)
        whole.rollback()
    with transaction(loaded) as connection:
        assert tuple(connection.execute(count).one()) == (0, 0)
    done = decide(loaded, "propose")
    with transaction(loaded) as connection:
        actor, detail = connection.execute(text("SELECT actor, detail FROM audit ORDER BY id DESC LIMIT 1")).one()
        stored = connection.execute(text("SELECT from_state, to_state FROM decision")).one()
    assert (actor, detail["decision"], detail["from"], detail["to"], detail["reason"]) == (
        "A Clerk", done.decision.id, "identified", "proposed surplus", "it is empty")  # fmt: skip
    assert tuple(stored) == (done.before, done.after) == ("identified", "proposed surplus")


def test_a_step_is_taken_back_once(loaded: Engine, decide: Decide) -> None:
    """The database itself refuses a second reversal of the same step."""
    done = decide(loaded, "propose")
    back = decide(loaded, "reverse", reverses=str(done.decision.id))
    assert (back.before, back.after) == ("proposed surplus", "identified")
    again = text(
        "INSERT INTO decision SELECT (jsonb_populate_record(d, '{\"id\": 99}')).* FROM decision d WHERE id = :id"
    )
    with pytest.raises(Exception, match="decision_reverses_key"), transaction(loaded) as connection:
        connection.execute(again, {"id": back.decision.id})


def test_two_at_once(loaded: Engine, decide: Decide) -> None:
    """Of two people who take the same step at once, one is refused with the rule and the state that it is in by now."""

    def attempt(_: int) -> str:
        try:
            return decide(loaded, "propose").after
        except Conflict as error:
            return f"{error.rule}: {error.detail}"

    with ThreadPoolExecutor(2) as pool:
        done = sorted(pool.map(attempt, range(2)))
    assert done[0] == "proposed surplus"
    assert done[1].startswith("state: NCL-RYX24 is proposed surplus;")


def test_who_looked_at_another_state_is_told(loaded: Engine, decide: Decide) -> None:
    """A step that was decided on looking at a state which has changed since is refused, though it would be possible."""
    decide(loaded, "propose", expected_state="identified")
    with pytest.raises(Conflict, match="is proposed surplus by now, not identified: look again") as found:
        decide(loaded, "retain", expected_state="identified")
    assert found.value.rule == "expected-state"


def test_owners_are_those_of_the_catalogue(loaded: Engine, decide: Decide) -> None:
    """Freeholders and head lessees decide, and who carries them on; the trust that only returns the site does not."""
    with transaction(loaded) as connection:
        owners = {owner.code: owner for owner in list_owners(connection, "complete", ST_ANNS, Moment(TODAY))}
    assert owners.keys() == {"RRP"}
    assert owners["RRP"].codes >= {"RRP", "G6V2S"}
    with pytest.raises(Conflict, match="the decision is with Barnet, Enfield and Haringey"):
        decide(loaded, "propose", ST_ANNS, "RKE")
    assert decide(loaded, "propose", "RRP03", "G6V2S", decided_on="2024-11-05").decision.site == ST_ANNS


def test_owners_are_those_that_the_reader_may_know_of(
    loaded: Engine, hand_in: Callable[..., Ingested], template: Callable[..., bytes]
) -> None:
    """An owner that is stated for partners alone is none to the public; one that was stated later was not known before;
    who carried an owner on later did not on an earlier day."""
    before = datetime.now(UTC)
    row = {"organisation_code": "E09000014", "organisation_name": "Haringey", "sector": "council", "gia_m2": 10,
           "holding_code": "RRP03", "interest": "freeholder", "interest_evidence": "stated",
           "postcode": "N15 3TH"}  # fmt: skip
    hand_in(loaded, "x.csv", template(row), sensitivity="partner")
    with transaction(loaded) as connection:
        connection.execute(text("UPDATE holding SET site_ref = :ref WHERE organisation_code = 'E09000014' AND code = "
                                "'RRP03'"), {"ref": ST_ANNS})  # fmt: skip

    def codes(audience: Audience, day: date = TODAY, known_at: datetime | None = None) -> dict[str, frozenset[str]]:
        with transaction(loaded) as connection:
            return {one.code: one.codes for one in list_owners(connection, audience, ST_ANNS, Moment(day, known_at))}

    assert codes("public").keys() == {"RRP"}
    assert codes("partner").keys() == codes("complete").keys() == {"RRP", "E09000014"}
    assert codes("complete", known_at=before).keys() == {"RRP"}
    assert "G6V2S" in codes("public")["RRP"]
    assert "G6V2S" not in codes("public", date(2015, 3, 31))["RRP"]


def test_who_decides_was_there_on_the_day(loaded: Engine, decide: Decide) -> None:
    """A trust that closed decides nothing from that day on: who carries it on does, and not before it opened."""
    with pytest.raises(BadInput, match="closed on 1 November 2024; it is carried on by G6V2S"):
        decide(loaded, "propose", ST_ANNS, "RRP", decided_on="2024-11-01")
    with pytest.raises(BadInput, match="North London NHS Foundation Trust opened on 1 November 2024"):
        decide(loaded, "propose", ST_ANNS, "G6V2S", decided_on="2024-10-31")
    decide(loaded, "propose", ST_ANNS, "RRP", decided_on="2024-10-31")
    decide(loaded, "declare", ST_ANNS, "G6V2S", decided_on="2024-11-01")


def test_bodies_of_the_area_endorse(loaded: Engine, decide: Decide, hand_in: Callable[..., Ingested],
                                    template: Callable[..., bytes]) -> None:  # fmt: skip
    """The integrated care board, which no list of organisations names, speaks for the NHS while it is there."""
    row = {
        "organisation_code": "E09000003",
        "organisation_name": "London Borough of Barnet",
        "sector": "council",
        "holding_code": "BARNET-X",
        "interest": "freeholder",
        "interest_evidence": "stated",
        "postcode": "N3 1BB",
    }
    hand_in(loaded, "x.csv", template(row))
    decide(loaded, "endorse", "BARNET-X", "QMJ")
    with pytest.raises(BadInput, match="did not speak for the area on 2024-02-01"):
        decide(loaded, "endorse", "BARNET-X", "93C")
    with pytest.raises(BadInput, match="'NOBODY' is not in the register"):
        decide(loaded, "propose", organisation="nobody")


def test_decisions_follow_the_survivor(
    loaded: Engine, decide: Decide, area: Area, hand_in: Callable[..., Ingested], template: Callable[..., bytes]
) -> None:
    """What was decided on a site that became part of another is the other's; a withdrawn one takes no decision."""
    owned = {"organisation_code": "NHSPS", "organisation_name": "NHS Property Services", "interest": "freeholder",
             "interest_evidence": "stated"}  # fmt: skip
    places = ({"holding_code": "MADE1", "postcode": "N3 1BB"}, {"holding_code": "MADE2", "postcode": "NW1 0PE"})
    hand_in(loaded, "two.csv", template(*(owned | place for place in places)))
    decide(loaded, "propose", "MADE1")
    with transaction(loaded) as connection:
        judge(connection, "MADE1", "MADE2", Word("same", "one place"), area)
    with transaction(loaded) as connection:
        (decided,) = list_decided(connection, "public").values()
    assert progress_of(decided.decisions).state == "proposed surplus"
    gone = {"NCL-MADE1", "NCL-MADE2"} - {decided.site}
    with pytest.raises(Conflict, match=f"became part of {decided.site}; record it there"):
        decide(loaded, "declare", gone.pop())
    decide(loaded, "declare", decided.site)
    with transaction(loaded) as connection:
        withdraw(connection, decided.site, "not a place")
    with pytest.raises(Gone, match="withdrawn"):
        decide(loaded, "retain", decided.site)
    with transaction(loaded) as connection:
        assert list_decided(connection, "complete") == {}


def test_a_site_that_is_not_there(loaded: Engine, decide: Decide) -> None:
    """An unknown reference or holding code is told."""
    for ref in ("NCL-NONE", "NONE"):
        with pytest.raises(NotFound, match="there is no site"):
            decide(loaded, "propose", ref)


def test_what_each_audience_sees(loaded: Engine, decide: Decide) -> None:
    """Partners see what is for partners, the public neither the step nor the state it leads to; the database refuses
    the public role the stored states."""
    decide(loaded, "propose")
    decide(loaded, "declare", sensitivity="partner")
    decide(loaded, "market", sensitivity="owner", decided_on="2024-03-01")
    with transaction(loaded) as connection:
        told = {audience: progress_of(list_decided(connection, audience)[EDGWARE].decisions).state
                for audience in ("public", "partner", "complete")}  # fmt: skip
    assert told == {"public": "proposed surplus", "partner": "declared surplus", "complete": "in disposal"}
    with transaction(loaded) as connection:
        connection.execute(text("SET LOCAL ROLE estates_public"))
        with pytest.raises(Exception, match="permission denied"):
            connection.execute(text("SELECT to_state FROM decision"))


def test_assessments_and_lists_tell_what_all_may_know(
    loaded: Engine, decide: Decide, area: Area, draft: Callable[..., Any]
) -> None:
    """A check that is recorded is told by the next assessment, and the state by the next list: of a public site only
    what was decided in public, by the day that the list speaks of."""
    decide(loaded, "propose")
    decide(loaded, "declare", sensitivity="partner")
    decide(loaded, "check", check="offer-back", outcome="does not apply")
    with transaction(loaded) as connection:
        run = compute(connection, area, METHOD, TODAY)
        earlier = compute(connection, area, METHOD, date(2024, 1, 31))
        found = [next(check for check in one.describe(result)["checks"] if check["id"] == "offer-back")
                 for one in (run, earlier) for result in one.results if result.site.ref == EDGWARE]  # fmt: skip
        particulars = list_particulars(connection, TODAY, present=True)[EDGWARE]
        frozen, _ = draft(connection, quarter_of(TODAY))
    assert [check["state"] for check in found] == ["does not apply", "not known"]
    assert found[0]["reason"] == "Board of NHS Property Services, 2024-02-01, minute 12/3"
    assert progress_of(particulars.decisions).state == "proposed surplus"
    assert "declared surplus" not in {entry["state"] for entry in frozen.entries}
    assert {entry["surplus_window"] for entry in frozen.entries} <= {"not registered", "does not apply"}


def test_a_list_is_reproduced_whatever_was_decided_since(
    loaded: Engine, decide: Decide, area: Area, draft: Callable[..., Any]
) -> None:
    """A frozen list tells of the decisions that were recorded by then; drawn up again later, it is the same still."""
    quarter = quarter_of(TODAY)
    with transaction(loaded) as connection:
        owners = {entry["site"]: list_owners(connection, "complete", entry["site"], Moment(TODAY))
                  for entry in draft(connection, quarter)[0].entries}  # fmt: skip
    ref, by = next((ref, found[0].code) for ref, found in owners.items() if found)
    decide(loaded, "propose", ref, by)
    with transaction(loaded) as connection:
        draft(connection, quarter)
    decide(loaded, "declare", ref, by)
    with transaction(loaded) as connection:
        row = find_shortlist(connection, str(quarter))
        assert row is not None
        assert reproduce(connection, row, area=area).same
        again, new = draft(connection, quarter)
    states = [{entry["site"]: entry["state"] for entry in entries}[ref]
              for entries in (json.loads(row["content"])["entries"], again.entries)]  # fmt: skip
    assert (states, new) == (["proposed surplus", "declared surplus"], True)


def test_the_register_is_told_by_the_end_of_its_windows(loaded: Engine, decide: Decide) -> None:
    """A registered site is listed with its window while it stands on the register, to those who may know."""
    decide(loaded, "declare")
    decide(loaded, "register", sensitivity="partner", decided_on=TODAY.isoformat())
    with transaction(loaded) as connection:
        assert list_registered(connection, "public", TODAY) == []
        (found,) = list_registered(connection, "partner", TODAY)
        assert list_registered(connection, "partner", TODAY - timedelta(days=1)) == []
        kept = list_particulars(connection, TODAY, present=True)[EDGWARE]
    assert (found.site, found.window.standing, found.window.covered) == (EDGWARE, "in window", "not known")
    assert (kept.window, progress_of(kept.decisions).state) == (None, "declared surplus")
