"""OGC API - Features, Part 1: landing page, conformance, collections and items."""

import base64
import binascii
import json
from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import RowMapping
from starlette.responses import Response

from estates_api.api.answers import GEOJSON, text_answer
from estates_api.api.context import Base, Caller, Database
from estates_api.api.history import Ask, Asked
from estates_api.api.parameters import MOMENT, Boxes, Datetime, Limit, only
from estates_api.errors import BadInput, NotFound
from estates_api.store import features
from estates_api.store.sites import Moment
from estates_api.workflows.history import since

router = APIRouter(tags=["OGC API - Features"])

CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
)

OPENAPI = "application/vnd.oai.openapi+json;version=3.1"

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"

COLLECTIONS = {
    "sites": ("Sites", "NHS and council sites: one per place on the ground, with holdings added up"),
    "candidates": ("Candidates", "The same sites with the latest assessment: route, scores and one plain sentence"),
    "outlines": ("Outlines", "The sites whose outline is known, as polygons with the properties of `sites`"),
}


def link(href: str, rel: str, type_: str, title: str) -> dict[str, str]:
    """A link as OGC API and RFC 8288 want it."""
    return {"href": href, "rel": rel, "type": type_, "title": title}


def landing(base: str) -> dict[str, Any]:
    """The landing page."""
    return {
        "title": "estates_api: one public estate for North Central London",
        "description": "NHS and council sites, scored for release or reuse with reasons anybody can check",
        "links": [
            link(f"{base}/?f=json", "self", "application/json", "this page"),
            link(f"{base}/?f=html", "alternate", "text/html", "this page for people"),
            link(f"{base}/openapi.json", "service-desc", OPENAPI, "API description"),
            link(f"{base}/docs", "service-doc", "text/html", "API documentation"),
            link(f"{base}/conformance", "conformance", "application/json", "conformance classes"),
            link(f"{base}/collections", "data", "application/json", "collections"),
            link(f"{base}/sites.geojson", "item", GEOJSON, "all sites as one GeoJSON file"),
            link(f"{base}/shortlists", "item", "application/json", "quarterly shortlists"),
            link(f"{base}/issues", "item", "application/json", "what is wrong in the files"),
            link(f"{base}/letters", "item", "application/json", "letters: what each organisation could put right"),
        ],
    }


@router.get("/conformance", dependencies=[Depends(only())])
def conformance() -> dict[str, Any]:
    """The conformance classes that are met."""
    return {"conformsTo": CONFORMANCE}


@router.get("/collections", dependencies=[Depends(only())])
def collections(database: Database, caller: Caller, base: Base) -> dict[str, Any]:
    """The collections."""
    return {
        "links": [link(f"{base}/collections", "self", "application/json", "collections")],
        "collections": [_collection(database, caller, base, name) for name in COLLECTIONS],
    }


@router.get("/collections/{collection}", dependencies=[Depends(only())])
def collection(collection: str, database: Database, caller: Caller, base: Base) -> dict[str, Any]:
    """One collection: extent, links and number of items."""
    return _collection(database, caller, base, known(collection))


def known(collection: str) -> str:
    """The collection's own name; NotFound lists what there is."""
    if collection not in COLLECTIONS:
        raise NotFound(f"there is no collection {collection!r}; there are {', '.join(COLLECTIONS)}")
    return collection


def _collection(database: Database, caller: Caller, base: str, name: str) -> dict[str, Any]:
    title, description = COLLECTIONS[name]
    found = features.extent(database, caller, name)
    extent = _extent(found, since(database, caller))
    here = f"{base}/collections/{name}"
    return {
        "id": name,
        "title": title,
        "description": description,
        "itemType": "feature",
        "itemCount": found["count"],
        "crs": [CRS84],
        "storageCrs": CRS84,
        **({"extent": extent} if extent else {}),
        "links": [
            link(here, "self", "application/json", title),
            link(f"{here}/items", "items", GEOJSON, f"{title} as GeoJSON"),
        ],
    }


def _extent(found: RowMapping, first: date | None) -> dict[str, Any]:
    """The box, and the time: from the first day that any evidence speaks of, open at the end."""
    box = [found["west"], found["south"], found["east"], found["north"]]
    spatial = {"spatial": {"bbox": [box], "crs": CRS84}} if None not in box else {}
    temporal = {"temporal": {"interval": [[f"{first}T00:00:00Z", None]], "trs": GREGORIAN}} if first else {}
    return spatial | temporal


