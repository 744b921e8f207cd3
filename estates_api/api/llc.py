"""The schema aligned with the London Land Commission: its data dictionary, and shortlists in it or mapped from it."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import GEOJSON, JSON, text_answer, wants_html
from estates_api.api.context import Caller, Database
from estates_api.api.pages import page
from estates_api.api.parameters import only
from estates_api.api.shortlists import Revision, headers_of, seeing
from estates_api.domain.llc_mappings import MAPPINGS
from estates_api.domain.quarters import parse_quarter
from estates_api.errors import NotFound
from estates_api.exports.issues import MEDIA_TYPE
from estates_api.exports.llc import describe_llc, table_schema, write_csv, write_geojson, write_mapping
from estates_api.workflows.handing_out import hand_out_llc
from estates_api.workflows.shortlist import Frozen, get_shortlist

router = APIRouter(tags=["shortlists"])

_ROWS: dict[str, Any] = {
    "type": "object", "required": ["type", "features"],
    "properties": {"features": {"type": "array", "items": {
        "type": "object", "properties": {"properties": {"$ref": "#/components/schemas/LlcRow"}},
    }}},
}  # fmt: skip
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}


@router.get("/llc", dependencies=[Depends(only())], response_class=Response,
            responses={200: {"content": {JSON: {}, "text/html": {}}}})  # fmt: skip
def dictionary(request: Request) -> Response:
    """The data dictionary of `llc/1`: every field, what it may hold and where it comes from; and each mapping."""
    said = describe_llc()
    return page(request, "llc.html", {"llc": said}) if wants_html(request) else JSONResponse(said)


@router.get("/llc/1/schema.json", dependencies=[Depends(only())])
def schema() -> dict[str, Any]:
    """`llc/1` as a Frictionless Table Schema."""
    return table_schema()


@router.get("/shortlists/{quarter}/datapackage.json", dependencies=[Depends(only("revision"))], response_class=Response,
            responses={200: {"content": {JSON: {}}}})  # fmt: skip
def package(quarter: str, database: Database, caller: Caller, revision: Revision = None) -> Response:
    """The Frictionless Data Package of a quarter's `llc.csv`: schema, size, SHA-256, sources and their licences."""
    frozen = _seen(database, quarter, caller, revision)
    return text_answer(hand_out_llc(database, frozen, caller.audience)["datapackage.json"], JSON, _headers(frozen))


@router.get("/shortlists/{quarter}/llc.geojson", dependencies=[Depends(only("revision"))], response_class=Response,
            responses={200: {"content": {GEOJSON: {"schema": _ROWS}}}})  # fmt: skip
def geojson(quarter: str, database: Database, caller: Caller, revision: Revision = None) -> Response:
    """A quarter's shortlist in `llc/1` as points; outlines are in the property `geometry`."""
    frozen = _seen(database, quarter, caller, revision)
    return text_answer(write_geojson(frozen.document, frozen.sha256), GEOJSON, _headers(frozen, "llc.geojson"))


@router.get("/shortlists/{quarter}/{table}.csv", dependencies=[Depends(only("revision"))], response_class=Response,
            responses=CSV)  # fmt: skip
def table(quarter: str, table: str, database: Database, caller: Caller, revision: Revision = None) -> Response:
    """A quarter's shortlist in `llc/1` (`llc.csv`), or as `brownfield`, `brownfield-2017`, `rsspl` or
    `estates-board` has it: see /llc."""
    if table != "llc" and table not in MAPPINGS:
        raise NotFound(f"there is no table {table[:40]!r} of a shortlist; there are llc, {', '.join(MAPPINGS)}")
    frozen = _seen(database, quarter, caller, revision)
    document, sha256 = frozen.document, frozen.sha256
    content = write_csv(document, sha256) if table == "llc" else write_mapping(MAPPINGS[table], document, sha256)
    return text_answer(content, MEDIA_TYPE, _headers(frozen, f"{table}.csv"))


def _seen(database: Connection, quarter: str, caller: Caller, revision: int | None) -> Frozen:
    """A quarter's list as it was made for the caller."""
    return get_shortlist(database, parse_quarter(quarter), seeing(caller), revision)


def _headers(frozen: Frozen, name: str | None = None) -> dict[str, str]:
    saved = f'attachment; filename="{frozen.quarter}-{name}"'
    return headers_of(frozen) | ({"Content-Disposition": saved} if name else {})
