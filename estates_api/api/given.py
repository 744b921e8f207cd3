"""Rows that are computed for a question: sites of another day, and entries of shortlists."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request

from estates_api.api.context import audience, base_url, caller, context
from estates_api.api.history import Asked
from estates_api.api.questions import Question
from estates_api.api.shortlists import seeing
from estates_api.domain.collections import COLLECTIONS
from estates_api.store.database import transaction
from estates_api.store.layers import Audience, Layer, given_layer, layer
from estates_api.workflows.shortlist import list_seen


@dataclass(frozen=True, slots=True)
class Given:
    """Rows of a collection as JSON, with `id` and `at` (the site where each is): only what the caller may see."""

    rows: str


def given_rows(request: Request, question: Question) -> Given:
    """The rows of the collection at the moment asked about, or of the lists that the caller may see."""
    with transaction(context(request).engine) as database:
        found = _past(request, database, question) if question.moment else _entries(request, database)
    return Given(json.dumps(found, ensure_ascii=False, allow_nan=False, default=str))


def _past(request: Request, database: Connection, question: Question) -> list[Mapping[str, Any]]:
    here = context(request)
    asked = Asked(database, audience(request), base_url(request), request.url.query, here, question.moment)
    assert question.moment is not None
    told, seen = asked.past(question.moment).features[question.collection.id], asked.seen()
    return [{"id": ref, "at": ref, **said} for ref, said in told.items() if ref in seen]


def _entries(request: Request, database: Connection) -> list[Mapping[str, Any]]:
    names = COLLECTIONS["shortlist-entries"].names
    return [
        {"quarter": frozen.quarter, "as_of": frozen.document["as_of"]}
        | {name: entry[name] for name in names if name in entry}
        | {"id": f"{frozen.quarter}:{entry['site']}", "at": entry["site"]}
        for frozen in list_seen(database, seeing(caller(request)))
        for entry in frozen.entries
    ]


async def given_for(request: Request, question: Question) -> Given | None:
    """The rows that are computed for this question; None where they are stored."""
    if question.moment is None and question.collection.id != "shortlist-entries":
        return None
    return await asyncio.to_thread(given_rows, request, question)


def layer_of(question: Question, who: Audience, given: Given | None) -> tuple[Layer, Audience | None]:
    """Where the rows come from, and as whom they are read: what was computed was chosen for the caller already."""
    if given is None:
        return layer(question.collection.id, who), who
    return given_layer(question.collection.id), None
