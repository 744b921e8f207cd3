"""Pages for people: templates in `web/`, nothing from elsewhere."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from estates_api.api.context import base_url
from estates_api.api.policy import page_policy
from estates_api.api.wording import FILTERS

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent.parent / "web"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=False,
    lstrip_blocks=True,
)
TEMPLATES.filters |= FILTERS


def page(
    request: Request, template: str, values: Mapping[str, Any], headers: Mapping[str, str] | None = None,
    *, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    """A page from a template; no script runs in it and nothing is loaded from another host."""
    written = TEMPLATES.get_template(template).render(base=base_url(request), f=request.query_params.get("f"), **values)
    return HTMLResponse(written, status, {"Content-Security-Policy": page_policy(written), **(headers or {})})
