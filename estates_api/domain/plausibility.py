"""What one return says that cannot be: the rules that keep a mistyped figure from leading a list.

Every rule was met in the published returns (England, 2013-14 to 2016-17). A rule either marks an attribute
implausible, so that its claim never wins over a plausible one, or only warns.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

LARGE_LAND_HA = 10.0
LEAST_PLOT_RATIO = 0.005
"""Floor area over land below which more than 10 ha is a slip: 19 Aberdeen Park, 399 m² on 103 ha, is 0.0004;
the emptiest true large site of North Central London, RNOH Stanmore, is 0.11."""
OCCUPIED_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that speaks against a row. `attribute` is None when no single figure is to blame."""

    rule: str
    attribute: str | None
    reason: str
    implausible: bool


def check_row(values: Mapping[str, float]) -> list[Finding]:
    """Findings over the reported numbers of one row, by attribute name. Missing attributes are never judged."""
    return [*_land(values), *_idle_over_land(values), *_vacancy(values), *_occupied_parts(values)]


def _land(values: Mapping[str, float]) -> Iterator[Finding]:
    gia_m2 = values.get("gia_m2", 0.0)
    for name in ("land_owned_ha", "land_ha"):
        land_ha = values.get(name, 0.0)
        if gia_m2 <= 0 or land_ha <= LARGE_LAND_HA or gia_m2 / (land_ha * 10_000) >= LEAST_PLOT_RATIO:
            continue
        reason = f"{land_ha:g} ha of land for {gia_m2:g} m² of floor area: mistyped?"
        yield Finding("land-implausible", name, reason, implausible=True)
        idle_ha = values.get("idle_land_ha", 0.0)
        if idle_ha > 0:
            reason = f"{idle_ha:g} ha not delivering services beside {land_ha:g} ha of land: the two look swapped"
            yield Finding("land-implausible", "idle_land_ha", reason, implausible=True)


def _idle_over_land(values: Mapping[str, float]) -> Iterator[Finding]:
    idle_ha, land_ha = values.get("idle_land_ha"), values.get("land_owned_ha")
    if idle_ha is not None and land_ha is not None and idle_ha > land_ha:
        reason = f"{idle_ha:g} ha not delivering services is more than the {land_ha:g} ha owned"
        yield Finding("idle-land-over-land", "idle_land_ha", reason, implausible=True)


def _vacancy(values: Mapping[str, float]) -> Iterator[Finding]:
    empty, underused = values.get("empty_pct"), values.get("underused_pct")
    if empty is None or underused is None:
        return
    if empty + underused > 100:
        reason = f"empty {empty:g} % and under-used {underused:g} % are more than the whole"
        yield Finding("vacancy-over-whole", "empty_pct", reason, implausible=True)
        yield Finding("vacancy-over-whole", "underused_pct", reason, implausible=True)
    elif empty == underused > 0:
        # All 29 such rows of 2016-17 are one trust's: the measure takes the larger, never the sum.
        reason = f"empty and under-used are both {empty:g} %: the same number typed twice; not added"
        yield Finding("vacancy-typed-twice", "underused_pct", reason, implausible=False)


def _occupied_parts(values: Mapping[str, float]) -> Iterator[Finding]:
    occupied = values.get("occupied_m2", 0.0)
    clinical, non_clinical = values.get("clinical_m2"), values.get("non_clinical_m2")
    if occupied <= 0 or clinical is None or non_clinical is None:
        return
    parts = clinical + non_clinical
    if abs(parts - occupied) > OCCUPIED_TOLERANCE * occupied:
        reason = f"clinical and non-clinical add up to {parts:g} m² of {occupied:g} m² occupied, over 5 % apart"
        yield Finding("occupied-parts", None, reason, implausible=False)
