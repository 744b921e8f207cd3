"""What an edition adds up to, in its own words: every figure it states, believed or not, to the last unit."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import Connection, RowMapping, text

By = Literal["edition", "organisation", "site"]

_GROUPS = {
    "edition": "NULL::text",
    "organisation": "h.organisation_code",
    "site": "coalesce(h.site_ref, CASE WHEN h.code = 'AGGRE' THEN 'AGGRE' ELSE 'ENDED' END)",
}
_NAMES = {
    "edition": "NULL::text",
    "organisation": "max(o.name)",
    "site": "coalesce(max(s.name), CASE WHEN NOT (h.code = 'AGGRE') THEN 'ended, and at no site' END)",
}

# A double is turned into the decimal it was typed as: sums are exact, as a spreadsheet's are not.
_TOTALS = """
SELECT {group} AS key, {name} AS name, h.code = 'AGGRE' AS aggregate, count(DISTINCT h.id) AS holdings,
    sum(c.number::numeric) FILTER (WHERE c.attribute = 'gia_m2') AS gia_m2,
    sum(c.number::numeric) FILTER (WHERE c.attribute IN ('land_ha', 'land_owned_ha')) AS land_ha,
    sum(c.number::numeric) FILTER (WHERE c.attribute IN ('backlog_high_gbp', 'backlog_significant_gbp',
        'backlog_moderate_gbp', 'backlog_low_gbp')) AS backlog_gbp,
    sum(c.number::numeric) FILTER (WHERE c.attribute IN ('land_ha', 'land_owned_ha')
        AND c.implausible IS NOT NULL) AS land_not_believed_ha
FROM standing_claim c
JOIN holding h ON h.id = c.holding_id
JOIN organisation o ON o.code = h.organisation_code
LEFT JOIN site s ON s.ref = h.site_ref
WHERE c.edition_id = :edition
GROUP BY 1, 3 ORDER BY 1 NULLS LAST, 3
"""


def list_totals(connection: Connection, edition_id: int, by: By = "edition") -> Sequence[RowMapping]:
    """Sums over an edition's rows: key, name, aggregate, holdings, gia_m2, land_ha, backlog_gbp, land_not_believed_ha.

    `AGGRE` rows (a trust's small sites in one) stand apart, with `aggregate` true; by site, holdings that have ended
    and stand nowhere do as well (`ENDED`). A sum of nothing is None: not stated. Land is what the edition states,
    repeated land included; `land_not_believed_ha` is the part of it that is marked implausible.
    """
    query = _TOTALS.format(group=_GROUPS[by], name=_NAMES[by])
    return connection.execute(text(query), {"edition": edition_id}).mappings().all()
