"""Matching end to end: files become sites, and a person's word decides where likeness does not."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text

from estates_api.domain.area import Area
from estates_api.errors import BadInput, Conflict, NotFound
from estates_api.store import candidates
from estates_api.store.database import transaction
from estates_api.store.judgements import list_questions
from estates_api.workflows.ingest import Ingested
from estates_api.workflows.judge import Judged, Word, judge, restore, withdraw
from estates_api.workflows.match import Placed, match_places

HandIn = Callable[..., Ingested]
Template = Callable[..., bytes]
Count = Callable[[Engine], dict[str, int]]
Say = Callable[..., Judged]

A = {"organisation_code": "RZ1", "organisation_name": "First Trust"}
B = {"organisation_code": "RZ2", "organisation_name": "Second Trust"}
C = {"organisation_code": "RZ3", "organisation_name": "Third Trust"}


def ask(engine: Engine, query: str, **values: Any) -> list[Any]:
    """The rows of a query, as tuples; as values when there is one column."""
    with transaction(engine) as connection:
        rows = connection.execute(text(query), values).all()
    return [row[0] if len(row) == 1 else tuple(row) for row in rows]


def sites(engine: Engine) -> dict[str, str]:
    """The site of each holding, by its code."""
    return dict(ask(engine, "SELECT code, site_ref FROM holding WHERE site_ref IS NOT NULL"))


def fates(engine: Engine) -> list[Any]:
    """What became of sites, in the order in which it happened."""
    return ask(engine, "SELECT ref, kind, survivor FROM fate ORDER BY id")


@pytest.fixture
def say(area: Area) -> Say:
    """Say that two holdings are the same or different, in a transaction of its own."""

    def speak(engine: Engine, one: str, other: str, verdict: Any, reason: str = "seen on the ground") -> Judged:
        with transaction(engine) as connection:
            return judge(connection, one, other, Word(verdict, reason, "a steward"), area)

    return speak


@pytest.fixture
def unlike(reference: Engine, hand_in: HandIn, template: Template) -> Engine:
    """Two trusts' holdings at one postcode whose names have nothing in common, and a third elsewhere."""
    rows = [
        A | {"holding_code": "RZ101", "name": "Made Hospital", "postcode": "E8 2BB", "gia_m2": 1},
        B | {"holding_code": "RZ201", "name": "Ash Clinic", "postcode": "E8 2BB", "gia_m2": 1},
        C | {"holding_code": "RZ301", "name": "Oak House", "postcode": "N15 3TH", "gia_m2": 1},
    ]
    hand_in(reference, "a.csv", template(*rows))
    return reference


def test_likeness_joins_and_says_why(reference: Engine, hand_in: HandIn, template: Template) -> None:
    """Two trusts' returns for one place are one site, with the sum that joined them, and a place in its history."""
    hand_in(reference, "a.csv", template(
        A | {"holding_code": "RZ101", "name": "MADE HOSPITAL", "postcode": "E8 2BB", "gia_m2": 1},
        B | {"holding_code": "RZ201", "name": "Made Hospital ", "postcode": "E8 2BB", "gia_m2": 2}))  # fmt: skip
    assert sites(reference) == {"RZ101": "NCL-RZ101", "RZ201": "NCL-RZ101"}
    told = "one place with RZ101 of RZ1: postcode +3.0, name +3.0 = 6.0: same"
    assert ask(reference, "SELECT match_evidence FROM holding ORDER BY code") == ["a place of its own", told]
    assert ask(reference, "SELECT site_ref, evidence FROM placement ORDER BY id")[1] == ("NCL-RZ101", told)


def test_a_later_file_joins_the_site_that_is_there(reference: Engine, hand_in: HandIn, template: Template) -> None:
    """A new holding is weighed against holdings that have sites, in whatever chunk or file they came."""
    hand_in(
        reference, "a.csv", template(A | {"holding_code": "RZ101", "name": "Made House", "uprn": "77", "gia_m2": 1})
    )
    hand_in(
        reference,
        "b.csv",
        template(B | {"holding_code": "RZ201", "name": "Resource Centre", "uprn": "77", "gia_m2": 1}),
    )
    assert sites(reference) == {"RZ101": "NCL-RZ101", "RZ201": "NCL-RZ101"}


