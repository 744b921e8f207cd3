"""What a what-if reads: the latest assessment, and what it knows of the sites that an audience may see."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from estates_api.store.features import reading_as
from estates_api.store.layers import Audience, projections
from estates_api.store.statements import Statement

Row = tuple[Any, ...]

LATEST = Statement(
    "SELECT a.id, a.as_of, m.id, m.content FROM assessment a JOIN method m ON m.sha256 = a.method_sha256 "
    "WHERE a.present ORDER BY a.id DESC LIMIT 1", {},
)  # fmt: skip


def sites_statement(audience: Audience) -> Statement:
    """Reference, name and what was measured of every site with an assessment, by reference."""
    return Statement(
        f"SELECT ref, name, measured::text FROM {projections[str(audience)].name} "  # noqa: S608 -- a name of ours
        'WHERE candidate_feature IS NOT NULL ORDER BY ref COLLATE "C"', {},
    )  # fmt: skip


def read_known(connection: Connection, audience: Audience) -> tuple[Sequence[Row], Sequence[Row]]:
    """Both at once, for a caller with a connection of its own."""
    latest = _rows(connection, LATEST)
    with reading_as(connection, audience):
        return latest, _rows(connection, sites_statement(audience))


def _rows(connection: Connection, statement: Statement) -> list[Row]:
    return [tuple(row) for row in connection.exec_driver_sql(statement.sql)]
