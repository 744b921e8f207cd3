"""One return against another: what the same holdings said of other days, and which came and went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, RowMapping, text

COMPARED = ("gia_m2", "land_ha", "land_owned_ha", "name", "backlog_high_gbp", "backlog_significant_gbp",
            "backlog_moderate_gbp", "backlog_low_gbp")  # fmt: skip
"""What a return is held against another one by."""

# The newest before the day, else the first after it: editions are handed in in any order. OFFSET keeps each holding a
# look into the index: a batch must not read the whole edition beside it. Most names and floor areas stay as they were,
# and there is nothing to tell of them.
_NEIGHBOURS = """
WITH wanted AS (
    SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:days AS date[]), CAST(:names AS text[]),
                         CAST(:areas AS float8[])) AS w (holding_id, day, name, gia_m2)
), beside AS (
    SELECT DISTINCT ON (c.holding_id, c.attribute) c.holding_id, c.attribute, c.number, c.text,
           e.source || ' ' || e.label AS edition, c.edition_id, c.line, c.sensitivity,
           CASE c.attribute WHEN 'name' THEN c.text = w.name WHEN 'gia_m2' THEN c.number = w.gia_m2 END AS same
    FROM wanted w
    CROSS JOIN LATERAL (
        SELECT * FROM claim k WHERE k.holding_id = w.holding_id AND k.attribute = ANY(:attributes)
          AND k.edition_id <> :edition AND k.state = 'reported' AND k.implausible IS NULL AND k.as_of <> w.day OFFSET 0
    ) c JOIN edition e ON e.id = c.edition_id AND e.source = :source
    WHERE NOT EXISTS (SELECT FROM redaction r WHERE r.edition_id = c.edition_id AND r.line = c.line
                      AND coalesce(r.attribute, c.attribute) = c.attribute)
    ORDER BY c.holding_id, c.attribute, c.as_of < w.day DESC, abs(c.as_of - w.day), c.id DESC
)
SELECT holding_id, attribute, number, text, edition, edition_id, line, sensitivity FROM beside WHERE same IS NOT TRUE
"""


@dataclass(frozen=True, slots=True)
class Now:
    """What a holding is asked about: the day that is spoken of, and what is said of it now, where that is known."""

    holding_id: int
    day: date
    name: str | None = None
    gia_m2: float | None = None


def list_neighbours(
    connection: Connection, now: Sequence[Now], *, source: str, edition_id: int
) -> Sequence[RowMapping]:
    """What these holdings said in the neighbouring return of the same source, but for a name or a floor area that is
    the same now."""
    if not now:
        return []
    values = {"ids": [one.holding_id for one in now], "days": [one.day for one in now],
              "names": [one.name for one in now], "areas": [one.gia_m2 for one in now],
              "attributes": list(COMPARED), "source": source, "edition": edition_id}  # fmt: skip
    return connection.execute(text(_NEIGHBOURS), values).mappings().all()


# The rows of an edition, with what the planner must know of them: a first edition of many rows has no statistics yet.
_ROWS = """
CREATE TEMP TABLE edition_row ON COMMIT DROP AS
SELECT h.id, h.site_ref, h.organisation_code, c.line FROM claim c JOIN holding h ON h.id = c.holding_id
WHERE c.edition_id = :edition AND c.attribute = 'name'
"""


def open_rows(connection: Connection, edition_id: int) -> None:
    """Look the rows of an edition up, once, for the questions below."""
    connection.execute(text("DROP TABLE IF EXISTS edition_row"))
    connection.execute(text(_ROWS), {"edition": edition_id})
    connection.execute(text("ANALYZE edition_row"))
    connection.execute(text("ANALYZE holding"))


# A holding is gone when its last return in the source is of the period before this edition's. A list may come in parts:
# only those organisations count that return something in this edition, or are gone altogether from a shared place.
_CAME_AND_WENT = """
CREATE TEMP TABLE came_and_went ON COMMIT DROP AS
WITH named AS (
    SELECT c.holding_id, e.id AS edition_id, e.period_end, c.line, c.sensitivity,
           e.source || ' ' || e.label AS edition
    FROM edition e JOIN claim c ON c.edition_id = e.id AND c.attribute = 'name'
    WHERE e.source = :source AND (e.id = :edition OR e.period_end = :before)
)
SELECT n.*, n.edition_id = :edition AS came, h.organisation_code, h.code, h.name, h.site_ref
FROM named n JOIN holding h ON h.id = n.holding_id
WHERE h.code <> 'AGGRE' AND CASE WHEN n.edition_id = :edition
    THEN NOT EXISTS (SELECT FROM claim c WHERE c.holding_id = n.holding_id AND c.attribute = 'name'
                     AND c.edition_id <> :edition)
    ELSE NOT EXISTS (SELECT FROM claim c JOIN edition e ON e.id = c.edition_id WHERE c.holding_id = n.holding_id
                     AND c.attribute = 'name' AND e.source = :source AND e.period_end > n.period_end) END
