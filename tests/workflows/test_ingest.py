"""Ingest: one file, one edition, in one transaction; what cannot be read changes nothing at all."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from convertbng.cutil import convert_lonlat
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.area import Area
from estates_api.errors import BadInput, Conflict
from estates_api.sources.reader import Hints
from estates_api.store.database import transaction
from estates_api.workflows.ingest import Ingested, ingest
from estates_api.workflows.origin import Origin

HandIn = Callable[..., Ingested]
Template = Callable[..., bytes]
Count = Callable[[Engine], dict[str, int]]


def ask(engine: Engine, query: str, **values: Any) -> list[Any]:
    """The rows of a query, as tuples; as values when there is one column."""
    with transaction(engine) as connection:
        rows = connection.execute(text(query), values).all()
    return [row[0] if len(row) == 1 else tuple(row) for row in rows]


def site_of(engine: Engine, code: str, organisation: str | None = None) -> str | None:
    """The reference of the site that a holding stands at."""
    query = "SELECT site_ref FROM holding WHERE code = :code AND coalesce(:organisation, organisation_code) = "
    return ask(engine, query + "organisation_code", code=code, organisation=organisation)[0]


SAMPLES = [
    ("council_gosport_form_made.csv", {"holdings": 4}),
    ("council_lga_form_made.csv", {"holdings": 3}),
    ("epraccur_made_20191001.csv", {"organisations": 6}),
    ("eric_2013-14_made.csv", {"holdings": 4}),
    ("eric_made_2016_form.csv", {}),
    ("eric_made_new_form.csv", {}),
    ("events_made.csv", {}),
    ("organisations_made.csv", {}),
    ("places_made.csv", {}),
    ("template_made.csv", {"holdings": 3}),
    ("ets_made_20240229.csv", {"holdings": 5}),
    ("etr_made.csv", {"organisations": 2}),
    ("ebranchs_made.csv", {"organisations": 3}),
    ("ord_made.json", {"organisations": 3, "holdings": 2}),
    ("hospitals_made_cp1252.csv", {"holdings": 3}),
    ("brownfield_2017_made.csv", {"holdings": 5}),
    ("brownfield_2019_made.csv", {"holdings": 2}),
    ("brownfield_entity_made.csv", {"holdings": 2}),
    ("surplus_made_2017-18.csv", {"holdings": 7}),
]


@pytest.mark.parametrize(("name", "expected"), SAMPLES)
def test_a_sample_becomes_an_edition(
    reference: Engine, hand_in: HandIn, samples: Path, name: str, expected: dict[str, int]
) -> None:
    """Every format goes in through the same door; what was counted is what was written, under the edition's name."""
    done = hand_in(reference, name, samples / name, period="2019-20" if "eric" in name else "2019")
    assert done.new
    assert {what: done.counts[what] for what in expected} == expected
    number, file_name, counts = ask(
        reference,
        "SELECT id, file_name, counts FROM edition JOIN tally ON edition_id = id WHERE source || ' ' || label = :title",
        title=done.edition,
    )[0]
    assert (file_name, counts) == (name, dict(done.counts))
    for table, what in (("claim", "claims"), ("event", "events"), ("judgement", "places"), ("issue", None)):
        rows = ask(reference, f"SELECT count(*) FROM {table} WHERE edition_id = :id", id=number)[0]
        assert rows == (done.counts[what] if what else len(done.issues))
    assert ask(reference, "SELECT subject FROM audit WHERE action = 'ingest' ORDER BY id DESC LIMIT 1") == [
        done.edition
    ]


REAL = [
    ("eric/eric_2013-14_site_ncl_rawhead_cp1252.csv", "ERIC 2013-14", {"holdings": 66}),
    ("eric/eric_2014-15_site_ncl_rawhead_cp1252.csv", "ERIC 2014-15", {"holdings": 57}),
    ("eric/eric_2016-17_site_ncl_rawhead_cp1252.csv", "ERIC 2016-17", {"holdings": 60}),
    ("eric/HospitalEstatesAndFacilitiesStatistics_9896_2013-14.xls", "ERIC 2013-14", {"holdings": 1378}),
    ("ods/epraccur_ncl_raw.csv", "ODS epraccur", {"organisations": 343}),
    ("ncl_council_assets.csv", "Transparency Code asset list", {"holdings": 95}),
    ("ncl_site_events.csv", "events", {"events": 86}),
]


