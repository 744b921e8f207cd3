"""Blocking: which holdings are worth comparing with the new ones, found by SQL and a spatial tree, never all by all."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from sqlalchemy import Connection, Row, text

from estates_api.domain.addresses import telling_words
from estates_api.domain.likeness import Entry
from estates_api.domain.matching import Key, Standing
from estates_api.store.copying import copy_rows
from estates_api.store.ended import mark_near, set_ended_apart

CHUNK = 5_000
"""New holdings placed at a time: what bounds the memory, whatever the size of a list."""

NEAR_M = 250.0
NEAREST = 12
"""Neighbours looked at around a point."""

ALIKE_PERCENT = 70.0
"""Neighbours whose telling words share less than this (rapidfuzz token set ratio) are not worth comparing..."""

TOUCHING_M = 5.0
"""... unless their points are this close."""

_TABLES = """
CREATE TEMP TABLE IF NOT EXISTS chunk (
    id bigint PRIMARY KEY, organisation_code text, code text, name text, postcode text, uprn text,
    easting float8, northing float8
) ON COMMIT DROP;
CREATE TEMP TABLE IF NOT EXISTS pair (holding_id bigint, other_id bigint) ON COMMIT DROP;
CREATE TEMP TABLE IF NOT EXISTS kinship (organisation_code text, kin_code text) ON COMMIT DROP;
"""

# Ancestors and heirs, not siblings: two trusts that merged into a third are not each other's continuation.
_KINSHIP = """
WITH RECURSIVE heir(organisation_code, kin_code) AS (
    SELECT predecessor_code, successor_code FROM succession
    UNION
    SELECT h.organisation_code, s.successor_code FROM heir h JOIN succession s ON s.predecessor_code = h.kin_code
)
INSERT INTO kinship SELECT organisation_code, kin_code FROM heir WHERE kin_code <> organisation_code
              UNION SELECT kin_code, organisation_code FROM heir WHERE kin_code <> organisation_code
"""

_CHUNK = """
INSERT INTO chunk
SELECT h.id, h.organisation_code, h.code, h.name, coalesce(j.postcode, h.postcode), h.uprn,
       coalesce(h.easting, p.easting), coalesce(h.northing, p.northing)
FROM holding h
LEFT JOIN standing_judgement j ON j.organisation_code = h.organisation_code AND j.holding_code = h.code
LEFT JOIN postcode p ON p.postcode = coalesce(j.postcode, h.postcode)
WHERE h.site_ref IS NULL AND h.code <> 'AGGRE' AND (h.organisation_code, h.code) > (:organisation, :code)
  AND {which}
