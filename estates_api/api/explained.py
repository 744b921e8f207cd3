"""A site with its explanation, as a page for people."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from estates_api.api.context import audience, context
from estates_api.api.maps import find_map
from estates_api.api.pages import page
from estates_api.api.wording import claimed
from estates_api.domain.collections import COLLECTIONS
from estates_api.errors import Unavailable
from estates_api.workflows.fits import answer_site

SCORES = (("release", "Release"), ("reuse", "Reuse"))


def site_page(request: Request, database: Connection, told: Mapping[str, Any]) -> Response:
    """Everything about a site: why it stands where it stands, part by part, and who says so."""
    method = context(request).method_in_force(database)
    same = told.get("method", {}).get("sha256") == method.sha256
    values = {
        "told": told, "site": told["site"], "scores": [(told[name], title) for name, title in SCORES if name in told],
        "cut_offs": {"Release": method.cut_offs.release, "Reuse": method.cut_offs.reuse} if same else {},
        "properties": {one.name: one for one in COLLECTIONS["sites"].properties},
        "fits": _fits(request, database, told),
        "map": find_map(database, [told["geometry"]]), "query": request.query_params, "rows": list_rows,
    }  # fmt: skip
    return page(request, "site.html", values)


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