@pytest.mark.parametrize(("name", "edition", "expected"), REAL)
def test_a_published_file_becomes_an_edition(
    reference: Engine, hand_in: HandIn, published: Path, name: str, edition: str, expected: dict[str, int]
) -> None:
    """The files as their publishers released them go in whole, without a row refused."""
    done = hand_in(reference, Path(name).name, published / name)
    assert done.new
    assert done.edition.startswith(edition)
    assert {what: done.counts[what] for what in expected} == expected
    assert done.counts["error"] == 0


@pytest.mark.parametrize("name", ["eric_2013-14_made.csv", "another name.csv"])
@pytest.mark.parametrize(
    "options",
    [{}, {"sensitivity": "public"}, {"insisted": "eric"}, {"period": "2013-14"}, {"period": "2014-03"}],
)
def test_the_same_bytes_twice_are_a_no_op(
    reference_shared: Engine, hand_in: HandIn, samples: Path, count_rows: Count, name: str, options: dict[str, str]
) -> None:
    """The same content again, under its own or another name, with no options or ones that come to the same, changes
    nothing and says which edition it is."""
    hand_in(reference_shared, "eric_2013-14_made.csv", samples / "eric_2013-14_made.csv")
    before = count_rows(reference_shared)
    again = hand_in(reference_shared, name, samples / "eric_2013-14_made.csv", **options)
    assert (again.new, again.edition, again.counts["holdings"]) == (False, "ERIC 2013-14", 4)
    assert count_rows(reference_shared) == before


@pytest.mark.parametrize(
    ("options", "differs"),
    [
        ({"sensitivity": "owner"}, "is here with sensitivity public, not owner"),
        ({"sensitivity": "partner"}, "a corrected copy of the file, handed in with sensitivity partner, withholds"),
        ({"insisted": "template"}, "is here in the format eric, not template"),
        ({"period": "2016-17"}, "is here for 2013-04-01 to 2014-03-31, not 2016-04-01 to 2017-03-31"),
        ({"period": "2016-17", "sensitivity": "owner"}, "not owner.*not 2016-04-01"),
    ],
)
def test_the_same_bytes_as_something_else(
    reference_shared: Engine, hand_in: HandIn, samples: Path, count_rows: Count, options: dict[str, str], differs: str
) -> None:
    """Bytes that are here already cannot become something else: the refusal says what they are and what differs."""
    hand_in(reference_shared, "eric_2013-14_made.csv", samples / "eric_2013-14_made.csv")
    before = count_rows(reference_shared)
    with pytest.raises(Conflict, match=f"^copy.csv: already here as ERIC 2013-14.*{differs}") as caught:
        hand_in(reference_shared, "copy.csv", samples / "eric_2013-14_made.csv", **options)
    assert "\n" not in caught.value.detail
    assert count_rows(reference_shared) == before


def test_private_bytes_again(reference: Engine, hand_in: HandIn, template: Template) -> None:
    """A private file handed in again without a sensitivity is the no-op; as public, it is refused and stays private."""
    content = template({"holding_code": "RZ101", "gia_m2": 1})
    hand_in(reference, "a.csv", content, sensitivity="owner")
    assert not hand_in(reference, "a.csv", content).new
    with pytest.raises(Conflict, match=r"with sensitivity owner, not public \(what was private stays so"):
        hand_in(reference, "a.csv", content, sensitivity="public")
    assert ask(reference, "SELECT sensitivity FROM edition ORDER BY id DESC LIMIT 1") == ["owner"]


def test_undated_bytes_again(reference: Engine, hand_in: HandIn, samples: Path) -> None:
    """A list that was handed in without a day does not get one by being handed in again."""
    hand_in(reference, "list.csv", samples / "council_lga_form_made.csv")
    with pytest.raises(Conflict, match=r"is here without a period, not 2019-01-01 to 2019-12-31"):
        hand_in(reference, "list.csv", samples / "council_lga_form_made.csv", period="2019")


