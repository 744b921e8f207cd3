"""What everything that is recorded over HTTP has in common: the key, and a body of named texts."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from fastapi import Request

from estates_api.api.answers import JSON
from estates_api.api.context import Caller
from estates_api.api.what_if import parse_body, read_body
from estates_api.domain.callers import Permission, check_may
from estates_api.errors import BadInput


def may(permission: Permission) -> Callable[[Caller], None]:
    """A dependency: only who may do this goes on."""

    def check(caller: Caller) -> None:
        check_may(caller, permission)

    return check


def texts_body(fields: Mapping[str, str], required: Collection[str]) -> dict[str, Any]:
    """The description of a body with these fields, for the API document."""
    said = {name: {"type": "string", "description": text} for name, text in fields.items()}
    schema = {"type": "object", "additionalProperties": False, "required": [*required], "properties": said}
    return {"requestBody": {"required": True, "content": {JSON: {"schema": schema}}}}


async def read_texts(
    request: Request, fields: Collection[str], *, numbers: Collection[str] = ()
) -> dict[str, str]:  # fmt: skip
    """The texts of a body by their names, without those that are null; `numbers` may be whole numbers too."""
    asked = parse_body(await read_body(request))
    if not isinstance(asked, dict) or not set(asked) <= set(fields):
        raise BadInput(f"the body must be an object with {', '.join(fields)}, and nothing else")
    return {name: str(value) if name in numbers and type(value) is int else _text(name, value)
            for name, value in asked.items() if value is not None}  # fmt: skip


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{name}: must be a text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadInput(f"{name}: has half of a surrogate pair, which is no text") from None
    return value
