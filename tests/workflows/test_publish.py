"""A draft is published to the byte, never changed, verified and reproduced; a correction is a new revision."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from estates_api.domain.area import Area
from estates_api.domain.method import Method
from estates_api.domain.method_file import parse_method
from estates_api.domain.quarters import Quarter
from estates_api.domain.reproduction import Reproduction
from estates_api.domain.shortlist import canonical_bytes, named
from estates_api.errors import BadInput, Conflict, KeyNeeded, NotFound
from estates_api.settings import ROOT
from estates_api.store import shortlists
from estates_api.store.assessments import list_explanations
from estates_api.store.audit import add_audit
from estates_api.store.database import transaction
from estates_api.store.shortlists import Seeing
from estates_api.workflows import choose, comparison
from estates_api.workflows.prove import Check, reproduce, verify
from estates_api.workflows.readiness import check_ready
from estates_api.workflows.shortlist import PUBLISH, Frozen, Publication, get_shortlist, publish

TODAY = datetime.now(UTC).date()
THEN = Quarter(2015, 1)
METHOD_FILE = ROOT / "data/methods/ncl-1.toml"
PUBLIC = Seeing("public", drafts=False)


@dataclass(frozen=True)
class Lists:
    """A database of its own with drafts, and the ways to do something with them."""

    engine: Engine
    area: Area
    method: Method
    redraft: Callable[..., tuple[Frozen, bool]]
    hand_in: Callable[..., Any]
    template: Callable[..., bytes]

    def publish(self, quarter: Quarter = THEN, because: str | None = None) -> Frozen:
        """Publish in a transaction of its own."""
        with transaction(self.engine) as connection:
            asked = Publication("A Board", because)
            return publish(connection, quarter, asked, area=self.area, method=self.method)

    def draft(self, quarter: Quarter = THEN) -> Frozen:
        """Draft in a transaction of its own."""
        with transaction(self.engine) as connection:
            return self.redraft(connection, quarter)[0]

    def choose(self, ref: str, kind: Any, listed: str | None = None, quarter: Quarter = THEN) -> None:
        """Pin, strike or take back."""
        asked = choose.Asked(ref, kind, "A Board", "the board asked", listed)
        with transaction(self.engine) as connection:
            choose.choose(connection, quarter, asked, area=self.area, method=self.method, today=TODAY)

    def proved(self, quarter: Quarter = THEN, revision: int | None = None) -> tuple[list[Check], Reproduction]:
        """What verify and reproduce find."""
        with transaction(self.engine) as connection:
            row = shortlists.get_shortlist(connection, str(quarter), revision)
            return verify(connection, row), reproduce(connection, row, area=self.area)

    def more_data(self, ref: str = "RZ101", name: str = "a.csv", **values: object) -> None:
        """Another edition."""
        self.hand_in(self.engine, name, self.template({"holding_code": ref, "gia_m2": 10, "period_end": "2015-01-01"}
                                                      | values))  # fmt: skip


@pytest.fixture
def lists(
    loaded: Engine, area: Area, draft: Callable[..., tuple[Frozen, bool]], hand_in: Callable[..., Any],
    template: Callable[..., bytes],
) -> Lists:  # fmt: skip
    """Drafts of March 2015 and of today."""
    method = parse_method(METHOD_FILE.read_bytes(), METHOD_FILE.name)
    return Lists(loaded, area, method, draft, hand_in, template)


def test_what_was_reviewed_is_published(lists: Lists) -> None:
    """Publishing adds a revision with the draft's very bytes for every audience, and records who did it."""
    with transaction(lists.engine) as connection:
        reviewed = {seeing: get_shortlist(connection, THEN, seeing) for seeing in (Seeing(), Seeing("public"))}
    done = lists.publish()
    assert (done.revision, done.status, done.by, done.replaces) == (2, "published", "A Board", None)
    with transaction(lists.engine) as connection:
        for seeing, before in reviewed.items():
            after = get_shortlist(connection, THEN, seeing)
            assert (after.content, after.sha256) == (before.content, before.sha256)
        audit = connection.execute(text("SELECT actor, action, subject FROM audit ORDER BY id DESC LIMIT 1")).one()
    assert tuple(audit) == ("A Board", "publish shortlist", "2015-Q1 revision 2")


