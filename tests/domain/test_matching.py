import csv
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import FEW
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.likeness import EVIDENCE, Entry, compare
from estates_api.domain.matching import (
    MOST_QUESTIONS,
    OWN_PLACE,
    Key,
    Matched,
    Standing,
    contradictions,
    match_holdings,
    same_groups,
)

SAMPLES = Path(__file__).parents[1] / "samples"
Verdicts = dict[frozenset[Key], str]


def match(*entries: Entry, standing: tuple[Standing, ...] = (), verdicts: Verdicts | None = None) -> Matched:
    """Everything compared with everything."""
    every = [*entries, *(item.entry for item in standing)]
    pairs = [(one.key, other.key) for one in every for other in every if one.key < other.key]
    return match_holdings(entries, standing, pairs, verdicts or {})


def places(matched: Matched) -> dict[str, str | Key | None]:
    """The site or the founder of each holding, by its code."""
    return {code: found.site_ref or found.founder for (_, code), found in matched.matches.items()}


def side(row: dict[str, str], which: str) -> Entry:
    """One of the two records of a labelled pair."""
    text = {name: row[f"{which}_{name}"] or None for name in ("postcode", "address", "precision")}
    numbers = {name: float(row[f"{which}_{name}"]) if row[f"{which}_{name}"] else None
               for name in ("easting", "northing", "gia_m2")}  # fmt: skip
    plain = [row[f"{which}_{name}"] for name in ("organisation_code", "code", "name")]
    return Entry(*plain, **text, **numbers, kin=frozenset(row[f"{which}_kin"].split()))


def outcomes() -> list[tuple[dict[str, str], str]]:
    """Every labelled pair with what the matcher says of it."""
    with (SAMPLES / "labelled_pairs.csv").open(encoding="utf-8", newline="") as file:
        return [(row, compare(side(row, "one"), side(row, "other")).outcome) for row in csv.DictReader(file)]


def test_no_labelled_pair_is_joined_wrongly() -> None:
    """Of the labelled pairs of two places, not one is told to be the same: asking a person is better than wrong."""
    wrong = [row["why"] for row, outcome in outcomes() if row["label"] == "different" and outcome == "same"]
    assert wrong == []


def test_labelled_pairs_are_found(record_property: Callable[[str, object], None]) -> None:
    """At least 95% of the pairs of one place with enough given are joined without asking: a question is no success.

    The figures are printed (pytest -rP), for the half that the weights were set with and for the other.
    """
    told = Counter(
        (row["part"], outcome) for row, outcome in outcomes() if (row["label"], row["enough"]) == ("same", "yes")
    )
    found = {part: told[part, "same"] / sum(n for (where, _), n in told.items() if where == part)
             for part in ("tune", "report")}  # fmt: skip
    joined = sum(n for (_, outcome), n in told.items() if outcome == "same")
    whole = joined / sum(told.values())
    text = (
        f"recall {whole:.3f} on {sum(told.values())} pairs; tuned on {found['tune']:.3f}, other {found['report']:.3f}"
    )
    sys.stdout.write(text + "\n")
    record_property("recall", whole)
    assert told.total() >= 120
    assert whole >= 0.95
    assert len(outcomes()) >= 150


