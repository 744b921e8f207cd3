"""Collections and features as pages for people."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from estates_api.api.pages import page
from estates_api.domain.collections import Collection


def items_page(request: Request, made: Collection, found: dict[str, Any], headers: dict[str, str]) -> Response:
    """A page of features as a table, with links to each, to the next page and to the other formats."""
    return page("items.html", {"collection": made, "found": found, "query": dict(request.query_params)}, headers)


def item_page(made: Collection, feature: dict[str, Any], headers: dict[str, str]) -> Response:
    """One feature with all that it says."""
    return page("item.html", {"collection": made, "feature": feature}, headers)
