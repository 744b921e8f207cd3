"""A layer as a report for people: PDF with a table, a map, and a page for each feature."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import shapely

from estates_api.domain.collections import Property
from estates_api.domain.moments import write_moment
from estates_api.exports.attribution import ATTRIBUTION
from estates_api.exports.bulk.layer import GEOMETRY, Layer
from estates_api.exports.method_table import rows_of_method
from estates_api.exports.report import maps
from estates_api.exports.report.typesetting import typeset
from estates_api.exports.report.words import day
from estates_api.exports.styles import LIST_COLOURS

_LISTS = {"release": "release", "part release with reuse": "part release", "reuse": "reuse"}
_UNITS = {"m2": "m²", "GBP": "£"}
_SENTENCE = "sentence"


def write(layer: Layer, path: Path) -> None:
    """Cover, map, table, pages; the method in brief where the layer has scores."""
    typeset("features.typ", content(layer), path, made_at=layer.changed_at)


def content(layer: Layer) -> dict[str, Any]:
    """The values of the template."""
    made = layer.collection
    rows = [row for batch in layer.batches for row in batch.to_pylist()]
    boroughs = maps.borough_shapes(layer.told.get("boroughs", ()))
    marks = [_mark(number, row) for number, row in enumerate(rows, 1)]
    drawn = [one for one in made.properties if one.name in made.drawn]
    lists = [name for name in (*LIST_COLOURS, "other") if any(mark["list"] == name for mark in marks)]
    return {
        "title": made.title, "subtitle": made.description, "foot": f"{made.title}, {day(layer.changed_at.isoformat())}",
        "cover": _cover(layer, len(rows)), "colours": LIST_COLOURS | {"other": LIST_COLOURS["annex"]}, "lists": lists,
        "map": maps.overview(boroughs, marks), "without_boroughs": not boroughs, "labelled": len(rows) <= 60,
        "heads": ["No.", *(one.title.partition(",")[0] for one in drawn)],
        "rows": [[str(number), *(shown(row[one.name], one) for one in drawn)] for number, row in enumerate(rows, 1)],
        "numeric": [place for place, one in enumerate(drawn, 1) if one.kind in {"number", "integer"}],
        "pages": [_page(row, mark, layer, maps.close_up(boroughs, mark, marks))
                  for row, mark in zip(rows, marks, strict=True)],
        "method": list(rows_of_method(layer.told.get("method") or {})), "attribution": ATTRIBUTION,
    }  # fmt: skip


def _cover(layer: Layer, count: int) -> list[list[str]]:
    asked = "; ".join(f"{name} = {text}" for name, text in layer.told.get("asked", ()))
    shown_to = {"public": "everybody"}.get(layer.told.get("audience", "public"), "those who have the key")
    return [["Asked for", asked or "everything"], ["Found", f"{count:,}"], ["May be shown to", shown_to],
            ["Data changed", write_moment(layer.changed_at)]]  # fmt: skip


def _mark(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    shape = shapely.from_wkb(row[GEOMETRY]) if row[GEOMETRY] else None
    point = shape.representative_point() if shape is not None and not shape.is_empty else None
    area = shape is not None and shape.geom_type != "Point"
    return {"number": number, "list": _LISTS.get(str(row.get("route")), "other"), "precision": row.get("precision"),
            "easting": point.x if point else None, "northing": point.y if point else None,
            "outline": shapely.to_wkt(shape) if area and shape is not None else None}  # fmt: skip


def _page(row: Mapping[str, Any], mark: Mapping[str, Any], layer: Layer, close_up: Any) -> dict[str, Any]:
    facts = [[_sentence_case(one.title.partition(", joined by")[0]), shown(row[one.name], one, unit=True)]
             for one in layer.collection.properties if one.name != _SENTENCE]  # fmt: skip
    return {"number": mark["number"], "list": mark["list"], "name": row.get("name") or row["id"],
            "sentence": row.get(_SENTENCE) or "", "facts": facts, "map": close_up,
            "precision": maps.PRECISIONS.get(str(mark["precision"]), "")}  # fmt: skip


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def shown(value: Any, one: Property, *, unit: bool = False) -> str:
    """A value of a property in words."""
    match value:
        case None | "":
            return "–" if unit else ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return f"{value:,.{one.places}f}" + (f" {_UNITS.get(one.unit, one.unit)}" if unit and one.unit else "")
        case str():
            return value
        case _:
            return day(value.isoformat())