TRAPS = [
    ("St Pancras", Entry("TAF", "TAF01", "ST PANCRAS HOSPITAL", "NW1 0PE"),
     Entry("RV3", "RV3DY", "St Pancras Hospital", "NW1 0PE"), "same"),
    ("Edgware, mistyped", Entry("RAL", "RALRA", "EDGEWARE COMMUNITY HOSPITAL", "HA8 0AD"),
     Entry("RYX", "RYX24", "EDGWARE COMMUNITY HOSPITAL", "HA8 0AD"), "same"),
    ("Edgware, third trust", Entry("RRP", "RRP01", "EDGWARE COMMUNITY HOSPITAL", "HA8  0AD".replace("  ", " ")),
     Entry("RYX", "RYX24", "EDGWARE COMMUNITY HOSPITAL", "HA8 0AD"), "same"),
    ("Chase Farm", Entry("RAL", "RALC7", "CHASE FARM HOSPITAL", "EN2 8JL"),
     Entry("RRP", "RRP02", "CHASE FARM HOSPITAL", "EN2 8JL"), "same"),
    ("Barnet, renamed", Entry("RAL", "RAL26", "BARNET HOSPITAL", "EN5 3DJ"),
     Entry("RRP", "RRP09", "BARNET GENERAL HOSPITAL", "EN5 3DJ"), "same"),
    ("St Ann's, apostrophes", Entry("RRP", "RRP03", "ST. ANN'S HOSPITAL", "N15 3TH"),
     Entry("RKE", "RKEAN", "The St Ann’s Hospital", "N15 3TH"), "same"),
    ("no-break space", Entry("A", "A1", "\xa0HAYWOOD HOSPITAL", "N15 3TH"),
     Entry("B", "B1", "Haywood  Hospital", "N15 3TH"), "same"),
    ("merged codes", Entry("RVL", "RVL01", "BARNET GENERAL HOSPITAL", kin=frozenset({"RAL"})),
     Entry("RAL", "RAL26", "BARNET HOSPITAL"), "same"),
    ("merged codes, one ending, two places", Entry("RVL", "RVL01", "BARNET GENERAL HOSPITAL", kin=frozenset({"RAL"})),
     Entry("RAL", "RAL01", "ROYAL FREE HOSPITAL"), "different"),
    ("one code under the successor", Entry("RAP", "RAPNM", "NORTH MIDDLESEX UNIVERSITY HOSPITAL"),
     Entry("RAL", "RAPNM", "North Mid"), "ask"),
    ("one name elsewhere", Entry("R1F", "R1F01", "ST MARY'S HOSPITAL", "PO30 5TG"),
     Entry("RYJ", "RYJ01", "ST MARY'S HOSPITAL", "W2 1NY"), "different"),
    ("one name, nothing else", Entry("R1F", "R1F01", "ST MARY'S HOSPITAL"),
     Entry("RYJ", "RYJ01", "ST MARY'S HOSPITAL"), "ask"),
    ("two places at one postcode", Entry("A", "A1", "Canning Crescent Health Centre", "N22 5QJ"),
     Entry("B", "B1", "Wood Green Library", "N22 5QJ"), "different"),
    ("two numbers in one street", Entry("A", "A1", "The Surgery", "N4 3PZ", "181 Stroud Green Road, London"),
     Entry("B", "B1", "The Surgery", "N4 3PZ", "157 Stroud Green Road, London"), "different"),
    ("the hospital's car park", Entry("RAL", "RALC7", "Chase Farm Hospital", "EN2 8JL"),
     Entry("E09000010", "E1", "Chase Farm Hospital car park", "EN2 8JL"), "ask"),
    ("two UPRNs", Entry("A", "A1", "Elm House", "N15 3TH", uprn="100"),
     Entry("B", "B1", "Elm House", "N15 3TH", uprn="200"), "different"),
    ("one UPRN, other names", Entry("A", "A1", "Canning Crescent", "N22 5QJ", uprn="100"),
     Entry("B", "B1", "Mental Health Resource Centre", "N22 5QJ", uprn="100"), "same"),
    ("one name, points 20 m apart", Entry("A", "A1", "Elm House", None, None, None, 530000, 190000, "uprn"),
     Entry("B", "B1", "ELM HOUSE", None, None, None, 530020, 190000, "uprn"), "same"),
    ("one name, points 2 km apart", Entry("A", "A1", "Elm House", None, None, None, 530000, 190000, "uprn"),
     Entry("B", "B1", "ELM HOUSE", None, None, None, 532000, 190000, "uprn"), "different"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "outcome"), [trap[1:] for trap in TRAPS], ids=[trap[0] for trap in TRAPS])
def test_named_traps(one: Entry, other: Entry, outcome: str) -> None:
    """Each trap of the domain notes ends as it should, from whichever side it is looked at, and says why."""
    assert compare(one, other) == compare(other, one)
    assert compare(one, other).outcome == outcome, compare(one, other).told()


