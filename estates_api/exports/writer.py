"""The one shape behind which every export format stands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Writer:
    """A format: `write` turns a shortlist's content into bytes, the same content always into the same bytes."""

    suffix: str
    media_type: str
    write: Callable[[Mapping[str, Any]], bytes]


COLUMNS = (
    "list", "annex_reason", "site", "owner", "occupiers", "name", "address", "postcode", "borough", "borough_gss",
    "easting", "northing", "precision", "land_ha", "open_land_ha", "gia_m2", "score", "score_low", "score_high",
    "coverage", "release_score", "reuse_score", "route", "gates", "reasons", "sources", "evidence_date", "stale",
    "events", "later_events", "method",
)  # fmt: skip
"""What every export of a shortlist carries, in this order."""
