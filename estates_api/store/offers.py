"""Sites as needs see them: what the latest assessment measured of those that an audience may see."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Float, case, func, select, text
from sqlalchemy.dialects.postgresql import JSONB

from estates_api.domain.measured import STATES
from estates_api.store.features import reading_as
from estates_api.store.layers import Audience, projections
from estates_api.store.what_if import LATEST

_KNOWN = str(STATES["known"])


def read_latest(connection: Connection) -> tuple[Any, ...] | None:
    """Number, day, method's name and method's bytes of the latest assessment; None before the first."""
    row = connection.exec_driver_sql(LATEST.sql).one_or_none()
    return None if row is None else tuple(row)


def read_offers(
    connection: Connection, audience: Audience, places: Sequence[int], refs: Collection[str] | None = None
) -> Sequence[Any]:  # fmt: skip
    """Every assessed site, or these, in no order: reference, name, borough, position, route, reuse score, whether a
    private finance term is running, and the measures of reuse at these places in the method (None: not known)."""
    seen = projections[str(audience)].c
    cells = [seen.measured["reuse"][place] for place in places]
    query = select(
        seen.ref, seen.name, func.coalesce(seen.borough, ""), func.coalesce(seen.borough_gss, ""), seen.precision,
        func.ST_AsBinary(func.coalesce(seen.outline, seen.geom)), seen.route, seen.reuse_score,
        func.coalesce(seen.measured["gates"].op("?")(text("'private-finance'")), text("false")),
        *(case((cell[0].astext == _KNOWN, cell[1].astext.cast(Float))) for cell in cells),
    ).where(seen.route.is_not(None))  # fmt: skip
    query = query if refs is None else query.where(seen.ref.in_(refs))
    with reading_as(connection, audience):
        return connection.execute(query).all()


def read_evidence(connection: Connection, audience: Audience, refs: Collection[str]) -> dict[str, dict[str, Any]]:
    """What stands behind the measures of these sites: the contributions to the reuse score and the gates, as they are
    explained, how old the evidence is, and the route."""
    seen = projections[str(audience)].c
    told = seen.explanation
    query = select(
        seen.ref, seen.route, seen.reuse_score, seen.reuse_coverage, seen.evidence_date, seen.stale,
        told["reuse"]["contributions"].cast(JSONB).label("contributions"), told["gates"].cast(JSONB).label("gates"),
    ).where(seen.ref.in_(refs))  # fmt: skip
    with reading_as(connection, audience):
        return {row["ref"]: dict(row) for row in connection.execute(query).mappings()}
