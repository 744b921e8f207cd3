"""Needs: space that somebody looks for, each revision a row that stays, seen by the audience that it is for."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NEED = """
CREATE TABLE need (
    id bigserial PRIMARY KEY,
    need text NOT NULL CHECK (need ~ '^[A-Z0-9][A-Z0-9_.-]{0,39}$'),
    revision integer NOT NULL CHECK (revision > 0),
    organisation_code text NOT NULL,
    organisation_name text NOT NULL CHECK (organisation_name ~ '[^[:space:]]'),
    service text NOT NULL CHECK (service ~ '[^[:space:]]'),
    floor_area_low_m2 double precision NOT NULL CHECK (floor_area_low_m2 > 0 AND floor_area_low_m2 < 'Infinity'),
    floor_area_high_m2 double precision CHECK (floor_area_high_m2 < 'Infinity'),
    boroughs text[] CHECK (cardinality(boroughs) > 0),
    postcode text,
    easting double precision,
    northing double precision,
    radius_m double precision CHECK (radius_m > 0 AND radius_m < 'Infinity'),
    polygon geometry(MultiPolygon, 27700) CHECK (ST_IsValid(polygon) AND NOT ST_IsEmpty(polygon)),
    ptal text,
    required_by date,
    sensitivity text NOT NULL CHECK (sensitivity IN ('public', 'partner', 'owner')),
    note text NOT NULL,
    closed text CHECK (closed ~ '[^[:space:]]'),
    recorded_by text NOT NULL CHECK (recorded_by ~ '[^[:space:]]'),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (need, revision),
    CHECK (floor_area_high_m2 >= floor_area_low_m2),
    CHECK (num_nonnulls(boroughs, radius_m, polygon) = 1),
    CHECK (num_nonnulls(radius_m, easting, northing) IN (0, 3))
);
COMMENT ON TABLE need IS 'Space that an organisation looks for; the last revision of each counts, and none is changed';
COMMENT ON COLUMN need.closed IS 'why nobody looks for it any longer; null: somebody does';
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON need FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON need EXECUTE FUNCTION refuse_change();
"""

# By the sensitivity of today: a need that was public once is withheld whole when it no longer is.
SEEN = """
CREATE VIEW need_{audience} AS
    SELECT * FROM (SELECT DISTINCT ON (need) * FROM need ORDER BY need, revision DESC) latest
    WHERE sensitivity IN ({seen});
GRANT SELECT ON need_{audience} TO estates_{audience};
"""

AUDIENCES = {
    "public": "'public'",
    "partner": "'public', 'partner'",
    "complete": "'public', 'partner', 'owner'",
}


def upgrade() -> None:
    op.execute(NEED)
    for audience, seen in AUDIENCES.items():
        op.execute(SEEN.format(audience=audience, seen=seen))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: going back would throw records away")
