"""What only a whole edition, another edition or another holding of the place tells: cases of the real returns."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from estates_api.store.database import transaction
from estates_api.workflows.ingest import Ingested

HandIn = Callable[..., Ingested]

HEADER = ("Organisation Code", "Organisation Name", "Site Code", "Site Name", "Post Code", "Site Type")


@pytest.fixture
def returns(reference: Engine, hand_in: HandIn) -> Callable[..., Ingested]:
    """Hand in a made return of a year: (organisation, site code, site name, {column: cell}) a row."""

    def hand(year: str, *rows: tuple[str, str, str, dict[str, object]]) -> Ingested:
        columns = list(dict.fromkeys(name for *_, cells in rows for name in cells))
        lines = [",".join(f'"{cell}"' for cell in (*HEADER, *columns))]
        for organisation, code, name, cells in rows:
            values = (organisation, f"Trust {organisation}", code, name, "NW1 0PE", "Community hospital",
                      *(cells.get(column, "") for column in columns))  # fmt: skip
            lines.append(",".join(f'"{value}"' for value in values))
        return hand_in(reference, f"eric_{year}.csv", "\r\n".join(lines))

    return hand


def found(engine: Engine, rule: str) -> list[Any]:
    """The issues of a rule, in the order they were found."""
    query = """SELECT i.*, e.label, e.file_name FROM issue i JOIN edition e ON e.id = i.edition_id
        WHERE rule = :rule ORDER BY i.id"""
    with transaction(engine) as connection:
        return list(connection.execute(text(query), {"rule": rule}).all())


GIA, LAND, OWNED = "Gross internal floor area (m²)", "Site land area (Hectare)", "Land area owned (Hectares)"
ENERGY = "Energy costs (all energy supplies) (£)"
RISKS = tuple(f"Cost to eradicate {risk} risk backlog (£)" for risk in ("high", "significant", "moderate", "low"))


def size(gia: float, **cells: object) -> dict[str, object]:
    """The cells of a row with this floor area."""
    return {GIA: gia, ENERGY: 1000, RISKS[0]: 0, **cells}


def test_a_size_that_changed(returns: Callable[..., Ingested], reference: Engine) -> None:
    """Chase Farm: 64,124 m², then 42,312, then 28,572: each is told with both figures, editions and rows."""
    for year, gia in (("2014-15", 64124), ("2015-16", 42312), ("2016-17", 28572)):
        returns(year, ("RZ1", "RZ1C7", "CHASE FARM HOSPITAL", size(gia)))
    first, second = found(reference, "changed-by-more-than-two-fifths")
    assert (first.label, first.line, first.organisation, first.severity) == ("2015-16", 2, "RZ1", "warning")
    assert first.reason.startswith("42,312 m² of floor area here, 64,124 m² in ERIC 2014-15 (row 2)")
    assert second.reason.startswith("28,572 m² of floor area here, 42,312 m² in ERIC 2015-16")


def test_editions_in_any_order(returns: Callable[..., Ingested], reference: Engine) -> None:
    """Handed in the other way round, the older return is held against the newer one; land by its new definition says
    so; a fall to nought is not a change."""
    returns(
        "2016-17", ("RZ1", "RZ1C7", "A", size(28572, **{OWNED: 5.14})), ("RZ1", "RZ1D8", "B", size(100, **{OWNED: 0}))
    )
    returns(
        "2014-15", ("RZ1", "RZ1C7", "A", size(30000, **{LAND: 12.38})), ("RZ1", "RZ1D8", "B", size(110, **{LAND: 9}))
    )
    (issue,) = found(reference, "changed-by-more-than-two-fifths")
    assert (issue.label, issue.field) == ("2014-15", "land_ha")
    assert "12.38 ha of land here, 5.14 ha in ERIC 2016-17 (row 2) (since 2016-17 only land owned" in issue.reason


def test_implausible_figures_are_held_against_nothing(returns: Callable[..., Ingested], reference: Engine) -> None:
    """The 103 ha of 19 Aberdeen Park are an issue of their own, not a change."""
    returns("2014-15", ("RZ1", "RZ110", "19 ABERDEEN PARK", size(399, **{LAND: 0.04})))
    returns("2016-17", ("RZ1", "RZ110", "19 ABERDEEN PARK", size(399, **{OWNED: 103})))
    assert found(reference, "changed-by-more-than-two-fifths") == []
    assert [issue.raw for issue in found(reference, "land-implausible")] == ["103"]


def test_backlog_in_thousands(returns: Callable[..., Ingested], reference: Engine) -> None:
    """A trust whose four risk figures shrank to a thousandth is told once, with both sums."""
    rows = [("RZ1", f"RZ10{n}", f"SITE {n}", 5_000_000 * n) for n in (1, 2)]
    returns("2014-15", *((o, c, n, size(70_000, **dict.fromkeys(RISKS, gbp))) for o, c, n, gbp in rows))
    returns("2016-17", *((o, c, n, size(70_000, **dict.fromkeys(RISKS, gbp // 1000))) for o, c, n, gbp in rows))
    (issue,) = found(reference, "backlog-in-thousands")
    assert (issue.label, issue.organisation) == ("2016-17", "RZ1")
    assert "£60,000 on 140,000 m²; the same sites had £60,000,000 in ERIC 2014-15" in issue.reason


def test_aggregate_rows(returns: Callable[..., Ingested], reference: Engine) -> None:
    """How many rows and how much floor area have no place, per edition and per organisation; a slip in the word too."""
    returns("2016-17", ("RZ1", "AGGRE", "AGGRETATE", size(300, **{OWNED: 2.5})), ("RZ1", "RZ101", "A", size(700)),
            ("RZ2", "AGGRE", "AGGREGATE SITE", size(1000, **{OWNED: 0})))  # fmt: skip
    (edition,) = found(reference, "aggregate-rows")
    assert edition.reason.startswith("2 rows stand for sites without a place (AGGRE): 1,300 m² of floor area (65% of")
    assert "2.5 ha of land" in edition.reason
    assert [(row.organisation, row.line) for row in found(reference, "aggregate-row")] == [("RZ1", 2), ("RZ2", 4)]
    assert [row.raw for row in found(reference, "name-misspelt")] == ["AGGRETATE"]


def test_empty_space_in_square_metres(returns: Callable[..., Ingested], reference: Engine) -> None:
    """From 2024-25 empty space is in square metres: a note per edition says how many rows."""
    returns("2024-25", ("RZ1", "RZ101", "A", size(700, **{"Floor area - empty (m²)": 70})))
    (note,) = found(reference, "unit-changed")
    assert note.reason.startswith("1 rows give empty floor area in m²")


def judged(*codes: tuple[str, str]) -> str:
    """A made judgement that these holdings are one place."""
    rows = [f"EDG,Edgware Community Hospital,{organisation},{code},stated" for organisation, code in codes]
    return "\n".join(["place,place_name,organisation_code,holding_code,evidence", *rows])


def test_land_returned_twice(returns: Callable[..., Ingested], reference: Engine, hand_in: HandIn) -> None:
    """Edgware's 6.2 ha under one trust and again under another: told once, at the row of the edition; its 0.8 ha not.
    A name a letter off is told too."""
    hand_in(reference, "places.csv", judged(("RZ1", "RZ124"), ("RZ2", "RZ2RA"), ("RZ3", "RZ301")))
    returns("2016-17", ("RZ1", "RZ124", "EDGWARE COMMUNITY HOSPITAL", size(34884, **{OWNED: 6.2})),
            ("RZ2", "RZ2RA", "EDGEWARE COMMUNITY HOSPITAL", size(20490, **{OWNED: 6.2})),
            ("RZ3", "RZ301", "EDGWARE COMMUNITY HOSPITAL", size(8417, **{OWNED: 0.8})))  # fmt: skip
    (issue,) = found(reference, "land-repeated")
    assert (issue.line, issue.organisation, issue.severity, issue.site_ref) == (2, "RZ1", "warning", "NCL-EDG")
    assert issue.reason.startswith("RZ2 returns the same 6.2 ha of this place under RZ2RA (ERIC 2016-17 row 3)")
    assert {row.reason.partition(" (")[0] for row in found(reference, "name-misspelt")} == {
        "RZ2 writes EDGEWARE COMMUNITY HOSPITAL", "RZ3 writes EDGWARE COMMUNITY HOSPITAL"}  # fmt: skip


def test_codes_that_changed(returns: Callable[..., Ingested], reference: Engine, hand_in: HandIn) -> None:
    """Barnet's code on the merger: new here, and the former gone from the same place; a holding that its own trust no
    longer returns is told as such, and one of a trust that returned nothing at all is not."""
    hand_in(reference, "places.csv", judged(("RZ1", "RZ101"), ("RZ2", "RZ226")))
    returns("2013-14", ("RZ1", "RZ101", "BARNET GENERAL HOSPITAL", size(100)), ("RZ2", "RZ210", "BAY TREE", size(9)),
            ("RZ2", "RZ211", "STAYS", size(9)), ("RZ3", "RZ301", "ELSEWHERE", size(9)))  # fmt: skip
    returns("2014-15", ("RZ2", "RZ226", "BARNET HOSPITAL", size(100)), ("RZ2", "RZ211", "STAYED", size(9)))
    (changed,) = found(reference, "code-changed")
    assert (changed.organisation, changed.line) == ("RZ2", 2)
    assert changed.reason.startswith("RZ226 is new at this place, where RZ1 returned RZ101 (BARNET GENERAL HOSPITAL)")
    (gone,) = found(reference, "not-returned")
    assert (gone.organisation, gone.line, gone.raw) == ("RZ2", None, "RZ210")
    assert gone.reason == "RZ210 BAY TREE was returned in ERIC 2013-14 (row 3), and is not here"
    (renamed,) = found(reference, "name-changed")
    assert renamed.reason == "called STAYS in ERIC 2013-14 (row 4), under the same code"


def test_text_that_was_cleaned(returns: Callable[..., Ingested], reference: Engine) -> None:
    """A no-break space before a name and doubled spaces in it are taken out, and noted as they were."""
    returns("2016-17", ("RZ1", "RZ101", "\xa0HAYWOOD  HOSPITAL", size(100)))
    (note,) = found(reference, "text-cleaned")
    assert (note.organisation, note.field, note.raw) == ("RZ1", "Site Name", "\\xa0HAYWOOD  HOSPITAL")


def test_a_subtotal_is_an_issue(returns: Callable[..., Ingested], reference: Engine) -> None:
    """`Result` and `Grand Total` rows have no site code: they are issues, and no sites."""
    done = returns("2016-17", ("RZ1", "RZ101", "A", size(100)), ("RZ1 Result", "", "", size(100)),
                   ("Grand Total", "", "", size(100)))  # fmt: skip
    assert done.counts["holdings"] == 1
    assert [issue.raw for issue in found(reference, "row-without-code")] == ["RZ1 Result", "Grand Total"]


def test_columns_that_stand_twice(reference: Engine, hand_in: HandIn) -> None:
    """2014-15 repeats names in its PFI block: the first occurrence counts, and a note says so."""
    header = f"Organisation Code,Organisation Name,Site Code,Site Name,{GIA},{ENERGY},Occupied floor area (m²)"
    body = "RZ1,Trust,RZ101,A,100,5,90,0"
    hand_in(reference, "eric_2014-15.csv", f"{header},Occupied floor area (m²)\n{body}\n")
    (note,) = found(reference, "column-repeated")
    assert note.reason.endswith("Occupied floor area (m²)")
    with transaction(reference) as connection:
        query = text("SELECT number FROM claim WHERE attribute = 'occupied_m2'")
        assert connection.execute(query).scalars().all() == [90]


@pytest.mark.parametrize(("name", "content", "twice"), [
    ("own.csv", ("organisation_code,organisation_name,sector,holding_code,name,gia_m2,GIA_m2\n"
                 "RZ1,A Trust,NHS,RZ101,Depot,10,20\n"), "GIA_m2"),
    ("events.csv", "site_name,event,event_date,event_date,source_url\nDepot,sold,2020,2021,https://example.org\n",
     "event_date"),
])  # fmt: skip
def test_columns_that_stand_twice_in_any_form(
    reference: Engine, hand_in: HandIn, name: str, content: str, twice: str
) -> None:  # fmt: skip
    """In our own forms as well a column that stands twice is told of: the first one counts."""
    hand_in(reference, name, content)
    (note,) = found(reference, "column-repeated")
    assert note.reason.casefold().endswith(twice.casefold())


def test_whose_an_issue_is(reference: Engine, hand_in: HandIn, template: Callable[..., bytes]) -> None:
    """An issue is of its row's organisation; one about the whole file is of the only organisation in it, if that can
    mend it; in a file of several it is nobody's."""
    rows = [{"holding_code": "RZ101", "gia_m2": "much"}, {"holding_code": "RZ102", "gia_m2": 3}]
    hand_in(reference, "one.csv", template(*rows))
    hand_in(reference, "two.csv", template(*rows, {"holding_code": "RZ201", "organisation_code": "RZ2"}))
    assert [row.organisation for row in found(reference, "value-unreadable")] == ["RZ1", "RZ1"]
    assert [row.organisation for row in found(reference, "rows-undated")] == ["RZ1", None]


