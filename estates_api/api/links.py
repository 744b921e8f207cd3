"""Links as OGC API and RFC 8288 want them."""

from urllib.parse import urlencode

from starlette.requests import Request


def link(href: str, rel: str, type_: str, title: str) -> dict[str, str]:
    """One link."""
    return {"href": href, "rel": rel, "type": type_, "title": title}


def with_query(here: str, request: Request, **more: str) -> str:
    """An address with the query that was asked, and more."""
    asked = [(name, value) for name, value in request.query_params.multi_items() if name not in more]
    query = urlencode([*asked, *more.items()])
    return f"{here}?{query}" if query else here