@router.get(
    "/collections/{collection}/items",
    dependencies=[Depends(only("bbox", "datetime", "limit", "cursor", *MOMENT))],
    response_class=Response,
)
def items(  # noqa: PLR0913, PLR0917 -- one parameter per query parameter of the standard
    collection: str, request: Request, ask: Ask, boxes: Boxes, limit: Limit, day: Datetime,
    cursor: Annotated[str | None, Query(description="From a `next` link")] = None,
) -> Response:  # fmt: skip
    """One page of features by bounding box, of today or of another day (`datetime` and `as-of` mean the same)."""
    query = features.Query(known(collection), boxes=boxes, after=parse_cursor(cursor), limit=limit)
    page = read_page(ask, query, _when(ask, day, request))
    here = f"{ask.base}/collections/{collection}/items"
    links = [
        link(with_query(here, request), "self", GEOJSON, "this page"),
        link(f"{ask.base}/collections/{collection}", "collection", "application/json", "the collection"),
    ]
    if page.following:
        links.append(link(with_query(here, request, cursor=write_cursor(page.following)), "next", GEOJSON, "next page"))
    ends = {
        "numberMatched": page.matched,
        "numberReturned": page.returned,
        "timeStamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "links": links,
    }
    tail = json.dumps(ends)[1:]
    return text_answer(f'{{"type":"FeatureCollection","features":[{page.features}],{tail}', GEOJSON)


def _when(ask: Asked, day: date | None, request: Request) -> Moment | None:
    """The moment of `datetime` or of `as-of` and `known-at`; BadInput when two days are given."""
    if "datetime" in request.query_params and "as-of" in request.query_params:
        raise BadInput("datetime and as-of both say a day; give one of them")
    if day is None:
        return ask.moment
    return Moment(day, ask.moment.known_at if ask.moment else None)


def read_page(ask: Asked, query: features.Query, moment: Moment | None) -> features.Page:
    """A page of features: the present's as they were rendered when they were written, another moment's as computed."""
    if moment is None:
        return features.list_features(ask.database, ask.caller, query)
    rendered = ask.past(moment).features[query.collection]
    seen = ask.seen()
    within = features.list_refs_in(ask.database, query.collection, query.boxes) if query.boxes else seen
    matched = [ref for ref in sorted(rendered) if ref in seen and ref in within]
    rest = [ref for ref in matched if query.after is None or ref > query.after]
    shown = rest[: query.limit]
    following = shown[-1] if shown and len(rest) > len(shown) else None
    return features.Page(",".join(rendered[ref] for ref in shown), len(shown), len(matched), following)


def with_query(here: str, request: Request, **more: str) -> str:
    """An address with the query that was asked, and more."""
    query = urlencode({**request.query_params, **more})
    return f"{here}?{query}" if query else here


def write_cursor(ref: str) -> str:
    """Where a page ended, as clients carry it."""
    return base64.urlsafe_b64encode(ref.encode()).decode().rstrip("=")


def parse_cursor(cursor: str | None) -> str | None:
    """Where a page ended; BadInput for what no page of ours gave."""
    if cursor is None:
        return None
    try:
        ref = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        ref = ""
    if not ref or "\x00" in ref:
        raise BadInput("cursor: follow a `next` link; cursors are not written by hand")
    return ref


@router.get("/collections/{collection}/items/{ref}", dependencies=[Depends(only(*MOMENT))], response_class=Response)
def item(collection: str, ref: str, ask: Ask) -> Response:
    """One feature by its reference: 301 for a site that became part of another, 410 for one that was withdrawn."""
    known(collection)
    if moved := ask.leads_elsewhere(check_ref(ref), f"/collections/{collection}/items/{{}}"):
        return moved
    if ask.moment:
        feature = ask.past_with(ref, ask.moment).features[collection].get(ref)
        if feature is None:
            raise NotFound(f"{collection} has no {ref}")
    else:
        feature = features.get_feature(ask.database, ask.caller, collection, ref)
    here = f"{ask.base}/collections/{collection}"
    links = [
        link(f"{here}/items/{ref}", "self", GEOJSON, "this feature"),
        link(here, "collection", "application/json", "the collection"),
        link(f"{ask.base}/sites/{ref}", "describedby", "application/json", "full explanation"),
    ]
    return text_answer(f'{feature[:-1]},"links":{json.dumps(links)}}}', GEOJSON)


def check_ref(ref: str) -> str:
    """A reference that PostgreSQL can compare; NotFound otherwise."""
    if "\x00" in ref:
        raise NotFound("there is no site by that reference")
    return ref