def test_an_issue_is_as_private_as_what_it_quotes(
    returns: Callable[..., Ingested], reference: Engine, hand_in: HandIn, template: Callable[..., bytes]
) -> None:
    """A row of a private file, and a public row that is held against a private one, are not public."""
    row = {"holding_code": "RZ101", "gia_m2": 100, "period_start": "2013-04-01", "period_end": "2014-03-31",
           "source": "ERIC"}  # fmt: skip
    hand_in(reference, "private.csv", template(row), sensitivity="owner")
    returns("2016-17", ("RZ1", "RZ101", "Holding RZ101", size(1000)))
    (issue,) = found(reference, "changed-by-more-than-two-fifths")
    assert (issue.file_name, issue.sensitivity) == ("eric_2016-17.csv", "owner")
    assert issue.beside_line == 2


# Rules that need another edition or another holding, over the part of England's returns that is published here.
COUNTS = {
    "2014-15": {"changed-by-more-than-two-fifths": 58, "name-changed": 34, "not-returned": 130, "aggregate-row": 101},
    "2016-17": {"changed-by-more-than-two-fifths": 115, "name-changed": 25, "not-returned": 158, "aggregate-row": 126,
                "backlog-in-thousands": 1},
}  # fmt: skip


def test_how_often_each_fires(published: Path, reference: Engine, hand_in: HandIn) -> None:
    """England's three returns, one after the other: as often as counted."""
    for year in ("2013-14", "2014-15", "2016-17"):
        hand_in(reference, f"eric_{year}.csv", published / f"eric/eric_{year}_site_england_part.csv")
    rules = {rule for counts in COUNTS.values() for rule in counts}
    counts = {year: Counter(dict.fromkeys(rules, 0)) for year in COUNTS}
    for rule in rules:
        for issue in found(reference, rule):
            if issue.label in counts:
                counts[issue.label][rule] += 1
    assert {year: +found for year, found in counts.items()} == COUNTS
