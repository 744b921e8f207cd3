"""The tables that come with the service: the list in `SOURCES.toml`, and reference geography in our own form."""

import csv
import gzip
import io
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from estates_api.errors import BadInput


@dataclass(frozen=True, slots=True)
class Shipped:
    """One table of `data/`: its file and format, what series and edition it is, and who published it."""

    file: str
    format: str
    source: str
    label: str
    period_start: date | None
    period_end: date | None
    publisher: str
    licence: str
    attribution: str
    url: str


def read_sources(content: bytes) -> tuple[Shipped, ...]:
    """The entries of SOURCES.toml in their order; BadInput names an entry that cannot be read."""
    try:
        tables = tomllib.loads(content.decode("utf-8"))["table"]
        return tuple(_shipped(table) for table in tables)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, ValueError) as error:
        raise BadInput(f"SOURCES.toml: {error}") from None


def _shipped(table: Mapping[str, Any]) -> Shipped:
    def day(name: str) -> date | None:
        return date.fromisoformat(table[name]) if table[name] else None

    texts = {name: str(table[name]) for name in ("publisher", "licence", "attribution", "url")}
    return Shipped(
        table["file"], table["format"], table["source"], table["label"], day("period_start"), day("period_end"), **texts
    )


def _rows(content: bytes) -> Iterator[dict[str, str]]:
    raw = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    return csv.DictReader(io.StringIO(raw.decode("utf-8"), newline=""))


def read_boroughs(content: bytes) -> list[dict[str, Any]]:
    """gss, name and geom (EWKT, EPSG:27700) of each borough."""
    return [{"gss": r["gss_code"], "name": r["name"], "geom": f"SRID=27700;{r['wkt']}"} for r in _rows(content)]


def read_lsoas(content: bytes) -> list[dict[str, Any]]:
    """code, name, borough_gss, geom (EWKT), imd_decile (2019) and ptal of each LSOA."""
    return [
        {
            "code": r["lsoa11_code"],
            "name": r["name"],
            "borough_gss": r["borough_gss"],
            "geom": f"SRID=27700;POINT({float(r['easting'])} {float(r['northing'])})",
            "imd_decile": int(r["imd2019_decile"]) if r["imd2019_decile"] else None,
            "ptal": r["ptal2015"] or None,
        }
        for r in _rows(content)
    ]


def read_postcodes(content: bytes) -> Iterator[tuple[Any, ...]]:
    """(postcode, easting, northing, lsoa_code, borough_gss, terminated) of each postcode."""
    for r in _rows(content):
        yield (
            r["postcode"],
            float(r["easting"]) if r["easting"] else None,
            float(r["northing"]) if r["northing"] else None,
            r["lsoa11_code"] or None,
            r["borough_gss"] or None,
            r["terminated"] or None,
        )
