"""What one return says that cannot be: the rules that keep a mistyped figure from leading a list.

Every rule was met in the published returns of England. A rule either marks an attribute implausible, so that its
claim never wins over a plausible one, or only warns. How often each fires in the part of England's ERIC returns that
the tests have (993 rows of 2013-14, 899 of 2014-15, 888 of 2016-17) is counted in tests/domain/test_plausibility.py.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

LARGE_LAND_HA = 10.0
LEAST_PLOT_RATIO = 0.005
"""Floor area over land below which more than 10 ha is a slip: 19 Aberdeen Park, 399 m² on 103 ha, is 0.0004;
the emptiest true large site of North Central London, RNOH Stanmore, is 0.11."""

OCCUPIED_TOLERANCE = 0.05

TENANCY_SHARE = 0.5
"""Occupied over gross floor area below which, with nothing empty, others must be in the building: Finchley Memorial
(RYX23) is 0.24 and Edgware (RYX24) 0.17."""

FILLER_M2 = 1.0
COSTS = ("energy_cost_gbp", "cleaning_cost_gbp", "maintenance_cost_gbp", "hard_fm_cost_gbp", "soft_fm_cost_gbp")
LEAST_COST_GBP = 1000.0
"""A floor area of 0 or 1 m² beside these costs, this large, is a filler."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that speaks against a row. `attribute` is None when no single figure is to blame."""

    rule: str
    attribute: str | None
    reason: str
    implausible: bool


def check_row(values: Mapping[str, float], not_applicable: Collection[str] = ()) -> list[Finding]:
    """Findings over the reported numbers of one row, by attribute name, and the attributes said not to apply.

    Missing attributes are never judged.
    """
    return [
        *_land(values),
        *_idle_over_land(values),
        *_vacancy(values),
        *_floor_area(values),
        *_occupied(values),
        *_occupied_parts(values),
        *_backlog_elsewhere(values, not_applicable),
    ]


def _land(values: Mapping[str, float]) -> Iterator[Finding]:
    gia_m2 = values.get("gia_m2", 0.0)
    for name in ("land_owned_ha", "land_ha"):
        land_ha = values.get(name, 0.0)
        if gia_m2 <= 0 or land_ha <= LARGE_LAND_HA or gia_m2 / (land_ha * 10_000) >= LEAST_PLOT_RATIO:
            continue
        reason = f"{land_ha:g} ha of land for {gia_m2:,.10g} m² of floor area: mistyped?"
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
        reason = f"empty {empty:g}% and under-used {underused:g}% are more than the whole"
        yield Finding("vacancy-over-whole", "empty_pct", reason, implausible=True)
        yield Finding("vacancy-over-whole", "underused_pct", reason, implausible=True)
    elif empty == underused > 0:
        # All 29 such rows of 2016-17 are one trust's: the measure takes the larger, never the sum.
        reason = f"empty and under-used are both {empty:g}%: the same number typed twice; not added"
        yield Finding("vacancy-typed-twice", "underused_pct", reason, implausible=False)


def _floor_area(values: Mapping[str, float]) -> Iterator[Finding]:
    """A filler for the floor area, and empty square metres (asked from 2024-25) beyond it."""
    gia_m2 = values.get("gia_m2")
    if gia_m2 is None:
        return
    if gia_m2 <= FILLER_M2:
        costs_gbp = sum(values.get(name, 0.0) for name in COSTS)
        if costs_gbp >= LEAST_COST_GBP:
            reason = f"£{costs_gbp:,.0f} of running costs for {gia_m2:,.10g} m² of floor area: a filler?"
            yield Finding("floor-area-missing", "gia_m2", reason, implausible=True)
        return
    for name in ("empty_m2", "unoccupied_m2"):
        if values.get(name, 0.0) > gia_m2:
            reason = f"{values[name]:,.10g} m² empty is more than the {gia_m2:,.10g} m² there are"
            yield Finding("vacancy-over-floor-area", name, reason, implausible=True)


def _occupied(values: Mapping[str, float]) -> Iterator[Finding]:
    """Occupied beyond the floor area; or far below it with nothing empty, which is tenancy and not vacancy."""
    gia_m2, occupied_m2 = values.get("gia_m2", 0.0), values.get("occupied_m2", 0.0)
    if gia_m2 <= FILLER_M2 or occupied_m2 <= 0:
        return
    if occupied_m2 > gia_m2:
        reason = f"{occupied_m2:,.10g} m² occupied is more than the {gia_m2:,.10g} m² there are"
        yield Finding("occupied-over-floor-area", "occupied_m2", reason, implausible=False)
    stated = [values[name] for name in ("empty_pct", "underused_pct", "unutilised_pct", "empty_m2") if name in values]
    if stated and not any(stated) and occupied_m2 < TENANCY_SHARE * gia_m2:
        reason = (
            f"{occupied_m2:,.10g} of {gia_m2:,.10g} m² occupied ({occupied_m2 / gia_m2:.0%}) and none empty: "
            "taken as a share of a shared building, not as vacancy"
        )
        yield Finding("tenancy-share", "occupied_m2", reason, implausible=False)


def _occupied_parts(values: Mapping[str, float]) -> Iterator[Finding]:
    occupied = values.get("occupied_m2", 0.0)
    clinical, non_clinical = values.get("clinical_m2"), values.get("non_clinical_m2")
    if occupied <= 0 or clinical is None or non_clinical is None:
        return
    parts = clinical + non_clinical
    if abs(parts - occupied) > OCCUPIED_TOLERANCE * occupied:
        reason = f"clinical and non-clinical add up to {parts:,.10g} m² of {occupied:,.10g} m² occupied, over 5% apart"
        yield Finding("occupied-parts", None, reason, implausible=False)


def _backlog_elsewhere(values: Mapping[str, float], not_applicable: Collection[str]) -> Iterator[Finding]:
    owned_ha = values.get("land_owned_ha", 0.0)
    if owned_ha > 0 and {"backlog_high_gbp", "backlog_significant_gbp"} <= set(not_applicable):
        reason = (
            f"backlog is not applicable, yet {owned_ha:g} ha of land are owned here: is the building PFI or leased?"
        )
        yield Finding("backlog-not-applicable", "backlog_high_gbp", reason, implausible=False)
