"""Older schemas with a row and more in every table, each in its own terms: what a revision brought never changes,
whatever later ones do. Importable as `revisions`, however pytest is started."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine

from estates_api.settings import ROOT
from estates_api.store.database import transaction

SHA = "a" * 64

_0001 = f"""
INSERT INTO source VALUES ('made', 10);
INSERT INTO edition (source, label, format, file_name, sha256, bytes, counts)
    VALUES ('made', '2020', 'template', 'made.csv', '{SHA}', 1, '{{}}');
INSERT INTO issue (edition_id, severity, reason) VALUES (1, 'note', 'made');
INSERT INTO borough VALUES ('E09000010', 'Enfield',
    ST_GeomFromText('MULTIPOLYGON(((530000 190000,540000 190000,540000 200000,530000 200000,530000 190000)))', 27700));
INSERT INTO lsoa VALUES ('E01000001', 'made', 'E09000010', ST_SetSRID(ST_MakePoint(533000, 192000), 27700), 5, '3');
INSERT INTO postcode VALUES ('N18 1QX', 533000, 192000, 'E01000001', 'E09000010', NULL), ('N1 1AA', NULL, NULL, NULL,
    NULL, '201601');
INSERT INTO organisation (code, name, sector, kind, status, edition_id) VALUES ('RZ1', 'Made', 'NHS', 'x', 'active', 1);
INSERT INTO site (ref, name, precision, geom, geom_crs84, inside_area) VALUES ('NCL-A', 'Made', 'postcode',
    ST_SetSRID(ST_MakePoint(533000, 192000), 27700), ST_SetSRID(ST_MakePoint(-0.08, 51.6), 4326), true);
INSERT INTO site (ref, name, precision) VALUES ('NCL-B', 'Nowhere', 'unknown');
INSERT INTO holding (organisation_code, code, name, sector, site_ref) VALUES ('RZ1', 'A', 'Made', 'NHS', 'NCL-A');
INSERT INTO holding_address (holding_id, postcode) VALUES (1, 'N18 1QX');
INSERT INTO judgement (organisation_code, holding_code, place, place_name, evidence, edition_id)
    VALUES ('RZ1', 'A', 'A', 'Made', 'a page', 1);
INSERT INTO claim (edition_id, holding_id, line, attribute, number, unit, raw, state)
    VALUES (1, 1, 2, 'gia_m2', 100, 'm2', '100', 'reported');
INSERT INTO interest (edition_id, holding_id, kind, evidence) VALUES (1, 1, 'freeholder', 'a page');
INSERT INTO event (edition_id, line, site_name, organisation_name, kind, scope, date_text, citation_title, citation_url)
    VALUES (1, 2, 'Made', 'Made', 'sold', 'whole', '', 'a page', 'https://example.org');
INSERT INTO method (sha256, id, content) VALUES ('{SHA}', 'made', 'x');
INSERT INTO assessment (method_sha256, as_of, present, known_at, data_sha256, code_version, seed, sha256)
    VALUES ('{SHA}', '2020-01-01', true, now(), '{SHA}', '1', 0, '{SHA}');
INSERT INTO assessment_site VALUES (1, 'NCL-A', 'retain', 10, 1, 10, 1, '{{}}');
INSERT INTO shortlist (quarter, revision, status, assessment_id, content, sha256)
    VALUES ('2020-Q1', 1, 'draft', 1, 'x', encode(sha256('x'), 'hex'));
INSERT INTO audit (actor, action, subject, detail) VALUES ('made', 'made', 'made', '{{}}');
INSERT INTO site_complete (ref, name, sector, site_feature, detail) VALUES ('NCL-A', 'Made', 'NHS', '{{}}', '{{}}');
"""

_0002 = """
INSERT INTO redaction (edition_id, line, reason, actor) VALUES (1, 9, 'a name', 'made');
INSERT INTO succession (predecessor_code, successor_code, succeeded_on, edition_id)
    VALUES ('RZ0', 'RZ1', '2019-04-01', 1);
INSERT INTO holding (organisation_code, code, name, sector, site_ref) VALUES ('RZ1', 'B', 'Other', 'NHS', 'NCL-B');
INSERT INTO pair_judgement (organisation_code, holding_code, other_organisation_code, other_holding_code, verdict,
    reason, actor) VALUES ('RZ1', 'A', 'RZ1', 'B', 'different', 'seen', 'made');
