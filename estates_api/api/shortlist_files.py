"""A shortlist as a file: CSV and GeoJSON at once, the others built by a process of their own and kept."""

from fastapi import Request
from sqlalchemy import Connection
from starlette.responses import Response

from estates_api.api.answers import text_answer
from estates_api.api.context import context
from estates_api.api.files import Files, Sent
from estates_api.domain.shortlist import canonical_bytes, fingerprint
from estates_api.errors import NotFound
from estates_api.exports.lists import FILES
from estates_api.exports.writers import WRITERS
from estates_api.store.database import give_back
from estates_api.workflows.handing_out import FORMATS, hand_out, write_file
from estates_api.workflows.shortlist import Frozen

TITLES = {"pdf": "PDF report", "xlsx": "Excel workbook", "csv": "CSV", "geojson": "GeoJSON", "gpkg": "GeoPackage",
          "parquet": "GeoParquet"}  # fmt: skip
"""What the formats are called on pages, in the order in which people ask for them."""


def check_suffix(suffix: str) -> None:
    """NotFound for a suffix that no shortlist has; none at all is its JSON."""
    if suffix and suffix not in FORMATS:
        raise NotFound(f"a shortlist is there as {', '.join(f'.{known}' for known in FORMATS)}, not .{suffix[:20]}")


def file_answer(
    request: Request, database: Connection, frozen: Frozen, suffix: str, headers: dict[str, str]
) -> Response:  # fmt: skip
    """The list as a file: the same list is the same bytes, so it is built once."""
    headers["Content-Disposition"] = f'attachment; filename="shortlist-{frozen.quarter}.{suffix}"'
    if suffix in WRITERS:
        return text_answer(WRITERS[suffix].write(frozen.document), WRITERS[suffix].media_type, headers)
    files: Files = request.app.state.files
    handed = hand_out(database, frozen, adopted=context(request).method_in_force(database),
                      area=context(request).area)  # fmt: skip
    key = ("shortlist", suffix, fingerprint(frozen.content), fingerprint(canonical_bytes(handed.beside())))
    path = files.get(key)
    if path is None:
        give_back(database)
        path = files.new(suffix)
        write_file(handed, frozen, suffix, path)
        files.keep(key, path)
    return Sent(path, headers=headers, media_type=FILES[suffix].media_type)
