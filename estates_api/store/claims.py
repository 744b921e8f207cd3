"""The claims of one site: every value that any edition says of its holdings, with all that decides which one wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from estates_api.domain.claims import Claim
from estates_api.store.sites import Moment

_HELD_NOW = "SELECT id AS holding_id FROM holding WHERE site_ref = :ref"

_HELD_THEN = """
SELECT p.holding_id FROM placement p WHERE p.site_ref = :ref AND p.at <= :known_at AND NOT EXISTS (
    SELECT FROM placement n WHERE n.holding_id = p.holding_id AND n.id > p.id AND n.at <= :known_at)
"""

# What is masked leaves the database as NULL. An implausible value's reason may quote its neighbours in the row.
_CLAIMS = """
SELECT c.id, h.organisation_code, o.name AS organisation, h.code, h.sector, c.attribute, c.unit, c.state, c.line,
       c.as_of, coalesce(c.as_of, (e.at AT TIME ZONE 'UTC')::date) AS day, s.authority,
       CASE WHEN r.reason IS NULL THEN c.number END AS number,
       CASE WHEN r.reason IS NULL THEN c.text END AS text,
       CASE WHEN r.reason IS NULL THEN c.raw END AS raw,
       CASE WHEN r.reason IS NULL THEN c.citation END AS citation,
       CASE WHEN c.implausible IS NULL THEN NULL WHEN m.row THEN 'its row is redacted in part' ELSE c.implausible
           END AS implausible,
       r.reason AS redacted, r.actor AS redacted_by, r.at AS redacted_at,
       e.id AS edition_id, e.source, e.label, e.file_name, e.sha256, e.period_start, e.period_end, e.publisher,
       e.licence, e.url, e.at AS known, a.actor AS handed_in_by
FROM ({held}) t JOIN holding h ON h.id = t.holding_id JOIN organisation o ON o.code = h.organisation_code
JOIN claim c ON c.holding_id = h.id JOIN edition e ON e.id = c.edition_id JOIN source s ON s.name = e.source
LEFT JOIN LATERAL (
    SELECT r.reason, r.actor, r.at FROM redaction r WHERE r.edition_id = c.edition_id AND r.line = c.line
    AND coalesce(r.attribute, c.attribute) = c.attribute ORDER BY r.id LIMIT 1
) r ON true
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM redaction r WHERE r.edition_id = c.edition_id AND r.line = c.line) AS row
) m
LEFT JOIN LATERAL (
    SELECT a.actor FROM audit a WHERE s.authority >= 30 AND a.action = 'ingest' AND a.detail->>'sha256' = e.sha256
    LIMIT 1
) a ON true
WHERE (CAST(:attribute AS text) IS NULL OR c.attribute = :attribute) AND e.at <= coalesce(:known_at, e.at)
ORDER BY h.organisation_code, h.code, c.attribute, c.id
"""

_JUDGEMENTS = """
SELECT j.organisation_code, j.holding_code, j.place_name, j.address, j.postcode, j.evidence, j.at,
       e.source || ' ' || e.label AS edition, e.file_name, e.sha256
FROM ({held}) t JOIN holding h ON h.id = t.holding_id JOIN (
    SELECT DISTINCT ON (organisation_code, holding_code) * FROM judgement WHERE at <= coalesce(:known_at, at)
    ORDER BY organisation_code, holding_code, id DESC
) j ON j.organisation_code = h.organisation_code AND j.holding_code = h.code JOIN edition e ON e.id = j.edition_id
ORDER BY j.organisation_code, j.holding_code
"""


@dataclass(frozen=True, slots=True)
class Stated:
    """One claim with the holding it is of, and the file and row it stands in."""

    claim: Claim
    holding: tuple[str, str]
    row: RowMapping


def list_claims(
    connection: Connection, ref: str, moment: Moment | None, attribute: str | None = None
) -> list[Stated]:  # fmt: skip
    """Every claim on every holding of a site, by holding and attribute. The caller has seen to who may read it.

    With a moment, of what was known then, and not of what speaks of a later day.
    """
    rows = _read(connection, _CLAIMS, ref, moment, attribute=attribute)
    stated = [Stated(_claim(row), (row["organisation_code"], row["code"]), row) for row in rows]
    return [one for one in stated if moment is None or one.claim.as_of <= moment.as_of]


def list_judgements(connection: Connection, ref: str, moment: Moment | None) -> Sequence[RowMapping]:
    """What persons said of where the holdings of a site stand, what the place is called, and where it is."""
    return _read(connection, _JUDGEMENTS, ref, moment)


def find_reference(connection: Connection, source: str) -> str | None:
    """The newest edition of a reference table, such as Postcodes; None where there is none."""
    query = text("SELECT source || ' ' || label FROM edition WHERE source = :source AND format = 'reference' "
                 "ORDER BY id DESC LIMIT 1")  # fmt: skip
    found: str | None = connection.execute(query, {"source": source}).scalar_one_or_none()
    return found


def _read(
    connection: Connection, query: str, ref: str, moment: Moment | None, **more: Any
) -> Sequence[RowMapping]:  # fmt: skip
    known_at: datetime | None = moment.known_at if moment else None
    held = _HELD_NOW if known_at is None else _HELD_THEN
    values = {"ref": ref, "known_at": known_at, **more}
    return connection.execute(text(query.format(held=held)), values).mappings().all()


def _claim(row: RowMapping) -> Claim:
    day: date = row["day"]
    return Claim(
        row["id"], row["attribute"], day, f"{row['source']} {row['label']}", row["line"], row["authority"],
        row["state"], row["number"], row["text"], row["implausible"], row["as_of"] is not None, row["redacted"],
    )  # fmt: skip
