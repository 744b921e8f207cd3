"""llc/1 as files: what is exported passes our validator and Frictionless's own, and the descriptor holds for both."""

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import frictionless
import geopandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estates_api.domain.llc import FIELDS, KEY
from estates_api.domain.llc_mappings import MAPPINGS
from estates_api.exports.llc import data_package, describe_llc, table_schema, write_csv, write_geojson, write_mapping
from estates_api.exports.table import cell, plain
from estates_api.sources.brownfield import READER
from estates_api.sources.document import open_document
from estates_api.sources.reader import Hints

SHA256 = "cd" * 32
EDITIONS = [
    {"title": "ERIC 2016-17", "sha256": "ab" * 32, "publisher": "NHS Digital", "attribution": None,
     "licence": "Open Government Licence v3.0", "url": "https://example.org/eric"},
    {"title": "Events NCL", "sha256": "ef" * 32, "publisher": None, "attribution": None,
     "licence": "facts, each with its source", "url": None},
    {"title": "A private list", "sha256": "01" * 32, "publisher": None, "attribution": None, "licence": None,
     "url": None},
]  # fmt: skip

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("=+-@'\t\n＝"), max_size=8)


def entry(number: int = 1, **changes: Any) -> dict[str, Any]:
    """An entry of a shortlist."""
    return {
        "site": f"NCL-{number}", "name": "A Hospital", "address": "", "postcode": "N15 3TH", "route": "release",
        "list": "release",
        "borough": "Haringey", "borough_gss": "E09000014", "owner": "A Trust", "owner_sector": "NHS", "score": 60.04,
        "coverage": 0.9, "land_ha": 1.5, "homes_low": 4, "homes_high": 9, "homes_basis": "density matrix",
        "easting": 530000.0, "northing": 190000.0, "lon": -0.1246368, "lat": 51.5938594, "precision": "postcode",
        "evidence_date": "2017-03-31", "method": "ncl-1", "planning_status": "not permissioned", **changes,
    }  # fmt: skip


def document(*entries: dict[str, Any]) -> dict[str, Any]:
    """A frozen list of these entries."""
    return {"quarter": "2018-Q4", "as_of": "2018-12-31", "entries": list(entries),
            "editions": [{"edition": "ERIC 2016-17", "sha256": "ab" * 32}]}  # fmt: skip


def package_of(folder: Path, listed: dict[str, Any]) -> Path:
    """The CSV and its descriptor, written beside each other."""
    content = write_csv(listed, SHA256)
    (folder / "llc.csv").write_bytes(content)
    (folder / "datapackage.json").write_text(json.dumps(data_package(listed, SHA256, content, EDITIONS)))
    return folder / "datapackage.json"


@given(words)
def test_a_cell_gives_its_text_back(text: str) -> None:
    """The quote that keeps a formula from running is taken off again, whatever the text began with."""
    assert plain(cell(text)) == text
    assert not cell(text).startswith(("=", "+", "-", "@", "\t", "\n", "＝"))


def test_frictionless_takes_the_descriptor_and_the_file(tmp_path: Path) -> None:
    """The real Frictionless finds package, size, hash, schema and every row valid."""
    hostile = entry(2, name="=HYPERLINK(1)", address='1, The "Road"\nLondon', homes_low=None, score=1e-7)
    report = frictionless.validate(package_of(tmp_path, document(entry(), hostile)))
    assert report.flatten(["type", "message"]) == []
    assert report.valid
    found = frictionless.Package(tmp_path / "datapackage.json")
    assert frictionless.Package.validate_descriptor(found.to_descriptor()).valid
    assert found.resources[0].schema.primary_key == list(KEY)
    assert len(found.resources[0].read_rows()) == 2


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({"score": 101}, "constraint-error"), ({"route": "sell"}, "constraint-error"), ({"name": ""}, "constraint-error"),
     ({"homes_low": 1.5}, "type-error"), ({"evidence_date": "31/03/2017"}, "type-error"),
     ({"postcode": "nowhere"}, "constraint-error"), ({"site": "NCL-1"}, "primary-key")],
)  # fmt: skip
def test_frictionless_finds_what_we_find(tmp_path: Path, changes: dict[str, Any], kind: str) -> None:
    """The descriptor carries the limits of the schema: a row that does not fit is refused by it as well."""
    report = frictionless.validate(package_of(tmp_path, document(entry(), entry(2, **changes))))
    assert kind in {found for (found,) in report.flatten(["type"])}


