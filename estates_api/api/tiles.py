"""OGC API - Tiles: vector tiles of every collection in the Web Mercator square, with their metadata and TileJSON."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.requests import Request as PlainRequest
from starlette.responses import Response

from estates_api.api.answers import etag
from estates_api.api.context import Base, Caller, Database, audience, reading
from estates_api.api.given import given_for, layer_of
from estates_api.api.items import count_all
from estates_api.api.links import link
from estates_api.api.parameters import only
from estates_api.api.questions import TILE, check_parameters, known, read_question
from estates_api.domain.collections import Collection
from estates_api.errors import BadInput, NotFound
from estates_api.store import features
from estates_api.store.tiles import DEEPEST, Place, tile_statement

router = APIRouter(tags=["OGC API - Tiles"])

MVT = "application/vnd.mapbox-vector-tile"
SQUARE = "WebMercatorQuad"
_URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{SQUARE}"
_CRS = "http://www.opengis.net/def/crs/EPSG/0/3857"
_EDGE_M = 20037508.342789244
_PIXEL_M = 0.00028
"""OGC's standard pixel."""

CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
)


async def tile(request: PlainRequest) -> Response:
    """One vector tile, of all or of what a question finds; 404 outside the matrix."""
    if request.query_params.get("f", "mvt") not in {"mvt", "pbf"}:
        raise BadInput("f: a tile is there as mvt")
    made, place = known(request.path_params["collection"]), _place(request)
    question, caller = read_question(made, request.query_params, TILE), audience(request)
    version = await reading(request).data_version()
    given = await given_for(request, question)
    layer, reader = layer_of(question, caller, given)
    total = await count_all(request, made, version) if given is None else 0
    statement = tile_statement(layer, place, total, question.asked_of(layer), question.values)
    values = {**statement.values, **({"rows": given.rows} if given else {})}
    rows = await reading(request).rows(type(statement)(statement.sql, values), reader)
    headers = {} if given else {"ETag": etag(request, version)}
    return Response(bytes(rows[0][0]), headers=headers, media_type=MVT)


def _place(request: PlainRequest) -> Place:
    asked = request.path_params
    check_square(asked["square"])
    numbers = [asked[name] for name in ("zoom", "row", "column")]
    if not all(one.isascii() and one.isdigit() and len(one) < 9 for one in numbers):
        raise NotFound("a tile is named by zoom, row and column in whole numbers")
    zoom, row, column = map(int, numbers)
    if zoom > DEEPEST or row >= 2**zoom or column >= 2**zoom:
        raise NotFound(f"there is no tile {zoom}/{row}/{column}: zoom ends at {DEEPEST}, the others at 2^zoom - 1")
    return Place(zoom, column, row)


def check_square(name: str) -> None:
    """NotFound unless it is the one tile matrix set that is here."""
    if name != SQUARE:
        raise NotFound(f"there is no tile matrix set {name[:100]!r}; there is {SQUARE}")


@router.get("/tileMatrixSets", dependencies=[Depends(only())])
def tile_matrix_sets(base: Base) -> dict[str, Any]:
    """The tile matrix sets."""
    here = f"{base}/tileMatrixSets/{SQUARE}"
    return {"tileMatrixSets": [{"id": SQUARE, "title": "Web Mercator", "uri": _URI, "crs": _CRS,
                                "links": [link(here, "self", "application/json", "Web Mercator")]}]}  # fmt: skip


@router.get("/tileMatrixSets/{square}", dependencies=[Depends(only())])
def tile_matrix_set(square: str) -> dict[str, Any]:
    """One tile matrix set (OGC Two Dimensional Tile Matrix Set 2.0, annex D.1)."""
    check_square(square)
    return {
        "id": SQUARE, "title": "Web Mercator", "uri": _URI, "crs": _CRS, "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [_matrix(zoom) for zoom in range(DEEPEST + 1)],
    }  # fmt: skip


def _matrix(zoom: int) -> dict[str, Any]:
    cell = 2 * _EDGE_M / 256 / 2**zoom
    return {
        "id": str(zoom), "scaleDenominator": cell / _PIXEL_M, "cellSize": cell, "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-_EDGE_M, _EDGE_M], "tileWidth": 256, "tileHeight": 256,
        "matrixWidth": 2**zoom, "matrixHeight": 2**zoom,
    }  # fmt: skip


@router.get("/collections/{collection}/tiles", dependencies=[Depends(only())])
def tilesets(collection: str, base: Base) -> dict[str, Any]:
    """The tilesets of a collection."""
    made = known(collection)
    here = f"{base}/collections/{made.id}/tiles"
    return {
        "links": [link(here, "self", "application/json", f"Tiles of {made.title}")],
        "tilesets": [_tileset(base, made)],
    }


def _tileset(base: str, made: Collection) -> dict[str, Any]:
    here = f"{base}/collections/{made.id}/tiles/{SQUARE}"
    template = {"templated": "true"}
    return {
        "title": made.title, "dataType": "vector", "crs": _CRS, "tileMatrixSetURI": _URI,
        "links": [
            link(here, "self", "application/json", made.title),
            link(f"{here}?f=tilejson", "alternate", "application/json", f"{made.title} as TileJSON"),
            link(f"{base}/tileMatrixSets/{SQUARE}", _SCHEME, "application/json", "Web Mercator"),
            link(f"{here}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}", "item", MVT, "tiles") | template,
        ],
    }  # fmt: skip


_SCHEME = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
TILESETS = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"


@router.get("/collections/{collection}/tiles/{square}")
def tileset(
    collection: str, square: str, request: Request, database: Database, caller: Caller, base: Base
) -> dict[str, Any]:  # fmt: skip
    """The tileset of a collection, or the same as TileJSON 3.0 (`f=tilejson`)."""
    made = known(collection)
    check_square(square)
    check_parameters(request.query_params, ())
    wanted = request.query_params.get("f", "json")
    if wanted not in {"json", "tilejson"}:
        raise BadInput(f"f: {wanted[:50]!r} is not a format here; json or tilejson")
    return _tileset(base, made) | _layers(made) if wanted == "json" else _tilejson(database, caller, base, made)


def _layers(made: Collection) -> dict[str, Any]:
    said = {one.name: {"title": one.title, "type": "string" if one.kind == "date" else one.kind}
            for one in made.properties if one.name in made.drawn}  # fmt: skip
    dimension = 0 if made.shape == "Point" else 2
    layer = {"id": made.id, "title": made.title, "dataType": "vector", "geometryDimension": dimension,
             "propertiesSchema": {"type": "object", "properties": said}}  # fmt: skip
    return {"layers": [layer]}


def _tilejson(database: Database, caller: Caller, base: str, made: Collection) -> dict[str, Any]:
    found = features.get_summary(database, caller.audience, made.id) if made.id != "shortlist-entries" else None
    box = found.boxes.get(4326) if found else None
    fields = {one.name: one.title for one in made.properties if one.name in made.drawn}
    return {
        "tilejson": "3.0.0", "name": made.title, "description": made.description,
        "tiles": [f"{base}/collections/{made.id}/tiles/{SQUARE}/{{z}}/{{y}}/{{x}}"],
        "minzoom": 0, "maxzoom": DEEPEST,
        **({"bounds": box} if box else {}),
        "vector_layers": [{"id": made.id, "description": made.description, "fields": fields}],
    }  # fmt: skip