"""

_GONE = """
SELECT DISTINCT ON (w.holding_id) w.* FROM came_and_went w
WHERE NOT w.came AND w.organisation_code IN (SELECT organisation_code FROM edition_row)
ORDER BY w.holding_id, w.edition_id DESC
"""

_RECODED = """
SELECT DISTINCT ON (n.holding_id) n.line, n.organisation_code, n.code, n.name, n.sensitivity, n.site_ref,
       o.organisation_code AS former_organisation, o.code AS former_code, o.name AS former_name, o.edition,
       o.edition_id AS former_edition, o.line AS former_line, o.sensitivity AS former_sensitivity
FROM came_and_went n JOIN came_and_went o ON o.site_ref = n.site_ref AND NOT o.came
WHERE n.came ORDER BY n.holding_id, o.holding_id
"""

# Only a series of whole returns can be held against the one before; our own template may say anything about anything.
_BEFORE = """
SELECT e.source, max(b.period_end) AS before FROM edition e JOIN edition b ON b.source = e.source
    AND b.period_end < e.period_end
WHERE e.id = :edition AND (e.source = 'ERIC' OR e.format = 'eric') GROUP BY e.source
"""


def list_gone_and_recoded(connection: Connection, edition_id: int) -> tuple[Sequence[RowMapping], Sequence[RowMapping]]:
    """Holdings that the return before this edition had and this one has not; and new codes at a place where a former
    code is gone. Nothing where no return of the series is older. Call `open_rows` before."""
    series = connection.execute(text(_BEFORE), {"edition": edition_id}).mappings().one_or_none()
    if series is None:
        return [], []
    connection.execute(text("DROP TABLE IF EXISTS came_and_went"))
    connection.execute(text(_CAME_AND_WENT), {"edition": edition_id, **series})
    connection.execute(text("ANALYZE came_and_went"))
    gone = connection.execute(text(_GONE)).mappings().all()
    return gone, connection.execute(text(_RECODED)).mappings().all()


# Only places with more than one organisation, of which this edition has one. The newest land that each holding states;
# what another code carries on is not there twice.
_SHARED = """
WITH shared AS (
    SELECT h.site_ref FROM (SELECT DISTINCT site_ref FROM edition_row WHERE site_ref IS NOT NULL) r
    JOIN holding h ON h.site_ref = r.site_ref
    GROUP BY h.site_ref HAVING min(h.organisation_code) <> max(h.organisation_code)
)
SELECT h.site_ref, h.organisation_code, h.code, h.name, here.line AS here, l.number AS land_ha, l.edition, l.edition_id,
       l.line, l.sensitivity,
       (SELECT array_agg(p.successor_code) FROM succession p
        WHERE p.predecessor_code = h.organisation_code) AS successors
FROM shared s JOIN holding h ON h.site_ref = s.site_ref LEFT JOIN edition_row here ON here.id = h.id
LEFT JOIN LATERAL (
    SELECT c.number, c.edition, c.edition_id, c.line, c.sensitivity FROM standing_claim c
    WHERE c.holding_id = h.id AND c.attribute IN ('land_owned_ha', 'land_ha') AND c.number > 0
      AND c.implausible IS NULL AND (here.line IS NULL OR c.edition_id = :edition)
    ORDER BY c.day DESC, c.attribute DESC, c.id DESC LIMIT 1
) l ON true
WHERE NOT EXISTS (SELECT FROM standing_judgement j WHERE j.organisation_code = h.organisation_code
                  AND j.holding_code = h.code AND j.succeeded_by_code IS NOT NULL)
ORDER BY h.site_ref, h.organisation_code, h.code
"""


def list_shared(connection: Connection, edition_id: int) -> Sequence[RowMapping]:
    """The holdings of every place that this edition and more than one organisation return, in the order of the place.

    `here` is the row of this edition, None for a holding that it does not have. Call `open_rows` before.
    """
    return connection.execute(text(_SHARED), {"edition": edition_id}).mappings().all()
