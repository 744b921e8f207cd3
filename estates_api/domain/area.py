"""An area profile: the boroughs and trusts of a sub-region. Another locality is another profile, no code."""

import tomllib
from dataclasses import dataclass, field

from estates_api.domain.bodies import Body, parse_body
from estates_api.domain.readiness import Bounds, parse_bounds
from estates_api.errors import BadInput


@dataclass(frozen=True, slots=True)
class Area:
    """A sub-region: GSS code -> name of its boroughs and of neighbours, its trusts, what its references begin with.

    `headers` are the column names of councils that publish under names of their own: code -> field -> names. `bounds`:
    when the evidence is good enough for a quarter to go out without a person.
    """

    id: str
    name: str
    prefix: str
    boroughs: dict[str, str]
    neighbours: dict[str, str]
    trusts: tuple[str, ...]
    headers: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    bodies: tuple[Body, ...] = ()
    bounds: Bounds | None = None


def parse_area(content: bytes, name: str) -> Area:
    """An area from the bytes of its TOML profile; BadInput names the file and what is missing."""
    try:
        table = tomllib.loads(content.decode("utf-8"))
        return Area(
            id=str(table["id"]),
            name=str(table["name"]),
            prefix=str(table["site_reference_prefix"]),
            boroughs={str(row["gss_code"]): str(row["name"]) for row in table["borough"]},
            neighbours={str(row["gss_code"]): str(row["name"]) for row in table.get("neighbour", [])},
            trusts=_texts(table["member_trusts"]),
            headers={code: _headers(fields) for code, fields in table.get("headers", {}).items()},
            bodies=tuple(parse_body(row) for row in table.get("body", [])),
            bounds=parse_bounds(table["quarter"]) if "quarter" in table else None,
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{name}: not readable as TOML: {error}") from None
    except KeyError as error:
        raise BadInput(f"{name}: the entry {error} is missing") from None
    except BadInput as error:
        raise BadInput(f"{name}: {error.detail}") from None
    except (TypeError, AttributeError):
        what = "borough, neighbour, body and quarter must be tables, member_trusts a list of codes, headers tables of "
        what += "lists"
        raise BadInput(f"{name}: {what}") from None


def _headers(fields: dict[str, object]) -> dict[str, tuple[str, ...]]:
    return {field: _texts(names) for field, names in fields.items()}


def _texts(listed: object) -> tuple[str, ...]:
    if not isinstance(listed, list):
        raise TypeError
    return tuple(str(text) for text in listed)
