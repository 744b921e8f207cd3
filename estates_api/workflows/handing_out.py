"""Handing a list out as a file: the frozen document, with its method in words and the outlines of the boroughs."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection

from estates_api.domain.area import Area
from estates_api.domain.levels import equity_of, levels_of
from estates_api.domain.method import Method
from estates_api.domain.method_file import parse_method
from estates_api.domain.method_words import describe_method
from estates_api.domain.moments import LONDON, write_day, write_days_in
from estates_api.errors import BadInput
from estates_api.exports.lists import FILES, TIME_MACHINE
from estates_api.exports.lists.build import Handed, build_list
from estates_api.exports.llc import data_package, write_csv
from estates_api.exports.writers import WRITERS
from estates_api.store import methods
from estates_api.store.editions import list_cited
from estates_api.store.layers import Audience
from estates_api.store.levels import count_neighbourhoods
from estates_api.store.reference import list_borough_rings
from estates_api.workflows.endorse import list_agreement
from estates_api.workflows.shortlist import Frozen

FORMATS = (*WRITERS, *FILES)
"""What a shortlist is there as, by the suffix of a file."""


def hand_out(connection: Connection, frozen: Frozen, *, adopted: Method, area: Area) -> Handed:
    """A shortlist with all that its files say beside it. `adopted` is the method of lists that are not stored."""
    document = frozen.document
    return Handed(
        frozen.content, frozen.sha256, frozen.status, frozen.revision, _published(frozen),
        _endorsed(connection, frozen),
        method=method_told(connection, document["method"]["sha256"], adopted),
        boroughs=list_borough_rings(connection),
        levels=levels_of(document, area),
        equity=equity_of(document, area, count_neighbourhoods(connection)),
    )  # fmt: skip


def _published(frozen: Frozen) -> str:
    """By whom a list was published and when, and what it replaces; blank while it is not."""
    if frozen.status != "published" or frozen.at is None:
        return ""
    instead = f"; it replaces revision {frozen.replaces}: {frozen.because}" if frozen.replaces else ""
    stale = f"; on old evidence, because: {frozen.on_old_evidence}" if frozen.on_old_evidence else ""
    return f"{frozen.by}, {write_day(frozen.at.astimezone(LONDON))}{instead}{stale}"


def _endorsed(connection: Connection, frozen: Frozen) -> str:
    """Who agreed to a list, and which sectors have not yet; blank while it is not published."""
    if frozen.status != "published":
        return ""
    found = list_agreement(connection, frozen)
    given = [f"{one['organisation_name']} ({one['body']}, {write_days_in(one['decided_on'])})"
             for one in found["endorsements"]]  # fmt: skip
    missing = f"not yet by a body of: {', '.join(found['missing'])}" if found["missing"] else ""
    return "; ".join([*given, *([missing] if missing else [])])


def method_told(connection: Connection, sha256: str, adopted: Method) -> dict[str, Any] | None:
    """The method of that hash in words; None where it was written for another version of this service."""
    if sha256 == adopted.sha256:
        return describe_method(adopted)
    try:
        return describe_method(parse_method(methods.find_content(connection, sha256) or b"", sha256))
    except BadInput:
        return None


def write_file(handed: Handed, frozen: Frozen, suffix: str, path: Path) -> None:
    """Write a shortlist in a format of `FORMATS`."""
    if suffix in WRITERS:
        path.write_bytes(WRITERS[suffix].write(frozen.document))
    else:
        build_list(handed, FILES[suffix], path)


def read_file(handed: Handed, frozen: Frozen, suffix: str) -> bytes:
    """The bytes of that file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"list.{suffix}"
        write_file(handed, frozen, suffix, path)
        return path.read_bytes()


def hand_out_llc(connection: Connection, frozen: Frozen, audience: Audience) -> dict[str, bytes]:
    """A shortlist in `llc/1` and its Frictionless descriptor, by the names of the files, which stand side by side."""
    table = write_csv(frozen.document, frozen.sha256)
    cited = list_cited(connection, [one["sha256"] for one in frozen.document["editions"]], audience)
    said = data_package(frozen.document, frozen.sha256, table, cited)
    return {"llc.csv": table, "datapackage.json": json.dumps(said, ensure_ascii=False, indent=2).encode()}


def write_time_machine(found: Mapping[str, Any], path: Path) -> None:
    """Write the time machine (workflows/time_machine.py) as a PDF."""
    build_list(Handed(json.dumps(found).encode()), TIME_MACHINE, path)
