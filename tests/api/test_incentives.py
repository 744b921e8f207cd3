"""Incentives added up: by borough, sector and route, as JSON, CSV and a page, of what the caller may see."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.store.incentives import FIELDS
from estates_api.workflows.ingest import Ingested

Make = Callable[..., TestClient]


def rows(api: TestClient, by: str = "borough") -> dict[str, dict[str, Any]]:
    """The rows by group."""
    return {row["group"]: row for row in api.get(f"/incentives?by={by}").json()["rows"]}


@pytest.mark.parametrize("by", ["borough", "sector", "route"])
def test_the_last_row_is_the_sum_of_the_others(api: TestClient, by: str) -> None:
    """Sites, sums and the numbers of which they are known add up to the row `all`."""
    found = rows(api, by)
    whole = found.pop("all")
    for name in FIELDS[1:]:
        assert whole[name] == pytest.approx(sum(row[name] or 0 for row in found.values()))


def test_it_adds_up_what_the_sites_say(api: TestClient) -> None:
    """A group's cost and receipts are those of its sites' own documents."""
    refs = [one["id"] for one in api.get("/candidates.geojson").json()["features"]
            if one["properties"]["borough"] == "Enfield"]  # fmt: skip
    told = [api.get(f"/sites/{ref}").json()["incentives"] for ref in refs]
    known = [one["void_cost_gbp_per_year"]["gbp"] for one in told if one["void_cost_gbp_per_year"]["gbp"] is not None]
    enfield = rows(api)["Enfield"]
    assert enfield["sites"] == len(refs)
    assert enfield["void_cost_gbp_per_year"] == pytest.approx(sum(known))
    assert enfield["void_cost_known_of"] == len(known)
    assert enfield["receipts_gbp"] == sum(one["gbp"] for part in told for one in part["receipts"] if one["sold"])


def test_cited_receipts_and_costs_of_the_shipped_data(api: TestClient) -> None:
    """St Ann's £53m of 2018 is kept in London by the agreement of 2017; Finchley's £1.5m a year is a stated cost."""
    (sale,) = api.get("/sites/NCL-RRP03").json()["incentives"]["receipts"]
    assert (sale["gbp"], sale["counterparty"]) == (53e6, "Greater London Authority (Mayor's Land Fund)")
    assert "reinvested in London" in sale["kept_by"]
    assert "7022428" in sale["citation"]
    cost = api.get("/sites/NCL-RYX23").json()["incentives"]["void_cost_gbp_per_year"]
    assert (cost["gbp"], cost["sources"][0]["attribute"]) == (1_500_000, "void_cost_gbp")


def test_nothing_known_is_null(api: TestClient) -> None:
    """A borough of whose sales no price is known has null, not 0."""
    assert rows(api)["Islington"]["receipts_gbp"] is None


def test_as_csv(api: TestClient) -> None:
    """The same rows as a file, unknown as an empty cell."""
    answer = api.get("/incentives?by=sector&f=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    read = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["group"] for row in read] == list(rows(api, "sector"))
    assert tuple(read[0]) == FIELDS


def test_as_a_page(api: TestClient) -> None:
    """A table for people, which says of how many it is known, and who keeps a receipt."""
    page = api.get("/incentives?f=html").text
    for words in ("Enfield", "not known", "£118,500,000", "London borough", "16 November 2017"):
        assert words in page


def test_another_group_is_refused(api: TestClient) -> None:
    """Only what there is to group by is taken."""
    assert api.get("/incentives?by=owner").status_code in {400, 422}
    assert api.get("/incentives?f=xlsx").status_code == 400


def test_withheld_sites_are_in_no_sum(
    loaded: Engine, hand_in: Callable[..., Ingested], template: Callable[..., bytes], make_api: Make
) -> None:
    """A site that an owner's file speaks of leaves the public sums, and stays in those of the key."""
    before = rows(make_api(loaded))["Haringey"]
    row = {"organisation_code": "RRP", "organisation_name": "BEH", "holding_code": "RRP03", "name": "St Ann's Hospital",
           "gia_m2": 14_155}  # fmt: skip
    hand_in(loaded, "private.csv", template(row), sensitivity="owner")
    after = rows(make_api(loaded))["Haringey"]
    assert (before["receipts_gbp"], after["receipts_gbp"]) == (53e6, None)
    assert after["sites"] == before["sites"] - 1
    assert rows(make_api(loaded, key="the-key-of-the-tests"))["Haringey"] == before
