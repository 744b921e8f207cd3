"""Features: pages of them and single ones, by plain routes: ten dependencies of the framework would cost as much as a
small answer (0.9 ms against 0.15). The API description names the same parameters (openapi.py)."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from estates_api.api.answers import GEOJSON, etag, text_answer
from estates_api.api.browse import PAGE_LIMIT, item_page, items_page
from estates_api.api.context import audience, base_url, context, reading
from estates_api.api.cursors import Cursor, nulls_of, parse_cursor, write_cursor
from estates_api.api.downloads import download
from estates_api.api.formats import HTML, wanted
from estates_api.api.forms import find_plainer
from estates_api.api.given import Given, given_for, layer_of
from estates_api.api.history import Asked
from estates_api.api.links import link, with_query
from estates_api.api.parameters import DEFAULT_LIMIT
from estates_api.api.questions import ITEM, ITEMS, Question, known, read_question, spelled
from estates_api.domain.collections import Collection
from estates_api.domain.crs import Crs
from estates_api.errors import BadInput, NotFound
from estates_api.store.conditions import After, Condition, InBoxes
from estates_api.store.database import transaction
from estates_api.store.layers import SITE_COLLECTIONS, Audience, layer
from estates_api.store.reading import Row
from estates_api.store.statements import Shape, count_statement, item_statement, page_statement
from estates_api.store.summaries import Summary

KEPT_COUNTS = 2000
"""Counts that a process remembers; each holds as long as the data version that it was made of."""


@dataclass(frozen=True, slots=True)
class Page:
    """Features as text joined by commas, how many, how many match in all, and where the next page begins."""

    features: str
    returned: int
    matched: int
    following: Cursor | None


class Counts:
    """How many features matched what question, for each audience and data version."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Audience, int, str], int] = OrderedDict()

    def find(self, key: tuple[Audience, int, str]) -> int | None:
        """The count; None when nobody has asked yet."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def keep(self, key: tuple[Audience, int, str], matched: int) -> None:
        """Remember a count."""
        self._kept[key] = matched
        while len(self._kept) > KEPT_COUNTS:
            self._kept.popitem(last=False)


def _counts(request: Request) -> Counts:
    found: Counts = request.app.state.counts
    return found


async def items(request: Request) -> Response:
    """One page of features: by box, filter, property, id; of today or of another day; sorted; in any system."""
    made = known(request.path_params["collection"])
    form = wanted(request)
    if form is HTML and (plainer := find_plainer(request)):
        return RedirectResponse(plainer, 303)
    question = read_question(made, request.query_params, ITEMS)
    if not form.page:
        return await download(request, question, form)
    if form is HTML:
        question = replace(question, limit=question.limit or PAGE_LIMIT)
    version = await reading(request).data_version()
    given = await given_for(request, question)
    said = spelled(question)
    page = await read_page(request, question, said, given=given, version=version)
    base = base_url(request)
    address = f"{base}/collections/{made.id}/items"
    links = _page_links(request, base, made, address)
    if page.following:
        cursor = write_cursor(page.following, _asked(request, said), await reading(request).secret())
        links.append(link(with_query(address, request, cursor=cursor), "next", GEOJSON, "next page"))
    ends = {
        "numberMatched": page.matched,
        "numberReturned": page.returned,
        "timeStamp": await reading(request).changed_at(version),
        "links": links,
    }
    content = f'{{"type":"FeatureCollection","features":[{page.features}],{json.dumps(ends)[1:]}'
    headers = _headers(request, question.look.crs, None if given else version)
    if form is HTML:
        return await items_page(request, made, json.loads(content), headers)
    return text_answer(content, GEOJSON, headers)


def _asked(request: Request, said: str) -> str:
    """What a cursor belongs to: the question, and whose view answered it."""
    return f"{audience(request)!r} {said}"


def _page_links(request: Request, base: str, made: Collection, address: str) -> list[dict[str, str]]:
    return [
        link(with_query(address, request), "self", GEOJSON, "this page"),
        link(with_query(address, request, f="html"), "alternate", "text/html", "this page for people"),
        link(f"{base}/collections/{made.id}", "collection", "application/json", made.title),
    ]


def _headers(request: Request, crs: Crs, version: int | None) -> dict[str, str]:
    """The system of the answer (Part 2, requirement 16), and a tag where the answer is made of stored data."""
    headers = {"Content-Crs": f"<{crs.uri}>"}
    return headers if version is None else headers | {"ETag": etag(request, version)}


async def read_page(
    request: Request, question: Question, said: str, *, given: Given | None, version: int
) -> Page:  # fmt: skip
    """A page of features, with the count of all that match the question as it is `said`: counted once for each version
    of the data."""
    caller = audience(request)
    source, reader = layer_of(question, caller, given)
    limit = question.limit or DEFAULT_LIMIT
    conditions, values = question.asked_of(source), question.values or {}
    key = (caller, version, said)
    matched = None if given else _counts(request).find(key)
    if given is None and question.collection.id in SITE_COLLECTIONS:
        summary = (await reading(request).summaries(caller, version))[question.collection.id]
        conditions, counted = _spared(summary, conditions, values)
        matched = counted if matched is None else matched
    shape = Shape(source, conditions, question.sort, look=question.look)
    values = {**values, "limit": limit + 1, **({"rows": given.rows} if given else {})}
    if question.cursor is not None:
        cursor = parse_cursor(question.cursor, _asked(request, said), await reading(request).secret())
        matched = cursor.matched
        after = After(question.sort, nulls_of(cursor.values))
        shape, values = replace(shape, after=after), {**values, **After.values(cursor.values, cursor.id)}
    shape = replace(shape, counted=matched is None)
    rows = await reading(request).rows(page_statement(shape, values), reader)
    if matched is None:
        matched = rows[0][-1] if rows else 0
        _counts(request).keep(key, matched)
    return _page(rows, limit, matched, len(question.sort))


def _spared(
    summary: Summary, conditions: tuple[Condition, ...], values: Mapping[str, Any]
) -> tuple[tuple[Condition, ...], int | None]:
    """What has to be looked at of the conditions, and how many match where that is known: a box that everything lies
    within, as views of the whole map have it, tells nothing apart."""
    if not conditions:
        return conditions, summary.features
    first, *others = conditions
    if not isinstance(first, InBoxes) or first.boxes > 1 or not summary.is_within(first.box(values), first.srid):
        return conditions, None
    kept = tuple(others) if summary.placed == summary.features else conditions
    return kept, None if others else summary.placed


async def count_all(request: Request, made: Collection, version: int) -> int:
    """How many features a collection has for the caller, counted once for each version of the data."""
    caller = audience(request)
    if made.id in SITE_COLLECTIONS:
        return (await reading(request).summaries(caller, version))[made.id].features
    key = (caller, version, made.id)
    found = _counts(request).find(key)
    if found is None:
        rows = await reading(request).rows(count_statement(layer(made.id, caller), (), {}), caller)
        found = int(rows[0][0])
        _counts(request).keep(key, found)
    return found


def _page(rows: Sequence[Row], limit: int, matched: int, sorts: int) -> Page:
    shown = rows[:limit]
    following = Cursor(tuple(shown[-1][2 : 2 + sorts]), shown[-1][0], matched) if len(rows) > limit else None
    return Page(",".join([row[1] for row in shown]), len(shown), matched, following)


async def item(request: Request) -> Response:
    """One feature by its id: 301 for a site that became part of another, 410 for one that was withdrawn."""
    made, ref = known(request.path_params["collection"]), request.path_params["id"]
    form, question = wanted(request), read_question(made, request.query_params, ITEM)
    if not form.page:
        raise BadInput(f"f: one feature is there as geojson or html, not as {form.name}")
    caller = audience(request)
    check_ref(ref)
    version = await reading(request).data_version()
    given = await given_for(request, question)
    source, reader = layer_of(question, caller, given)
    statement = item_statement(source, question.look)
    values: Mapping[str, Any] = {**statement.values, "id": ref, **({"rows": given.rows} if given else {})}
    rows = await reading(request).rows(replace(statement, values=values), reader)
    base = base_url(request)
    if not rows or rows[0][0] is None:
        return await asyncio.to_thread(_missing, request, made, ref, question)
    address = f"{base}/collections/{made.id}"
    links = [
        link(f"{address}/items/{quote(ref, safe='')}", "self", GEOJSON, "this feature"),
        link(f"{address}/items/{quote(ref, safe='')}?f=html", "alternate", "text/html", "this feature for people"),
        link(address, "collection", "application/json", made.title),
    ]
    if made.dated:
        links.append(link(f"{base}/sites/{quote(ref, safe='')}", "describedby", "application/json", "full explanation"))
    content = f'{rows[0][0][:-1]},"links":{json.dumps(links)}}}'
    headers = _headers(request, question.look.crs, None if given else version)
    if form is HTML:
        return await item_page(request, made, json.loads(content), headers)
    return text_answer(content, GEOJSON, headers)


def _missing(request: Request, made: Collection, ref: str, question: Question) -> Response:
    """Where a site went that is not there any more; NotFound for what never was."""
    if made.dated:
        here = context(request)
        with transaction(here.engine) as database:
            asked = Asked(database, audience(request), base_url(request), request.url.query, here, question.moment)
            if moved := asked.leads_elsewhere(ref, f"/collections/{made.id}/items/{{}}"):
                return moved
            if question.moment and ref in asked.seen() and ref not in asked.past(question.moment).results:
                raise NotFound(asked.unknown(ref, question.moment))
    raise NotFound(f"{made.id} has no {ref[:200]}")


def check_ref(ref: str) -> str:
    """A reference that PostgreSQL can compare; NotFound otherwise."""
    if "\x00" in ref:
        raise NotFound("there is no site by that reference")
    return ref
