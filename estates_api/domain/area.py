"""An area profile: the boroughs and trusts of a sub-region. Another locality is another profile, no code."""

import tomllib
from dataclasses import dataclass

from estates_api.errors import BadInput


@dataclass(frozen=True, slots=True)
class Area:
    """A sub-region: GSS code -> name of its boroughs and of neighbours, its trusts, what its references begin with."""

    id: str
    name: str
    prefix: str
    boroughs: dict[str, str]
    neighbours: dict[str, str]
    trusts: tuple[str, ...]


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
            trusts=_codes(table["member_trusts"]),
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{name}: not readable as TOML: {error}") from None
    except KeyError as error:
        raise BadInput(f"{name}: the entry {error} is missing") from None
    except (TypeError, AttributeError):
        raise BadInput(f"{name}: borough and neighbour must be tables, member_trusts a list of codes") from None


def _codes(listed: object) -> tuple[str, ...]:
    if not isinstance(listed, list):
        raise TypeError
    return tuple(str(code) for code in listed)
