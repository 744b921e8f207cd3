"""Collections and features as pages for people, and what went wrong."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from estates_api.api.context import context
from estates_api.api.formats import FORMATS, GEOJSON, HTML, Format
from estates_api.api.forms import asked_again, list_headings, read_form
from estates_api.api.maps import Map, find_map
from estates_api.api.pages import page
from estates_api.api.parameters import MOMENT
from estates_api.domain.collections import COLLECTIONS, Collection
from estates_api.domain.crs import CRSS, EPSG27700, Crs
from estates_api.store.database import transaction

PAGE_LIMIT = 100
"""Rows of a page for people, where they do not ask for a number."""

CRS_TITLES: Mapping[str, str] = {
    "CRS84": "longitude and latitude, WGS 84 (CRS84)", "27700": "British National Grid (EPSG:27700)",
    "3857": "Web Mercator (EPSG:3857)", "4326": "latitude and longitude, WGS 84 (EPSG:4326)",
}  # fmt: skip

Described = Mapping[str, Any]
"""A collection as its JSON says it."""


def conformance_page(request: Request, classes: Sequence[str]) -> Response:
    """The conformance classes, by standard."""
    parted = [(uri, uri.partition("/spec/")[2].partition("/conf/")) for uri in classes]
    return page(request, "conformance.html", {"classes": parted})


def collections_page(request: Request, described: Sequence[Described]) -> Response:
    """What there is."""
    return page(request, "collections.html", {"collections": described, "registry": COLLECTIONS})


def collection_page(request: Request, made: Collection, described: Described) -> Response:
    """One collection: what it says, where it is, and every way to get it."""
    values = {"collection": made, "described": described, "downloads": downloads(), "systems": CRSS,
              "stored": EPSG27700, "named": crs_title}  # fmt: skip
    return page(request, "collection.html", values)


def properties_page(request: Request, made: Collection, *, queryable: bool) -> Response:
    """What features say, or what a filter may name, as a table."""
    return page(request, "properties.html", {"collection": made, "queryable": queryable})


def downloads() -> list[Format]:
    """The formats that are files of whole collections."""
    return [one for one in FORMATS.values() if one.whole or one is GEOJSON]


def crs_title(crs: Crs) -> str:
    """What people call a system."""
    return CRS_TITLES[crs.uri.rpartition("/")[2]]


async def items_page(request: Request, made: Collection, found: dict[str, Any], headers: dict[str, str]) -> Response:
    """A page of features as a table, with links to each, to the next page and to the other formats."""
    following = [link["href"] for link in found["links"] if link["rel"] == "next"]
    drawn = await asyncio.to_thread(_map, request, [feature["geometry"] for feature in found["features"]])
    values = _asked(request, made) | {"found": found, "following": following, "map": drawn, "problem": None}
    matched = found["numberMatched"]
    values["files"] = {one: href for one, href in values["files"].items() if one.most is None or matched <= one.most}
    return page(request, "items.html", values, headers)


def _asked(request: Request, made: Collection) -> dict[str, Any]:
    """What a page of features has whether or not the question can be answered."""
    asked = request.query_params
    files = {one: asked_again(request, f=one.name) for one in FORMATS.values() if one is not HTML}
    everything = asked_again(request, properties=",".join(made.names))
    headings = list_headings(request, made)
    led = bool(headings) and headings[0].property.name in {"name", made.names[0]}
    return {
        "collection": made, "headings": headings, "led": led, "moment": _moment(request),
        "form": read_form(request, made), "query": asked, "files": files, "everything": everything,
        "first": asked_again(request), "all_shown": len(headings) == len(made.properties),
        "day": asked.get("as-of") or asked.get("datetime"),
    }  # fmt: skip


async def item_page(request: Request, made: Collection, feature: dict[str, Any], headers: dict[str, str]) -> Response:
    """One feature with all that it says."""
    drawn = await asyncio.to_thread(_map, request, [feature["geometry"]])
    values = {
        "collection": made, "feature": feature, "map": drawn, "crs": request.query_params.get("crs"),
        "in_grid": asked_again(request, crs=EPSG27700.uri), "as_geojson": asked_again(request, f="geojson"),
        "moment": _moment(request),
    }  # fmt: skip
    return page(request, "item.html", values, headers)


def _moment(request: Request) -> str:
    """The query that asks for something else at the same moment."""
    asked = {name: request.query_params[name] for name in MOMENT if name in request.query_params}
    return f"?{urlencode(asked)}" if asked else ""


def _map(request: Request, geometries: Sequence[Mapping[str, Any] | None]) -> Map | None:
    """A map of what is in degrees."""
    if "crs" in request.query_params:
        return None
    with transaction(context(request).engine) as database:
        return find_map(database, geometries)


def problem_page(request: Request, status: int, title: str, detail: str, headers: Mapping[str, str]) -> Response:
    """What went wrong, and what to do; where features were asked for, above the form that asked."""
    made = COLLECTIONS.get(request.path_params.get("collection", ""))
    told = {"problem": {"title": title, "detail": detail, "status": status}}
    if made and status == 400 and request.url.path.endswith("/items"):
        return page(request, "items.html", _asked(request, made) | told | {"found": None}, headers, status=status)
    return page(request, "problem.html", told, headers, status=status)
