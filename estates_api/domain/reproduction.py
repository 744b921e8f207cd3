"""Reproduction: a list drawn up again is held against the frozen one, entry by entry and field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from estates_api.domain.shortlist import NAMING

NOT_REWOUND = (
    "a site's own name, address, position and outline: always today's",
    "who may see a site, and with it the circle in which it is ranked: always today's",
    "land next to a site: as drawn today",
    "stations, town centres, designations and other layers, with the limits and homes that follow: as loaded today",
    "what was redacted since: it is masked then, too",
)
"""What the records cannot be rewound in."""

_PRESENT = frozenset({
    "name", "address", "postcode", "uprn", "title_number", "borough", "borough_gss", "easting", "northing", "lon",
    "lat", "precision", "outline", "sensitivity", "rank", "rank_low", "rank_high", "p_top_k", "pareto",
    "route_differs", "adjacent_owners", "adjacent_ha", "station", "station_m", "town_centre", "town_centre_m",
    "housing_zone", "opportunity_area", "homes_low", "homes_mid", "homes_high", "homes_basis", "homes_told",
    "homes_assumptions", "developable_ha", "limits", "checks", "later_events",
})  # fmt: skip
"""The fields of an entry that follow from it alone."""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """Whether the same bytes came out; if not, what differs, and what explains it."""

    same: bool
    differences: tuple[Mapping[str, Any], ...] = ()
    reason: str = ""
    rewindable: bool = False

    @property
    def told(self) -> str:
        """The outcome in a word or two: only what cannot be rewound may differ without harm."""
        return "yes" if self.same else "no" if self.rewindable or not self.differences else "but for what is of today"

    @property
    def fails(self) -> bool:
        """Whether the records give another list than the one that was frozen."""
        return self.told == "no"


def compare_lists(before: Mapping[str, Any], after: Mapping[str, Any], running: str) -> Reproduction:
    """How a list drawn up again differs from the frozen one. `running`: the version of the code that drew it up."""
    plain = [name for name in sorted({*before, *after}) if name not in NAMING and before.get(name) != after.get(name)]
    found: list[Mapping[str, Any]] = [{"part": name, "fields": []} for name in plain]
    for part in NAMING:
        found += _rows(part, before.get(part, ()), after.get(part, ()))
    hard = [one for one in found if not one["fields"] or not _PRESENT.issuperset(one["fields"])]
    if before.get("schema") != after.get("schema"):
        reason = "the list has the form of another version of the service"
    elif before["code_version"] != running:
        reason = f"it was made by version {before['code_version']}; this is {running}, which may explain it"
    else:
        reason = "" if hard else "all that differs is of today, as it cannot be rewound"
    return Reproduction(same=False, differences=tuple(found), reason=reason, rewindable=bool(hard))


def _rows(part: str, before: Sequence[Any], after: Sequence[Any]) -> list[Mapping[str, Any]]:
    old, new = ({row["site"]: row for row in rows} for rows in (before, after))
    found: list[Mapping[str, Any]] = []
    for ref in sorted({*old, *new}):
        if old.get(ref) == new.get(ref):
            continue
        one, other = old.get(ref, {}), new.get(ref, {})
        fields = sorted(name for name in {*one, *other} if one.get(name) != other.get(name)) if one and other else []
        missing = "" if one and other else "only in the frozen list" if one else "only in the list drawn up again"
        found.append({"part": part, "site": ref, "fields": fields, **({"there": missing} if missing else {})})
    return found
