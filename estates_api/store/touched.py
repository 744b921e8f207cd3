"""Which sites a transaction touched: those alone are rendered anew for the audiences."""

from collections.abc import Collection

from sqlalchemy import Connection, text


def open_touched(connection: Connection) -> None:
    """Begin to keep note, until the transaction ends. Safe to call again."""
    connection.execute(text("CREATE TEMP TABLE IF NOT EXISTS touched_site (ref text PRIMARY KEY) ON COMMIT DROP"))


def touch_holdings(connection: Connection, ids: Collection[int]) -> None:
    """The sites at which these holdings stand."""
    if ids:
        _touch(connection, "SELECT DISTINCT site_ref FROM holding WHERE id = ANY(:ids) AND site_ref IS NOT NULL",
               ids=list(ids))  # fmt: skip


def touch_edition(connection: Connection, edition_id: int) -> None:
    """The sites that an edition tells of other than by claims: by events, by judgements, and by organisations that it
    names anew or says to be carried on by others."""
    _touch(connection, """
        SELECT h.site_ref FROM event e JOIN holding h ON h.code = e.holding_code
        WHERE e.edition_id = :edition AND h.site_ref IS NOT NULL
        UNION
        SELECT h.site_ref FROM organisation o JOIN holding h ON h.organisation_code = o.code
        WHERE o.edition_id = :edition AND h.site_ref IS NOT NULL
        UNION
        SELECT h.site_ref FROM judgement j JOIN holding h
            ON h.organisation_code = j.organisation_code AND h.code = j.holding_code
        WHERE j.edition_id = :edition AND h.site_ref IS NOT NULL
        UNION
        SELECT h.site_ref FROM holding h WHERE h.site_ref IS NOT NULL AND h.organisation_code IN (
            WITH RECURSIVE led AS (
                SELECT predecessor_code AS code FROM succession WHERE edition_id = :edition
                UNION SELECT s.predecessor_code FROM succession s JOIN led l ON l.code = s.successor_code
            ) SELECT code FROM led)
    """, edition=edition_id)  # fmt: skip


def touch_sites(connection: Connection, refs: Collection[str]) -> None:
    """These sites."""
    _touch(connection, "SELECT unnest(CAST(:refs AS text[]))", refs=list(refs))


def touch_all(connection: Connection) -> None:
    """Every site."""
    _touch(connection, "SELECT ref FROM site")


def _touch(connection: Connection, query: str, **values: object) -> None:
    # The queries are constants of this module.
    connection.execute(text(f"INSERT INTO touched_site {query} ON CONFLICT DO NOTHING"), values)