def test_everybody_sees_the_list_made_for_them(lists: Lists) -> None:
    """Before it is published the public sees none; afterwards its own bytes, which say whose they are."""
    with transaction(lists.engine) as connection, pytest.raises(KeyNeeded):
        get_shortlist(connection, THEN, PUBLIC)
    lists.publish()
    with transaction(lists.engine) as connection:
        shown = get_shortlist(connection, THEN, PUBLIC)
        assert shortlists.list_shortlists(connection, PUBLIC)[0]["sha256"] == shown.sha256
        assert len(shortlists.list_shortlists(connection, PUBLIC)) == 1
        with pytest.raises(KeyNeeded):
            get_shortlist(connection, THEN, PUBLIC, revision=1)
        with pytest.raises(NotFound, match="no revision 9"):
            get_shortlist(connection, THEN, PUBLIC, revision=9)
    assert (shown.revision, shown.document["audience"], shown.document["schema"]) == (2, "public", "shortlist/1")
    assert hashlib.sha256(shown.content).hexdigest() == shown.sha256
    assert shown.document["area"] == {"id": "ncl", "name": "North Central London"}


def test_a_site_withheld_by_now_is_not_in_old_lists(lists: Lists) -> None:
    """Today's sensitivity holds for published lists too: the site is gone from what the public gets, the key has it."""
    published = lists.publish()
    listed = "NCL-RRP03"
    assert listed in named(published.document)
    lists.hand_in(lists.engine, "private.csv", lists.template(
        {"organisation_code": "RRP", "holding_code": "RRP03", "empty_pct": 1, "period_end": "2016-01-01"}
    ), sensitivity="owner")  # fmt: skip
    with transaction(lists.engine) as connection:
        shown, whole = get_shortlist(connection, THEN, PUBLIC), get_shortlist(connection, THEN)
    assert listed not in shown.content.decode()
    assert shown.withheld == 1
    assert whole.content == published.content
    with transaction(lists.engine) as connection:
        before = get_shortlist(connection, THEN, PUBLIC, 2)
        assert listed not in json.dumps(comparison.compare(connection, before, shown, "public"))


def test_what_was_withheld_when_a_run_was_made_stays_so(lists: Lists) -> None:
    """What a run said of a site counts for those who could see the site then, whoever may see it later."""
    before = lists.draft()
    lists.hand_in(lists.engine, "private.csv", lists.template(
        {"organisation_code": "RRP", "holding_code": "RRP03", "empty_pct": 1, "period_end": "2015-01-01"}
    ), sensitivity="partner")  # fmt: skip
    after = lists.draft()
    with transaction(lists.engine) as connection:
        told = {
            (audience, run.assessment_id): list(
                list_explanations(connection, run.assessment_id, ["NCL-RRP03"], audience))
            for run in (before, after) for audience in ("public", "partner", "complete")
        }  # fmt: skip
    assert told == {
        ("public", before.assessment_id): ["NCL-RRP03"], ("public", after.assessment_id): [],
        ("partner", before.assessment_id): ["NCL-RRP03"], ("partner", after.assessment_id): ["NCL-RRP03"],
        ("complete", before.assessment_id): ["NCL-RRP03"], ("complete", after.assessment_id): ["NCL-RRP03"],
    }  # fmt: skip


def test_a_quarter_that_has_not_begun_has_no_list(lists: Lists) -> None:
    """A list of days to come would speak of today: it is refused, with the day on which the quarter begins."""
    with pytest.raises(BadInput, match=r"2099-Q2 begins on 1 April 2099, .* write [0-9]{4}-Q[1-4] for the quarter"):
        lists.draft(Quarter(2099, 2))
    with pytest.raises(BadInput, match="begins on"):
        lists.choose("NCL-RRP03", "pin", "reuse", Quarter(2099, 2))


