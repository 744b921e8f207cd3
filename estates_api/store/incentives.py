"""Incentives added up: what the latest assessment says of the sites that an audience may see, by group."""

from collections.abc import Sequence
from typing import Literal, get_args

from sqlalchemy import Connection, RowMapping, text

from estates_api.store.features import reading_as
from estates_api.store.layers import Audience

By = Literal["borough", "sector", "route"]
GROUPS: tuple[By, ...] = get_args(By)

FIELDS = (
    "group", "sites", "void_cost_gbp_per_year", "void_cost_known_of", "backlog_high_significant_gbp",
    "backlog_known_of", "backlog_total_gbp", "backlog_total_known_of", "receipts_gbp", "receipts",
)  # fmt: skip
"""The columns, in order. Each sum is beside the number of sites, or of sales, of which it is known."""

_GROUPED = """
WITH told AS (
    SELECT coalesce({by}, 'outside the area, or not known') AS "group", explanation->'incentives' AS said
    FROM site_{audience} WHERE gone IS NULL AND explanation ? 'incentives'
), cost AS (
    SELECT "group", (said->'void_cost_gbp_per_year'->>'gbp')::numeric AS void,
           (said->'backlog_high_significant_gbp'->>'gbp')::numeric AS severe,
           (said->'backlog_total_gbp'->>'gbp')::numeric AS whole, sale.gbp AS sold, sale.number AS sales
    FROM told, LATERAL (
        SELECT sum((one->>'gbp')::numeric) AS gbp, count(*) AS number
        FROM jsonb_array_elements(said->'receipts') one WHERE (one->>'sold')::boolean
    ) sale
)
SELECT coalesce("group", 'all') AS "group", count(*) AS sites,
       sum(void)::float8 AS void_cost_gbp_per_year, count(void) AS void_cost_known_of,
       sum(severe)::float8 AS backlog_high_significant_gbp, count(severe) AS backlog_known_of,
       sum(whole)::float8 AS backlog_total_gbp, count(whole) AS backlog_total_known_of,
       sum(sold)::float8 AS receipts_gbp, coalesce(sum(sales), 0)::bigint AS receipts
FROM cost GROUP BY GROUPING SETS (("group"), ()) ORDER BY grouping("group"), 1
"""


def list_incentives(connection: Connection, audience: Audience, by: By) -> Sequence[RowMapping]:
    """One row for each group, and one for all of them last. A sum of nothing known is None."""
    query = _GROUPED.format(by=by, audience=audience)  # names from GROUPS and AUDIENCES
    with reading_as(connection, audience):
        return connection.execute(text(query)).mappings().all()