def test_an_explained_total() -> None:
    """A comparison tells its parts, their sum and what follows in one line."""
    told = compare(
        Entry("RRP", "RRP03", "St Ann's Hospital", "N15 3TH"), Entry("RKE", "RKEAN", "ST. ANN'S HOSPITAL", "N15 3TH")
    )
    assert told.told() == "postcode +3.0, name +3.0 = 6.0: same"
    assert compare(Entry("A", "A1", "—"), Entry("B", "B1", "—")).told() == "nothing to compare = 0.0: different"


def test_evidence_is_documented() -> None:
    """Everything that is looked at says in public what it means."""
    assert all(weigh.__doc__ and len(weigh.__doc__) > 40 for _, weigh, _, _ in EVIDENCE)
    assert len({name for name, *_ in EVIDENCE}) == len(EVIDENCE)


NEIGHBOURS = [
    ("Garage site 1", "Garage site 2"),
    ("Flat 1, Elm Court", "Flat 2, Elm Court"),
    ("Flat 1A, Elm Court", "Flat 1B, Elm Court"),
    ("Block A, Elm Court Estate", "Block B, Elm Court Estate"),
    ("Highgate Mental Health Centre North", "Highgate Mental Health Centre South"),
    ("Car park", "Car park north"),
    ("Community Centre", "Community Centre (nursery)"),
    ("Land at Park Road", "Land at Park Road (rear)"),
    ("Elm House", "Elm House Annexe"),
    ("Elm House", "Land adjacent to Elm House"),
    ("The Trust", "New Services"),
    ("—", "—"),
    ("12", "12"),
]


@pytest.mark.parametrize(("one", "other"), NEIGHBOURS)
@pytest.mark.parametrize("organisations", [("E09000007", "E09000007"), ("E09000007", "RRP")])
def test_neighbours_stay_apart(one: str, other: str, organisations: tuple[str, str]) -> None:
    """A part of a name, another number in it, or no name at all never joins two places at one postcode."""
    found = match(Entry(organisations[0], "X1", one, "NW1 0PE"), Entry(organisations[1], "X2", other, "NW1 0PE"))
    assert places(found) == {"X1": (organisations[0], "X1"), "X2": (organisations[1], "X2")}
    assert {item.evidence for item in found.matches.values()} == {OWN_PLACE}


def test_only_what_agrees_joins() -> None:
    """The same name at the next postcode, another name at the postcode, or no postcode is a place of its own."""
    standing = (Standing(Entry("X", "X1", "St Ann's Hospital", "N15 3TH"), "NCL-X"),
                Standing(Entry("Y", "Y1", "St Ann's Hospital"), "NCL-Y"))  # fmt: skip
    for item in (
        Entry("A", "A1", "St Ann's Hospital", "N15 3TJ"),
        Entry("A", "A1", "Canning Crescent", "N15 3TH"),
        Entry("A", "A1", "St Ann's Hospital"),
    ):
        assert places(match(item, standing=standing)) == {"A1": ("A", "A1")}


def test_an_organisation_tells_its_own_places_apart() -> None:
    """Two codes of one organisation are two places, however alike, unless a person says otherwise."""
    standing = (Standing(Entry("E09000007", "C1", "Elm House", "NW1 0PE", uprn="7"), "NCL-C1"),)
    items = [Entry("E09000007", f"C{number}", "Elm House", "NW1 0PE", uprn="7") for number in (2, 3)]
    assert places(match(*items, standing=standing)) == {"C2": items[0].key, "C3": items[1].key}
    verdicts = {frozenset((items[0].key, items[1].key)): "same"}
    assert places(match(*items, standing=standing, verdicts=verdicts)) == {"C2": items[0].key, "C3": items[0].key}