def test_what_cannot_be_published(lists: Lists) -> None:
    """Nothing drafted, drafted before other data came, already published: refused, and it is said what to do."""
    with pytest.raises(Conflict, match="there is no draft of 2014-Q2 to publish; make one with: estates"):
        lists.publish(Quarter(2014, 2))
    with pytest.raises(BadInput, match="by: say it"), transaction(lists.engine) as connection:
        publish(connection, THEN, Publication(" "), area=lists.area, method=lists.method)
    lists.more_data()
    with pytest.raises(Conflict, match=r"is not what would be drafted now: it differs in editions, .*draft it again"):
        lists.publish()
    lists.draft()
    assert lists.publish().revision == 3
    with pytest.raises(Conflict, match="revision 3 of 2015-Q1 is published, and nothing was drafted since"):
        lists.publish()


def test_a_correction_names_what_it_replaces_and_why(lists: Lists) -> None:
    """After other data came, a new draft and a reason publish a correction; the first one stays as it was."""
    first = lists.publish()
    lists.more_data()
    lists.draft()
    with pytest.raises(BadInput, match="because: revision 2 of 2015-Q1 is published; say why it is replaced"):
        lists.publish()
    second = lists.publish(because="a late return")
    assert (second.revision, second.replaces, second.because) == (4, 2, "a late return")
    with transaction(lists.engine) as connection:
        assert get_shortlist(connection, THEN, PUBLIC).revision == 4
        assert get_shortlist(connection, THEN, revision=2).content == first.content


_ADD = """
INSERT INTO shortlist (quarter, revision, status, assessment_id, content, sha256, actor, replaces, because)
SELECT quarter, 9, 'published', assessment_id, {content}, encode(sha256({content}), 'hex'), 'me', {replaces}, {because}
FROM shortlist WHERE quarter = '2015-Q1' AND revision = 1
"""


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE shortlist SET because = 'x' WHERE status = 'published'", "shortlist is a record"),
        ("DELETE FROM shortlist WHERE status = 'published'", "shortlist is a record"),
        ("UPDATE shortlist_view SET content = content", "shortlist_view is a record"),
        ("DELETE FROM shortlist_view", "shortlist_view is a record"),
        ("TRUNCATE shortlist CASCADE", "is a record"),
        ("TRUNCATE choice", "choice is a record"),
        ("INSERT INTO shortlist_view SELECT id, 'public', 'x', 'wrong' FROM shortlist LIMIT 1", "shortlist_view"),
        (_ADD.format(content="'other'::bytea", replaces="2", because="'x'"), "must have been a draft, to the byte"),
        (_ADD.format(content="content", replaces="NULL", because="NULL"), "revision 2 is published"),
        (_ADD.format(content="content", replaces="2", because="NULL"), "revision 2 is published"),
        (_ADD.format(content="content", replaces="1", because="'x'"), "revision 2 is published"),
        (_ADD.format(content="content", replaces="2", because="' '"), "because"),
    ],
)
def test_the_database_itself_refuses(lists: Lists, statement: str, told: str) -> None:
    """Whoever writes SQL by hand: what is published is not changed or removed, nothing is published that was no draft,
    and a correction says what it replaces and why."""
    lists.publish()
    lists.choose("NCL-RAL01", "strike")
    with transaction(lists.engine) as connection, pytest.raises(DBAPIError, match=told):
        connection.execute(text(statement))


def test_a_fresh_list_is_verified_and_reproduced(lists: Lists) -> None:
    """Right after publishing every check passes, and the stored data give the same bytes again."""
    lists.publish()
    checks, again = lists.proved()
    assert [check.title for check in checks if not check.passed] == []
    assert {"the method stored under its hash still has it", "the bytes are canonical"} <= {one.title for one in checks}
    assert (again.same, again.told) == (True, "yes")


def _unlocked(connection: Connection, statement: str) -> None:
    """Change a record as only somebody who owns the tables and switches their guards off can."""
    for table in ("shortlist", "shortlist_view", "method", "assessment_site", "edition"):
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    connection.execute(text(statement))


