"""Where the newest quarter's list that somebody may see has each site."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from estates_api.domain.listing import Listed, list_listed
from estates_api.store import shortlists
from estates_api.store.shortlists import Seeing
from estates_api.workflows.shortlist import frozen


@dataclass(frozen=True, slots=True)
class Listing:
    """The newest list that somebody may see, and where it has each site, by its reference."""

    quarter: str
    revision: int
    status: str
    sites: Mapping[str, Listed]


def find_listing(connection: Connection, seeing: Seeing) -> Listing | None:
    """The newest quarter's list; None where there is none for the reader."""
    row = shortlists.find_newest(connection, seeing)
    if row is None:
        return None
    newest = frozen(connection, row, seeing.audience)
    which = f"{newest.quarter} ({newest.status}, revision {newest.revision})"
    return Listing(newest.quarter, newest.revision, newest.status, list_listed(newest.document, which))


def describe_listing(listing: Listing | None, ref: str) -> dict[str, Any] | None:
    """Where the list has a site, JSON-ready; None where there is no list."""
    if listing is None:
        return None
    which = {"quarter": listing.quarter, "revision": listing.revision, "status": listing.status}
    one = listing.sites.get(ref)
    return which | {
        "listed_for": one.purpose if one and one.on else None, "rank": one and one.rank, "score": one and one.score,
        "p_top_k": one and one.p_top_k,
        "told": one.told if one else
        f"not on the shortlist {listing.quarter} ({listing.status}, revision {listing.revision})",
    }  # fmt: skip
