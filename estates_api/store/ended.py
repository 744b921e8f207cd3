"""Which holdings have ended: the newest that is said of them says that their source counts them no more."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import Connection, text

# The newest edition that speaks of a holding decides, by its day and then by when it was handed in. It says that the
# holding has ended by a day that has come, or, where it gives none, by a closed status.
ENDED = """
SELECT c.holding_id AS id FROM standing_claim c
WHERE c.attribute IN ('ended_on', 'ods_status') AND {scope}
  AND c.day <= CAST(:as_of AS date) AND c.known <= coalesce(:known_at, c.known)
  AND NOT EXISTS (
      SELECT FROM standing_claim n WHERE n.holding_id = c.holding_id AND n.edition_id <> c.edition_id
      AND (n.day, n.edition_id) > (c.day, c.edition_id)
      AND n.day <= CAST(:as_of AS date) AND n.known <= coalesce(:known_at, n.known))
GROUP BY c.holding_id
HAVING coalesce(max(c.text) FILTER (WHERE c.attribute = 'ended_on' AND c.text ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$')
                COLLATE "C" <= to_char(CAST(:as_of AS date), 'YYYY-MM-DD'), bool_or(c.text = 'closed'))
"""

_UNPLACED = "c.holding_id IN (SELECT id FROM holding WHERE site_ref IS NULL AND code <> 'AGGRE')"

_TABLE = (
    "CREATE TEMP TABLE IF NOT EXISTS ended (id bigint PRIMARY KEY, near boolean NOT NULL DEFAULT false) ON COMMIT DROP"
)

# What may be said of an ended holding now that could not be said before: it was handed in or judged, or something came
# into its neighbourhood (the sector of its postcode) or has its code, UPRN, name or organisation's place.
_NEAR = """
WITH here AS MATERIALIZED (
    SELECT h.organisation_code, h.code, left(h.postcode, -2) AS sector, h.uprn, upper(h.name) AS name
    FROM touched_site t JOIN holding h ON h.site_ref = t.ref
), incoming AS MATERIALIZED (SELECT id FROM edition WHERE at >= now()
), led AS MATERIALIZED (
    SELECT k.kin_code AS code FROM kinship k JOIN here USING (organisation_code)
    UNION SELECT predecessor_code FROM succession WHERE edition_id IN (SELECT id FROM incoming)
    UNION SELECT successor_code FROM succession WHERE edition_id IN (SELECT id FROM incoming)
), judged AS MATERIALIZED (
    SELECT organisation_code, holding_code AS code FROM pair_judgement
    UNION SELECT other_organisation_code, other_holding_code FROM pair_judgement
)
UPDATE ended e SET near = true FROM holding h WHERE h.id = e.id AND (
    EXISTS (SELECT FROM claim c WHERE c.holding_id = h.id AND c.edition_id IN (SELECT id FROM incoming))
    OR left(h.postcode, -2) IN (SELECT sector FROM here) OR h.uprn IN (SELECT uprn FROM here)
    OR h.code IN (SELECT code FROM here) OR upper(h.name) IN (SELECT name FROM here)
    OR h.organisation_code IN (SELECT code FROM led)
    OR (h.organisation_code, h.code) IN (SELECT organisation_code, code FROM judged))
"""


def set_ended_apart(connection: Connection, as_of: date) -> bool:
    """Fill `ended` with the holdings that stand nowhere and have ended by a day; whether there are any."""
    connection.execute(text(_TABLE))
    connection.execute(text("TRUNCATE ended"))
    query = f"INSERT INTO ended (id) {ENDED.format(scope=_UNPLACED)}"
    return connection.execute(text(query), {"as_of": as_of, "known_at": None}).rowcount > 0


def mark_near(connection: Connection) -> None:
    """Note which of `ended` are worth comparing with the sites that this transaction touched, or were handed in now."""
    connection.execute(text(_NEAR))


def list_ended(connection: Connection, as_of: date, known_at: datetime | None) -> Collection[int]:
    """The holdings that have ended by a day, from what was known at a moment (None: now)."""
    query = text(ENDED.format(scope="true"))
    return set(connection.execute(query, {"as_of": as_of, "known_at": known_at}).scalars())
