"""What the database itself refuses, whatever a program tries: unsound places, false fingerprints, changed records."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from estates_api.store.database import transaction
from estates_api.store.tables import metadata

IMMUTABLE = ("edition", "issue", "claim", "interest", "event", "method", "assessment", "assessment_site", "shortlist",
             "audit", "tally", "placement", "judgement", "pair_judgement", "question", "fate", "succession",
             "organisation_name", "outline", "redaction", "decision", "endorsement")  # fmt: skip
POINT = "ST_SetSRID(ST_MakePoint(533000, 192000), 27700)"
CRS84 = "ST_SetSRID(ST_MakePoint(-0.08, 51.6), 4326)"

HOLDINGS = "(SELECT min(id) FROM holding), (SELECT max(id) FROM holding)"
SITES = "(SELECT min(ref) FROM site), (SELECT max(ref) FROM site)"
MADE = {
    "pair_judgement": "INSERT INTO pair_judgement (organisation_code, holding_code, other_organisation_code, "
    "other_holding_code, verdict, reason, actor) VALUES ('A', 'A', 'B', 'B', 'same', 'made', 'made')",
    "question": f"INSERT INTO question (holding_id, other_holding_id, weight, evidence) VALUES ({HOLDINGS}, 1, 'made')",
    "fate": f"INSERT INTO fate (ref, survivor, kind, reason, actor) VALUES ({SITES}, 'merged', 'made', 'made')",
    "outline": "INSERT INTO outline (edition_id, holding_id, line, geom, evidence) SELECT min(e.id), min(h.id), 1, "
    "ST_GeomFromText('MULTIPOLYGON(((0 0,9 0,9 9,0 9,0 0)))', 27700), 'made' FROM edition e, holding h",
    "decision": "INSERT INTO decision (site_ref, step, from_state, to_state, organisation_code, organisation_name, "
    "organisation_sector, organisation_kind, body, decided_on, minute_reference, reason, actor) SELECT min(ref), "
    "'propose', 'identified', 'proposed surplus', 'A', 'A', 'NHS', '', 'made', '2020-01-01', '1', 'made', 'made' "
    "FROM site",
    "endorsement": "INSERT INTO endorsement (quarter, revision, organisation_code, organisation_name, sector, body, "
    "decided_on, minute_reference, actor) SELECT quarter, revision, 'A', 'A', 'NHS', 'made', '2020-01-01', '1', 'made' "
    "FROM shortlist LIMIT 1",
    "redaction": "INSERT INTO redaction (edition_id, line, reason, actor) SELECT min(id), 1, 'made', 'made' "
    "FROM edition",
}
"""A row for each record table that is empty after a first run."""


def polygon(text_of_it: str) -> str:
    """SQL of a geometry in EPSG:27700."""
    return f"ST_GeomFromText('{text_of_it}', 27700)"


SQUARE = polygon("MULTIPOLYGON(((0 0,9 0,9 9,0 9,0 0)))")


def add_site(engine: Engine, geom: str, precision: str = "postcode", crs84: str | None = None) -> None:
    """Insert a site with SQL for its position."""
    crs84 = crs84 or ("NULL" if geom == "NULL" else CRS84)
    columns = "ref, name, precision, geom, geom_crs84"
    with transaction(engine) as connection:
        connection.execute(text(f"INSERT INTO site ({columns}) VALUES ('A', 'A', '{precision}', {geom}, {crs84})"))


@contextmanager
def refused(engine: Engine, reason: str) -> Iterator[Connection]:
    """A transaction on the shared database in which the database must refuse something; nothing of it stays."""
    with transaction(engine) as connection:
        connection.execute(text("SET TRANSACTION READ WRITE"))
        with pytest.raises(DBAPIError, match=reason):
            yield connection
        connection.rollback()


@pytest.mark.parametrize(
    ("geom", "precision"), [(POINT, "postcode"), (POINT, "uprn"), (POINT, "lsoa"), (SQUARE, "outline")]
)
def test_sound_places_are_taken(migrated: Engine, geom: str, precision: str) -> None:
    """A point for what is known to a point, a multipolygon for an outline."""
    add_site(migrated, geom, precision)


@pytest.mark.parametrize("precision", ["borough", "unknown"])
def test_an_unknown_place_has_no_point(migrated: Engine, precision: str) -> None:
    """Where only the borough or nothing is known, there is no geometry: a made-up point would be believed."""
    with pytest.raises(IntegrityError, match="site_position"):
        add_site(migrated, POINT, precision)
    add_site(migrated, "NULL", precision)


@pytest.mark.parametrize(
    ("geom", "precision", "reason"),
    [
        ("ST_SetSRID(ST_MakePoint(533000, 192000), 4326)", "postcode", "SRID"),
        (POINT, "outline", "site_shape"),
        (SQUARE, "postcode", "site_shape"),
        (polygon("POLYGON((0 0,9 0,9 9,0 9,0 0))"), "outline", "site_shape"),
        (polygon("MULTIPOLYGON(((0 0,9 9,9 0,0 9,0 0)))"), "outline", "site_sound"),
        (polygon("MULTIPOLYGON EMPTY"), "outline", "site_"),
        (polygon("POINT EMPTY"), "postcode", "site_"),
        ("ST_SetSRID(ST_MakePoint('NaN', 192000), 27700)", "postcode", "site_"),
        ("ST_SetSRID(ST_MakePoint(533000, 'Infinity'), 27700)", "postcode", "site_"),
        ("ST_SetSRID(ST_MakePoint('-Infinity', 192000), 27700)", "postcode", "site_"),
        ("ST_SetSRID(ST_MakePoint(-1, 192000), 27700)", "postcode", "site_on_grid"),
        ("ST_SetSRID(ST_MakePoint(533000, 1300001), 27700)", "postcode", "site_on_grid"),
        ("NULL", "postcode", "site_position"),
        (POINT, "roughly", "precision"),
    ],
)
def test_unsound_places_are_refused(migrated: Engine, geom: str, precision: str, reason: str) -> None:
    """Another reference system, an invalid or empty shape, a number that is none, a point off the grid, a precision
    that does not fit the geometry: the row is refused."""
    with pytest.raises(DBAPIError, match=reason):
        add_site(migrated, geom, precision)


def test_both_positions_or_none(migrated: Engine) -> None:
    """A site with a grid position has its CRS84 position too: readers need not compute either."""
    with pytest.raises(IntegrityError, match="site_both_positions"):
        add_site(migrated, POINT, crs84="NULL")


@pytest.mark.parametrize("shape", ["MULTIPOLYGON(((0 0,9 9,9 0,0 9,0 0)))", "MULTIPOLYGON EMPTY"])
def test_a_borough_is_sound(migrated: Engine, shape: str) -> None:
    """Outlines that places are looked up in are valid and not empty."""
    with transaction(migrated) as connection, pytest.raises(IntegrityError, match="borough"):
        connection.execute(text(f"INSERT INTO borough VALUES ('E09000001', 'A', {polygon(shape)})"))


def test_a_fingerprint_is_that_of_the_bytes(loaded: Engine) -> None:
    """A shortlist whose SHA-256 is not that of its stored bytes cannot be stored."""
    insert = text(
        "INSERT INTO shortlist (quarter, revision, status, assessment_id, content, sha256) "
        "SELECT '2031-Q1', 1, 'draft', max(id), :content, :sha256 FROM assessment"
    )
    right = hashlib.sha256(b"bytes").hexdigest()
    with transaction(loaded) as connection, pytest.raises(IntegrityError, match="shortlist"):
        connection.execute(insert, {"content": b"other bytes", "sha256": right})
    with transaction(loaded) as connection:
        connection.execute(insert, {"content": b"bytes", "sha256": right})


@pytest.mark.parametrize("table", IMMUTABLE)
@pytest.mark.parametrize("change", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
def test_records_are_never_changed(reading: Engine, table: str, change: str) -> None:
    """What was handed in and what was concluded is added to, never updated, deleted or emptied."""
    column = metadata.tables[table].columns.keys()[1]
    with transaction(reading) as connection:
        connection.execute(text("SET TRANSACTION READ WRITE"))
        connection.execute(text(MADE.get(table, "SELECT 1")))
        with pytest.raises(DBAPIError, match="is a record: rows are added, never changed or removed"):
            connection.execute(text(change.format(table, column)))
        connection.rollback()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_claims_are_finite(reading: Engine, number: str) -> None:
    """No claim holds a number that JSON cannot say."""
    same = "edition_id, holding_id, line, attribute, unit, raw, state"
    copy = f"INSERT INTO claim (number, {same}) SELECT '{number}', {same} FROM claim WHERE state = 'reported' LIMIT 1"
    with refused(reading, "claim_number_check") as connection:
        connection.execute(text(copy))


def test_an_aggregate_has_no_place(reading: Engine) -> None:
    """ERIC's AGGRE row stands for many small sites: the database refuses to put it at one."""
    with refused(reading, "holding_aggregate") as connection:
        connection.execute(text("UPDATE holding SET site_ref = (SELECT min(ref) FROM site) WHERE code = 'AGGRE'"))


