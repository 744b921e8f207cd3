"""A site with its explanation, as a page for people."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from shapely.geometry import shape
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from estates_api.api.claims import claim_facts, names_of, weighed_claims
from estates_api.api.context import audience, context
from estates_api.api.history import Asked
from estates_api.api.maps import find_map
from estates_api.api.pages import page
from estates_api.api.wording import claimed
from estates_api.api.workbench import describe_map, policy
from estates_api.domain.chart import stack_parts
from estates_api.domain.collections import COLLECTIONS
from estates_api.domain.method import Method
from estates_api.errors import Unavailable
from estates_api.store import issues, letters
from estates_api.store.assemblies import list_around
from estates_api.store.features import reading_as
from estates_api.workflows.fits import answer_site

SCORES = (("release", "Release"), ("reuse", "Reuse"))


AROUND_M = 800.0
"""Ten minutes' walk: sites this near are named on the page."""

MOST_AROUND, MOST_ISSUES = 12, 50

_AROUND_DEGREES = 0.012, 0.0075
"""About 800 m east and north, in London."""


def site_page(request: Request, ask: Asked, told: Mapping[str, Any]) -> Response:
    """Everything about a site: why it stands where it stands, part by part, and who says so."""
    database, here = ask.database, context(request)
    method = here.method_in_force(database)
    same = told.get("method", {}).get("sha256") == method.sha256
    values = {
        "told": told, "site": told["site"], "scores": [(told[name], title) for name, title in SCORES if name in told],
        "charts": {title: stack_parts(told[name]) for name, title in SCORES if name in told},
        "cut_offs": {"Release": method.cut_offs.release, "Reuse": method.cut_offs.reuse} if same else {},
        "properties": {one.name: one for one in COLLECTIONS["sites"].properties},
        "fits": _fits(request, database, told), "claims": _claims(ask, told["site"]["ref"]),
        "map": find_map(database, [told["geometry"]]), "query": request.query_params, "rows": list_rows,
        "described": _described(request, method, told["geometry"]), **_today(ask, told["site"]["ref"]),
    }  # fmt: skip
    return page(request, "site.html", values, {"Content-Security-Policy": policy(here.basemap)})


def _today(ask: Asked, ref: str) -> dict[str, Any]:
    """What is told of the present alone: what stands around, what is wrong in the rows behind it, and whom to write."""
    if ask.moment:
        return {"around": None, "issues": None, "counts": {}, "letters": ()}
    query = issues.Query(site=ref, limit=MOST_ISSUES)
    written = {row["code"] for row in letters.list_organisations(ask.database, ask.caller)}
    with reading_as(ask.database, ask.caller):
        around = list_around(ask.database, ask.caller, ref, within_m=AROUND_M, most=MOST_AROUND)
    return {
        "around": around,
        "issues": issues.list_issues(ask.database, ask.caller, query).issues,
        "counts": issues.count_issues(ask.database, ask.caller, query), "letters": written,
    }  # fmt: skip


def _claims(ask: Asked, ref: str) -> dict[tuple[str, str], dict[str, list[dict[str, Any]]]]:
    """What every edition said, by holding and figure, what counts first."""
    names = names_of(ask)
    found: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
    for one in weighed_claims(ask, ref):
        facts = claim_facts(one, names, whole=ask.caller == "complete")
        of_holding = found.setdefault((facts["holding"], facts["organisation"]), {})
        of_holding.setdefault(facts["meaning"] or facts["attribute"], []).append(facts)
    return found


def _described(request: Request, method: Method, geometry: Mapping[str, Any] | None) -> str | None:
    """What the map in the page is drawn by; None where nobody knows where the site is."""
    if geometry is None:
        return None
    west, south, east, north = shape(geometry).bounds
    far, up = _AROUND_DEGREES
    box = (west - far, south - up, east + far, north + up)
    return describe_map(method, context(request).basemap, box, criteria=[])


def _fits(request: Request, database: Connection, told: Mapping[str, Any]) -> dict[str, Any] | None:
    """The needs of today that the site would answer; None of another day, and where nothing can be said."""
    if "route" not in told or {"as-of", "known-at"} & set(request.query_params):
        return None
    try:
        return answer_site(database, audience(request), told["site"]["ref"])
    except Unavailable:  # of an older version's assessment, whose page is there all the same
        return None


def list_rows(sources: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Claims by the row that makes them: edition, row, day, and what it says, in words."""
    by_row = groupby(sources, key=lambda one: (one["edition"], one["row"], one["as_of"]))
    return [{"edition": edition, "row": row, "as_of": as_of, "said": [claimed(one) for one in group]}
            for (edition, row, as_of), group in by_row]  # fmt: skip