def test_of_two_alike_the_surest_joins() -> None:
    """Two codes of one organisation are alike to one site: the surer one joins it, and the other is asked about."""
    standing = (Standing(Entry("RKE", "RKEAN", "St Ann's Hospital", "N15 3TH", "St Ann's Road, London"), "NCL-RKEAN"),)
    less, more = (
        Entry("RRP", "RRP01", "St Anns Hospital", "N15 3TH"),
        Entry("RRP", "RRP03", "St Ann's Hospital", "N15 3TH", gia_m2=1.0, uprn="1"),
    )
    known = Standing(Entry("RKE", "RKEAN", "St Ann's Hospital", "N15 3TH", uprn="1"), "NCL-RKEAN")
    found = match(less, more, standing=(known,))
    assert places(found) == {"RRP01": less.key, "RRP03": "NCL-RKEAN"}
    assert [(q.one, q.other) for q in found.questions] == [(("RKE", "RKEAN"), less.key)]
    assert standing


def test_a_member_that_speaks_against_it_is_asked_about() -> None:
    """A holding like one member of a place and unlike another (two UPRNs) is not joined: a person is asked."""
    first = Standing(Entry("A", "A1", "Elm House", "N15 3TH", uprn="1"), "NCL-A1")
    second = Standing(Entry("B", "B1", "Elm House", "N15 3TH"), "NCL-A1")
    item = Entry("C", "C1", "Elm House", "N15 3TH", uprn="2")
    found = match(item, standing=(first, second))
    assert places(found) == {"C1": item.key}
    assert found.questions
    by_word = Standing(first.entry, "NCL-A1", judged=True)
    assert places(match(item, standing=(by_word, second))) == {"C1": "NCL-A1"}


def test_two_sites_are_never_joined_by_likeness() -> None:
    """A new holding that is like two sites joins one of them; that the other may be it too is a question."""
    standing = (Standing(Entry("A", "A1", "Elm House", "N15 3TH"), "NCL-A1"),
                Standing(Entry("B", "B1", "Elm House", "N15 3TH"), "NCL-B1"))  # fmt: skip
    found = match(Entry("C", "C1", "Elm House", "N15 3TH"), standing=standing)
    assert places(found) == {"C1": "NCL-A1"}
    assert [(q.one, q.other) for q in found.questions] == [(("B", "B1"), ("C", "C1"))]


def test_a_new_place_is_founded_by_its_lesser_code() -> None:
    """Two new holdings of one place are told who founds it; the other says beside whom it stands, and why."""
    found = match(
        Entry("TAF", "TAF01", "St Pancras Hospital", "NW1 0PE"), Entry("RV3", "RV3DY", "ST PANCRAS HOSPITAL", "NW1 0PE")
    )
    assert places(found) == {"TAF01": ("RV3", "RV3DY"), "RV3DY": ("RV3", "RV3DY")}
    joined = found.matches["TAF", "TAF01"]
    assert (joined.beside, joined.evidence) == (("RV3", "RV3DY"), "postcode +3.0, name +3.0 = 6.0: same")


def test_questions_are_few() -> None:
    """However many places a holding may be, a person is asked about the likeliest few."""
    standing = tuple(Standing(Entry(f"T{n}", f"T{n}1", "St Mary's Hospital"), f"NCL-T{n}1") for n in range(9))
    found = match(Entry("R1F", "R1F01", "St Mary's Hospital"), standing=standing)
    assert len(found.questions) == MOST_QUESTIONS


def test_a_persons_word_counts_before_likeness() -> None:
    """What a person told apart stays apart, and what a person joined is joined, whatever the names say."""
    one, other = Entry("A", "A1", "Elm House", "N15 3TH"), Entry("B", "B1", "Elm House", "N15 3TH")
    assert places(match(one, other, verdicts={frozenset((one.key, other.key)): "different"})) == {
        "A1": one.key,
        "B1": other.key,
    }
    third = Entry("C", "C1", "Oak Lodge", "EN1 1AA")
    joined = match(one, third, verdicts={frozenset((one.key, third.key)): "same"})
    assert places(joined) == {"A1": one.key, "C1": one.key}
    assert joined.matches["C", "C1"].evidence == "judgement"


