"""Writers of shortlists: the same content in, the same bytes out, whatever stands in it."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estates_api.exports import WRITERS
from estates_api.exports.writer import COLUMNS

NUMBERS = ("easting", "northing", "lon", "lat", "land_ha", "open_land_ha", "gia_m2", "score", "score_low", "score_high",
           "coverage", "release_score", "reuse_score")  # fmt: skip
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)
numbers = st.none() | st.floats(-1e6, 1e7, allow_nan=False)
names = [*(name for name in COLUMNS if name not in NUMBERS and name != "stale"), "site"]
entries = st.fixed_dictionaries(
    dict.fromkeys(names, words) | dict.fromkeys(NUMBERS, numbers) | {"stale": st.booleans()}
)
contents = st.fixed_dictionaries({"quarter": st.just("2015-Q1"), "as_of": st.just("2015-03-31"),
                                  "entries": st.lists(entries, max_size=2)})  # fmt: skip


def test_the_suffix_finds_its_writer() -> None:
    """Each format is found by its file suffix and says what it is over HTTP."""
    assert {suffix: writer.media_type.partition(";")[0] for suffix, writer in WRITERS.items()} == {
        "csv": "text/csv", "geojson": "application/geo+json",
    }  # fmt: skip


@pytest.mark.parametrize("suffix", WRITERS)
@settings(max_examples=50, deadline=None)
@given(content=contents)
def test_the_same_content_is_the_same_bytes(suffix: str, content: dict[str, Any]) -> None:
    """Writing is a function of the content alone."""
    again = json.loads(json.dumps(content))
    assert WRITERS[suffix].write(content) == WRITERS[suffix].write(again)


@settings(max_examples=50, deadline=None)
@given(content=contents)
def test_csv_reads_back(content: dict[str, Any]) -> None:
    """Whatever the cells hold, the CSV has one row an entry and one cell a column, and text comes back as it was but
    for the quote that keeps a formula from running."""
    written = WRITERS["csv"].write(content).decode()
    rows = list(csv.DictReader(io.StringIO(written, newline="")))
    assert len(rows) == len(content["entries"])
    for row, entry in zip(rows, content["entries"], strict=True):
        assert list(row) == ["quarter", "as_of", *COLUMNS]
        for name in COLUMNS:
            value = entry[name]
            if isinstance(value, str):
                assert row[name] in {value, f"'{value}"}
                assert not row[name].startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))
            elif isinstance(value, bool) or value is None:
                assert row[name] == {True: "yes", False: "no", None: ""}[value]
            else:
                assert float(row[name]) == value


@settings(max_examples=50, deadline=None)
@given(content=contents)
def test_geojson_reads_back(content: dict[str, Any]) -> None:
    """The GeoJSON is RFC 7946 with every column as a property; without a position the geometry is null."""
    for entry in content["entries"]:
        entry["lat"] = None if entry["lon"] is None else entry["lat"] or 0.0
    found = json.loads(WRITERS["geojson"].write(content))
    assert found["type"] == "FeatureCollection"
    for feature, entry in zip(found["features"], content["entries"], strict=True):
        placed = {"type": "Point", "coordinates": [entry["lon"], entry["lat"]]}
        assert feature["geometry"] == (None if entry["lon"] is None else placed)
        assert feature["properties"] == {
            "quarter": "2015-Q1", "as_of": "2015-03-31", **{name: entry[name] for name in COLUMNS},
        }  # fmt: skip
