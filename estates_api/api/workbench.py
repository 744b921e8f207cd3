"""The map for planners: one page, its own scripts, and nothing from another host.

MapLibre GL JS comes with the Python package `maplibre`, whose code is not imported: only its files are read.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from estates_api.api.answers import text_answer
from estates_api.api.context import Caller, Database, Here
from estates_api.api.pages import page
from estates_api.api.parameters import only
from estates_api.api.shortlists import seeing
from estates_api.domain.collections import COLLECTIONS
from estates_api.domain.method import Method
from estates_api.domain.outcome import ROUTES
from estates_api.errors import NotFound
from estates_api.exports.maplibre import describe_styles
from estates_api.exports.styles import SCALE
from estates_api.settings import Basemap
from estates_api.store import features
from estates_api.store.criteria import list_values
from estates_api.store.shortlists import list_shortlists

router = APIRouter(tags=["map"])

_OWN = Path(__file__).resolve().parent.parent / "web" / "map"
_THEIRS = ("maplibre-gl.js", "maplibre-gl.css")
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

POLICY = (
    "default-src 'none'; script-src 'self'; worker-src blob:; connect-src 'self'{basemap}; style-src 'self' "
    "'unsafe-inline'; img-src 'self' data: blob:{basemap}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""MapLibre's worker is a blob of its own script, and its marks are pictures made in the page."""

Box = tuple[float, float, float, float]
"""West, south, east and north, in degrees."""

TENURES = next(one.values for one in COLLECTIONS["candidates"].properties if one.name == "tenure")
SECTORS = ("NHS", "council", "other public", "private")


@cache
def _files() -> Mapping[str, tuple[bytes, str]]:
    """Each file with its hash: our scripts, and what comes with the package."""
    package = Path(str(distribution("maplibre").locate_file("maplibre"))) / "srcjs"
    paths = [*_OWN.iterdir(), *(package / name for name in _THEIRS)]
    contents = {path.name: path.read_bytes() for path in paths if path.suffix in _TYPES}
    return {name: (content, hashlib.sha256(content).hexdigest()[:16]) for name, content in contents.items()}


@router.get("/map", response_class=Response,
            responses={200: {"content": {"text/html": {}}}})  # fmt: skip
def workbench(request: Request, database: Database, caller: Caller, here: Here) -> Response:
    """The map, with the list beside it. What its address asks for is read by its script."""
    method = here.method_in_force(database)
    quarters = sorted({row["quarter"] for row in list_shortlists(database, seeing(caller))})
    since, quarter = (quarters[-2], quarters[-1]) if len(quarters) > 1 else ("", "")
    told = {"quarter": quarter, "since": since, **_weighed(method)}
    described = describe_map(method, here.basemap, _box(database, caller), **told)
    values = {
        "described": described, "boroughs": sorted(here.area.boroughs.values()),
        "sectors": SECTORS, "tenures": TENURES, "routes": ROUTES, "quarter": quarter, "since": since,
        "marks": {name: mark for name, (_, mark) in _files().items()},
        "modules": sorted(path.name for path in _OWN.glob("*.js") if path.name not in {"app.js", "near.js"}),
    }  # fmt: skip
    values["only"] = request.query_params.get("ids")
    return page(request, "map.html", values, {"Content-Security-Policy": policy(here.basemap)})


def describe_map(method: Method, basemap: Basemap | None, box: Box, **others: Any) -> str:
    """What a map in a page is drawn by, as JSON that can stand in the page."""
    described = {"styles": describe_styles(COLLECTIONS.values(), method.cut_offs), "box": box, "scale": SCALE[::-1],
                 "basemap": basemap and asdict(basemap), **others}  # fmt: skip
    return json.dumps(described).replace("<", "\\u003c")


def policy(basemap: Basemap | None) -> str:
    """What the page may load: all of it from here, but for the tiles of a base map that was configured."""
    return POLICY.format(basemap=f" {basemap.origin}" if basemap else "")


def _box(database: Database, caller: Caller) -> Box:
    """Where the boroughs are, or the world."""
    return features.get_summary(database, caller.audience, "boroughs").boxes.get(4326, (-180.0, -85.0, 180.0, 85.0))


def _weighed(method: Method) -> dict[str, Any]:
    """What can be coloured by and weighed otherwise."""
    return {
        "criteria": [{"id": one.id, "score": one.score, "title": one.title} for one in method.criteria],
        "groups": [{"id": id_, "score": id_.partition(".")[0], "title": id_.partition(".")[2], "weight": weight}
                   for id_, weight in method.group_weights.items()],
        "gates": [{"id": gate.id, "reason": gate.reason} for gate in method.gates.values()],
        "cuts": [
            {"id": "release", "title": "Cut-off for release", "adopted": method.cut_offs.release},
            {"id": "reuse", "title": "Cut-off for reuse", "adopted": method.cut_offs.reuse},
            {"id": "coverage", "title": "Known of a score at least", "adopted": round(100 * method.cut_offs.coverage)},
        ],
    }  # fmt: skip


@router.get("/map/{name}", response_class=Response, responses={200: {"content": {"text/javascript": {}}}})
def script(name: str, request: Request) -> Response:
    """A script, style sheet or picture of the map."""
    if name not in _files():
        raise NotFound(f"the map has no {name[:100]!r}")
    content, mark = _files()[name]
    lasting = {"Cache-Control": "public, max-age=31536000, immutable"} if request.url.query == mark else {}
    if name.endswith(".svg"):  # a browser asks for the icon at every change of the address
        lasting = {"Cache-Control": "public, max-age=86400"}
    return text_answer(content, _TYPES[Path(name).suffix], {"ETag": f'"{mark}"', **lasting})


@router.get("/assessments/latest/criteria/{criterion}", tags=["assessments"], dependencies=[Depends(only())])
def criterion_values(criterion: str, database: Database, caller: Caller, here: Here) -> dict[str, Any]:
    """What share of its points each site gets on one criterion (0-1), by reference; null where it is not known."""
    known = {one.id: one for one in here.method_in_force(database).criteria}
    if criterion not in known:
        raise NotFound(f"the method has no criterion {criterion[:100]!r}; there are {', '.join(known)}")
    return {"criterion": criterion, "sites": list_values(database, caller.audience, known[criterion])}
