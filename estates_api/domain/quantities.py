"""Measures as planners write them: with their unit, in three figures."""

import math

from estates_api.domain.measures import MEASURE_PLACES


def quantity(number: float, unit: str) -> str:
    """A measure as planners write it: `9.4 ha`, `21%`, `£169/m²`, `12,800 m²`."""
    shown = f"{number:,.{places_of(number)}f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    if unit.startswith("£"):
        return f"£{shown}{unit.removeprefix('£')}"
    return with_unit(shown, unit)


def with_unit(number: str, unit: str) -> str:
    """A number that is written already, with its unit behind: `9.4 ha`, `21%`; alone where there is none."""
    return f"{number}{unit}" if unit.startswith("%") else f"{number} {unit}".strip()


def places_of(number: float) -> int:
    """Decimal places that show three figures; none from 100 on."""
    return 0 if abs(number) >= 99.95 or number == 0 else 2 - math.floor(math.log10(abs(number)))


def surely_beyond(limit: float, *, below: bool) -> float:
    """The limit at the precision of a sentence, rounded so that what is beyond the rounded one is beyond the true."""
    scale = 10.0 ** places_of(limit)
    shown = round(limit * scale, MEASURE_PLACES)  # 2.3 times 100 is 229.99999999999997
    return math.floor(shown) / scale if below else math.ceil(shown) / scale
