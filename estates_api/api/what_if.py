"""`POST /assessments/what-if`: other weights, points, gates and cut-offs, answered at once and never stored."""

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NoReturn

from fastapi import APIRouter, Query, Request
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from estates_api.api.answers import JSON, text_answer
from estates_api.api.context import Caller, reading
from estates_api.api.multipart import TooLarge
from estates_api.api.problems import problem
from estates_api.domain.what_if import FIELDS
from estates_api.errors import BadInput
from estates_api.exports.issues import MEDIA_TYPE, write_lines
from estates_api.store.layers import Audience
from estates_api.store.reading import Reading
from estates_api.store.what_if import LATEST, sites_statement
from estates_api.workflows.what_if import Known, ask, ask_briefly, prepare

router = APIRouter(tags=["assessments"])

LARGEST_BYTES = 256 * 1024


class WhatIfs:
    """What is known for each audience, kept in this process until the data change."""

    def __init__(self) -> None:
        self._kept: dict[Audience, tuple[int, Known]] = {}

    async def find(self, read: Reading, who: Audience) -> Known:
        """What is known today to an audience."""
        version = await read.data_version()
        kept = self._kept.get(who)
        if kept is None or kept[0] != version:
            latest, sites = (
                await read.rows(LATEST, None),
                await read.rows(sites_statement(who), who),
            )
            kept = version, await run_in_threadpool(prepare, latest, sites)
            self._kept[who] = kept
        return kept[1]


_NUMBERS = {"type": "object", "additionalProperties": {"type": "number"}}
_KINDS: Mapping[str, dict[str, Any]] = {
    "groups": _NUMBERS, "criteria": _NUMBERS, "cut_offs": _NUMBERS,
    "points": {"type": "object", "additionalProperties": {
        "type": "array", "items": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}}},
    "gates_off": {"type": "array", "items": {"type": "string"}}, "top": {"type": "integer", "minimum": 1},
}  # fmt: skip
_BODY = {"requestBody": {"required": True, "content": {JSON: {"schema": {
    "type": "object", "additionalProperties": False,
    "properties": {name: {**_KINDS[name], "description": text} for name, text in FIELDS.items()},
    "example": {"groups": {"release.land": 2}, "gates_off": ["owner"], "cut_offs": {"release": 40}},
}}}}}  # fmt: skip
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Every site that the caller may see, ranked anew, and where it stood",
          "content": {JSON: {"schema": {"type": "object"}}, "text/csv": {}}},
    400: {"description": "A field is not one of these, or cannot be", "content": {"application/problem+json": {}}},
    413: {"description": "The question is too long", "content": {"application/problem+json": {}}},
}  # fmt: skip


@router.post("/assessments/what-if", openapi_extra=_BODY, responses=_ANSWERS, response_class=Response)
async def what_if(
    request: Request, caller: Caller, *,
    f: Annotated[Literal["json", "columns", "csv"], Query(description="`columns`: the new ranking alone, a list a "
                 "column; `csv`: the sites as a table")] = "json",
) -> Response:  # fmt: skip
    """What if weights, points, gates or cut-offs were others? The new ranking, and how it differs from the adopted one.

    Nothing is stored. Every field is optional; what is left out stays as it was adopted. Ranks are among the sites
    that the caller may see.
    """
    if unknown := sorted(set(request.query_params) - {"f"}):
        raise BadInput(f"there is no parameter {unknown[0]!r} here; this path takes f")
    try:
        asked = parse_body(await read_body(request))
    except ClientDisconnect:
        return problem(400, "Bad input", "the connection ended before the question did")
    known = await request.app.state.what_ifs.find(reading(request), caller.audience)
    headers = {"Cache-Control": "no-store", "Vary": "X-API-Key, Authorization"}
    return await run_in_threadpool(_answer, known, asked, f, headers)


def _answer(known: Known, asked: Any, form: str, headers: dict[str, str]) -> Response:
    if form == "columns":
        return text_answer(to_json(ask_briefly(known, asked)), JSON, headers)
    found = ask(known, asked)
    if form == "json":
        return text_answer(to_json(found), JSON, headers)
    rows = found["sites"]
    columns = tuple(rows[0]) if rows else ("site",)
    headers["Content-Disposition"] = 'attachment; filename="what-if.csv"'
    return text_answer("".join(write_lines(rows, columns)), MEDIA_TYPE, headers)


async def read_body(request: Request) -> bytes:
    """The whole body, which must be small; TooLarge says how small."""
    kept = bytearray()
    async for piece in request.stream():
        kept += piece
        if len(kept) > LARGEST_BYTES:
            raise TooLarge(f"a question may have {LARGEST_BYTES // 1024} kB")
    return bytes(kept)


def _refuse(number: str) -> NoReturn:
    raise BadInput(f"the body has {number[:20]}, which is no number in JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON keeps the last of two; what was meant by the first is not guessed (RFC 8259, 4: names should be unique)."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadInput(f"{twice[:60]!r} stands twice in one object of the body; leave one out")
    return found


def parse_body(body: bytes) -> Any:
    """The JSON of a body; BadInput says where it cannot be read, or which name stands twice in one object."""
    try:
        return json.loads(body or b"{}", object_pairs_hook=_once, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the body is not JSON: {error}") from None
