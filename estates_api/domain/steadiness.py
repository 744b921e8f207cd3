"""How a site's rank holds, as JSON-ready values, and in words what would put it on a list or take it off."""

import math
from typing import Any

from estates_api.domain.flips import Flip
from estates_api.domain.measures import PTAL_LEVELS
from estates_api.domain.method import Criterion, Method
from estates_api.domain.quantities import quantity, surely_beyond
from estates_api.domain.standing import Standing, Tried

COUNTED = {"partners", "access", "colocation"}
"""Criteria whose measures are whole numbers."""


def describe_tried(tried: Tried | None, method: Method) -> dict[str, Any] | None:
    """What the draws say of one site; None where none were made."""
    if tried is None:
        return None
    return {
        "seed": tried.seed,
        "draws": method.trials.draws,
        "top": method.trials.top,
        "release": _standing(tried.release),
        "reuse": _standing(tried.reuse),
        "route_differs": tried.differs,
        "flips": [_flip(flip, method) for flip in tried.flips],
    }


def _standing(standing: Standing | None) -> dict[str, Any] | None:
    if standing is None:
        return None
    return {
        "rank": standing.rank,
        "of": standing.of,
        "top_k": standing.top,
        "rank_low": standing.low,
        "rank_high": standing.high,
        "best": standing.best,
        "worst": standing.worst,
        "pareto": standing.pareto,
    }


def _flip(flip: Flip, method: Method) -> dict[str, Any]:
    return {
        "list": flip.list,
        "joins": flip.joins,
        "kind": flip.kind,
        "by": flip.by,
        # JSON in the database has no -0.0: what is hashed must come back as it was.
        "size": round(flip.size, 6) + 0.0,
        "from": round(flip.now, 6) + 0.0,
        "to": round(flip.to, 6) + 0.0,
        "measure": flip.measure,
        "told": f"{'joins' if flip.joins else 'leaves'} the {flip.list} list if {_cause(flip, method)}",
    }


def _cause(flip: Flip, method: Method) -> str:
    if flip.kind == "gate":
        return f"the gate opened: {method.gates[flip.by].reason}"
    if flip.kind == "group":
        group, rises = flip.by.partition(".")[2], flip.to > flip.now
        # Rounded so that what is told is far enough.
        to = (math.ceil(1000 * flip.to + 1e-3) if rises else math.floor(1000 * flip.to - 1e-3)) / 10
        return f"the weight of {group} {'rose' if rises else 'fell'} from {flip.now:.1%} to {to:.1f}%"
    criterion = next(one for one in method.criteria if one.id == flip.by)
    if criterion.name == "partners":
        return f"{'both sectors' if flip.joins else 'one sector alone'} were on the site or next to it"
    if flip.joins and flip.to <= 0:
        return f"{criterion.title} were known"
    return f"{criterion.title} {_way(flip)} {_bound(flip, criterion)}"


def _way(flip: Flip) -> str:
    if flip.joins:
        changed = "rose to" if flip.rises else "fell to"
        return changed if flip.known else "were known to be"
    changed = "fell below" if flip.rises else "rose above"
    return changed if flip.known else f"turned out {'below' if flip.rises else 'above'}"


def _bound(flip: Flip, criterion: Criterion) -> str:
    """The measure that is needed, rounded so that what is told is true."""
    if flip.measure is None:
        return "any other"
    if criterion.name in COUNTED:
        whole = math.ceil(flip.measure - 1e-9)
        shown = f"level {PTAL_LEVELS[whole]}" if criterion.name == "access" else f"{whole}"
    else:
        # To join, at least so much is needed; to leave, less than so much: both lie on the far side of the threshold.
        shown = quantity(surely_beyond(flip.measure, below=flip.rises != flip.joins), criterion.unit)
    return f"{shown} or {'more' if flip.rises else 'less'}" if flip.joins else shown
