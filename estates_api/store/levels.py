"""What the levels add up: one narrow row a site, of those that an audience may see, as the latest assessment has it."""

from collections.abc import Mapping

from sqlalchemy import Connection, text

from estates_api.domain.area import Area
from estates_api.domain.levels import Rolled, Unplaced
from estates_api.store.features import reading_as
from estates_api.store.layers import Audience
from estates_api.store.projection import hidden_from

_SITES = """
SELECT ref, borough_gss, route, land_ha, gia_m2, homes_low, homes_high,
       (explanation->'incentives'->'backlog_high_significant_gbp'->>'gbp')::float8 AS backlog_gbp,
       (explanation->'incentives'->'void_cost_gbp_per_year'->>'gbp')::float8 AS void_gbp
FROM site_{audience} WHERE gone IS NULL AND route IS NOT NULL ORDER BY ref
"""

_DECILES = "SELECT s.ref, l.imd_decile FROM site s JOIN lsoa l ON l.code = s.lsoa_code"

# What a trust once returned is not counted beside what its successor returns.
_AGGREGATES = """
SELECT DISTINCT ON (h.organisation_code) o.name, c.number, c.edition
FROM holding h JOIN organisation o ON o.code = h.organisation_code
JOIN standing_claim c ON c.holding_id = h.id AND c.attribute = 'gia_m2' AND c.implausible IS NULL
WHERE h.code = 'AGGRE' AND h.organisation_code = ANY(:trusts)
  AND NOT EXISTS (SELECT FROM succession s JOIN holding heir ON heir.organisation_code = s.successor_code
                  WHERE s.predecessor_code = h.organisation_code AND heir.code = 'AGGRE')
  AND NOT (h.sensitivity = ANY(:hidden) OR c.sensitivity = ANY(:hidden))
ORDER BY h.organisation_code, c.day DESC, c.id DESC
"""


def list_rolled(connection: Connection, audience: Audience) -> list[Rolled]:
    """The sites of the latest assessment that the audience may see, in the order of their references."""
    with reading_as(connection, audience):
        rows = connection.execute(text(_SITES.format(audience=audience)))  # a name from AUDIENCES
        sites = {row["ref"]: {name: row[name] for name in row if name != "ref"} for row in rows.mappings()}
    deciles = {row.ref: row.imd_decile for row in connection.execute(text(_DECILES))}
    return [Rolled(**said, imd_decile=deciles.get(ref)) for ref, said in sites.items()]


def list_unplaced(connection: Connection, audience: Audience, area: Area) -> list[Unplaced]:
    """The newest floor area that each trust of the area returns for its small sites in one row, largest first."""
    values = {"trusts": list(area.trusts), "hidden": hidden_from(audience)}
    found = [Unplaced(*row) for row in connection.execute(text(_AGGREGATES), values)]
    return sorted(found, key=lambda one: (-(one.gia_m2 or 0.0), one.organisation))


def count_neighbourhoods(connection: Connection) -> Mapping[tuple[str, int], int]:
    """How many neighbourhoods a borough (GSS) has in a decile of deprivation."""
    query = "SELECT borough_gss, imd_decile, count(*) FROM lsoa WHERE imd_decile IS NOT NULL GROUP BY 1, 2"
    return {(gss, decile): number for gss, decile, number in connection.execute(text(query))}
