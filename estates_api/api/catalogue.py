"""Sites with their explanations, editions, and assessments."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import RowMapping
from starlette.responses import Response

from estates_api.api.answers import JSON, text_answer, wants_html
from estates_api.api.context import Base, Caller, Database, caller
from estates_api.api.explained import site_page
from estates_api.api.history import Ask, Asked, find_elsewhere
from estates_api.api.items import check_ref
from estates_api.api.parameters import MOMENT, only
from estates_api.api.plain import Plain
from estates_api.api.progress import with_progress
from estates_api.api.provenance import explain_sources
from estates_api.api.shortlists import seeing
from estates_api.domain.assembly import NOT_THEN, describe_neighbours
from estates_api.errors import NotFound
from estates_api.store import assessments, editions, features
from estates_api.store.assemblies import find_assembly, list_neighbours
from estates_api.store.redactions import sites_redacted_since
from estates_api.store.shortlists import Seeing
from estates_api.store.sites import Moment
from estates_api.workflows.assess import totals
from estates_api.workflows.listing import Listing, describe_listing
from estates_api.workflows.until_changed import UntilChanged

router = APIRouter(route_class=Plain)


@router.get("/sites/{ref}", tags=["sites"], dependencies=[Depends(only("explain", *MOMENT))], response_class=Response)
def site(
    ref: str, request: Request, ask: Ask,
    explain: Annotated[
        Literal["sources"] | None,
        Query(description="`sources`: for every figure, which file, which row, what date, and who says otherwise"),
    ] = None,
) -> Response:  # fmt: skip
    """One site: what is known and from where, both scores part by part, gates, events, and one plain sentence.

    A holding code (RRP03) leads to its site; a site that became part of another leads there (301), one that was
    withdrawn is gone (410).
    """
    check_ref(ref)
    if elsewhere := find_elsewhere(ask, ref, "/sites/{}"):
        return elsewhere
    if wants_html(request):
        return site_page(request, ask, detail(ask, ref) | _listing(request, ask, ref))
    content = detail(ask, ref) | _listing(request, ask, ref)
    if explain:
        content["sources"] = explain_sources(ask, ref)
    return describe_answer(content)


def detail(ask: Asked, ref: str) -> dict[str, Any]:
    """Everything about one site at the moment asked about; NotFound when it was not there or not known."""
    if ask.moment:
        return with_progress(ask, ref, ask.past_with(ref, ask.moment).detail(ref)) | {"assembly": NOT_THEN}
    whole = json.loads(features.get_detail(ask.database, ask.caller, ref))
    return with_progress(ask, ref, whole) | {"assembly": _assembly(ask, ref)}


def _listing(request: Request, ask: Asked, ref: str) -> dict[str, Any]:
    """Where the newest list that the caller may see has the site today; of another day no list is told."""
    if ask.moment:
        return {"listing": None}
    listings: UntilChanged[Seeing, Listing | None] = request.app.state.listings
    return {"listing": describe_listing(listings.find(ask.database, seeing(caller(request))), ref)}


def _assembly(ask: Asked, ref: str) -> dict[str, Any]:
    """What lies next door: what the caller may know of it today."""
    with features.reading_as(ask.database, ask.caller):
        near = list_neighbours(ask.database, ask.caller, ref)
        return describe_neighbours(near, find_assembly(ask.database, ask.caller, ref))


def describe_answer(content: dict[str, Any]) -> Response:
    """JSON of an explanation made just now."""
    return text_answer(json.dumps(content, ensure_ascii=False, allow_nan=False), JSON)


@router.get("/assessments/latest", tags=["assessments"], dependencies=[Depends(only(*MOMENT))])
def latest(ask: Ask) -> dict[str, Any]:
    """The latest assessment, or the sites assessed as of another day (the time machine; computed, not stored)."""
    return _assessed_then(ask, ask.moment) if ask.moment else _stored(ask)


def _assessed_then(ask: Asked, moment: Moment) -> dict[str, Any]:
    run, seen = ask.past(moment).run, ask.seen()
    results = [result for result in run.results if result.site.ref in seen]
    known = {"known_at": moment.known_at.isoformat()} if moment.known_at else {}
    return {
        "as_of": run.as_of.isoformat(), **known, "method": {"id": run.method.id, "sha256": run.method.sha256},
        "stored": False, "routes": totals(results),
        "sites": [run.describe(result) for result in results],
    }  # fmt: skip


def _stored(ask: Asked) -> dict[str, Any]:
    found = assessments.find_latest(ask.database)
    if found is None:
        raise NotFound("nothing has been assessed yet; run: estates assess")
    rows = assessments.list_assessed(ask.database, found["id"], features.list_refs(ask.database, ask.caller))
    masked = sites_redacted_since(ask.database, found["at"])
    # Fingerprints of all of it: who sees a part could try with them whether a guess at the rest is right.
    hashes = {name: found[name] if ask.caller == "complete" else None for name in ("data_sha256", "sha256")}
    return {
        "assessment": found["id"], "as_of": found["as_of"].isoformat(), "known_at": found["known_at"].isoformat(),
        "method": {"id": found["method_id"], "sha256": found["method_sha256"]}, "stored": True,
        "code_version": found["code_version"], "seed": found["seed"], **hashes,
        "sites": [_masked(row) if row["site_ref"] in masked else row["explanation"] for row in rows],
    }  # fmt: skip


def _masked(row: RowMapping) -> dict[str, Any]:
    """A stored explanation that rests on a row which was redacted since: its route alone."""
    return {"ref": row["site_ref"], "route": row["route"],
            "sentence": "Not shown: it rests on a row that was redacted since; assess again."}  # fmt: skip


@router.get("/editions", tags=["editions"], dependencies=[Depends(only())])
def list_editions(database: Database, caller: Caller, base: Base) -> dict[str, Any]:
    """Every file that was handed in: what it is, its SHA-256, and how many issues it has."""
    return {"editions": [_edition(dict(row), base) for row in editions.list_editions(database, caller.audience)]}


def _edition(row: dict[str, Any], base: str) -> dict[str, Any]:
    row.pop("sensitivity")
    issues = {"rel": "issues", "href": f"{base}/editions/{row['id']}/issues"}
    return row | {"known_at": row.pop("at"), "links": [issues]}