ORDER BY h.organisation_code, h.code LIMIT :size
"""

_LIVE, _ENDED_NEAR = "h.id NOT IN (SELECT id FROM ended)", "h.id IN (SELECT id FROM ended WHERE near)"

# A long list of one organisation meets all holdings of the others that have a site: they are set apart once.
_ALL_OTHERS = """
SELECT h.id, h.organisation_code, h.code, h.name, h.postcode, h.uprn, h.easting, h.northing
FROM holding h WHERE h.site_ref IS NOT NULL AND h.organisation_code <> :alone
"""

# A short one meets what is in its reach, however many holdings there are, and the rest of its chunk.
_OTHERS_IN_REACH = """
WITH reached AS (
    SELECT h.id FROM holding h JOIN chunk c USING (postcode)
    UNION SELECT h.id FROM holding h JOIN chunk c USING (uprn)
    UNION SELECT h.id FROM holding h JOIN chunk c USING (code)
    UNION SELECT h.id FROM holding h JOIN kinship k ON k.kin_code = h.organisation_code
          WHERE k.organisation_code IN (SELECT organisation_code FROM chunk)
    UNION SELECT id FROM holding WHERE upper(name) IN (SELECT upper(name) FROM chunk)
    UNION SELECT h.id FROM chunk c CROSS JOIN LATERAL (
              SELECT ref FROM site WHERE ST_DWithin(geom, ST_SetSRID(ST_MakePoint(c.easting, c.northing), 27700), 250)
              ORDER BY geom <-> ST_SetSRID(ST_MakePoint(c.easting, c.northing), 27700) LIMIT 40
          ) s JOIN holding h ON h.site_ref = s.ref
          WHERE c.easting IS NOT NULL
    UNION SELECT id FROM chunk
)
SELECT h.id, h.organisation_code, h.code, h.name, h.postcode, h.uprn, h.easting, h.northing
FROM holding h JOIN reached USING (id)
WHERE h.code <> 'AGGRE' AND (h.site_ref IS NOT NULL OR h.id IN (SELECT id FROM chunk)) AND :alone = ''
"""

# One block per statement. A block that is too large is cut: equal names first, then the order of the codes.
_BLOCKS = {
    "postcode": """
        SELECT c.id, o.id FROM chunk c CROSS JOIN LATERAL (
            SELECT id FROM others WHERE postcode = c.postcode AND organisation_code <> c.organisation_code
            ORDER BY upper(name) = upper(c.name) DESC, organisation_code, code LIMIT 60) o
        WHERE c.postcode IS NOT NULL""",
    "uprn": """
        SELECT c.id, o.id FROM chunk c CROSS JOIN LATERAL (
            SELECT id FROM others WHERE uprn = c.uprn AND organisation_code <> c.organisation_code
            ORDER BY organisation_code, code LIMIT 20) o
        WHERE c.uprn IS NOT NULL""",
    "code": """
        SELECT c.id, o.id FROM chunk c JOIN others o ON o.code = c.code AND o.organisation_code <> c.organisation_code
        WHERE starts_with(c.code, c.organisation_code) OR starts_with(o.code, o.organisation_code)""",
    "kin": """
        SELECT c.id, o.id FROM chunk c JOIN kinship k USING (organisation_code) CROSS JOIN LATERAL (
            SELECT id FROM others WHERE organisation_code = k.kin_code AND (upper(name) = upper(c.name)
                OR code = k.kin_code || substr(c.code, length(c.organisation_code) + 1)) ORDER BY code LIMIT 20) o""",
    "kin of short lists": """
        WITH heirs AS (SELECT organisation_code FROM chunk GROUP BY 1 HAVING count(*) <= 500),
             elders AS (SELECT organisation_code AS kin_code FROM others GROUP BY 1 HAVING count(*) <= 500)
        SELECT c.id, o.id FROM chunk c JOIN heirs USING (organisation_code) JOIN kinship k USING (organisation_code)
        JOIN elders USING (kin_code) JOIN others o ON o.organisation_code = k.kin_code""",
    "name": """
        WITH rare AS (SELECT upper(name) AS name FROM others GROUP BY 1 HAVING count(*) <= 10)
        SELECT c.id, o.id FROM chunk c JOIN rare r ON r.name = upper(c.name)
        JOIN others o ON upper(o.name) = r.name AND o.organisation_code <> c.organisation_code
        WHERE coalesce(c.postcode, c.easting::text) IS NULL OR coalesce(o.postcode, o.easting::text) IS NULL""",
}

# Who has a point: its own, or else its postcode's.
_CHUNK_POINTS = """
SELECT id, organisation_code, name, easting, northing FROM chunk WHERE easting IS NOT NULL
ORDER BY organisation_code, code
"""
_OTHERS_POINTS = """
SELECT h.id, h.organisation_code, h.name, coalesce(h.easting, p.easting), coalesce(h.northing, p.northing)
FROM others h LEFT JOIN postcode p ON p.postcode = h.postcode WHERE coalesce(h.easting, p.easting) IS NOT NULL
ORDER BY h.organisation_code, h.code
"""

_ENTRIES = """
SELECT h.id, h.organisation_code, h.code, h.name, coalesce(j.postcode, h.postcode), coalesce(j.address, h.address),
       h.uprn, coalesce(h.easting, p.easting, ST_X(l.geom)), coalesce(h.northing, p.northing, ST_Y(l.geom)),
       CASE WHEN h.easting IS NOT NULL THEN 'uprn' WHEN p.easting IS NOT NULL THEN 'postcode'
            WHEN l.geom IS NOT NULL THEN 'lsoa' END,
       gia.number, land.number, k.kin, h.site_ref, j.place IS NOT NULL