_FREE_VIEWS = "ALTER TABLE shortlist_view DROP CONSTRAINT shortlist_view_check"


@pytest.mark.parametrize(
    ("statement", "failing"),
    [
        ("ALTER TABLE shortlist DROP CONSTRAINT shortlist_check; UPDATE shortlist SET content = content || ' '",
         {"the list's bytes have the hash that was stored", "the bytes are canonical"}),
        (f"{_FREE_VIEWS}; UPDATE shortlist_view SET content = content || ' ' WHERE audience = 'public'",
         {"what the public audience sees has the hash that was stored"}),
        ("DELETE FROM shortlist_view", {"there is a view for each audience"}),
        ("UPDATE method SET content = content || ' '", {"the method stored under its hash still has it"}),
        ("UPDATE assessment_site SET release_score = release_score / 2 WHERE site_ref = 'NCL-RAL01'",
         {"the assessment still has the hash that was stored"}),
        ("UPDATE edition SET label = 'x' WHERE source = 'ERIC' AND label = '2014-15'",
         {"edition ERIC 2014-15 is still there with its hash"}),
    ],
)  # fmt: skip
def test_what_was_tampered_with_is_found(lists: Lists, statement: str, failing: set[str]) -> None:
    """Bytes, a view, the method, the assessment or an edition changed behind the guards: the right check fails."""
    lists.publish()
    with transaction(lists.engine) as connection:
        _unlocked(connection, statement)
    with transaction(lists.engine) as connection:
        row = shortlists.get_shortlist(connection, str(THEN))
        assert {check.title for check in verify(connection, row) if not check.passed} == failing


def test_a_list_is_reproduced_after_later_data(lists: Lists) -> None:
    """Another edition that speaks of the same day came later: the list is drawn up again from what was known."""
    lists.publish()
    lists.more_data("RRP03", organisation_code="RRP", gia_m2=1, empty_pct=90, land_owned_ha=1)
    lists.choose("NCL-RAL01", "strike")
    _, again = lists.proved()
    assert (again.same, again.differences) == (True, ())


def test_what_cannot_be_rewound_is_told(lists: Lists) -> None:
    """A site's name is always today's: where it changed, the list is reproduced but for that, and it says so."""
    lists.publish()
    with transaction(lists.engine) as connection:
        connection.execute(text("UPDATE site SET name = 'Another Name' WHERE ref = 'NCL-RRP03'"))
    _, again = lists.proved()
    assert (again.same, again.fails, again.told) == (False, False, "but for what is of today")
    assert again.reason == "all that differs is of today, as it cannot be rewound"
    (one,) = again.differences
    assert (one["part"], one["site"], one["fields"]) == ("entries", "NCL-RRP03", ["name"])


def test_a_difference_that_is_none_of_today_fails(lists: Lists) -> None:
    """A claim changed behind the guards: reproduction fails and names entry and fields."""
    lists.publish()
    with transaction(lists.engine) as connection:
        connection.execute(text("ALTER TABLE claim DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE claim SET number = number / 2 WHERE number > 1"))
    _, again = lists.proved()
    assert (again.fails, again.told) == (True, "no")
    assert "NCL-RRP03" in {one.get("site") for one in again.differences}


def test_another_version_may_explain_it(lists: Lists) -> None:
    """A list that another version of the code made and that comes out otherwise now says which versions."""
    with transaction(lists.engine) as connection:
        row = dict(shortlists.get_shortlist(connection, str(THEN)))
        document = json.loads(row["content"]) | {"code_version": "0.0.1"}
        document["entries"][0]["score"] = 1.0
        row["content"] = canonical_bytes(document)
        again = reproduce(connection, row, area=lists.area)  # type: ignore[arg-type]
    assert again.reason.startswith("it was made by version 0.0.1; this is ")
    assert again.fails


