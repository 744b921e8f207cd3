"""Quarterly shortlists: frozen bytes, as JSON, CSV, GeoJSON or a page."""

from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from estates_api.api.answers import JSON, text_answer, wants_html
from estates_api.api.context import Base, Database, Here, View, Viewer, context
from estates_api.api.files import Files, Sent
from estates_api.api.pages import page
from estates_api.api.parameters import AsOf, only
from estates_api.domain.quarters import Quarter, parse_quarter
from estates_api.domain.shortlist import canonical_bytes, fingerprint
from estates_api.errors import KeyNeeded, NotFound
from estates_api.exports import WRITERS
from estates_api.exports.lists import FILES
from estates_api.store import features
from estates_api.store import shortlists as stored
from estates_api.workflows import shortlist as lists
from estates_api.workflows.handing_out import FORMATS, hand_out, write_file
from estates_api.workflows.shortlist import Frozen

router = APIRouter(tags=["shortlists"])


@router.get("/shortlists", dependencies=[Depends(only())])
def list_shortlists(database: Database, view: View, base: Base) -> dict[str, Any]:
    """What is frozen: every revision with its SHA-256. Drafts are shown to those who may see them."""
    rows = [dict(row) for row in stored.list_shortlists(database) if view.drafts or row["status"] == "published"]
    return {"shortlists": [row | {"href": f"{base}/shortlists/{row['quarter']}"} for row in rows]}


@router.get("/shortlists/{name}", dependencies=[Depends(only("as-of"))], response_class=Response)
def get_shortlist(
    name: str, request: Request, database: Database, here: Here, view: View, as_of: AsOf
) -> Response:  # fmt: skip
    """A quarter's shortlist: `2026-Q4` (the canonical bytes), or as a file: `2026-Q4.csv`, `.xlsx`, `.geojson`,
    `.gpkg`, `.parquet`, `.pdf`.

    `as-of` draws the quarter's list up from what the data say of another day, without storing it. A draft or a
    preview needs the key.
    """
    quarter_text, _, suffix = name.partition(".")
    if suffix and suffix not in FORMATS:
        raise NotFound(f"a shortlist is there as {', '.join(f'.{known}' for known in FORMATS)}, not .{suffix[:20]}")
    frozen = _frozen(database, here, parse_quarter(quarter_text), as_of)
    check_seen(database, frozen, view)
    headers = {
        "Estates-Shortlist-SHA256": frozen.sha256,
        "Estates-Shortlist-Status": frozen.status,
        "Estates-Shortlist-Revision": str(frozen.revision),
        "Cache-Control": "private, no-cache",
        **({"Estates-Shortlist-Redacted": ", ".join(frozen.masked)} if frozen.masked else {}),
    }
    if suffix:
        return _file(request, database, frozen, suffix, headers)
    if wants_html(request):
        values = {"frozen": frozen, "document": frozen.document, "drafts": view.drafts}
        return page(request, "shortlist.html", values, headers)
    return text_answer(frozen.content, JSON, headers)


def _file(
    request: Request, database: Connection, frozen: Frozen, suffix: str, headers: dict[str, str]
) -> Response:  # fmt: skip
    """The list as a file: the same list is the same bytes, so it is built once."""
    headers["Content-Disposition"] = f'attachment; filename="shortlist-{frozen.quarter}.{suffix}"'
    if suffix in WRITERS:
        return text_answer(WRITERS[suffix].write(frozen.document), WRITERS[suffix].media_type, headers)
    files: Files = request.app.state.files
    handed = hand_out(database, frozen, adopted=context(request).method_in_force(database))
    key = ("shortlist", suffix, fingerprint(frozen.content), fingerprint(canonical_bytes(handed.beside())))
    path = files.get(key)
    if path is None:
        path = files.new(suffix)
        write_file(handed, frozen, suffix, path)
        files.keep(key, path)
    return Sent(path, headers=headers, media_type=FILES[suffix].media_type)


def _frozen(database: Database, here: Here, quarter: Quarter, as_of: AsOf) -> Frozen:
    if as_of is not None:
        return lists.preview(database, quarter, area=here.area, method=here.method_in_force(database), as_of=as_of)
    return lists.get_shortlist(database, quarter)


def check_seen(database: Database, frozen: Frozen, view: Viewer) -> None:
    """KeyNeeded unless the caller may see this list: a draft is not public, nor one that names a withheld site."""
    if frozen.status != "published" and not view.drafts:
        raise KeyNeeded("a draft is served only with the key of this installation (X-API-Key, or as Basic password)")
    parts = ("entries", "not_enough_data", "released")
    named = {entry["site"] for part in parts for entry in frozen.document[part]}
    if view.audience != "complete" and not named <= set(features.list_refs(database, view.audience)):
        raise KeyNeeded("this list names sites that are not public; the key of this installation is needed")


def list_seen(database: Connection, view: Viewer) -> list[Frozen]:
    """The newest revision of each quarter that the caller may see, newest quarter first."""
    found = []
    for row in stored.list_newest(database):
        with suppress(KeyNeeded):
            newest = lists.frozen(database, row)
            check_seen(database, newest, view)
            found.append(newest)
    return found