def test_frictionless_sees_a_changed_file(tmp_path: Path) -> None:
    """A byte more than the descriptor says is told by size and hash."""
    descriptor = package_of(tmp_path, document(entry()))
    with (tmp_path / "llc.csv").open("ab") as file:
        file.write(b"\r\n")
    assert {"byte-count", "hash-count"} <= {found for (found,) in frictionless.validate(descriptor).flatten(["type"])}


def test_the_package_cites_its_sources_and_makes_up_no_licence() -> None:
    """Each edition with what is known of it; each licence once, none where none is stated."""
    content = write_csv(document(entry()), SHA256)
    made = data_package(document(entry()), SHA256, content, EDITIONS)
    assert [one["title"] for one in made["sources"]] == ["ERIC 2016-17", "Events NCL", "A private list"]
    assert made["sources"][2] == {"title": "A private list", "sha256": "01" * 32}
    assert made["licenses"] == [
        {"name": "OGL-UK-3.0", "title": "Open Government Licence v3.0",
         "path": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"},
        {"name": "facts-each-with-its-source", "title": "facts, each with its source"},
    ]  # fmt: skip
    (resource,) = made["resources"]
    assert (resource["bytes"], resource["hash"]) == (len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")


def test_the_schema_and_the_dictionary_are_the_fields() -> None:
    """Every field, in order, with its limits; a least value of 0 is a limit too."""
    fields = {one["name"]: one for one in table_schema()["fields"]}
    assert list(fields) == list(FIELDS)
    assert fields["area_ha"]["constraints"] == {"minimum": 0}
    assert fields["score"]["constraints"] == {"required": True, "minimum": 0, "maximum": 100}
    assert "constraints" not in fields["address"]
    told = describe_llc()
    assert "headers are not public" in told["standing"]
    assert [one["id"] for one in told["mappings"]] == list(MAPPINGS)


def test_the_geojson_opens() -> None:
    """A point in degrees for each placed row, its outline beside as text, no geometry where no position is known."""
    content = write_geojson(document(entry(), entry(2, lon=None, lat=None, easting=None, northing=None)), SHA256)
    frame = geopandas.read_file(io.BytesIO(content))
    assert (len(frame), frame.crs.to_epsg(), list(frame.geometry.is_empty | frame.geometry.isna())) == (
        2, 4326, [False, True])  # fmt: skip
    first = json.loads(content)["features"][0]
    assert list(first["properties"]) == list(FIELDS)
    assert first["properties"]["geometry"] == "POINT (530000.0 190000.0)"


@pytest.mark.parametrize("form", ["brownfield", "brownfield-2017"])
def test_our_own_reader_reads_our_register(tmp_path: Path, form: str) -> None:
    """The brownfield mapping is read back as a brownfield register: same place, homes, ownership and status."""
    path = tmp_path / "register.csv"
    path.write_bytes(write_mapping(MAPPINGS[form], document(entry(), entry(2, list="reuse")), SHA256))
    opened = open_document(path)
    assert READER.recognises(opened)
    records = list(READER.read(opened, Hints(period="2018-12-31")).records)
    (found,) = (one for one in records if hasattr(one, "organisation_code"))
    said = {value.attribute: value.number if value.text is None else value.text for value in found.values}
    assert (found.organisation_code, found.code, found.name) == ("E09000014", "BLR-NCL-1", "A Hospital, N15 3TH")
    assert (said["register_ha"], said["homes_low"], said["homes_high"]) == (1.5, 4, 9)
    assert said["ownership_status"] == "owned by a public authority"
    assert said["planning_status"] == "not permissioned"
    assert (found.easting, found.northing) == pytest.approx((530_000, 190_000), abs=0.2)
    assert not [one for one in records if getattr(one, "severity", "") == "error"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.fixed_dictionaries({"name": words.filter(str.strip), "address": words, "owner": words}), max_size=3))
def test_text_comes_back_as_it_was(texts: list[dict[str, str]]) -> None:
    """Whatever a name holds, the cell gives it back."""
    listed = document(*(entry(number, **text) for number, text in enumerate(texts)))
    rows = list(csv.DictReader(io.StringIO(write_csv(listed, SHA256).decode(), newline="")))
    for row, text in zip(rows, texts, strict=True):
        assert [plain(row[name]) for name in ("name", "address", "owner_body")] == [
            text["name"], text["address"], text["owner"]]  # fmt: skip