def test_a_pin_and_a_strike_change_the_next_draft(lists: Lists) -> None:
    """A choice changes nothing that is frozen, and the next draft: both are printed with who and why; taken back, the
    list is again what it was but for what is known of it."""
    before = lists.draft()
    kept = next(ref for ref in ("NCL-RAL01", "NCL-RP401") if ref in {entry["site"] for entry in before.entries})
    lists.choose(kept, "strike")
    lists.choose("NCL-RRVNQ", "pin", "reuse")
    after = lists.draft()
    refs = {entry["site"]: entry for entry in after.entries}
    assert kept not in refs
    assert refs["NCL-RRVNQ"]["pinned"] == "A Board: the board asked"
    assert {row["site"]: row["kind"] for row in after.document["choices"]} == {kept: "strike", "NCL-RRVNQ": "pin"}
    for ref in (kept, "NCL-RRVNQ"):
        lists.choose(ref, "withdrawn")
    assert lists.draft().content == before.content
    with pytest.raises(Conflict, match="neither pinned nor struck"):
        lists.choose(kept, "withdrawn")


@pytest.mark.parametrize(
    ("ref", "kind", "listed", "error", "told"),
    [
        ("NCL-NEVER", "strike", None, NotFound, "there is no site NCL-NEVER"),
        ("NCL-RAL01", "pin", "annex", BadInput, "list: must be one of release, part release, reuse"),
        ("NCL-RAL01", "pin", None, BadInput, "list: must be one of"),
        ("NCL-RAL01", "strike", "reuse", BadInput, "only a pin names a list"),
        ("NCL-RRV03", "pin", "release", Conflict, "cannot be pinned to the release list: the gate is closed"),
    ],
)
def test_choices_that_are_refused(
    lists: Lists, ref: str, kind: str, listed: str | None, error: type[Exception], told: str
) -> None:
    """A site that is not there, a list that is none, a gate that is closed: refused with the reason, not written."""
    with pytest.raises(error, match=told):
        lists.choose(ref, kind, listed)
    with transaction(lists.engine) as connection:
        assert shortlists.list_choices(connection, str(THEN)) == ()


def test_the_same_choice_twice_is_refused(lists: Lists) -> None:
    """A choice that stands is not recorded again: whoever asks is told whose it is."""
    lists.choose("NCL-RAL01", "strike")
    with pytest.raises(Conflict, match="already, by A Board: the board asked"):
        lists.choose("NCL-RAL01", "strike")


@pytest.mark.parametrize("old", [{"public"}, {"complete"}, {"public", "partner", "complete"}])
def test_who_sees_old_evidence_is_told_why_it_went_out(lists: Lists, old: set[str]) -> None:
    """Each audience's view is judged by itself: the reason is asked for where any of them is too old, and told to
    those alone whose own view is. Otherwise it would tell how old what is withheld is."""
    document = lists.draft().document
    contents = {name: canonical_bytes(document | {"entries": [one | {"stale": name in old} for one in
                                                              document["entries"]], "audience": name})
                for name in ("public", "partner", "complete")}  # fmt: skip
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    with transaction(lists.engine) as connection:
        before = shortlists.get_shortlist(connection, str(THEN))
        values = {name: before[name] for name in ("quarter", "assessment_id", "actor")} | {"sha256": hashes["complete"]}
        views = {name: (contents[name], hashes[name]) for name in ("public", "partner")}
        shortlists.add_shortlist(connection, values | {"revision": 91, "status": "draft"}, contents["complete"], views)
        row = shortlists.get_shortlist(connection, str(THEN))
        with pytest.raises(Conflict, match="the evidence is too old: ") as refused:
            check_ready(connection, row, area=lists.area, allow_stale=None)
        assert ("as the public will see it" in str(refused.value)) == (old == {"public"})
        told = check_ready(connection, row, area=lists.area, allow_stale="nothing newer")
        shortlists.add_shortlist(connection, values | {"revision": 92, "status": "published"}, contents["complete"],
                                 views)  # fmt: skip
        add_audit(connection, actor="A Board", action=PUBLISH, subject=f"{THEN} revision 92",
                  detail={"allow_stale": told})  # fmt: skip
        for audience in ("public", "partner", "complete"):
            shown = get_shortlist(connection, THEN, Seeing(audience)).on_old_evidence
            assert shown == ("nothing newer" if audience in old else "")
