"""Writers of shortlists: the same content in, the same bytes out, whatever stands in it."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estates_api.exports.columns import COLUMNS, ENTRIES, row_of, rows_of
from estates_api.exports.writers import WRITERS

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)
numbers = st.none() | st.floats(-1e6, 1e7, allow_nan=False)
KINDS = {"string": words, "number": numbers, "integer": st.none() | st.integers(0, 10_000),
         "boolean": st.none() | st.booleans(), "date": st.none() | st.just("2015-03-31")}  # fmt: skip
LISTS = {"limits", "checks", "flips", "homes_assumptions", "endorsed_by"}
rules = st.lists(st.fixed_dictionaries(dict.fromkeys(("id", "title", "state", "reason"), words)), max_size=2)
plain = {one.name: KINDS[one.kind] for one in ENTRIES.properties[2:] if one.name not in LISTS}
entries = st.fixed_dictionaries(
    plain | {"site": words, "lon": numbers, "lat": numbers, "limits": rules, "checks": rules, "outline": st.none(),
             "flips": st.lists(words, max_size=2), "homes_assumptions": st.lists(words, max_size=2),
             "developable_ha": st.none() | st.tuples(numbers, numbers, numbers).map(list)}
)  # fmt: skip
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
    for row, entry in zip(rows, rows_of(content), strict=True):
        assert list(row) == list(COLUMNS)
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
        assert feature["properties"] == {"quarter": "2015-Q1", "as_of": "2015-03-31", **row_of(entry)}


def test_what_is_a_list_is_told_in_words() -> None:
    """Limits, checks and endorsements stand in a cell as a person would say them, hectares in three columns."""
    limit = {"id": "green-belt", "title": "green belt", "state": "unknown", "reason": "no layer"}
    endorsed = {"organisation": "London Borough of Haringey", "sector": "council", "date": "2026-11-03"}
    row = row_of({"limits": [limit, limit], "checks": [], "flips": ["a", "b"], "developable_ha": [1.0, 2.0, 3.0],
                  "endorsed_by": [endorsed, "NHS Property Services"]})  # fmt: skip
    assert row["limits"] == "green belt: unknown (no layer); green belt: unknown (no layer)"
    assert (row["checks"], row["flips"]) == (None, "a; b")
    assert [row[f"developable_{end}_ha"] for end in ("low", "mid", "high")] == [1.0, 2.0, 3.0]
    assert row["endorsed_by"] == "London Borough of Haringey, council, 2026-11-03; NHS Property Services"
    assert set(row) == {*COLUMNS} - {"quarter", "as_of"}