FROM wanted w JOIN holding h ON h.id = w.id
LEFT JOIN standing_judgement j ON j.organisation_code = h.organisation_code AND j.holding_code = h.code
LEFT JOIN postcode p ON p.postcode = coalesce(j.postcode, h.postcode)
LEFT JOIN lsoa l ON l.code = p.lsoa_code AND p.easting IS NULL
LEFT JOIN (SELECT organisation_code, array_agg(kin_code) AS kin FROM kinship GROUP BY 1) k
       ON k.organisation_code = h.organisation_code
LEFT JOIN LATERAL (SELECT number FROM claim c WHERE c.holding_id = h.id AND c.attribute = 'gia_m2'
                   AND c.implausible IS NULL AND number > 0 ORDER BY as_of DESC NULLS LAST LIMIT 1) gia ON true
LEFT JOIN LATERAL (SELECT number FROM claim c WHERE c.holding_id = h.id AND c.attribute IN ('land_ha', 'land_owned_ha')
                   AND c.implausible IS NULL AND number > 0 ORDER BY as_of DESC NULLS LAST LIMIT 1) land ON true
"""


_STATED = ("organisation_code", "code", "name", "postcode", "address", "uprn", "easting", "northing", "precision",
           "gia_m2", "land_ha")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A holding as it is compared, with its site (None for a new one); `judged`: a person put it there."""

    id: int
    entry: Entry
    site_ref: str | None
    judged: bool

    def standing(self, judged: Collection[Key]) -> Standing | None:
        """The holding at its site (`judged` names holdings that a person joined with others); None for a new one."""
        by_person = self.judged or self.entry.key in judged
        return Standing(self.entry, self.site_ref, by_person) if self.site_ref else None


@dataclass(frozen=True, slots=True)
class _Points:
    """Where holdings are, column by column."""

    ids: NDArray[np.int64]
    organisations: NDArray[np.str_]
    names: list[str]
    tree: Any


