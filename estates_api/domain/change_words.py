"""What changed between two shortlists, in words: a measure, and the cut-offs of the method."""

from collections.abc import Mapping
from typing import Any

from estates_api.domain.quantities import quantity

Row = Mapping[str, Any]

_CUT_OFFS = {
    "release": ("the cut-off for release", "{:g}"), "reuse": ("the cut-off for reuse", "{:g}"),
    "coverage": ("the share of a score's weight that must be known", "{:.0%}"),
}  # fmt: skip


def tell_cut_offs(before: Row, after: Row) -> str:
    """From where to where the method moved its cut-offs; blank where it moved none."""
    ends = [document.get("cut_offs") or {} for document in (before, after)]
    return ", ".join(
        f"{what} from {written.format(ends[0][name])} to {written.format(ends[1][name])}"
        for name, (what, written) in _CUT_OFFS.items()
        if name in ends[0] and name in ends[1] and ends[0][name] != ends[1][name]
    )


def tell_claim(row: Row) -> str:
    """One measure in words: `high and significant risk backlog £14/m² to £102/m² (ERIC 2013-14 row 7 to ERIC 2014-15
    row 9), +7.6 points for release`."""
    ends = ("from", "to")
    values = (_value(row["measure"][end], row["state"][end], row["unit"][end] or "") for end in ends)
    sources = [row["sources"][end] or "nothing" for end in ends]
    rows = f" ({' to '.join(sources)})" if sources[0] != sources[1] else ""
    score = row["criterion"].partition(".")[0]
    return f"{row['title']} {' to '.join(values)}{rows}, {row['points']:+.1f} points for {score}"


def _value(measure: Any, state: Any, unit: str) -> str:
    if isinstance(measure, int | float):
        return quantity(measure, unit)
    return str(state or "nothing").replace("unknown", "not known")
