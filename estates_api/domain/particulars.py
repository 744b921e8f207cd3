"""What a list tells of a site beside its assessment: identifiers, its outline, land next to it, who may see it."""

from dataclasses import dataclass
from typing import Literal

from estates_api.domain.decisions import Decision
from estates_api.domain.surplus_clock import Window

Sensitivity = Literal["public", "partner", "owner"]


@dataclass(frozen=True, slots=True)
class Particulars:
    """Identifiers and shape of a site. `outline` is WKT in EPSG:27700 to the centimetre, None where none is known.

    `imd_decile` is that of its neighbourhood (LSOA) by the indices of deprivation 2019, 1 the most deprived.
    `adjacent_owners` are other public owners of land within 50 m, of the present only, and `adjacent_ha` their land
    within reach, as far as it is known. `sensitivity` is the strictest of what the site rests on.
    """

    sensitivity: Sensitivity = "public"
    uprn: str | None = None
    title_number: str | None = None
    outline: str | None = None
    imd_decile: int | None = None
    adjacent_owners: str | None = None
    adjacent_ha: float | None = None
    decisions: tuple[Decision, ...] = ()
    window: Window | None = None


NOTHING_ELSE = Particulars()
"""Of a site of which nothing else is known, and which everybody may see."""
