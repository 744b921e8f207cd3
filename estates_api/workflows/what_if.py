"""What-if: what the latest assessment knows of the sites that somebody may see, decided upon by another method."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from estates_api.domain.compact import unpack
from estates_api.domain.method import Method
from estates_api.domain.method_file import parse_method
from estates_api.domain.outcome import ROUTES, Case, Outcome, decide
from estates_api.domain.what_if import WhatIf, compare, compare_columns, parse_what_if
from estates_api.errors import BadInput, NotFound, Unavailable
from estates_api.store.what_if import Row


@dataclass(frozen=True, slots=True)
class Known:
    """The sites that one audience may see, as arrays, and what the adopted method makes of them: ranks are among
    these sites alone, so that no gap tells of another."""

    assessment: int
    as_of: date
    method: Method
    names: tuple[str, ...]
    case: Case
    adopted: Outcome


def prepare(latest: Sequence[Row], sites: Sequence[Row]) -> Known:
    """What is known, from the rows that store/what_if.py reads. NotFound or Unavailable say what to run."""
    if not latest:
        raise NotFound("nothing has been assessed yet; run: estates assess")
    number, as_of, method_id, content = latest[0]
    if any(measured is None for _, _, measured in sites):
        raise Unavailable("the latest assessment was made by an older version of the service; run: estates assess")
    try:
        method = parse_method(bytes(content), method_id)
    except BadInput as error:
        reason = "the latest assessment was made by a method written for another version of this service"
        raise Unavailable(f"{reason}; run: estates assess ({error.detail})") from None
    packed = [json.loads(measured) for _, _, measured in sites]
    case = unpack([ref for ref, _, _ in sites], packed, method)
    return Known(number, as_of, method, tuple(name for _, name, _ in sites), case,
                 decide(case, method, tuple(method.gates)))  # fmt: skip


def ask(known: Known, asked: Any) -> dict[str, Any]:
    """The new ranking and how it differs from the adopted one; nothing is stored. BadInput names a wrong field."""
    question = parse_what_if(asked, known.method)
    after, rows = compare(known.case, known.names, known.adopted, question)
    return _answer(known, asked, question, after) | {"sites": rows}


_BRIEF = ("site", "route", "release_score", "release_rank", "reuse_score", "reuse_rank")


def ask_briefly(known: Known, asked: Any) -> dict[str, Any]:
    """The new ranking alone, as columns: a tenth of the bytes, for whoever knows the names and the adopted one."""
    question = parse_what_if(asked, known.method)
    after, columns = compare_columns(known.case, known.names, known.adopted, question)
    return _answer(known, asked, question, after) | {"sites": {name: columns[name] for name in _BRIEF}}


def _answer(known: Known, asked: Any, question: WhatIf, after: Outcome) -> dict[str, Any]:
    cut = question.method.cut_offs
    return {
        "assessment": known.assessment,
        "as_of": known.as_of.isoformat(),
        "method": {"id": known.method.id, "sha256": known.method.sha256},
        "asked": dict(asked),
        "top": question.top,
        "cut_offs": {"release": cut.release, "reuse": cut.reuse, "coverage": cut.coverage},
        "routes": _routes(after),
        "routes_before": _routes(known.adopted),
        "routes_changed": int(np.count_nonzero(after.routes != known.adopted.routes)),
    }


def _routes(outcome: Outcome) -> Mapping[str, int]:
    counts = np.bincount(outcome.routes, minlength=len(ROUTES)).tolist()
    return {route: count for route, count in zip(ROUTES, counts, strict=True) if count}
