"""llc/1 over HTTP: the dictionary for everybody, a quarter's files for whoever may see the list."""

import csv
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import frictionless
import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.domain.area import Area
from estates_api.domain.llc import FIELDS
from estates_api.domain.llc_mappings import MAPPINGS
from estates_api.domain.method_file import parse_method
from estates_api.domain.quarters import Quarter
from estates_api.settings import ROOT
from estates_api.store.database import transaction
from estates_api.workflows import setup
from estates_api.workflows import shortlist as lists
from estates_api.workflows.ingest import Ingested
from estates_api.workflows.shortlist import Frozen

THEN = "2015-Q1"
KEY = "the-key-of-the-tests"
DATA = ROOT / "data"
HandIn = Callable[..., Ingested]
Draft = Callable[..., tuple[Frozen, bool]]


def test_the_dictionary_is_for_everybody(api: TestClient) -> None:
    """Every field and mapping, as JSON and as a page that says whose schema it is."""
    told = api.get("/llc").json()
    assert [one["name"] for one in told["schema"]["fields"]] == list(FIELDS)
    page = api.get("/llc?f=html").text
    assert "headers are not public" in page
    for words in (*FIELDS, *MAPPINGS, "never blank", "0 to 1300000", "for the planning authority to say"):
        assert words in page
    assert "`" not in page
    assert api.get("/llc/1/schema.json").json() == told["schema"]


def test_a_quarter_with_its_descriptor(keyed: TestClient, tmp_path: Path) -> None:
    """`llc.csv` and `datapackage.json`, saved beside each other, are what Frictionless finds valid."""
    answer = keyed.get(f"/shortlists/{THEN}/llc.csv")
    frozen = keyed.get(f"/shortlists/{THEN}")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["site_reference"] for row in rows] == [entry["site"] for entry in frozen.json()["entries"]]
    assert {row["hash"] for row in rows} == {hashlib.sha256(frozen.content).hexdigest()}
    assert answer.headers["estates-shortlist-sha256"] == rows[0]["hash"]
    assert answer.headers["content-disposition"] == f'attachment; filename="{THEN}-llc.csv"'
    package = keyed.get(f"/shortlists/{THEN}/datapackage.json")
    (tmp_path / "llc.csv").write_bytes(answer.content)
    (tmp_path / "datapackage.json").write_bytes(package.content)
    report = frictionless.validate(tmp_path / "datapackage.json")
    assert report.flatten(["type", "message"]) == []
    cited = {one["title"]: one for one in package.json()["sources"]}
    assert set(cited) == {one["edition"] for one in frozen.json()["editions"]}
    assert cited["ERIC 2014-15"]["licence"] == "Open Government Licence v3.0"


def test_st_anns_in_march_2015(keyed: TestClient) -> None:
    """A site that the list of 2015 had for release stands in the file with its owner, land and homes."""
    features = keyed.get(f"/shortlists/{THEN}/llc.geojson").json()["features"]
    (found,) = (one for one in features if one["id"] == "NCL-RRP03")
    said = found["properties"]
    assert (said["borough"], said["borough_gss"], said["route"]) == ("Haringey", "E09000014", "release")
    assert said["area_ha"] > 10
    assert said["list"] == "release"
    assert found["geometry"]["type"] == "Point"


@pytest.mark.parametrize("form", MAPPINGS)
def test_each_mapping(keyed: TestClient, form: str) -> None:
    """Each mapping is a CSV with its own header."""
    answer = keyed.get(f"/shortlists/{THEN}/{form}.csv")
    assert answer.status_code == 200
    assert next(csv.reader(io.StringIO(answer.text))) == list(MAPPINGS[form].names)


@pytest.mark.parametrize("path", ["llc.csv", "llc.geojson", "datapackage.json", "brownfield.csv"])
def test_a_draft_is_not_public(api: TestClient, path: str) -> None:
    """No file of a draft without the key, and none says what is in it."""
    answer = api.get(f"/shortlists/{THEN}/{path}")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_not_there(keyed: TestClient) -> None:
    """An unknown table names those that there are; a quarter without a list says how to make one."""
    answer = keyed.get(f"/shortlists/{THEN}/savills.csv")
    assert (answer.status_code, "estates-board" in answer.json()["detail"]) == (404, True)
    assert keyed.get("/shortlists/1999-Q1/llc.csv").status_code == 404
    assert keyed.get("/shortlists/now/llc.csv").status_code == 400
    assert keyed.get(f"/shortlists/{THEN}/llc.csv?as-of=2014-01-01").status_code == 400


def test_the_pages_lead_there(keyed: TestClient) -> None:
    """The page of a shortlist has the file, and what is in it."""
    page = keyed.get(f"/shortlists/{THEN}?f=html").text
    assert f"/shortlists/{THEN}/llc.csv" in page
    assert '/llc"' in page


def test_the_description_has_the_schema_as_its_own(api: TestClient) -> None:
    """OpenAPI describes a row of llc/1 by the same fields."""
    described: Any = api.get("/api").json()
    assert list(described["components"]["schemas"]["LlcRow"]["properties"]) == list(FIELDS)


def test_everybody_gets_the_list_that_was_made_for_them(
    loaded: Engine, hand_in: HandIn, template: Callable[..., bytes], draft: Draft, area: Area,
    make_api: Callable[..., TestClient],
) -> None:  # fmt: skip
    """Of a published list the public's file has the sites and hash of the public's view, and no withheld edition."""
    row = {"organisation_code": "RRP", "organisation_name": "BEH", "holding_code": "RRP03", "name": "St Ann's Hospital",
           "gia_m2": 14_155, "period_end": "2014-12-31", "source": "hidden", "label": "2014"}  # fmt: skip
    hand_in(loaded, "private.csv", template(row), sensitivity="owner")
    method = parse_method(setup.read_shipped(DATA, setup.METHOD_FILE), setup.METHOD_FILE)
    with transaction(loaded) as connection:
        draft(connection, Quarter(2015, 1))
    with transaction(loaded) as connection:
        lists.publish(connection, Quarter(2015, 1), lists.Publication("Board"), area=area, method=method)
    found = {}
    for key in (None, KEY):
        client = make_api(loaded, key=key)
        seen = client.get(f"/shortlists/{THEN}")
        rows = list(csv.DictReader(io.StringIO(client.get(f"/shortlists/{THEN}/llc.csv").text, newline="")))
        assert {row["hash"] for row in rows} == {hashlib.sha256(seen.content).hexdigest()}
        package = client.get(f"/shortlists/{THEN}/datapackage.json").json()
        found[key] = {row["site_reference"] for row in rows}, [one["title"] for one in package["sources"]]
    assert found[KEY][0] - found[None][0] == {"NCL-RRP03"}
    assert any("hidden" in title for title in found[KEY][1])
    assert not any("hidden" in title for title in found[None][1])