@pytest.mark.parametrize("role", ["estates_public", "estates_partner"])
@pytest.mark.parametrize("table", ["site_complete", "site", "claim", "holding", "event", "edition", "shortlist"])
def test_a_role_reads_its_own_table_only(reading: Engine, role: str, table: str) -> None:
    """The database itself refuses the public's and the partners' roles everything but their projection."""
    with transaction(reading) as connection:
        connection.execute(text(f"SET LOCAL ROLE {role}"))
        assert connection.execute(text(f"SELECT count(*) FROM site_{role.removeprefix('estates_')}")).scalar_one()
        with pytest.raises(DBAPIError, match="permission denied"):
            connection.execute(text(f"SELECT 1 FROM {table}"))


def test_the_public_role_writes_nothing(reading: Engine) -> None:
    """Reading for the public cannot change even the table it reads."""
    with refused(reading, "permission denied") as connection:
        connection.execute(text("SET LOCAL ROLE estates_public"))
        connection.execute(text("DELETE FROM site_public"))


@pytest.mark.parametrize(
    ("table", "columns", "values"),
    [
        ("claim", "edition_id, holding_id, line, attribute, number, unit, raw, state",
         "{edition}, {holding}, 2, 'gia_m2', 1, 'm2', '1', 'reported'"),
        ("interest", "edition_id, holding_id, kind, evidence", "{edition}, {holding}, 'unknown', 'made'"),
        ("placement", "holding_id, site_ref, evidence", "{holding}, {site}, 'made'"),
        ("holding", "organisation_code, code, name, sector, site_ref", "{organisation}, 'new', 'new', 'NHS', {site}"),
        ("issue", "edition_id, severity, reason, rule", "{edition}, 'note', 'made', 'list-undated'"),
    ],
)  # fmt: skip
def test_what_is_referred_to_is_there(reading: Engine, table: str, columns: str, values: str) -> None:
    """A row that refers to an edition, holding or site that is not there is refused, also among good ones."""
    there = {"edition": "(SELECT min(id) FROM edition)", "holding": "(SELECT min(id) FROM holding)",
             "site": "(SELECT min(ref) FROM site)", "organisation": "'RAL'"}  # fmt: skip
    missing = {"edition": "-1", "holding": "-1", "site": "'NCL-NONE'", "organisation": "'RAL-NONE'"}
    for what in (name for name in there if f"{{{name}}}" in values):
        good, bad = values.format(**there), values.format(**(there | {what: missing[what]})).replace("'new'", "'newer'")
        with refused(reading, f"{table} refers to {what} .*, which is not there") as connection:
            connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({good}), ({bad})"))


@pytest.mark.parametrize("table", ["holding", "site", "organisation"])
def test_what_is_referred_to_stays(reading: Engine, table: str) -> None:
    """Holdings and sites are never removed: records refer to them."""
    with refused(reading, f"{table} is a record|violates foreign key") as connection:
        connection.execute(text(f"DELETE FROM {table}"))
    with refused(reading, f"{table} is a record|cannot truncate") as connection:
        connection.execute(text(f"TRUNCATE {table} CASCADE"))


def test_what_the_database_refuses_is_told_without_its_values(loaded: Engine) -> None:
    """The message of a statement that failed goes to the log: it has the statement, and not what it was asked with."""
    with transaction(loaded) as connection, pytest.raises(DBAPIError) as failed:
        connection.execute(text("SELECT CAST(CAST(:name AS text) || 'x' AS json), :name"), {"name": "[SEC"})
    assert "[SEC" not in str(failed.value).replace(str(failed.value.orig), "")
