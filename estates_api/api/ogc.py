"""OGC API - Features, Part 1: landing page, conformance, collections and items."""

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from estates_api.api.answers import GEOJSON, text_answer
from estates_api.api.context import Base, Caller, Database
from estates_api.api.parameters import Boxes, Datetime, Limit, only
from estates_api.errors import BadInput, NotFound
from estates_api.store import features

router = APIRouter(tags=["OGC API - Features"])

CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
)

OPENAPI = "application/vnd.oai.openapi+json;version=3.1"

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

COLLECTIONS = {
    "sites": ("Sites", "NHS and council sites: one per place on the ground, with holdings added up"),
    "candidates": ("Candidates", "The same sites with the latest assessment: route, scores and one plain sentence"),
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
    extent = features.extent(database, caller, name)
    box = [extent["west"], extent["south"], extent["east"], extent["north"]]
    here = f"{base}/collections/{name}"
    return {
        "id": name,
        "title": title,
        "description": description,
        "itemType": "feature",
        "itemCount": extent["count"],
        "crs": [CRS84],
        "storageCrs": CRS84,
        **({"extent": {"spatial": {"bbox": [box], "crs": CRS84}}} if None not in box else {}),
        "links": [
            link(here, "self", "application/json", title),
            link(f"{here}/items", "items", GEOJSON, f"{title} as GeoJSON"),
        ],
    }


@router.get("/collections/{collection}/items", dependencies=[Depends(only("bbox", "datetime", "limit", "cursor"))])
def items(  # noqa: PLR0913, PLR0917 -- one parameter per query parameter of the standard
    collection: str, request: Request, database: Database, caller: Caller, base: Base, boxes: Boxes, limit: Limit,
    _: Datetime, cursor: Annotated[str | None, Query(description="From a `next` link")] = None,
) -> Response:  # fmt: skip
    """One page of features by bounding box."""
    query = features.Query(known(collection), boxes=boxes, after=_parse_cursor(cursor), limit=limit)
    page = features.list_features(database, caller, query)
    here = f"{base}/collections/{collection}/items"
    links = [
        link(_with(here, request), "self", GEOJSON, "this page"),
        link(f"{base}/collections/{collection}", "collection", "application/json", "the collection"),
    ]
    if page.following:
        links.append(link(_with(here, request, cursor=_cursor(page.following)), "next", GEOJSON, "next page"))
    ends = {
        "numberMatched": page.matched,
        "numberReturned": page.returned,
        "timeStamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "links": links,
    }
    tail = json.dumps(ends)[1:]
    return text_answer(f'{{"type":"FeatureCollection","features":[{page.features}],{tail}', GEOJSON)


def _with(here: str, request: Request, **more: str) -> str:
    query = urlencode({**request.query_params, **more})
    return f"{here}?{query}" if query else here


def _cursor(ref: str) -> str:
    return base64.urlsafe_b64encode(ref.encode()).decode().rstrip("=")


def _parse_cursor(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        ref = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        ref = ""
    if not ref or "\x00" in ref:
        raise BadInput("cursor: follow a `next` link; cursors are not written by hand")
    return ref


@router.get("/collections/{collection}/items/{ref}", dependencies=[Depends(only())])
def item(collection: str, ref: str, database: Database, caller: Caller, base: Base) -> Response:
    """One feature by its reference."""
    feature = features.get_feature(database, caller, known(collection), check_ref(ref))
    here = f"{base}/collections/{collection}"
    links = [
        link(f"{here}/items/{ref}", "self", GEOJSON, "this feature"),
        link(here, "collection", "application/json", "the collection"),
        link(f"{base}/sites/{ref}", "describedby", "application/json", "full explanation"),
    ]
    return text_answer(f'{feature[:-1]},"links":{json.dumps(links)}}}', GEOJSON)


def check_ref(ref: str) -> str:
    """A reference that PostgreSQL can compare; NotFound otherwise."""
    if "\x00" in ref:
        raise NotFound("there is no site by that reference")
    return ref
