"""Holdings and what is claimed of them: written in batches, for an edition may be larger than memory."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, text

from estates_api.domain.attributes import UNITS
from estates_api.domain.records import HoldingRecord, Sensitivity
from estates_api.store.copying import (
    NULL,
    bigint_field,
    copy_binary,
    copy_rows,
    date_field,
    double_field,
    integer_field,
    text_writer,
)

HoldingKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Under:
    """The edition that rows are written under: its id, the day it speaks of, and who may see them."""

    edition_id: int
    period_end: date | None
    sensitivity: Sensitivity

    def of(self, record: HoldingRecord) -> Sensitivity:
        """The row's own sensitivity or the file's, whichever is stricter: of owner, partner, public the first sorts
        first."""
        stated = record.sensitivity
        return self.sensitivity if stated is None else min(stated, self.sensitivity)


@dataclass(frozen=True, slots=True)
class Put:
    """The holdings of a batch: the id of each by (organisation, code), and the ids of those that were there before."""

    ids: Mapping[HoldingKey, int]
    known: Collection[int]


_INCOMING = """
CREATE TEMP TABLE IF NOT EXISTS incoming (organisation_code text, code text, name text, sector text, address text,
    postcode text, uprn text, easting float8, northing float8, sensitivity text) ON COMMIT DROP
"""

# What was once handed in as private stays so.
_PUT = """
INSERT INTO holding (organisation_code, code, name, sector, address, postcode, uprn, easting, northing, sensitivity)
SELECT * FROM incoming
ON CONFLICT (organisation_code, code) DO UPDATE SET sensitivity = least(excluded.sensitivity, holding.sensitivity)
RETURNING organisation_code, code, id, xmax = 0 AS new
"""

_COLUMNS = ("organisation_code", "code", "name", "sector", "address", "postcode", "uprn", "easting", "northing")
_identity = attrgetter(*_COLUMNS)


def put_holdings(connection: Connection, under: Under, records: Sequence[HoldingRecord]) -> Put:
    """Add the holdings that are new; their organisations must be there (see put_named)."""
    # One row per holding: a reader refuses repeats, but ON CONFLICT would fail on them.
    rows = list({(record.organisation_code, record.code): record for record in records}.values())
    connection.execute(text(_INCOMING))
    copy_rows(connection, "incoming", (*_COLUMNS, "sensitivity"), ((*_identity(row), under.of(row)) for row in rows))
    found = connection.execute(text(_PUT)).all()
    connection.execute(text("TRUNCATE incoming"))
    return Put({(organisation, code): number for organisation, code, number, _ in found},
               [number for _, _, number, new in found if not new])  # fmt: skip


def add_claims(
    connection: Connection, under: Under, records: Iterable[HoldingRecord], ids: Mapping[HoldingKey, int]
) -> int:
    """Append every value of every row as a claim; the number of claims."""
    # What is the same for all claims of a row stands first: it is written once a row.
    columns = ("edition_id", "holding_id", "line", "as_of", "citation", "sensitivity", "attribute", "unit", "number",
               "text", "raw", "state", "implausible")  # fmt: skip
    return copy_binary(connection, "claim", columns, _claims(under, records, ids, text_writer(connection)))


def _claims(
    under: Under, records: Iterable[HoldingRecord], ids: Mapping[HoldingKey, int], text: Callable[[str | None], bytes]
) -> Iterator[bytes]:
    measured = {attribute: text(attribute) + text(unit) for attribute, unit in UNITS.items()}
    edition, reported = bigint_field(under.edition_id), text("reported") + NULL
    for record in records:
        head = (edition + bigint_field(ids[record.organisation_code, record.code]) + integer_field(record.line)
                + date_field(record.evidence_date or under.period_end) + text(record.citation)
                + text(under.of(record)))  # fmt: skip
        for attribute, raw, number, said, state, implausible in record.said():
            as_raw = text(raw)
            as_text = NULL if said is None else as_raw if said == raw else text(said)
            plain = state == "reported" and implausible is None
            standing = reported if plain else text(state) + text(implausible)
            yield b"".join((head, measured[attribute], double_field(number), as_text, as_raw, standing))


# What a holding is called and where it is, by the same order as any other claim (domain/claims.py, choose_claim).
# What no claim says any more keeps what was written before names were claims.
_SETTLE = """
WITH winner AS (
    SELECT DISTINCT ON (holding_id, attribute) holding_id, attribute, text FROM standing_claim
    WHERE holding_id = ANY(:ids) AND attribute IN ('name', 'address', 'postcode', 'uprn', 'position')
      AND state = 'reported' AND implausible IS NULL
    ORDER BY holding_id, attribute, authority DESC, day DESC, id DESC
), settled AS (
    SELECT holding_id, max(text) FILTER (WHERE attribute = 'name') AS name,
        max(text) FILTER (WHERE attribute = 'address') AS address,
        max(text) FILTER (WHERE attribute = 'postcode') AS postcode,
        max(text) FILTER (WHERE attribute = 'uprn') AS uprn,
        string_to_array(max(text) FILTER (WHERE attribute = 'position'), ' ')::float8[] AS position
    FROM winner GROUP BY holding_id
)
UPDATE holding h SET name = coalesce(s.name, h.name), address = coalesce(s.address, h.address),
    postcode = coalesce(s.postcode, h.postcode), uprn = coalesce(s.uprn, h.uprn),
    easting = coalesce(s.position[1], h.easting), northing = coalesce(s.position[2], h.northing)
FROM settled s WHERE s.holding_id = h.id
"""


def settle_holdings(connection: Connection, ids: Collection[int]) -> None:
    """Bring the names and places of holdings in line with their winning claims."""
    if ids:
        connection.execute(text(_SETTLE), {"ids": list(ids)})


def add_interests(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Append interests: (edition_id, holding_id, line, kind, evidence, as_of, sensitivity)."""
    columns = ("edition_id", "holding_id", "line", "kind", "evidence", "as_of", "sensitivity")
    copy_rows(connection, "interest", columns, rows)
