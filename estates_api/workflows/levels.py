"""Levels and equity as they are asked for: by the method, and beside it as the quarter's published list has them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection

from estates_api.domain.area import Area
from estates_api.domain.callers import circle_of
from estates_api.domain.levels import Row, describe_equity, describe_levels, equity_of, levels_of
from estates_api.domain.quarters import quarter_of
from estates_api.store.layers import Audience
from estates_api.store.levels import count_neighbourhoods, list_rolled, list_unplaced
from estates_api.store.shortlists import Seeing, find_shortlist
from estates_api.workflows.shortlist import frozen


def read_levels(connection: Connection, audience: Audience, area: Area, today: date) -> Row:
    """Boroughs, sub-region and London added up, of the sites that the audience may see. `listed` is the same of the
    list that is published for this quarter; None where none is."""
    found = describe_levels(list_rolled(connection, audience), area, list_unplaced(connection, audience, area))
    listed = _find_listed(connection, audience, today)
    return found | {"listed": listed and listed[0] | {"levels": levels_of(listed[1], area)["levels"]}}


def read_equity(connection: Connection, audience: Audience, area: Area, today: date) -> Row:
    """Release and reuse by deprivation, likewise."""
    neighbourhoods = count_neighbourhoods(connection)
    found = describe_equity(list_rolled(connection, audience), area, neighbourhoods)
    listed = _find_listed(connection, audience, today)
    rows = equity_of(listed[1], area, neighbourhoods)["rows"] if listed else []
    return found | {"listed": listed and listed[0] | {"rows": rows}}


def _find_listed(
    connection: Connection, audience: Audience, today: date
) -> tuple[dict[str, Any], Mapping[str, Any]] | None:  # fmt: skip
    row = find_shortlist(connection, str(quarter_of(today)), Seeing(circle_of(audience), drafts=False))
    if row is None:
        return None
    seen = frozen(connection, row, circle_of(audience))
    return {"quarter": seen.quarter, "revision": seen.revision, "status": seen.status}, seen.document