HEADER = (
    b"Organisation Code,Organisation Name,Site Code,Site Name,Gross internal floor area (m2),Occupied floor area (m2),"
    b"Clinical space (m2)\r\n"
)
ROW = b"RZ1,MADE UP NHS TRUST,RZ101,MADE HOSPITAL,1000,900,500\r\n"
BAD = {
    "truncated": (HEADER + ROW + b"RZ1,MADE UP NHS TRUST,RZ102,MADE", "truncated"),
    "cut inside quotes": (HEADER + b'RZ1,"MADE UP NHS', "truncated, or a quote is not closed"),
    "wrong delimiter": ((HEADER + ROW).replace(b",", b"~"), "only one column"),
    "a pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "this is a PDF"),
    "one endless line": (b"a,b," + b"x" * 1_500_000, "longer than a million characters"),
    "nul bytes": (HEADER + ROW.replace(b"MADE", b"MA\0E"), "NUL bytes"),
    "wrong encoding": (
        HEADER + "RZ1,MADE ŽÁDNÝ,RZ101,MADE,1000,9,5\r\n".encode("cp1250").replace(b"\x8e", b"\x81"),
        "UTF-8",
    ),
    "missing code column": (HEADER.replace(b"Site Code", b"Colour") + ROW, "Site Code|site code|no format fits"),
    "no rows": (HEADER, "no row"),
    "nothing readable in any row": (HEADER + b"RZ1,,,,1,1,1\r\n", "no row could be taken"),
    "empty": (b"", "empty"),
    "json": (b'{"type": "Thing"}', "this is JSON"),
    "no features": (b'{"type": "FeatureCollection", "features": []}', "has no features"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "this is a picture"),
    "zip of nothing": (b"PK\x05\x06" + bytes(18), "."),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("name", ["returns_2016-17.csv"])
def test_a_bad_file_writes_nothing(
    reference_shared: Engine, hand_in: HandIn, count_rows: Count, kind: str, name: str
) -> None:
    """A file that cannot be read is refused in one line with its name and the reason; no table gains or loses a row."""
    content, reason = BAD[kind]
    before = count_rows(reference_shared)
    with pytest.raises(BadInput, match=reason) as caught:
        hand_in(reference_shared, name, content)
    assert caught.value.detail.startswith(name)
    assert "\n" not in caught.value.detail
    assert count_rows(reference_shared) == before


def test_a_failure_half_way_writes_nothing(
    reference: Engine, hand_in: HandIn, samples: Path, count_rows: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When anything fails after rows were written, not one of them stays, and the file can be handed in again."""
    before = count_rows(reference)

    def fail(*_: object) -> None:
        raise RuntimeError("the power fails")

    monkeypatch.setattr("estates_api.workflows.ingest.refresh_projection", fail)
    with pytest.raises(RuntimeError, match="the power fails"):
        hand_in(reference, "events_made.csv", samples / "eric_2013-14_made.csv", period="2013-14")
    monkeypatch.undo()
    assert count_rows(reference) == before
    assert hand_in(reference, "eric_2013-14_made.csv", samples / "eric_2013-14_made.csv").new


def test_bad_rows_become_issues(reference: Engine, hand_in: HandIn) -> None:
    """A row that cannot be taken is an issue with the line of the file, the field, the reason and what stood there;
    the other rows are taken."""
    content = HEADER + ROW + b"RZ1,MADE UP NHS TRUST,,NO CODE,10,,\r\nRZ1,MADE UP NHS TRUST,RZ103,MADE,lots,,\r\n"
    done = hand_in(reference, "returns_2016-17.csv", content)
    rows = ask(reference, "SELECT line, field, severity, raw FROM issue WHERE severity = 'error' ORDER BY line")
    assert rows == [(3, "Site Code", "error", "RZ1"), (4, "Gross internal floor area (m2)", "error", "lots")]
    assert done.counts["holdings"] == 2
    assert ask(reference, "SELECT code FROM holding ORDER BY code") == ["RZ101", "RZ103"]


def test_an_aggregate_is_a_holding_without_a_site(reading: Engine) -> None:
    """ERIC's AGGRE rows keep their claims and their trust, and stand nowhere."""
    rows = ask(reading, """
        SELECT h.organisation_code, h.site_ref, count(c.id) FROM holding h JOIN claim c ON c.holding_id = h.id
        WHERE h.code = 'AGGRE' GROUP BY 1, 2""")  # fmt: skip
    assert len(rows) >= 5
    assert {ref for _, ref, _ in rows} == {None}
    assert all(claims > 0 for _, _, claims in rows)


@pytest.mark.parametrize(
    "codes",
    [
        [("TAF", "TAF01"), ("RV3", "RV3DY")],
        [("RRP", "RRP01"), ("RYX", "RYX24"), ("RAL", "RALRA")],
        [("RVL", "RVLC7"), ("RAL", "RALC7"), ("RRP", "RRP02")],
    ],
)
def test_returns_for_one_place_are_one_site(reading: Engine, codes: list[tuple[str, str]]) -> None:
    """Two or three trusts' returns for one place (St Pancras, Edgware, Chase Farm) are holdings of one site."""
    refs = {site_of(reading, code, organisation) for organisation, code in codes}
    assert len(refs) == 1
    found = set(ask(reading, "SELECT organisation_code, code FROM holding WHERE site_ref = :ref", ref=refs.pop()))
    assert found >= set(codes)


def test_one_code_carries_another_on(sites_on: Callable[[date], Any]) -> None:
    """Chase Farm's RVLC7 counts until RALC7 is returned, and never beside it: nothing is added up twice."""
    for day, expected in ((date(2014, 3, 31), {"RVLC7"}), (date(2015, 3, 31), {"RALC7"})):
        site = next(site for site in sites_on(day) if site.ref == "NCL-RALC7")
        assert {h.code for h in site.holdings} & {"RVLC7", "RALC7"} == expected


def test_degrees_land_where_they_should(reference: Engine, hand_in: HandIn) -> None:
    """A council's longitude and latitude go through OSTN15 to the grid and come back within 0.1 m."""
    points = {f"C{i}": (-0.30 + 0.05 * i, 51.50 + 0.03 * i) for i in range(6)}
    rows = "".join(f"Camden Council,{code},{x:.8f},{y:.8f},Made {code},FH\n" for code, (x, y) in points.items())
    header = "OrganisationLabel,UniqueAssetID,GeoX,GeoY,Building name,Tenure Type,UPRN\n"
    hand_in(reference, "assets_2019-04.csv", header + rows.replace("FH", "FH,"))
    found = ask(reference, """
        SELECT h.code, s.precision, ST_X(geom), ST_Y(geom), ST_X(geom_crs84), ST_Y(geom_crs84)
        FROM site s JOIN holding h ON h.site_ref = s.ref ORDER BY h.code""")  # fmt: skip
    assert [row[0] for row in found] == list(points)
    for code, precision, easting, northing, lon, lat in found:
        assert precision == "uprn"
        for back_lon, back_lat in ((lon, lat), tuple(axis[0] for axis in convert_lonlat([easting], [northing]))):
            assert abs(back_lon - points[code][0]) * 69_000 < 0.1
            assert abs(back_lat - points[code][1]) * 111_300 < 0.1


@pytest.mark.parametrize(
    ("postcode", "precision", "has_point"),
    [
        ("E8 2BB", "postcode", True),
        ("CM23 3WE", "lsoa", True),  # terminated: known to its LSOA only
        ("ZZ9 9ZZ", "unknown", False),
        ("", "unknown", False),
    ],
)
def test_precision_is_what_is_known(
    reference: Engine, hand_in: HandIn, template: Template, postcode: str, precision: str, *, has_point: bool
) -> None:
    """A site is as precise as its postcode: a terminated one gives its LSOA's centre, an unknown one no position."""
    hand_in(reference, "a.csv", template({"holding_code": "RZ101", "postcode": postcode, "gia_m2": 100}))
    assert ask(reference, "SELECT precision, geom IS NOT NULL FROM site") == [(precision, has_point)]


def test_a_council_asset_without_position_is_in_its_borough(
    reference: Engine, hand_in: HandIn, template: Template
) -> None:
    """What a borough council lists without postcode is known to lie in the borough, at no point."""
    row = {"organisation_code": "E09000010", "organisation_name": "Enfield", "sector": "council", "holding_code": "X1"}
    hand_in(reference, "a.csv", template(row | {"gia_m2": 5}))
    assert ask(reference, "SELECT precision, borough_gss, inside_area, geom IS NULL FROM site") == [
        ("borough", "E09000010", True, True)
    ]


def test_unlike_names_at_one_postcode_stay_two(reference: Engine, hand_in: HandIn, template: Template) -> None:
    """Sharing a postcode is not enough to be one place; a like name at the same postcode is."""
    clinic = {"organisation_code": "RZ2", "organisation_name": "Other Trust", "postcode": "E8 2BB", "gia_m2": 1}
    rows = [
        {"holding_code": "RZ101", "name": "Made Hospital", "postcode": "E8 2BB", "gia_m2": 1},
        clinic | {"holding_code": "RZ201", "name": "The Made Hospital"},
        clinic | {"holding_code": "RZ202", "name": "Ash Clinic"},
    ]
    hand_in(reference, "a.csv", template(*rows))
    refs = [site_of(reference, code) for code in ("RZ101", "RZ201", "RZ202")]
    assert refs == ["NCL-RZ101", "NCL-RZ101", "NCL-RZ202"]


def test_one_organisations_codes_stay_two_places(reference: Engine, hand_in: HandIn, template: Template) -> None:
    """What an organisation lists under two codes is two sites, in one file and across files, even by one name."""
    row = {"name": "Car Park", "postcode": "E8 2BB", "gia_m2": 1}
    hand_in(reference, "a.csv", template(row | {"holding_code": "RZ101"}, row | {"holding_code": "RZ102"}))
    hand_in(reference, "b.csv", template(row | {"holding_code": "RZ103"}))
    assert ask(reference, "SELECT code, site_ref FROM holding ORDER BY code") == [
        (f"RZ10{number}", f"NCL-RZ10{number}") for number in (1, 2, 3)
    ]


def test_a_later_edition_keeps_its_places(reference: Engine, hand_in: HandIn, template: Template) -> None:
    """The next year's return of the same code is the same holding at the same site, with its newest name."""
    row = {"holding_code": "RZ101", "postcode": "E8 2BB", "period_end": "2014-03-31", "name": "Old Name", "gia_m2": 1}
    hand_in(reference, "a.csv", template(row))
    hand_in(reference, "b.csv", template(row | {"name": "New Name", "period_end": "2015-03-31"}))
    assert ask(reference, "SELECT code, name, site_ref FROM holding") == [("RZ101", "New Name", "NCL-RZ101")]
    assert ask(reference, "SELECT count(*) FROM claim WHERE attribute = 'gia_m2'") == [2]


def test_rows_without_a_day_are_pointed_out(reference: Engine, hand_in: HandIn, template: Template) -> None:
    """Undated evidence is taken with a warning that says how to date it."""
    done = hand_in(reference, "a.csv", template({"holding_code": "RZ101", "gia_m2": 1}))
    assert next(i.reason for i in done.issues if i.field == "evidence_date").startswith("1 rows have no date")


@pytest.mark.parametrize("days", [-1, 0, 1, 400])
@pytest.mark.parametrize("column", ["period_end", "evidence_date"])
def test_days_to_come_are_pointed_out(
    reference: Engine, hand_in: HandIn, template: Template, days: int, column: str
) -> None:
    """A file or row that speaks of a day after today (UTC) is taken with a warning that says from when it counts."""
    day = datetime.now(UTC).date() + timedelta(days=days)
    done = hand_in(reference, "a.csv", template({"holding_code": "RZ101", "gia_m2": 1, column: day.isoformat()}))
    told = [issue for issue in done.issues if issue.severity == "warning" and str(day) in issue.reason]
    assert [issue.field for issue in told] == ([column] if days > 0 else [])


def test_a_public_name_replaces_a_private_one(reference: Engine, hand_in: HandIn, template: Template) -> None:
    """An organisation that only a private file named is called what a public file calls it; never the other way."""
    row = {"organisation_code": "RZ9", "gia_m2": 1}
    files = [
        ("owner", "Project Lilac", "private", "Project Lilac"),
        ("partner", "Partner Trust", "NHS", "Partner Trust"),
        ("owner", "Project Rose", "private", "Partner Trust"),
        ("public", "Public Trust", "NHS", "Public Trust"),
        ("public", "Public Trust Again", "council", "Public Trust"),
        ("owner", "Project Lily", "private", "Public Trust"),
    ]
    for number, (sensitivity, name, sector, shown) in enumerate(files):
        content = template(row | {"holding_code": f"RZ90{number}", "organisation_name": name, "sector": sector})
        hand_in(reference, "a.csv", content, sensitivity=sensitivity)
        found = ask(reference, "SELECT o.name, o.sector FROM organisation o WHERE code = 'RZ9'")
        assert found == [(shown, "private" if shown == "Project Lilac" else "NHS")]


# What a plain cell may hold and the database refuses must never reach it: it is a warning or an issue.
ODD_EVENTS = [{"area_ha": "0"}, {"homes": "99999999999"}, {"receipt_gbp": "9e300"}, {"event_date": "0001"}]


@pytest.mark.parametrize("odd", ODD_EVENTS)
def test_odd_event_cells_do_not_break_the_file(reference: Engine, hand_in: HandIn, odd: dict[str, str]) -> None:
    """An event with an area of nought or a figure too large for its column is taken or an issue, never a failure."""
    usual = {"site_name": "Made", "event": "sold", "event_date": "2019", "area_ha": "", "homes": "", "receipt_gbp": "",
             "source_url": "https://example.org"}  # fmt: skip
    row = usual | odd
    content = ",".join(row) + "\n" + ",".join(row.values()) + "\n" + ",".join(usual.values()) + "\n"
    done = hand_in(reference, "events.csv", content)
    assert done.counts["events"] >= 1


@pytest.mark.parametrize("attribute", ["interest", "tenure", "site_type", "tenure_category", "private_finance"])
@pytest.mark.parametrize("cell", ["owner", "FREEHOLDER", "=1+1", "x" * 5000, "not applicable", "🏥"])
def test_odd_text_cells_do_not_break_the_file(
    reference_shared: Engine, hand_in: HandIn, template: Template, attribute: str, cell: str
) -> None:
    """Any text in a text column of the template is taken or an issue; the file's other rows are taken."""
    code = f"O{abs(hash((attribute, cell))) % 10**8}"
    rows = [{"holding_code": code, "gia_m2": 1, attribute: cell}, {"holding_code": f"{code}B", "gia_m2": 2}]
    done = hand_in(reference_shared, "a.csv", template(*rows))
    assert done.counts["holdings"] == 2


def test_a_code_gives_way_to_a_name(reference: Engine, hand_in: HandIn, samples: Path) -> None:
    """The list of sites does not name their trusts: a code stands in until a file names one, and is no name of it."""
    hand_in(reference, "ets.csv", samples / "ets_made_20240229.csv")
    assert ask(reference, "SELECT name FROM organisation WHERE code = 'RZ1'") == ["RZ1"]
    hand_in(reference, "h.csv", samples / "hospitals_made_cp1252.csv", period="2018-01")
    assert ask(reference, "SELECT name, sector FROM organisation WHERE code = 'RZ1'") == [("Made Up NHS Trust", "NHS")]
    assert ask(reference, "SELECT name FROM organisation_name WHERE code = 'RZ1'") == ["Made Up NHS Trust"]


def test_a_return_without_postcodes_finds_its_place_by_the_register(
    reference: Engine, hand_in: HandIn, template: Template, samples: Path
) -> None:
    """A site of a return has no postcode; the ODS list gives it one, and its figures stand at that place."""
    hand_in(reference, "r.csv", template({"holding_code": "RZ101", "gia_m2": 500}), period="2016-17")
    assert ask(reference, "SELECT precision FROM site WHERE ref = 'NCL-RZ101'") == ["unknown"]
    hand_in(reference, "ets.csv", samples / "ets_made_20240229.csv")
    place = """
        SELECT h.postcode, s.precision FROM holding h JOIN site s ON s.ref = h.site_ref
        WHERE h.organisation_code = 'RZ1' AND h.code = 'RZ101'
    """
    assert ask(reference, place) == [("N18 1QX", "postcode")]


def test_a_planning_authority_owns_nothing(reference: Engine, hand_in: HandIn, samples: Path) -> None:
    """An entry of a brownfield register is of no sector and has no owner, though its council is a council."""
    hand_in(reference, "b.csv", samples / "brownfield_2019_made.csv")
    assert ask(reference, "SELECT DISTINCT sector FROM holding WHERE code LIKE 'BLR-%'") == ["unknown"]
    assert ask(reference, "SELECT sector FROM organisation WHERE code = 'E09000014'") == ["council"]
    assert ask(reference, "SELECT DISTINCT kind FROM interest") == ["unknown"]


def test_a_sensitive_plot_is_its_owners_alone(reference: Engine, hand_in: HandIn, samples: Path) -> None:
    """Of a sensitive plot, and of one whose flag is unclear, neither site nor claim nor issue reaches the public."""
    hand_in(reference, "plots.csv", samples / "surplus_made_2017-18.csv", url="https://example.org/surplus")
    owners = "SELECT code FROM holding WHERE sensitivity = 'owner' ORDER BY code"
    assert ask(reference, owners) == ["PLOT-9", "RZ101-2", "RZ103-1"]
    public = ask(reference, "SELECT s::text FROM site_public s")
    assert any("RZ101-1" in text for text in public)
    assert not any(word in text for text in public for word in ("Nurses' home", "RZ101-2", "Made Clinic", "RZ103"))
    issues = ask(reference, "SELECT DISTINCT line FROM issue WHERE sensitivity = 'public' AND line IS NOT NULL")
    assert not {3, 5, 6} & set(issues)
    assert ask(reference, "SELECT DISTINCT holding_code FROM event ORDER BY 1") == ["RZ101-1", "RZ102-A", "RZ105-1"]


@pytest.mark.parametrize("order", [("site", "plots"), ("plots", "site")])
def test_a_plot_stands_at_the_site_it_is_part_of(
    reference: Engine, hand_in: HandIn, template: Template, samples: Path, order: tuple[str, str]
) -> None:
    """A plot joins the site that its return names, whichever file comes first; without one it has its own place."""
    contents = {"site": template({"holding_code": "RZ101", "gia_m2": 5}), "plots": samples / "surplus_made_2017-18.csv"}
    for name in order:
        hand_in(reference, f"{name}.csv", contents[name])
    found = dict(ask(reference, "SELECT code, site_ref FROM holding WHERE code LIKE 'RZ10%' ORDER BY code"))
    assert {found["RZ101"], found["RZ101-1"], found["RZ101-2"]} == {"NCL-RZ101"}
    assert found["RZ102-A"] == "NCL-RZ102-A"


def test_the_areas_own_headers_reach_the_reader(reference: Engine, area: Area, tmp_path: Path) -> None:
    """A list under headers that only the area profile knows goes in by itself, with no format named."""
    path = tmp_path / "terrier.csv"
    path.write_text("Terrier no,What,Where,Held\nT1,Made Hall,1 Made Street,F\n")
    origin = Origin(hints=Hints(period="2022", organisation_code="E09000003"))
    own = {"asset_id": ("Terrier no",), "name": ("What",), "address": ("Where",), "tenure": ("Held",)}
    with transaction(reference) as connection, pytest.raises(BadInput, match="no format fits"):
        ingest(connection, path, area=area, origin=origin)
    with transaction(reference) as connection:
        done = ingest(connection, path, area=replace(area, headers={"E09000003": own}), origin=origin)
    assert done.counts["holdings"] == 1


def test_a_rough_position_is_as_good_as_a_postcode(reference: Engine, hand_in: HandIn, published: Path) -> None:
    """Hospitals whose postcode is in no table here stand where the list says, no more precisely than a postcode, and
    nothing is said to be without a position; a postcode that is known counts more than the list."""
    path = published / "ods/nhs_choices_hospital_ncl_raw_cp1252.csv"
    done = hand_in(reference, path.name, path, period="2018-01")
    assert [issue for issue in done.issues if issue.rule == "postcode-unknown"] == []
    found = ask(reference, """
        SELECT h.postcode, s.precision, s.inside_area, ST_X(s.geom), ST_Y(s.geom), p.easting, c.text
        FROM holding h JOIN site s ON s.ref = h.site_ref LEFT JOIN postcode p ON p.postcode = h.postcode
        JOIN claim c ON c.holding_id = h.id AND c.attribute = 'rough_position'""")  # fmt: skip
    assert {row[1] for row in found} <= {"postcode", "lsoa"}
    rough = [row for row in found if row[5] is None and row[1] == "postcode"]
    assert "W1U 5NY" in {row[0] for row in rough}
    for _, _, _, easting, northing, _, text_ in rough:
        assert [easting, northing] == pytest.approx([float(part) for part in text_.split()])
    assert all(row[3] == row[5] for row in found if row[5])
    assert {row[2] for row in rough if row[0] == "W1U 5NY"} == {False}


def hospital(postcode: str) -> bytes:
    """A list of one made hospital in Haringey, as the NHS website publishes them."""
    row = {"OrganisationCode": "RZ101", "Sector": "NHS Sector", "OrganisationName": "Made Hospital",
           "Postcode": postcode, "Latitude": "51.58", "Longitude": "-9.05E-2", "ParentODSCode": "RZ1"}  # fmt: skip
    return "\r\n".join(("¬".join(row), "¬".join(row.values()), "")).encode("cp1252")


@pytest.mark.parametrize(
    ("postcode", "rough", "precision"),
    [("", True, "postcode"), ("ZZ9 9ZZ", True, "postcode"), ("E8 2BB", False, "postcode"), ("CM23 3WE", False, "lsoa")],
)
def test_when_a_rough_position_counts(
    reference: Engine, hand_in: HandIn, template: Template, postcode: str, precision: str, *, rough: bool
) -> None:
    """A rough position counts where the postcode says nothing, until somebody states a point."""
    hand_in(reference, "h_2018-01.csv", hospital(postcode))
    where = "SELECT precision, borough_gss = 'E09000014' AND abs(ST_X(geom) - 532400) < 200 FROM site"
    assert ask(reference, where) == [(precision, rough)]
    hand_in(reference, "b.csv", template({"holding_code": "RZ101", "easting": 531000, "northing": 188000, "gia_m2": 1}))
    assert ask(reference, "SELECT precision, ST_X(geom) FROM site") == [("uprn", 531000)]


def test_questions_are_counted(reference: Engine, hand_in: HandIn, template: Template) -> None:
    """An ingest counts the questions that it raised, each once."""
    rows = [{"organisation_code": who, "holding_code": f"{who}01", "name": "Marigold House", "gia_m2": 1}
            for who in ("RZ1", "RZ2", "RZ3")]  # fmt: skip
    assert hand_in(reference, "a.csv", template(*rows)).counts["questions"] == 3
    assert hand_in(reference, "b.csv", template(*(row | {"gia_m2": 2} for row in rows))).counts["questions"] == 0


def test_every_code_becomes_an_address(
    reference: Engine, hand_in: HandIn, template: Template, make_api: Callable[..., TestClient]
) -> None:
    """Every site can be asked for by its reference and written to a file of that name, however its code is spelt."""
    alphabet = "A1/._-"
    codes = ["7", *(f"A{a}{b}{c}" for a, b, c in product(alphabet, repeat=3))]
    rows = [{"organisation_code": who, "holding_code": code, "gia_m2": 1}
            for who, step in (("RZ1", 1), ("RZ2", 5), ("RZ-1", 5), ("RZ/1", 5)) for code in codes[::step]]  # fmt: skip
    rows += [{"organisation_code": "RZ3", "holding_code": f"RZ-1-{code}", "gia_m2": 1} for code in codes[::5]]
    done = hand_in(reference, "a.csv", template(*rows))
    assert done.counts["holdings"] == len(rows)
    refs = ask(reference, "SELECT site_ref FROM holding")
    assert len(set(refs)) == len(rows)
    assert all(re.fullmatch(r"NCL-[0-9A-Z._-]+", ref) for ref in refs)
    api = make_api(reference)
    for ref in refs:
        answer = api.get(f"/sites/{ref}")
        assert (answer.status_code, answer.json()["site"]["ref"]) == (200, ref)


@pytest.mark.parametrize("place", ["A/B", "a b", "../etc", "A?B", "x" * 41, "_A"])
def test_a_place_that_is_no_address_is_refused(reference: Engine, hand_in: HandIn, place: str) -> None:
    """The name of a place ends a site's reference: a row with one that cannot stand in an address is an issue."""
    header = "place,place_name,postcode,address,organisation_code,holding_code,evidence\n"
    rows = f'"{place}",Made,,,RZ1,RZ101,seen\nMADE-1.b_2,Made,,,RZ1,RZ102,seen\n'
    done = hand_in(reference, "places.csv", header + rows)
    assert done.counts["places"] == 1
    assert ["place " in issue.reason and "address" in issue.reason for issue in done.issues] == [True]
