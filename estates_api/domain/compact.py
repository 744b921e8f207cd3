"""The compact form of what an assessment knows of a site: enough to score it anew by another method, and no more."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from estates_api.domain.assessment import Assessed
from estates_api.domain.measured import STATES, Cell, gather, kinds_of
from estates_api.domain.method import SCORES, Method
from estates_api.domain.outcome import Case, order_of
from estates_api.domain.peers import site_class

_NAMES = {number: name for name, number in STATES.items()}


def pack(result: Assessed) -> dict[str, Any]:
    """JSON-ready: class of peers, whether the NHS is there, whether it is ours or sold, gates that are closed, and the
    measures of each score in the order of the method: state, number, edition."""
    site = result.site
    return {
        "class": site_class(site.site_type),
        "nhs": "NHS" in site.sectors,
        "ours": site.is_ours,
        "sold": result.released is not None,
        "gates": [gate.id for gate in result.gates],
        **{name: [[STATES[part.measure.state], part.measure.number, part.measure.basis]
                  for part in score.contributions]
           for name, score in (("release", result.release), ("reuse", result.reuse))},
    }  # fmt: skip


def unpack(refs: Sequence[str], packed: Sequence[Mapping[str, Any]], method: Method) -> Case:
    """The sites as they were assessed by a method, to be decided upon by another of the same criteria."""
    kinds = kinds_of([(one["class"], one["nhs"]) for one in packed])
    return Case(
        tuple(refs), order_of(refs),
        {name: gather([[_cell(cell) for cell in one[name]] for one in packed], kinds, len(method.of(name)))
         for name in SCORES},
        tuple(tuple(one["gates"]) for one in packed),
        np.array([one["sold"] for one in packed], dtype=np.bool_),
        np.array([one["ours"] for one in packed], dtype=np.bool_),
    )  # fmt: skip


def _cell(cell: Sequence[Any]) -> Cell:
    state, number, edition = cell
    return _NAMES[state], number, edition
