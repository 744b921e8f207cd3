"""Capacity check: what the density matrix says of the dated cases, against what was planned there."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from sqlalchemy import Connection

from estates_api.domain.density import Checked, Density, check_case
from estates_api.store.capacity import list_settings
from estates_api.store.layers import Audience


@dataclass(frozen=True, slots=True)
class Check:
    """Every case checked, and what it comes to."""

    cases: Sequence[Checked]

    @property
    def within(self) -> int:
        """Cases whose figure lies in the range."""
        return sum(one.within for one in self.cases)

    @property
    def typical_error(self) -> float:
        """The median of how far the middle is off, whichever way, as a share of what was planned."""
        return median(abs(one.error) for one in self.cases) if self.cases else 0.0

    def told(self) -> str:
        """What it comes to, in one sentence."""
        if not self.cases:
            return "The method has no dated case to check against."
        low = sum(one.error < 0 for one in self.cases)
        return (
            f"Of {len(self.cases)} cases {self.within} lie within the range; the middle is off by "
            f"{self.typical_error:.0%} in the median, too low in {low} and too high in {len(self.cases) - low}."
        )


def describe_check(check: Check) -> dict[str, Any]:
    """The check as JSON-ready values."""
    cases = [
        {"name": one.case.name, "when": one.case.when, "area_ha": one.case.area_ha, "planned": list(one.case.homes),
         "matrix": list(one.said), "within": one.within, "error": round(one.error, 4), "settings": list(one.settings),
         "ptal_bands": list(one.bands), "note": one.case.note, "citation": one.case.citation} for one in check.cases
    ]  # fmt: skip
    return {"told": check.told(), "cases": cases}


def check_capacity(connection: Connection, density: Density | None, audience: Audience) -> Check:
    """The cases of a method, each with the setting and transport band of its site as the audience may see them."""
    if density is None:
        return Check(())
    known = list_settings(connection, [case.holding for case in density.cases], audience)
    return Check([check_case(density, case, *known.get(case.holding, ((), ()))) for case in density.cases])