def test_contradictions_are_found() -> None:
    """A=B and B=C make A≠C a contradiction; A≠D is none."""
    a, b, c, d = (("A", "1"), ("B", "1"), ("C", "1"), ("D", "1"))
    verdicts = {frozenset((a, b)): "same", frozenset((b, c)): "same", frozenset((a, d)): "different"}
    assert contradictions(verdicts) == []
    assert same_groups(verdicts)[c] == {a, b, c}
    assert contradictions(verdicts | {frozenset((a, c)): "different"}) == [frozenset((a, c))]


_NAMES = [
    "St Ann's Hospital",
    "ST. ANN'S HOSPITAL",
    "St Anns Health Centre",
    "Highgate Mental Health Centre",
    "Flat 2",
    "Flat 3",
    "—",
]
_ENTRIES = st.lists(
    st.builds(
        Entry,
        organisation_code=st.sampled_from(["RAL", "RRP", "TAF", "RVL"]),
        code=st.sampled_from(["RAL01", "RRP03", "TAF01"]),
        name=st.sampled_from(_NAMES),
        postcode=st.sampled_from([None, "N15 3TH", "N15 3TJ", "NW1 0PE"]),
        address=st.sampled_from(
            [None, "1 Elm Road, London", "3-5 Elm Rd., London", "Elm Road", "Ash House, 3 Elm Road"]
        ),
        uprn=st.sampled_from([None, None, "1", "2"]),
        easting=st.sampled_from([530000.0, 530040.0, 531000.0]),
        northing=st.just(190000.0),
        precision=st.sampled_from(["uprn", "postcode", "lsoa"]),
        gia_m2=st.sampled_from([None, 100.0, 101.0, 0.0]),
        kin=st.sampled_from([frozenset(), frozenset({"RAL"}), frozenset({"RVL"})]),
    ),
    unique_by=lambda entry: entry.key,
    max_size=6,
)
_VERDICTS = st.sampled_from([{}, {0: "same"}, {0: "different"}, {0: "same", 1: "different"}])


@FEW
@given(_ENTRIES)
def test_comparing_is_symmetric(entries: list[Entry]) -> None:
    """It does not matter which of two holdings is looked at first, for the total, its parts and the outcome."""
    for one in entries:
        for other in entries:
            assert compare(one, other) == compare(other, one)


@FEW
@given(_ENTRIES, st.randoms(), _VERDICTS)
def test_the_order_of_the_rows_does_not_matter(entries: list[Entry], random, chosen: dict[int, str]) -> None:
    """The same holdings, some of which have sites, are matched the same in whatever order they come."""
    standing = [Standing(entry, f"NCL-{entry.code}") for entry in entries[:2]]
    pending = entries[2:]
    pairs = [(one.key, other.key) for one in entries for other in entries if one.key < other.key]
    verdicts = {frozenset(pairs[index]): verdict for index, verdict in chosen.items() if index < len(pairs)}
    found = match_holdings(pending, standing, pairs, verdicts)
    assert set(found.matches) == {entry.key for entry in pending}
    for items in (pending, standing, pairs):
        random.shuffle(items)
    turned = [(other, one) for one, other in pairs]
    assert match_holdings(pending, standing, turned, verdicts) == found


@FEW
@given(_ENTRIES, st.sampled_from(["same", "different"]))
def test_judgement_always_wins(entries: list[Entry], verdict: str) -> None:
    """Whatever is known of two new holdings, a person's word decides whether they stand together."""
    if len(entries) < 2:
        return
    pair = frozenset((entries[0].key, entries[1].key))
    found = match(*entries, verdicts={pair: verdict})
    one, other = (found.matches[key] for key in pair)
    assert (one.founder == other.founder) == (verdict == "same")


@FEW
@given(_ENTRIES)
def test_no_organisation_is_twice_at_a_place(entries: list[Entry]) -> None:
    """Without a person's word no place holds two codes of one organisation."""
    found = match(*entries)
    held = Counter((item.founder, key[0]) for key, item in found.matches.items())
    assert all(count == 1 for count in held.values())