INSERT INTO question (holding_id, other_holding_id, weight, evidence) VALUES (1, 2, 0.5, 'a name');
INSERT INTO fate (ref, kind, survivor, reason, actor) VALUES ('NCL-B', 'merged', 'NCL-A', 'one place', 'made');
INSERT INTO outline (edition_id, holding_id, line, geom, evidence) VALUES (1, 1, 2,
    ST_GeomFromText('MULTIPOLYGON(((533000 192000,533100 192000,533100 192100,533000 192000)))', 27700), 'drawn');
"""
_0005 = f"""
INSERT INTO adoption (method_sha256, adopted_by, reason) VALUES ('{SHA}', 'a board', 'agreed');
"""
_0006 = """
INSERT INTO layer_feature (edition_id, line, kind, name, geom, geom_crs84) VALUES (1, 3, 'green-belt', 'Made',
    ST_GeomFromText('MULTIPOLYGON(((533000 192000,533100 192000,533100 192100,533000 192000)))', 27700),
    ST_GeomFromText('MULTIPOLYGON(((-0.08 51.6,-0.07 51.6,-0.07 51.61,-0.08 51.6)))', 4326));
INSERT INTO standing_layer VALUES ('green-belt', 'made', 1);
INSERT INTO layer_part VALUES (1, 'green-belt',
    ST_GeomFromText('POLYGON((533000 192000,533100 192000,533100 192100,533000 192000))', 27700));
"""
_0009 = """
INSERT INTO shortlist (quarter, revision, status, assessment_id, content, sha256, actor)
    VALUES ('2020-Q1', 2, 'published', 1, 'x', encode(sha256('x'), 'hex'), 'a board');
INSERT INTO shortlist_view VALUES (2, 'public', 'y', encode(sha256('y'), 'hex')),
    (2, 'partner', 'z', encode(sha256('z'), 'hex'));
INSERT INTO choice (quarter, site_ref, kind, list, reason, actor)
    VALUES ('2020-Q1', 'NCL-A', 'pin', 'release', 'b', 'c');
"""
_0010 = """
INSERT INTO decision (site_ref, step, from_state, to_state, organisation_code, organisation_name, organisation_sector,
    organisation_kind, body, decided_on, minute_reference, reason, actor) VALUES ('NCL-A', 'propose', 'identified',
    'proposed surplus', 'RZ1', 'Made', 'NHS', 'x', 'Board', '2020-02-01', '1', 'empty', 'a clerk');
INSERT INTO endorsement (quarter, revision, organisation_code, organisation_name, sector, body, decided_on,
    minute_reference, actor) VALUES ('2020-Q1', 2, 'RZ1', 'Made', 'NHS', 'Board', '2020-03-01', '2', 'a clerk');
"""
_0011 = """
INSERT INTO need (need, revision, organisation_code, organisation_name, service, floor_area_low_m2, boroughs,
    sensitivity, note, recorded_by)
    VALUES ('HUB', 1, 'RZ1', 'Made', 'a clinic', 100, '{E09000010}', 'public', '', 'made');
"""
_0012 = f"""
INSERT INTO api_key (prefix, sha256, role, name) VALUES ('0badf00d', '{"0" * 64}', 'partner', 'made');
"""
ROWS: Mapping[str, str] = {
    "0001": _0001, "0002": _0002, "0005": _0005, "0006": _0006, "0009": _0009, "0010": _0010, "0011": _0011,
    "0012": _0012,
}  # fmt: skip
"""What is put into each schema when it is reached."""


@contextmanager
def to_revision(engine: Engine, revision: str) -> Iterator[Connection]:
    """A transaction in which the schema has been brought to a revision."""
    config = Config(toml_file=ROOT / "pyproject.toml")
    with warnings.catch_warnings(), transaction(engine) as connection:
        warnings.simplefilter("ignore", DeprecationWarning)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        yield connection


REVISIONS = sorted(path.name[:4] for path in (ROOT / "migrations/versions").glob("[0-9]*.py"))


def fill(engine: Engine, revision: str) -> None:
    """A database as it was at a revision, having come there through all before, with rows of each."""
    for reached in REVISIONS[: REVISIONS.index(revision) + 1]:
        with to_revision(engine, reached) as connection:
            if reached in ROWS:
                connection.exec_driver_sql(ROWS[reached])
