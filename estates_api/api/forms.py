"""The table of a collection on a page: which columns, sorted by what, and the form that asks for less."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from urllib.parse import urlencode

from starlette.requests import Request

from estates_api.api.context import context
from estates_api.domain.collections import Collection, Property

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "sites": ("name", "borough", "organisations", "owner", "precision", "land_ha", "gia_m2", "evidence_date"),
    "candidates": ("name", "borough", "route", "release_score", "release_coverage", "reuse_score", "reuse_coverage",
                   "land_ha", "gia_m2", "owner", "evidence_date"),
    "outlines": ("name", "borough", "organisations", "owner", "land_ha", "gia_m2", "evidence_date"),
    "holdings": ("name", "organisation", "code", "sector", "postcode", "borough", "site_name", "match"),
    "shortlist-entries": ("name", "quarter", "list", "score", "coverage", "borough", "owner", "land_ha", "gia_m2"),
}  # fmt: skip
"""The columns of a page, in order; a collection that is not here has all of its properties."""

CONTAINS = "contains"
"""A field of the form: part of a name. It becomes part of the filter."""

# What the form itself writes into the filter, so that it can be shown in its own field again.
_CONTAINS = re.compile(r"(?:\((?P<rest>.*)\) AND )?CASEI\(name\) LIKE CASEI\('%(?P<part>.*)%'\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: its property, which way the table is sorted by it ("ascending", "descending", or not), and the
    address that sorts it, or turns it round."""

    property: Property
    sorted: str | None
    href: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form for one property: any of `choices` (value, words), or a text that it is equal to."""

    property: Property
    value: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a page: what its fields have, and what it carries on unseen."""

    fields: tuple[Field, ...]
    contains: str | None
    filter: str
    hidden: Mapping[str, str]
    used: bool


def list_columns(request: Request, made: Collection) -> list[Property]:
    """The properties that were asked for, else those that say most."""
    asked = request.query_params.get("properties")
    names = asked.split(",") if asked else COLUMNS.get(made.id, made.names)
    there = {one.name: one for one in made.properties}
    return [there[name] for name in names if name in there]


def list_headings(request: Request, made: Collection) -> list[Heading]:
    """The columns, each with its address to sort by."""
    first = request.query_params.get("sortby", "").partition(",")[0]
    return [_heading(request, one, first) for one in list_columns(request, made)]


def _heading(request: Request, one: Property, first: str) -> Heading:
    # Of numbers and days the largest is looked for, of texts the first.
    downward = one.kind in {"number", "integer", "date"}
    if first.lstrip("+- ") == one.name:
        falls = first.startswith("-")
        return Heading(one, "descending" if falls else "ascending", _sorted(request, one, downward=not falls))
    return Heading(one, None, _sorted(request, one, downward=downward))


def _sorted(request: Request, one: Property, *, downward: bool) -> str:
    return asked_again(request, sortby=f"{'-' if downward else ''}{one.name}")


def asked_again(request: Request, **more: str) -> str:
    """The query that was asked, from its first page on, with something else in it."""
    asked = {name: value for name, value in request.query_params.items() if name != "cursor"}
    return f"?{urlencode(asked | more)}"


def read_form(request: Request, made: Collection) -> Form:
    """The form with what was asked."""
    asked = dict(request.query_params)
    fields = tuple(_field(request, one) for one in list_columns(request, made) if _plain(one))
    contains, rest = _filters(made, asked)
    shown = {one.property.name for one in fields} | {"filter", "cursor", CONTAINS}
    hidden = {name: value for name, value in asked.items() if name not in shown}
    used = any(one.value for one in fields) or "filter" in asked
    return Form(fields, contains, rest, hidden, used)


def _filters(made: Collection, asked: Mapping[str, str]) -> tuple[str | None, str]:
    """The part of a name that is asked for (None: it cannot be asked for here), and the rest of the filter."""
    text = asked.get("filter", "")
    if "name" not in made.names or asked.get("filter-lang") == "cql2-json":
        return None, text
    return split_filter(text)


def _plain(one: Property) -> bool:
    """Whether a property is asked for by what it is equal to: nobody looks for a number or day so, nor a whole name."""
    return one.kind in {"string", "boolean"} and one.name != "name"


def _field(request: Request, one: Property) -> Field:
    choices = tuple((value, value) for value in one.values)
    if one.kind == "boolean":
        choices = (("true", "yes"), ("false", "no"))
    elif one.name == "borough":
        choices = tuple((name, name) for name in context(request).area.boroughs.values())
    value = request.query_params.get(one.name, "")
    if choices and value and value not in dict(choices):
        choices = (*choices, (value, value))
    return Field(one, value, choices)


def split_filter(text: str) -> tuple[str, str]:
    """A filter -> the part of a name that the form put into it, and the rest."""
    found = _CONTAINS.fullmatch(text)
    if found is None or "'" in found["part"].replace("''", "") or not _balanced(found["rest"] or ""):
        return "", text
    part = re.sub(r"\\(.)", r"\1", found["part"].replace("''", "'"))
    return part, found["rest"] or ""


def _balanced(text: str) -> bool:
    """Whether a text is whole without the brackets around it: `a) AND (b` is not."""
    depths = list(accumulate((character == "(") - (character == ")") for character in re.sub("'[^']*'", "", text)))
    return not depths or (min(depths) >= 0 and depths[-1] == 0)


def join_filter(part: str, rest: str) -> str:
    """The other way round: features whose name has this part, whatever its case, and that meet the rest."""
    escaped = re.sub(r"([\\%_])", r"\\\1", part).replace("'", "''")
    clause = f"CASEI(name) LIKE CASEI('%{escaped}%')"
    return f"({rest}) AND {clause}" if rest else clause


def find_plainer(request: Request) -> str | None:
    """The query that a form meant, when it is not written as it would be by hand: a form sends its empty fields too."""
    asked = request.query_params.multi_items()
    if all(value for _, value in asked) and CONTAINS not in request.query_params:
        return None
    said = {name: value.strip() for name, value in asked if value.strip()}
    if part := said.pop(CONTAINS, None):
        said["filter"] = join_filter(part, said.get("filter", ""))
    return f"?{urlencode(said)}"
