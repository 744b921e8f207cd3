"""Pages for people: templates in `web/`, nothing from elsewhere."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent.parent / "web"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
)


def page(template: str, values: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """A page from a template; no script runs in it and nothing is loaded from another host."""
    policy = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"}
    return HTMLResponse(TEMPLATES.get_template(template).render(**values), headers={**policy, **(headers or {})})
