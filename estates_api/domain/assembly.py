"""Assembly: parcels of different public owners that lie together, and what may adjoin where less is known.

Distances are known between outlines and UPRN points alone. A postcode's middle is not a parcel: of a site known so
closely it is told that it may adjoin, and nothing is added up or drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

NEAR_M = 50.0
"""Parcels this near one another are planned together: a street between them does not part them."""

SMALL_HA = 0.25
"""The least area for which a site stands on a brownfield land register by its area alone (Town and Country Planning
(Brownfield Land Register) Regulations 2017, SI 2017/403, regulation 4: 0.25 ha, or five homes)."""

NOT_THEN = {"assembly": None, "adjacent": None, "may_adjoin": None,
            "told": "Assemblies and neighbours are told of the present only."}  # fmt: skip
"""What an older day says of them."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A site next to another. `distance_m` is None where one of the two is not known well enough to measure."""

    ref: str
    name: str
    owners: tuple[str, ...]
    distance_m: float | None
    same_postcode: bool = False

    def told(self) -> str:
        """The neighbour in a few words: `North Depot (London Borough of Haringey), 12 m away`."""
        who = f" ({'; '.join(self.owners)})" if self.owners else ""
        if self.distance_m is not None:
            return f"{self.name}{who}, {self.distance_m:.0f} m away"
        return f"{self.name}{who}, {'same postcode' if self.same_postcode else 'postcodes next to one another'}"


def describe_neighbours(found: Sequence[Neighbour], assembly: str | None) -> dict[str, Any]:
    """What stands next to a site as JSON-ready values; `may_adjoin` is words alone."""
    near = [one for one in found if one.distance_m is not None]
    perhaps = [one for one in found if one.distance_m is None]
    return {
        "assembly": assembly,
        "adjacent": [
            {"ref": one.ref, "name": one.name, "public_owners": list(one.owners),
             "distance_m": round(one.distance_m or 0.0, 1)} for one in near
        ],
        "may_adjoin": [one.told() for one in perhaps],
        "told": _told(near, perhaps),
    }  # fmt: skip


def _told(near: Sequence[Neighbour], perhaps: Sequence[Neighbour]) -> str:
    parts = []
    if near:
        parts.append(f"Within {NEAR_M:.0f} m: {', '.join(one.told() for one in near)}.")
    if perhaps:
        parts.append(
            f"May adjoin: {', '.join(one.told() for one in perhaps)}. An outline or a UPRN of both would tell."
        )
    return " ".join(parts) or "No other catalogued site is known to be next to it."