def test_small_chunks_place_alike(
    reference: Engine, hand_in: HandIn, template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that is placed in many chunks, one of which is one organisation's alone, is placed as in one."""
    monkeypatch.setattr(candidates, "CHUNK", 3)
    rows = [who | {"holding_code": f"{who['organisation_code']}{number:02}", "name": f"Place{'xyz' * number}{number}",
                   "postcode": "E8 2BB", "gia_m2": 1} for who in (A, B) for number in range(8)]  # fmt: skip
    hand_in(reference, "a.csv", template(*rows))
    assert sites(reference) == {
        f"{who}{number:02}": f"NCL-RZ1{number:02}" for who in ("RZ1", "RZ2") for number in range(8)
    }


def test_what_is_not_sure_is_asked(reference: Engine, hand_in: HandIn, template: Template) -> None:
    """One name and nothing else is two sites and a question with its weight, until somebody answers."""
    hand_in(reference, "a.csv", template(
        A | {"holding_code": "RZ101", "name": "Marigold House", "gia_m2": 1},
        B | {"holding_code": "RZ201", "name": "MARIGOLD HOUSE", "gia_m2": 5}))  # fmt: skip
    assert sites(reference) == {"RZ101": "NCL-RZ101", "RZ201": "NCL-RZ201"}
    with transaction(reference) as connection:
        found = list_questions(connection)
    assert [(q["holding_code"], q["other_holding_code"], q["evidence"], q["sensitivity"]) for q in found] == [
        ("RZ101", "RZ201", "name +3.0 = 3.0: ask", "public")
    ]


@pytest.mark.parametrize("verdict", ["same", "different"])
def test_an_answer_closes_the_question(
    reference: Engine, hand_in: HandIn, template: Template, say: Say, verdict: str
) -> None:
    """A judged pair is asked no more, whatever the answer, and stays as judged when its files come again."""
    rows = [
        A | {"holding_code": "RZ101", "name": "Marigold House"},
        B | {"holding_code": "RZ201", "name": "MARIGOLD HOUSE"},
    ]
    hand_in(reference, "a.csv", template(*(row | {"gia_m2": 1} for row in rows)))
    say(reference, "RZ201", "RZ101", verdict)
    hand_in(reference, "b.csv", template(*(row | {"gia_m2": 2, "postcode": "E8 2BB"} for row in rows)))
    with transaction(reference) as connection:
        assert list_questions(connection) == []
    other = "NCL-RZ101" if verdict == "same" else "NCL-RZ201"
    assert sites(reference) == {"RZ101": "NCL-RZ101", "RZ201": other}


def test_same_makes_one_site(unlike: Engine, say: Say) -> None:
    """Two sites become one at once: the older stays, the other is merged into it; who, why and when is recorded."""
    done = say(unlike, "RZ301", "RZ1:RZ101", "same", "  one  gate ")
    assert (done.one_ref, done.other_ref, done.moved) == ("NCL-RZ101", "NCL-RZ101", 1)
    assert sites(unlike) == {"RZ101": "NCL-RZ101", "RZ201": "NCL-RZ201", "RZ301": "NCL-RZ101"}
    assert fates(unlike) == [("NCL-RZ301", "merged", "NCL-RZ101")]
    assert ask(unlike, "SELECT reason, actor FROM fate") == [("judged: one gate", "a steward")]
    assert ask(unlike, "SELECT verdict, reason, actor FROM pair_judgement") == [("same", "one gate", "a steward")]
    assert ask(unlike, "SELECT actor, subject FROM audit WHERE action = 'judge'") == [
        ("a steward", "RZ1:RZ101 and RZ3:RZ301")
    ]
    assert ask(unlike, "SELECT gone->>'survivor' FROM site_public WHERE ref = 'NCL-RZ301'") == ["NCL-RZ101"]
    assert ask(unlike, "SELECT p.site_ref FROM placement p JOIN holding h ON h.id = p.holding_id WHERE code = 'RZ301' "
                       "ORDER BY p.id") == ["NCL-RZ301", "NCL-RZ101"]  # fmt: skip


def test_different_separates(unlike: Engine, say: Say) -> None:
    """What a person joined, a person can tell apart again: the site that was merged is there again."""
    say(unlike, "RZ101", "RZ301", "same")
    done = say(unlike, "RZ101", "RZ301", "different")
    assert (done.one_ref, done.other_ref) == ("NCL-RZ101", "NCL-RZ301")
    assert fates(unlike) == [("NCL-RZ301", "merged", "NCL-RZ101"), ("NCL-RZ301", "restored", None)]
    assert ask(unlike, "SELECT held IS NOT NULL FROM site_public WHERE ref = 'NCL-RZ301'") == [True]


def test_what_likeness_joined_is_told_apart_for_good(
    reference: Engine, hand_in: HandIn, template: Template, say: Say, area: Area
) -> None:
    """Holdings that their names joined are separated by a person, and no later file or matching joins them again."""
    rows = [who | {"holding_code": code, "name": "Made Hospital", "postcode": "E8 2BB"}
            for who, code in ((A, "RZ101"), (B, "RZ201"), (C, "RZ301"))]  # fmt: skip
    hand_in(reference, "a.csv", template(*(row | {"gia_m2": 1} for row in rows)))
    assert set(sites(reference).values()) == {"NCL-RZ101"}
    say(reference, "RZ101", "RZ201", "different")
    apart = {"RZ101": "NCL-RZ101", "RZ201": "NCL-RZ201", "RZ301": "NCL-RZ101"}
    assert sites(reference) == apart
    hand_in(reference, "b.csv", template(*(row | {"gia_m2": 2} for row in rows)))
    with transaction(reference) as connection:
        assert match_places(connection, area) == Placed(0, 0)
    assert sites(reference) == apart


@pytest.mark.parametrize(("verdict", "other"), [("same", "NCL-RZ101"), ("different", "NCL-RZ201")])
def test_a_judgement_comes_before_the_holding(
    reference: Engine, hand_in: HandIn, template: Template, say: Say, verdict: str, other: str
) -> None:
    """A pair can be judged before one or both of them are handed in; it counts when they are."""
    names = ("Made Hospital", "Made Hospital") if verdict == "different" else ("Made Hospital", "Ash Clinic")
    done = say(reference, "RZ1:RZ101", "rz2:rz201", verdict)
    assert (done.one_ref, done.other_ref, done.moved) == (None, None, 0)
    for who, code, name in zip((A, B), ("RZ101", "RZ201"), names, strict=True):
        hand_in(
            reference, "a.csv", template(who | {"holding_code": code, "name": name, "postcode": "E8 2BB", "gia_m2": 1})
        )
    assert sites(reference) == {"RZ101": "NCL-RZ101", "RZ201": other}


def test_a_chain_of_judgements_is_one_site(unlike: Engine, say: Say) -> None:
    """A = B and B = C make one site of all three, and every old reference leads to it."""
    say(unlike, "RZ101", "RZ201", "same")
    say(unlike, "RZ201", "RZ301", "same")
    assert set(sites(unlike).values()) == {"NCL-RZ101"}
    assert fates(unlike) == [("NCL-RZ201", "merged", "NCL-RZ101"), ("NCL-RZ301", "merged", "NCL-RZ101")]


@pytest.mark.parametrize(
    ("said", "last", "named"),
    [
        ([("RZ101", "RZ201", "same"), ("RZ201", "RZ301", "same")], ("RZ101", "RZ301", "different"),
         "RZ1:RZ101 and RZ2:RZ201 are one place.*RZ2:RZ201 and RZ3:RZ301 are one place"),
        ([("RZ101", "RZ201", "same"), ("RZ101", "RZ301", "different")], ("RZ201", "RZ301", "same"),
         r"RZ1:RZ101 and RZ3:RZ301 are different places \(a steward on .*: seen on the ground\)"),
    ],
)  # fmt: skip
def test_judgements_that_contradict_are_refused(
    unlike: Engine,
    say: Say,
    count_rows: Count,
    said: list[tuple[str, str, str]],
    last: tuple[str, str, str],
    named: str,
) -> None:
    """What cannot be true beside an earlier judgement is refused with that one's words, and nothing changes."""
    for one, other, verdict in said:
        say(unlike, one, other, verdict)
    before, stood = count_rows(unlike), sites(unlike)
    with pytest.raises(BadInput, match=f"contradicts an earlier judgement: .*{named}"):
        say(unlike, *last)
    assert (count_rows(unlike), sites(unlike)) == (before, stood)


PLACES = "place,place_name,postcode,address,organisation_code,holding_code,evidence\n"


def test_a_file_of_places_comes_first(unlike: Engine, hand_in: HandIn, say: Say) -> None:
    """A placing judgement moves holdings, merges the site it empties, and no judgement on a pair may contradict it."""
    hand_in(unlike, "places.csv", PLACES + "OAK,Oak,N15 3TH,,RZ3,RZ301,walked there\nASH,Ash,E8 2BB,,RZ2,RZ201,seen\n")
    assert sites(unlike) == {"RZ101": "NCL-RZ101", "RZ201": "NCL-ASH", "RZ301": "NCL-OAK"}
    assert fates(unlike) == [("NCL-RZ201", "merged", "NCL-ASH"), ("NCL-RZ301", "merged", "NCL-OAK")]
    with pytest.raises(BadInput, match="RZ2:RZ201 stands at ASH and RZ3:RZ301 stands at OAK"):
        say(unlike, "RZ201", "RZ301", "same")
    say(unlike, "RZ101", "RZ301", "same")
    assert sites(unlike)["RZ101"] == "NCL-OAK"
    with pytest.raises(BadInput, match="RZ2:RZ201 stands at ASH and RZ3:RZ301 stands at OAK"):
        say(unlike, "RZ101", "RZ201", "same")
    hand_in(unlike, "more.csv", PLACES + "OAK,Oak,N15 3TH,,RZ2,RZ201,moved in\n")
    assert set(sites(unlike).values()) == {"NCL-OAK"}
    with pytest.raises(BadInput, match="RZ2:RZ201 and RZ3:RZ301 both stand at OAK"):
        say(unlike, "RZ201", "RZ301", "different")
    with pytest.raises(BadInput, match="RZ3:RZ301 and RZ2:RZ201 both stand at OAK"):
        say(unlike, "RZ101", "RZ201", "different")
    say(unlike, "RZ101", "RZ301", "different")
    assert sites(unlike) == {"RZ101": "NCL-RZ101", "RZ201": "NCL-OAK", "RZ301": "NCL-OAK"}


@pytest.mark.parametrize(
    ("one", "other", "reason", "told"),
    [
        ("RZ101", "RZ101", "why not", "is one holding; name two"),
        ("RZ101", "RZ999", "why not", "no holding has the code RZ999"),
        ("RZ101", "AGGRE", "why not", "it has no place"),
        ("RZ101", "R Z", "why not", "is not an organisation or site code"),
        ("RZ101", "RZ201", "  ", "needs a reason"),
    ],
)
def test_what_cannot_be_judged(unlike: Engine, say: Say, one: str, other: str, reason: str, told: str) -> None:
    """A code nobody knows, one holding twice, an aggregate or no reason is refused in a plain sentence."""
    with pytest.raises(BadInput, match=told) as caught:
        say(unlike, one, other, "same", reason)
    assert "\n" not in caught.value.detail


def test_a_code_of_two_organisations_is_asked_for(
    reference: Engine, hand_in: HandIn, template: Template, say: Say
) -> None:
    """A code that two organisations use must be given with the organisation's."""
    rows = [who | {"holding_code": "SITE-1", "name": name, "gia_m2": 1} for who, name in ((A, "Elm"), (B, "Yew"))]
    hand_in(reference, "a.csv", template(*rows))
    assert sorted(ask(reference, "SELECT site_ref FROM holding")) == ["NCL-RZ2-SITE-1", "NCL-SITE-1"]
    with pytest.raises(BadInput, match="2 organisations have a holding SITE-1: say which, RZ1:SITE-1 or RZ2:SITE-1"):
        say(reference, "SITE-1", "RZ2:SITE-1", "same")
    assert say(reference, "RZ1:SITE-1", "RZ2:SITE-1", "same").other_ref == "NCL-SITE-1"


def test_a_site_is_withdrawn_and_restored(unlike: Engine) -> None:
    """A withdrawn site keeps its holdings and says that it is gone and why; restored, it is there again."""
    with transaction(unlike) as connection:
        withdraw(connection, "NCL-RZ301", "not a public site", "a steward")
    gone = ask(unlike, "SELECT gone->>'kind', gone->>'reason', held FROM site_public WHERE ref = 'NCL-RZ301'")
    assert gone == [("withdrawn", "not a public site", None)]
    assert sites(unlike)["RZ301"] == "NCL-RZ301"
    with transaction(unlike) as connection:
        restore(connection, "NCL-RZ301", "it is public after all")
    assert ask(unlike, "SELECT gone FROM site_public WHERE ref = 'NCL-RZ301'") == [None]
    assert ask(unlike, "SELECT action, subject FROM audit ORDER BY id DESC LIMIT 2") == [
        ("restore", "NCL-RZ301"), ("withdraw", "NCL-RZ301")]  # fmt: skip


def test_what_cannot_be_withdrawn(unlike: Engine, say: Say) -> None:
    """A site that is not there, gone already or part of another cannot be withdrawn, nor one restored that is shown."""
    say(unlike, "RZ101", "RZ301", "same")
    with transaction(unlike) as connection:
        withdraw(connection, "NCL-RZ201", "closed for ever")
        for act, ref, error in (
            (withdraw, "NCL-NONE", NotFound), (withdraw, "NCL-RZ201", Conflict), (withdraw, "NCL-RZ301", Conflict),
            (restore, "NCL-RZ101", Conflict), (restore, "NCL-NONE", NotFound),
        ):  # fmt: skip
            with pytest.raises(error):
                act(connection, ref, "for a reason")


def test_a_successors_holding_stands_at_its_predecessors_site(
    reference: Engine, hand_in: HandIn, template: Template
) -> None:
    """A trust that carries another on and returns the same name has it there; a like end of the code joins nothing."""
    header = "code,name,sector,kind,status,successor_code,succeeded_on\n"
    hand_in(reference, "organisations.csv", header + "RZ1,First Trust,NHS,NHS trust,closed,RZ2,2014-07-01\n"
            "RZ2,Second Trust,NHS,NHS trust,active,,\n")  # fmt: skip
    hand_in(reference, "a.csv", template(
        A | {"holding_code": "RZ1C7", "name": "MARIGOLD GENERAL HOSPITAL", "gia_m2": 1},
        A | {"holding_code": "RZ101", "name": "ASH HOSPITAL", "gia_m2": 1}))  # fmt: skip
    hand_in(reference, "b.csv", template(
        B | {"holding_code": "RZ226", "name": "Marigold Hospital", "gia_m2": 1},
        B | {"holding_code": "RZ201", "name": "OAK HOSPITAL", "gia_m2": 1}))  # fmt: skip
    assert sites(reference) == {"RZ1C7": "NCL-RZ1C7", "RZ226": "NCL-RZ1C7", "RZ101": "NCL-RZ101", "RZ201": "NCL-RZ201"}
