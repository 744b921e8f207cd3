"""Mappings from llc/1: each column filled by its rule or blank with a reason, and only the rows that belong."""

from typing import Any

import pytest

from estates_api.domain.llc import FIELDS
from estates_api.domain.llc_mappings import MAPPINGS, mapped_rows

DEGREES = {"lon": -0.1234567, "lat": 51.5}


def entry(**changes: Any) -> dict[str, Any]:
    """An entry of a shortlist with what the mappings look at."""
    return {
        "site": "NCL-2", "name": "A Hospital", "address": "1 Road, N15 3TH", "postcode": "N15 3TH", "route": "release",
        "list": "release",
        "borough": "Haringey", "borough_gss": "E09000014", "owner": "A Trust", "owner_sector": "NHS", "score": 60.04,
        "land_ha": 0.256, "homes_low": 4, "homes_high": 9, "homes_basis": "density matrix", "easting": 530000.0,
        "northing": 190000.0, "potential_surplus": "surplus", "planning_status": "permissioned", **DEGREES, **changes,
    }  # fmt: skip


def mapped(name: str, *entries: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a mapping."""
    return list(mapped_rows(MAPPINGS[name], {"quarter": "2018-Q4", "entries": list(entries)}, "cd" * 32))


@pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=MAPPINGS)
def test_every_column_is_filled_or_says_why_not(mapping: Any) -> None:
    """No column stands twice, each has words, and those without a rule stay blank whatever the entry."""
    assert len(set(mapping.names)) == len(mapping.names)
    assert all(column.told for column in mapping.columns)
    (row,) = mapped(mapping.id, entry())
    assert tuple(row) == mapping.names
    assert all(row[column.name] is None for column in mapping.columns if column.rule is None)


def test_the_statutory_columns() -> None:
    """28 columns in 2017 and 20 later, in the published order (domain.md 4)."""
    assert len(MAPPINGS["brownfield-2017"].columns) == 28
    assert MAPPINGS["brownfield-2017"].names[:4] == (
        "OrganisationURI", "OrganisationLabel", "SiteReference", "PreviouslyPartOf")  # fmt: skip
    assert len(MAPPINGS["brownfield"].columns) == 20
    assert MAPPINGS["brownfield"].names[-1] == "EndDate"


def test_an_entry_of_a_brownfield_register() -> None:
    """The authority's URI, degrees, hectares and homes in the standard's form; what is the authority's is blank."""
    (row,) = mapped("brownfield", entry())
    wanted = {
        "OrganisationURI": "http://opendatacommunities.org/id/london-borough-council/haringey",
        "SiteReference": "NCL-2", "SiteNameAddress": "A Hospital, 1 Road, N15 3TH", "GeoX": -0.123457, "GeoY": 51.5,
        "Hectares": 0.26, "OwnershipStatus": "owned by a public authority", "PlanningStatus": "permissioned",
        "NetDwellingsRangeFrom": 4, "NetDwellingsRangeTo": 9, "Deliverable": None, "FirstAddedDate": None,
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted
    assert "suitable, available and achievable" in row["Notes"]


@pytest.mark.parametrize(
    ("changes", "belongs"),
    [
        ({}, True),
        ({"land_ha": 0.25, "homes_low": None}, True),
        ({"land_ha": 0.2, "homes_low": 5}, True),
        ({"land_ha": 0.2, "homes_low": 4, "homes_high": 90}, False),
        ({"land_ha": None, "homes_low": None}, False),
        ({"list": "part release", "route": "part release with reuse"}, True),
        ({"list": "release", "route": "retain"}, True),
        ({"list": "reuse", "route": "release"}, False),
        ({"list": "annex"}, True),
        ({"list": "annex", "route": "reuse"}, False),
    ],
)
def test_the_size_test_of_regulation_4(changes: dict[str, Any], belongs: bool) -> None:
    """0.25 ha, or surely five homes, and for release: anything else is not offered as land for homes."""
    assert bool(mapped("brownfield", entry(**changes))) == belongs


@pytest.mark.parametrize(
    ("owners", "wanted"),
    [("NHS", "owned by a public authority"), ("NHS; council", "owned by a public authority"), ("", None),
     ("private", "not owned by a public authority"), ("NHS; private", "mixed ownership"), ("unknown", None)],
)  # fmt: skip
def test_ownership_in_the_registers_words(owners: str, wanted: str | None) -> None:
    """Only what is known of the owners is said."""
    assert mapped("brownfield", entry(owner_sector=owners))[0]["OwnershipStatus"] == wanted
    earlier = mapped("brownfield-2017", entry(owner_sector=owners))[0]["OwnershipStatus"]
    assert earlier == (wanted or "unknown ownership"), "the standard of 2017 has a word for it, and wants one"


def test_what_the_register_has_no_word_for_is_blank() -> None:
    """An allocation is no planning status of the register; a site in the City or of no borough has no such URI."""
    row = mapped("brownfield", entry(planning_status="allocated", borough_gss="E09000001", lon=None, lat=None))[0]
    assert (row["PlanningStatus"], row["OrganisationURI"], row["GeoX"]) == (None, None, None)


def test_only_what_an_owner_calls_surplus_goes_to_the_register_of_surplus_land() -> None:
    """Surplus in whole or part, of an owner that the register covers; a council's land alone is not for it."""
    rows = mapped(
        "rsspl", entry(), entry(site="B", potential_surplus="surplus in part"),
        entry(site="C", potential_surplus="potentially surplus"), entry(site="D", potential_surplus=None),
        entry(site="E", owner_sector="council"), entry(site="F", owner_sector="NHS; council"),
    )  # fmt: skip
    assert [row["Our Reference"] for row in rows] == ["NCL-2", "B", "F"]


def test_a_board_sees_every_site() -> None:
    """Every entry, in the order of the shortlist."""
    rows = mapped("estates-board", entry(), entry(site="B", list="reuse"))
    assert [(row["Reference"], row["List"], row["Score"]) for row in rows] == [
        ("NCL-2", "release", 60.0), ("B", "reuse", 60.0)]  # fmt: skip


def test_the_rules_read_nothing_but_the_schema() -> None:
    """A mapping is made from llc/1 and the position in degrees, so that it holds for any file of the schema."""

    asked = set()

    class Watched(dict):
        def __getitem__(self, name: str) -> Any:
            asked.add(name)
            return super().__getitem__(name)

    row = Watched(dict.fromkeys(FIELDS) | {"name": "A", "lon": None, "lat": None})
    for mapping in MAPPINGS.values():
        mapping.accepts(row)
        for column in mapping.columns:
            if column.rule:
                column.rule(row)
    assert asked <= {*FIELDS, "lon", "lat"}
