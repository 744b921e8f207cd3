"""Levels and equity over HTTP: as the caller may see, adding up, as JSON, CSV and a page with charts."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.levels import BY_METHOD, EQUITY_FIELDS, FIELDS, levels_of
from estates_api.domain.quarters import quarter_of
from estates_api.store.database import transaction
from estates_api.workflows.ingest import Ingested

Make = Callable[..., TestClient]


def rows(client: TestClient) -> dict[str, dict[str, Any]]:
    """The levels by name."""
    return {row["name"]: row for row in client.get("/levels").json()["levels"]}


def test_the_levels_are_those_of_the_candidates(api: TestClient) -> None:
    """Routes, land and homes of a borough are those of its candidates, and the boroughs add up to the sub-region."""
    found = rows(api)
    candidates = [one["properties"] for one in api.get("/candidates.geojson").json()["features"]]
    for name in ("Barnet", "Camden", "Enfield", "Haringey", "Islington"):
        mine = [one for one in candidates if one["borough"] == name]
        held = [one for one in mine if one["route"] != "released"]
        assert found[name]["sites"] == len(held)
        for column, route in (("reuse", "reuse"), ("released", "released"), ("not_enough_data", "not enough data")):
            assert found[name][column] == sum(one["route"] == route for one in mine)
        land = [one["land_ha"] for one in held if one["land_ha"] is not None]
        assert found[name]["land_ha"] == pytest.approx(sum(land), abs=0.01)
        assert found[name]["land_known_of"] == len(land)
    assert found["North Central London"]["sites"] == sum(one["inside_area"] is True and one["route"] != "released"
                                                         for one in candidates)  # fmt: skip
    assert found["London, as loaded"]["release"] == 1  # Stanmore, in Harrow


def test_the_levels_agree_with_the_incentives(api: TestClient) -> None:
    """Empty space of a borough is the same sum by both ways."""
    there = {row["group"]: row for row in api.get("/incentives?by=borough").json()["rows"]}
    for name in ("Camden", "Enfield"):
        for column in ("void_cost_gbp_per_year", "void_cost_known_of"):
            assert rows(api)[name][column] == pytest.approx(there[name][column])


def test_floor_area_without_a_place_stands_apart(api: TestClient) -> None:
    """Moorfields and the Tavistock return small sites in one row: told by trust, in no level."""
    told = {one["organisation"]: one for one in api.get("/levels").json()["aggregate"]}
    assert told["Tavistock and Portman NHS Foundation Trust"]["gia_m2"] == 8991
    assert told["Moorfields Eye Hospital NHS Foundation Trust"]["edition"] == "ERIC 2016-17"
    assert "Royal Free" in "; ".join(told)
    assert "Barnet and Chase Farm Hospitals NHS Trust" not in told  # its successor returns it


def test_a_shortlists_levels_are_of_what_it_lists(keyed: TestClient, area: Any) -> None:
    """The figures of a frozen list for its report: the sites for release of March 2015 in their boroughs."""
    listed = keyed.get("/shortlists/2015-Q1").json()
    found = {row["name"]: row for row in levels_of(listed, area)["levels"]}
    wanted = [one for one in listed["entries"] if one["borough"] == "Haringey" and one["route"] == "release"]
    assert found["Haringey"]["release"] == len(wanted) > 0
    assert all(1 <= one["imd_decile"] <= 10 for one in wanted)


def test_equity_covers_every_site_and_neighbourhood(api: TestClient) -> None:
    """All 795 neighbourhoods and all sites of the sub-region are in the deciles, for each borough and together."""
    told = api.get("/levels/equity").json()
    every = [row for row in told["rows"] if row["gss"] is None]
    assert [row["decile"] for row in every] == [*range(1, 11), None]
    assert sum(row["neighbourhoods"] for row in every) == 795
    assert sum(row["sites"] for row in every) == rows(api)["North Central London"]["sites"]
    assert sum(row["neighbourhoods"] for row in told["rows"] if row["borough"] == "Barnet") == 211
    assert any("population" in note for note in told["notes"])


@pytest.mark.parametrize(("path", "fields", "key"), [("/levels", FIELDS, "levels"),
                                                     ("/levels/equity", EQUITY_FIELDS, "rows")])  # fmt: skip
def test_as_csv(api: TestClient, path: str, fields: tuple[str, ...], key: str) -> None:
    """The same rows as a file, unknown as an empty cell."""
    answer = api.get(f"{path}?f=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    read = list(csv.DictReader(io.StringIO(answer.text)))
    assert tuple(read[0]) == fields
    assert len(read) == len(api.get(path).json()[key])


def test_a_published_list_stands_beside_the_method(loaded: Engine, make_api: Callable[..., TestClient]) -> None:
    """What a person pinned counts as listed and not by the method; a draft is not told of."""
    quarter = quarter_of(datetime.now(UTC).date())
    keyed, public = make_api(loaded, key="the-key-of-the-tests"), make_api(loaded)
    assert keyed.get("/levels").json()["listed"] is None
    pin = {"site": "NCL-RAL01", "kind": "pin", "list": "reuse", "by": "A Board", "because": "asked for"}
    assert keyed.post(f"/shortlists/{quarter}/choices", json=pin).status_code == 201
    assert keyed.post(f"/shortlists/{quarter}/drafts").status_code == 201
    said = {"by": "A Board", "allow_stale": "nothing newer"}
    assert keyed.post(f"/shortlists/{quarter}/publications", json=said).status_code == 201
    entries = public.get(f"/shortlists/{quarter}").json()["entries"]
    found = public.get("/levels").json()
    assert (found["listed"]["quarter"], found["listed"]["status"]) == (str(quarter), "published")
    listed = {row["name"]: row["reuse"] for row in found["listed"]["levels"]}
    assert listed["Camden"] == sum(one["list"] == "reuse" and one["borough"] == "Camden" for one in entries)
    assert BY_METHOD in found["notes"]
    for path in ("/levels", "/levels/equity"):
        assert "As listed" in public.get(f"{path}?f=html").text
    rows = [row for row in public.get("/levels/equity").json()["listed"]["rows"] if row["gss"] is None]
    assert sum(row["reuse"] for row in rows) == listed["North Central London"]


@pytest.mark.parametrize("path", ["/levels", "/levels/equity"])
def test_as_a_page(api: TestClient, path: str) -> None:
    """A page with charts that are named for who cannot see them, and the figures as tables beside."""
    page = api.get(f"{path}?f=html").text
    charts = re.findall(r'<svg class="bars"[^>]* role="img" aria-label="([^"]+)">', page)
    assert charts
    assert all(named.endswith("The table below has the figures.") for named in charts)
    assert page.count("<table") >= 2
    for words in ("Islington", "Part release", "<script"):
        assert (words in page) is (words != "<script")


@pytest.mark.parametrize("path", ["/levels?by=owner", "/levels?f=xlsx", "/levels/equity?decile=1"])
def test_what_is_not_known_is_refused(api: TestClient, path: str) -> None:
    """Another parameter or format is a 400 that names it."""
    assert api.get(path).status_code == 400


def test_withheld_sites_are_in_no_sum(
    loaded: Engine, hand_in: Callable[..., Ingested], template: Callable[..., bytes], make_api: Make
) -> None:
    """What only an owner may see leaves the public levels, deciles and rows without a place, not those of the key."""
    before, deciles = rows(make_api(loaded)), make_api(loaded).get("/levels/equity").json()
    row = {"organisation_code": "RRP", "organisation_name": "BEH", "holding_code": "RRP03", "name": "St Ann's Hospital",
           "gia_m2": 14_155}  # fmt: skip
    aggregate = {"organisation_code": "RP4", "organisation_name": "GOSH", "holding_code": "AGGRE", "name": "Small ones",
                 "gia_m2": 1_234, "period_end": "2018-03-31"}  # fmt: skip
    hand_in(loaded, "private.csv", template(row), sensitivity="owner")
    hand_in(loaded, "aggregate.csv", template(aggregate), sensitivity="owner")
    after = make_api(loaded).get("/levels").json()
    assert {row["name"]: row for row in after["levels"]}["Haringey"]["sites"] == before["Haringey"]["sites"] - 1
    assert 1_234 not in {one["gia_m2"] for one in after["aggregate"]}
    fewer = make_api(loaded).get("/levels/equity").json()
    assert sum(one["sites"] for one in fewer["rows"]) == sum(one["sites"] for one in deciles["rows"]) - 2
    keyed = make_api(loaded, key="the-key-of-the-tests").get("/levels").json()
    assert {row["name"]: row for row in keyed["levels"]}["Haringey"] == before["Haringey"]
    assert 1_234 in {one["gia_m2"] for one in keyed["aggregate"]}


def test_the_decile_is_that_of_the_neighbourhood(reading: Engine, keyed: TestClient) -> None:
    """An entry's decile is its LSOA's, as the table of neighbourhoods has it."""
    with transaction(reading) as connection:
        told = dict(connection.execute(
            text("SELECT s.ref, l.imd_decile FROM site s JOIN lsoa l ON l.code = s.lsoa_code")).all())  # fmt: skip
    for entry in keyed.get("/shortlists/2015-Q1").json()["entries"]:
        assert entry["imd_decile"] == told.get(entry["site"])
