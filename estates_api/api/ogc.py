"""OGC API - Features, Parts 1, 2, 3 and 5: landing page, conformance, collections, queryables and schemas."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from estates_api.api import tiles
from estates_api.api.answers import GEOJSON, text_answer, wants_html
from estates_api.api.browse import collection_page, collections_page, conformance_page, properties_page
from estates_api.api.context import Base, Caller, Database
from estates_api.api.formats import FORMATS
from estates_api.api.links import link
from estates_api.api.parameters import only
from estates_api.api.qgis import QLR
from estates_api.api.questions import known
from estates_api.api.schemas import (
    OPENAPI,
    QUERYABLES,
    SCHEMA,
    SCHEMA_JSON,
    described_feature,
    described_queryables,
    described_schema,
)
from estates_api.domain.collections import COLLECTIONS, Collection
from estates_api.domain.crs import CRS84, CRSS, EPSG27700
from estates_api.store import cql2, features
from estates_api.store.summaries import Summary
from estates_api.workflows.history import since

router = APIRouter(tags=["OGC API - Features"])

CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/returnables-and-receivables",
    "http://www.opengis.net/spec/ogcapi-common-3/1.0/conf/schemas",
    *cql2.CONFORMANCE,
    *tiles.CONFORMANCE,
)

_SCHEMES = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes"
GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"


def landing(base: str) -> dict[str, Any]:
    """The landing page."""
    return {
        "title": "estates_api: one public estate for North Central London",
        "description": "NHS and council sites, scored for release or reuse with reasons anybody can check",
        "links": [
            link(f"{base}/?f=json", "self", "application/json", "this page"),
            link(f"{base}/?f=html", "alternate", "text/html", "this page for people"),
            link(f"{base}/api", "service-desc", OPENAPI, "API description"),
            link(f"{base}/docs", "service-doc", "text/html", "API documentation"),
            link(f"{base}/conformance", "conformance", "application/json", "conformance classes"),
            link(f"{base}/collections", "data", "application/json", "collections"),
            link(f"{base}/tileMatrixSets", _SCHEMES, "application/json", "tile matrix sets"),
            link(f"{base}/qgis/estates.qlr", "item", QLR, "layers for QGIS, styled and with legends"),
            link(f"{base}/sites.geojson", "item", GEOJSON, "all sites as one GeoJSON file"),
            link(f"{base}/shortlists", "item", "application/json", "quarterly shortlists"),
            link(f"{base}/incentives", "item", "application/json", "what empty space costs, and receipts, added up"),
            link(f"{base}/decisions", "item", "application/json", "what public bodies decided on sites"),
            link(f"{base}/surplus-windows", "item", "application/json", "what public bodies may claim, until when"),
            link(f"{base}/methods", "item", "application/json", "the scoring method, and those used before"),
            link(f"{base}/issues", "item", "application/json", "what is wrong in the files"),
            link(f"{base}/letters", "item", "application/json", "letters: what each organisation could put right"),
        ],
    }


@router.get("/conformance", dependencies=[Depends(only())])
def conformance(request: Request) -> Response:
    """The conformance classes that are met."""
    return conformance_page(request, CONFORMANCE) if wants_html(request) else JSONResponse({"conformsTo": CONFORMANCE})


@router.get("/collections", dependencies=[Depends(only())])
def collections(request: Request, database: Database, caller: Caller, base: Base) -> Response:
    """The collections."""
    described = [_collection(database, caller, base, made) for made in COLLECTIONS.values()]
    if wants_html(request):
        return collections_page(request, described)
    said = {
        "links": [link(f"{base}/collections", "self", "application/json", "collections")],
        "crs": [crs.uri for crs in CRSS],
        "collections": described,
    }
    return JSONResponse(said)


@router.get("/collections/{collection}", dependencies=[Depends(only())])
def collection(collection: str, request: Request, database: Database, caller: Caller, base: Base) -> Response:
    """One collection: extent, systems, links and number of items."""
    made = known(collection)
    described = _collection(database, caller, base, made)
    return collection_page(request, made, described) if wants_html(request) else JSONResponse(described)


def _collection(database: Database, caller: Caller, base: str, made: Collection) -> dict[str, Any]:
    found = features.get_summary(database, caller.audience, made.id) if made.id != "shortlist-entries" else None
    extent = _extent(found, since(database, caller.audience) if made.dated else None) if found else {}
    return {
        "id": made.id,
        "title": made.title,
        "description": made.description,
        "itemType": "feature",
        **({"itemCount": found.features} if found else {}),
        "crs": [crs.uri for crs in CRSS],
        "storageCrs": EPSG27700.uri,
        **({"extent": extent} if extent else {}),
        "links": _links(f"{base}/collections/{made.id}", made),
    }


def _links(here: str, made: Collection) -> list[dict[str, str]]:
    return [
        link(here, "self", "application/json", made.title),
        link(f"{here}?f=html", "alternate", "text/html", "this page for people"),
        link(f"{here}/items", "items", GEOJSON, f"{made.title} as GeoJSON"),
        link(f"{here}/items?f=html", "items", "text/html", f"{made.title} for people"),
        *(
            link(f"{here}.{one.name}", "enclosure", one.media_type, f"{made.title} as one file: {one.title}")
            for one in FORMATS.values()
            if one.whole or one.name == "geojson"
        ),
        link(f"{here}/queryables", QUERYABLES, SCHEMA_JSON, "what a filter may name"),
        link(f"{here}/tiles", tiles.TILESETS, "application/json", "vector tiles"),
        link(f"{here}/schema", SCHEMA, SCHEMA_JSON, "what features say"),
        # GDAL 3.6 knows the relation by this spelling alone; to others its case is nothing (RFC 8288, 3.3).
        link(f"{here}/schema/feature", "describedBy", SCHEMA_JSON, "a feature as JSON Schema"),
    ]


def _extent(found: Summary, first: date | None) -> dict[str, Any]:
    """The box, and the time: from the first day that any evidence speaks of, open at the end."""
    box = found.boxes.get(4326)
    spatial = {"spatial": {"bbox": [box], "crs": CRS84.uri}} if box else {}
    temporal = {"temporal": {"interval": [[f"{first}T00:00:00Z", None]], "trs": GREGORIAN}} if first else {}
    return spatial | temporal


_SCHEMA_ANSWER: dict[int | str, dict[str, Any]] = {200: {"content": {SCHEMA_JSON: {"schema": {"type": "object"}}}}}


@router.get("/collections/{collection}/queryables", dependencies=[Depends(only())], response_class=Response,
            responses=_SCHEMA_ANSWER)  # fmt: skip
def queryables(collection: str, request: Request, base: Base) -> Response:
    """What a filter may name, as JSON Schema (Part 3, requirement class queryables)."""
    if wants_html(request):
        return properties_page(request, known(collection), queryable=True)
    return text_answer(described_queryables(base, known(collection)), SCHEMA_JSON)


@router.get("/collections/{collection}/schema", dependencies=[Depends(only())], response_class=Response,
            responses=_SCHEMA_ANSWER)  # fmt: skip
def schema(collection: str, request: Request, base: Base) -> Response:
    """What features say, as JSON Schema (Part 5)."""
    if wants_html(request):
        return properties_page(request, known(collection), queryable=False)
    return text_answer(described_schema(base, known(collection)), SCHEMA_JSON)


@router.get("/collections/{collection}/schema/feature", dependencies=[Depends(only())], response_class=Response,
            responses=_SCHEMA_ANSWER)  # fmt: skip
def feature_schema(collection: str, base: Base) -> Response:
    """A feature as GeoJSON has it, as JSON Schema (Part 1, recommendation 17: `describedby`)."""
    return text_answer(described_feature(base, known(collection)), SCHEMA_JSON)
