"""The API description: one OpenAPI 3.0 document, of the framework's routes and of the plain ones.

The conformance class `oas30` wants 3.0 where the framework writes 3.1; QGIS takes its page size from
`components.parameters.limit`, where the framework writes none.
"""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from starlette.responses import HTMLResponse, Response

from estates_api.api.answers import GEOJSON, text_answer
from estates_api.api.context import base_url
from estates_api.api.policy import page_policy
from estates_api.api.questions import ITEM, ITEMS, WHOLE, Parameter
from estates_api.api.schemas import OPENAPI, described
from estates_api.domain.collections import COLLECTIONS, Collection
from estates_api.exports.llc import row_schema

router = APIRouter(include_in_schema=False)

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string"}, "rule": {"type": "string", "description": "The rule that it would break"},
    },
}  # fmt: skip
_LINK = {
    "type": "object",
    "required": ["href", "rel"],
    "properties": {name: {"type": "string"} for name in ("href", "rel", "type", "title")},
}
_LINKS = {"type": "array", "items": {"$ref": "#/components/schemas/Link"}}
_FEATURE = {
    "type": "object",
    "required": ["type", "id", "geometry", "properties"],
    "properties": {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": {"type": "string"},
        "geometry": {"type": "object", "nullable": True},
        "properties": {"type": "object"},
        "links": _LINKS,
    },
}  # fmt: skip
_FEATURES = {
    "type": "object",
    "required": ["type", "features"],
    "properties": {
        "type": {"type": "string", "enum": ["FeatureCollection"]},
        "features": {"type": "array", "items": {"$ref": "#/components/schemas/Feature"}},
        "numberMatched": {"type": "integer", "minimum": 0},
        "numberReturned": {"type": "integer", "minimum": 0},
        "timeStamp": {"type": "string", "format": "date-time"},
        "links": _LINKS,
    },
}  # fmt: skip
_SCHEMAS = {"Problem": PROBLEM, "Link": _LINK, "Feature": _FEATURE, "FeatureCollection": _FEATURES,
            "LlcRow": row_schema()}  # fmt: skip


def describe_api(app: FastAPI, base: str) -> dict[str, Any]:
    """The whole description, with `base` as its server."""
    made: dict[str, Any] = as_30(
        get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    )
    made["openapi"] = "3.0.3"
    made["servers"] = [{"url": base}]
    components = made.setdefault("components", {})
    components["parameters"] = {one.name: one.described() for one in ITEMS}
    components["schemas"] = {**components.get("schemas", {}), **_SCHEMAS}
    made["paths"] |= _plain_paths()
    for path in made["paths"].values():
        for operation in path.values():
            _answer_with_problems(operation)
    return made


def _plain_paths() -> dict[str, Any]:
    """Each collection has paths of its own: nowhere else do QGIS and GDAL look for what they can ask it by."""
    paths: dict[str, Any] = {}
    for made in COLLECTIONS.values():
        here, title = f"/collections/{made.id}/items", made.title.lower()
        plain = [Parameter(one.name, one.title, described(one, number)).described()
                 for number, one in enumerate(made.properties, start=1)]  # fmt: skip
        paths[here] = _operation(f"{made.id}-features", f"A page of {title}",
                                 [*_refs(_taken(made, ITEMS)), *plain], _ALL)  # fmt: skip
        paths[f"{here}/{{featureId}}"] = _operation(
            f"{made.id}-feature", f"One of {title}", [_FEATURE_ID, *_refs(_taken(made, ITEM))], "Feature"
        )
    for name in ("sites", "candidates"):
        paths[f"/{name}.geojson"] = _operation(f"{name}-file", f"All {name} as one file", _refs(WHOLE), _ALL)
    return paths


_ALL = "FeatureCollection"
_FEATURE_ID = {"name": "featureId", "in": "path", "required": True, "schema": {"type": "string"}}


def _taken(made: Collection, parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """Only what is dated can be asked as of another day."""
    return parameters if made.dated else tuple(one for one in parameters if one.name not in {"as-of", "known-at"})


def _refs(parameters: tuple[Parameter, ...]) -> list[dict[str, str]]:
    return [{"$ref": f"#/components/parameters/{one.name}"} for one in parameters]


def _operation(name: str, summary: str, parameters: list[Any], schema: str) -> dict[str, Any]:
    content = {GEOJSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}, "text/html": {}}
    said = {
        "operationId": name, "summary": summary, "tags": ["OGC API - Features"], "parameters": parameters,
        "responses": {"200": {"description": summary, "content": content}},
    }  # fmt: skip
    return {"get": said}


def _answer_with_problems(operation: dict[str, Any]) -> None:
    """Every error is a problem document (RFC 9457); a bad parameter is 400, never 422."""
    answers = operation["responses"]
    answers.pop("422", None)
    answers["default"] = {
        "description": "What went wrong, or where to look instead",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def as_30(said: Any) -> Any:
    """JSON Schema of OpenAPI 3.1 in the words of 3.0."""
    if isinstance(said, list):
        return [as_30(one) for one in said]
    if not isinstance(said, Mapping):
        return said
    made = {name: as_30(value) for name, value in said.items()}
    choices = made.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        rest = [one for one in choices if one != {"type": "null"}]
        made.pop("anyOf")
        made |= {"nullable": True} | (rest[0] if len(rest) == 1 else {"anyOf": rest})
    if "const" in made:
        made["enum"] = [made.pop("const")]
    if made.pop("contentMediaType", None):
        made["format"] = "binary"
    return made


@router.get("/api")
def service_desc(request: Request) -> Response:
    """The API description for programs."""
    return text_answer(json.dumps(describe_api(request.app, base_url(request)), ensure_ascii=False), OPENAPI)


@router.get("/docs")
def docs(request: Request) -> Response:
    """The API for people to try, with files that come with the service alone."""
    base = base_url(request)
    files = f"{base}/static-offline-docs"
    shown = get_swagger_ui_html(
        openapi_url=f"{base}/openapi.json", title="estates_api", swagger_js_url=f"{files}/swagger-ui-bundle.js",
        swagger_css_url=f"{files}/swagger-ui.css", swagger_favicon_url=f"{files}/favicon.png",
    )  # fmt: skip
    written = bytes(shown.body).decode()
    return HTMLResponse(written, headers={"Content-Security-Policy": page_policy(written, files=True)})
