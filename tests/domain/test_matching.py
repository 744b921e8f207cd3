import pytest
from builders import FEW
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.matching import Known, Match, Unplaced, match_holdings, plain_name

_NAMES = [
    "St Ann's Hospital",
    "ST. ANN'S HOSPITAL",
    "St Pancras Hospital",
    "Highgate Mental Health Centre",
    "The Trust",
]
_ITEMS = st.lists(
    st.builds(
        Unplaced,
        organisation_code=st.sampled_from(["RAL", "RRP", "TAF"]),
        code=st.sampled_from(["RAL01", "RRP03", "TAF01", "AGGRE"]),
        name=st.sampled_from(_NAMES),
        postcode=st.sampled_from([None, "N15 3TH", "NW1 0PE"]),
        judged=st.sampled_from([None, None, "SOMEWHERE"]),
    ),
    unique_by=lambda item: (item.organisation_code, item.code),
    max_size=6,
)


def _match(*items: Unplaced, known: tuple[Known, ...] = ()) -> dict[str, Match]:
    return {code: match for (_, code), match in match_holdings(items, known, "NCL").items()}


def test_chase_farm_is_carried_on() -> None:
    """RVLC7 and the RALC7 that carries it on are one place by judgement, although no name or postcode says so."""
    found = _match(
        Unplaced("RVL", "RVLC7", "CHASE FARM HOSPITAL", None, "RALC7"),
        Unplaced("RAL", "RALC7", "Chase Farm Hospital", "EN2 8JL", "RALC7"),
    )
    assert {match.site_ref for match in found.values()} == {"NCL-RALC7"}
    assert found["RVLC7"].evidence == "judgement"


def test_a_like_name_at_the_same_postcode_is_one_place() -> None:
    """Punctuation, case and words such as `NHS Trust` do not make another place; the evidence names the likeness."""
    found = _match(
        Unplaced("RKE", "RKEAN", "ST. ANN'S HOSPITAL", "N15 3TH"),
        Unplaced("RRP", "RRP03", "The St Ann’s Hospital", "N15 3TH"),
    )
    assert {match.site_ref for match in found.values()} == {"NCL-RKEAN"}
    assert found["RRP03"].evidence.startswith("same postcode N15 3TH, names 100 % alike")


def test_only_name_and_postcode_together_join() -> None:
    """The same name elsewhere, another name at the postcode, or no postcode is a place of its own."""
    known = (Known("NCL-X", "St Ann's Hospital", "N15 3TH"), Known("NCL-Y", "St Ann's Hospital", None))
    for item in (
        Unplaced("A", "A1", "St Ann's Hospital", "N15 3TJ"),
        Unplaced("A", "A1", "Canning Crescent", "N15 3TH"),
        Unplaced("A", "A1", "St Ann's Hospital", None),
    ):
        assert _match(item, known=known) == {"A1": Match("NCL-A1", "a place of its own")}


def test_the_likest_name_wins() -> None:
    """Of two places at one postcode the liker name is joined, not the first in the list."""
    known = (Known("NCL-A", "St Ann Hospital North", "N15 3TH"), Known("NCL-B", "St Ann Hospitals", "N15 3TH"))
    assert _match(Unplaced("X", "X1", "St Ann Hospitals", "N15 3TH"), known=known)["X1"].site_ref == "NCL-B"


NEIGHBOURS = [
    ("Garage site 1", "Garage site 2"),
    ("Flat 1, Elm Court", "Flat 2, Elm Court"),
    ("Flat 1A, Elm Court", "Flat 1B, Elm Court"),
    ("Block A, Elm Court Estate", "Block B, Elm Court Estate"),
    ("Highgate Mental Health Centre North", "Highgate Mental Health Centre South"),
    ("Car park", "Car park north"),
    ("Community Centre", "Community Centre (nursery)"),
    ("Land at Park Road", "Land at Park Road (rear)"),
    ("The Trust", "New Services"),
    ("—", "—"),
    ("12", "12"),
]


@pytest.mark.parametrize(("one", "other"), NEIGHBOURS)
@pytest.mark.parametrize("organisations", [("E09000007", "E09000007"), ("E09000007", "RRP")])
def test_neighbours_stay_apart(one: str, other: str, organisations: tuple[str, str]) -> None:
    """A part of a name, another number in it, or no name at all never joins two places at one postcode."""
    found = _match(Unplaced(organisations[0], "X1", one, "NW1 0PE"), Unplaced(organisations[1], "X2", other, "NW1 0PE"))
    assert {code: match.site_ref for code, match in found.items()} == {"X1": "NCL-X1", "X2": "NCL-X2"}


def test_an_organisation_tells_its_own_places_apart() -> None:
    """Two codes of one organisation are two places, however alike their names, unless a person says otherwise."""
    for known in ((), (Known("NCL-C1", "Car park", "NW1 0PE", frozenset({"E09000007"})),)):
        items = [Unplaced("E09000007", f"C{number}", "Car park", "NW1 0PE") for number in (2, 3)]
        assert {match.site_ref for match in _match(*items, known=known).values()} == {"NCL-C2", "NCL-C3"}
    joined = _match(*(Unplaced("RAL", code, "Car park", "NW1 0PE", "PARK") for code in ("R1", "R2")))
    assert {match.site_ref for match in joined.values()} == {"NCL-PARK"}


def test_equal_names_of_two_trusts_are_one_place() -> None:
    """St Pancras as two trusts return it (TAF01 and RV3DY) is one place."""
    found = _match(
        Unplaced("TAF", "TAF01", "ST PANCRAS HOSPITAL", "NW1 0PE"),
        Unplaced("RV3", "RV3DY", "St Pancras Hospital", "NW1 0PE"),
    )
    assert {match.site_ref for match in found.values()} == {"NCL-RV3DY"}


def test_a_taken_code_gets_the_organisations_before_it() -> None:
    """Two organisations' sites under one code are two places with two references."""
    found = match_holdings([Unplaced("A", "X1", "One", None), Unplaced("B", "X1", "Two", None)], (), "NCL")
    assert {match.site_ref for match in found.values()} == {"NCL-X1", "NCL-B-X1"}


def test_names_without_noise() -> None:
    """Only what tells places apart is left of a name."""
    assert plain_name("The St. Ann's Hospital (NHS Foundation Trust)") == "st anns hospital"
    assert plain_name("NHS Trust") == ""


@FEW
@given(_ITEMS, st.randoms())
def test_the_order_of_the_rows_does_not_matter(items: list[Unplaced], random) -> None:
    """The same holdings are matched the same, in whatever order they come; AGGRE has no place, all others have one."""
    found = match_holdings(items, (), "NCL")
    assert set(found) == {(item.organisation_code, item.code) for item in items if item.code != "AGGRE"}
    random.shuffle(items)
    assert match_holdings(items, (), "NCL") == found