class Blocking:
    """New holdings chunk by chunk, each with the pairs worth weighing. One object serves one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._alone: str | None = None
        self._points: _Points | None = None
        for statement in _TABLES.split(";\n"):
            if statement.strip():
                connection.execute(text(statement))
        connection.execute(text("TRUNCATE kinship"))
        self._has_kin = connection.execute(text(_KINSHIP)).rowcount > 0
        connection.execute(text("ANALYZE kinship"))
        self._has_ended = set_ended_apart(connection, datetime.now(UTC).date())

    def chunks(self) -> Iterator[int]:
        """Fill `chunk` with the next new holdings, in the order of their codes, until none is left; their number.

        Those that have ended are left out: they are not what a site is founded on.
        """
        return self._chunks(_LIVE)

    def ended_chunks(self) -> Iterator[int]:
        """As `chunks`, with holdings that have ended and may stand where something was put in this transaction."""
        if not self._has_ended:
            return
        mark_near(self._connection)
        self._alone = None  # sites came since the others were set apart
        yield from self._chunks(_ENDED_NEAR)

    def _chunks(self, which: str) -> Iterator[int]:
        after = {"organisation": "", "code": ""}
        while True:
            self._connection.execute(text("TRUNCATE chunk"))
            self._connection.execute(text(_CHUNK.format(which=which)), {**after, "size": CHUNK})
            query = "SELECT organisation_code, code FROM chunk ORDER BY organisation_code DESC, code DESC LIMIT 1"
            last = self._connection.execute(text(query)).one_or_none()
            if last is None:
                return
            self._connection.execute(text("ANALYZE chunk"))
            after = {"organisation": last.organisation_code, "code": last.code}
            yield self._connection.execute(text("SELECT count(*) FROM chunk")).scalar_one()

    def pairs(self) -> list[tuple[int, int]]:
        """The pairs of holdings of the chunk with others that one of the blocks found."""
        self._open_others()
        self._connection.execute(text("TRUNCATE pair"))
        for name, block in _BLOCKS.items():
            if self._has_kin or not name.startswith("kin"):
                self._connection.execute(text(f"INSERT INTO pair {block}"))
        copy_rows(self._connection, "pair", ("holding_id", "other_id"), self._near())
        query = "SELECT DISTINCT least(holding_id, other_id), greatest(holding_id, other_id) FROM pair"
        return [(row[0], row[1]) for row in self._connection.execute(text(query))]

    def _open_others(self) -> None:
        """Who may be a candidate: holdings that have a site, and the rest of the chunk."""
        query = "SELECT min(organisation_code), max(organisation_code), count(*) FROM chunk"
        first, last, size = self._connection.execute(text(query)).one()
        if first == last == self._alone:
            return
        self._alone, self._points = first if first == last and size == CHUNK else None, None
        self._connection.execute(text("DROP TABLE IF EXISTS pg_temp.others"))
        self._connection.execute(
            text(f"CREATE TEMP TABLE others ON COMMIT DROP AS {_ALL_OTHERS if self._alone else _OTHERS_IN_REACH}"),
            {"alone": self._alone or ""},
        )
        for columns in ("postcode", "uprn", "code", "organisation_code", "upper(name)"):
            self._connection.execute(text(f"CREATE INDEX ON others ({columns})"))
        self._connection.execute(text("ANALYZE others"))

    def _near(self) -> Iterator[tuple[int, int]]:
        """Pairs whose points are near and whose names have something in common."""
        if self._points is None:
            self._points = _points(self._connection, _OTHERS_POINTS)
        theirs = self._points
        if not len(theirs.ids):
            return
        mine = _points(self._connection, _CHUNK_POINTS)
        if not len(mine.ids):
            return
        distances, places = theirs.tree.query(mine.tree.data, k=NEAREST, distance_upper_bound=NEAR_M, workers=2)
        rows, columns = np.nonzero(np.isfinite(distances))
        left, right = rows, places[rows, columns]
        other = mine.organisations[left] != theirs.organisations[right]
        left, right, apart = left[other], right[other], distances[rows, columns][other]
        alike = process.cpdist([mine.names[i] for i in left], [theirs.names[i] for i in right],
                               scorer=fuzz.token_set_ratio, workers=1)  # fmt: skip
        worth = (apart <= TOUCHING_M) | (alike >= ALIKE_PERCENT)
        for one, two in zip(mine.ids[left[worth]], theirs.ids[right[worth]], strict=True):
            yield int(one), int(two)


def read_candidates(connection: Connection, pairs: Sequence[tuple[int, int]]) -> dict[int, Candidate]:
    """The holdings of the pairs by id, and everything else that stands at the sites among them."""
    ids = sorted({number for pair in pairs for number in pair})
    wanted = """WITH asked AS MATERIALIZED (SELECT unnest(CAST(:ids AS bigint[])) AS id), wanted AS MATERIALIZED (
        SELECT id FROM asked
        UNION SELECT n.id FROM asked JOIN holding h USING (id) JOIN holding n ON n.site_ref = h.site_ref)"""
    return {row[0]: _candidate(row) for row in connection.execute(text(wanted + _ENTRIES), {"ids": ids})}


def _candidate(row: Row[Any]) -> Candidate:
    values: list[Any]
    number, *values = row
    kin, site_ref, judged = values[11:]
    stated: dict[str, Any] = dict(zip(_STATED, values, strict=False))
    return Candidate(number, Entry(**stated, kin=frozenset(kin or ())), site_ref, judged)


def _points(connection: Connection, query: str) -> _Points:
    """The holdings that a query finds, with where they are."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 -- 50 MB that reading does not need

    ids, organisations, names, places = [], [], [], []
    for row in connection.execute(text(query), execution_options={"yield_per": 10_000}):
        ids.append(row[0])
        organisations.append(row[1])
        names.append(telling_words(row[2]))
        places.append((row[3], row[4]))
    spots = np.array(places, dtype=float).reshape(-1, 2)
    return _Points(np.array(ids, dtype=np.int64), np.array(organisations, dtype=np.str_), names, cKDTree(spots))
