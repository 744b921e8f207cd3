"""Set up: the schema, the tables in `data/`, and a first assessment and shortlist. Safe to run again at any point."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from estates_api.domain.area import Area, parse_area
from estates_api.domain.values import counted
from estates_api.errors import Conflict, Unavailable
from estates_api.sources import shipped
from estates_api.sources.reader import Hints
from estates_api.store import catalogue, editions, reference
from estates_api.store.audit import add_audit
from estates_api.store.database import transaction
from estates_api.workflows.ingest import Ingested, ingest
from estates_api.workflows.origin import Origin

AREA_FILE = "areas/ncl.toml"
METHOD_FILE = "methods/ncl-1.toml"


def read_area(data_dir: Path) -> Area:
    """The area profile of the installation."""
    return parse_area(read_shipped(data_dir, AREA_FILE), AREA_FILE)


def read_shipped(data_dir: Path, name: str) -> bytes:
    """The bytes of a file in `data/`; Unavailable when it is not there."""
    try:
        return (data_dir / name).read_bytes()
    except OSError as error:
        raise Unavailable(f"{data_dir / name} cannot be read: {error.strerror}") from None


def load_data(engine: Engine, data_dir: Path, tell: Callable[[str], None]) -> list[Ingested]:
    """Load every table of SOURCES.toml that is not loaded yet, each in its own transaction.

    One that somebody handed in before as something else stays what it is, and that is told: it must not keep the
    service from starting.
    """
    area = read_area(data_dir)
    loaded = []
    for table in shipped.read_sources(read_shipped(data_dir, "SOURCES.toml")):
        try:
            with transaction(engine) as connection:
                done = _load(connection, table, data_dir, area)
        except Conflict as conflict:
            tell(conflict.detail)
            continue
        if done.new:
            tell(f"{done.edition}: {_told(done)}")
        loaded.append(done)
    return loaded


def _told(done: Ingested) -> str:
    shown = ("holdings", "organisations", "places", "events", "features", "boroughs", "lsoas", "postcodes", "error",
             "warning")  # fmt: skip
    return ", ".join(counted(done.counts[name], name.removesuffix("s")) for name in shown if done.counts.get(name))


def _load(connection: Connection, table: shipped.Shipped, data_dir: Path, area: Area) -> Ingested:
    if table.format == "reference":
        return _load_reference(connection, table, read_shipped(data_dir, table.file))
    hints = Hints(
        period=table.period_end.isoformat() if table.period_end else None, source=table.source, label=table.label
    )
    origin = Origin(
        insisted=table.format, hints=hints, publisher=table.publisher, licence=table.licence,
        attribution=table.attribution, url=table.url,
    )  # fmt: skip
    path = data_dir / table.file
    if not path.is_file():
        raise Unavailable(f"{path} cannot be read")
    return ingest(connection, path, area=area, origin=origin, actor="setup")


def _load_reference(connection: Connection, table: shipped.Shipped, content: bytes) -> Ingested:
    """Reference geography replaces what was there; its edition says what it is."""
    editions.lock_catalogue(connection)
    title, sha256 = f"{table.source} {table.label}", hashlib.sha256(content).hexdigest()
    if known := editions.find_edition(connection, sha256):
        return Ingested(title, new=False, counts=known["counts"])
    counts = _replace(connection, Path(table.file).name, content)
    edition_id = editions.add_edition(connection, _edition(table, content, sha256))
    editions.add_tally(connection, edition_id, counts)
    catalogue.place_organisations(connection)
    add_audit(connection, actor="setup", action="load reference", subject=title, detail={"sha256": sha256})
    return Ingested(title, new=True, counts=counts)


def _edition(table: shipped.Shipped, content: bytes, sha256: str) -> dict[str, Any]:
    return {
        "source": table.source,
        "label": table.label,
        "format": table.format,
        "file_name": Path(table.file).name,
        "sha256": sha256,
        "bytes": len(content),
        "period_start": table.period_start,
        "period_end": table.period_end,
        "publisher": table.publisher,
        "licence": table.licence,
        "attribution": table.attribution,
        "url": table.url or None,
    }


def _replace(connection: Connection, name: str, content: bytes) -> dict[str, int]:
    if name.startswith("boroughs"):
        boroughs = shipped.read_boroughs(content)
        reference.replace_boroughs(connection, boroughs)
        return {"boroughs": len(boroughs)}
    if name.startswith("lsoas"):
        lsoas = shipped.read_lsoas(content)
        reference.replace_lsoas(connection, lsoas)
        return {"lsoas": len(lsoas)}
    if name.startswith("postcodes"):
        postcodes = list(shipped.read_postcodes(content))
        reference.replace_postcodes(connection, postcodes)
        return {"postcodes": len(postcodes)}
    raise Unavailable(f"{name} is not a reference table that this version knows")
