"""What sites score on one criterion, read from their explanations."""

from sqlalchemy import Connection, text

from estates_api.domain.method import Criterion
from estates_api.store.features import reading_as
from estates_api.store.layers import Audience, projections

_VALUES = """
SELECT s.ref, CASE WHEN part->>'state' = 'known' THEN (part->>'value')::float END AS value
FROM {table} s LEFT JOIN LATERAL jsonb_array_elements(s.explanation->:score->'contributions') part
    ON part->>'criterion' = :criterion
WHERE s.route IS NOT NULL ORDER BY s.ref
"""


def list_values(connection: Connection, audience: Audience, criterion: Criterion) -> dict[str, float | None]:
    """The share of its points (0-1) that each site gets on a criterion, by reference; None where it is not known."""
    query = text(_VALUES.format(table=projections[str(audience)].name))
    with reading_as(connection, audience):
        rows = connection.execute(query, {"score": criterion.score, "criterion": criterion.id})
        return {row.ref: row.value for row in rows}
