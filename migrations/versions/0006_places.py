"""Layers of the place: designations, town centres and stations, and what they say of each candidate."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LAYERS = """
CREATE TABLE layer_feature (
    id bigserial PRIMARY KEY,
    edition_id bigint NOT NULL REFERENCES edition,
    line integer NOT NULL,
    kind text NOT NULL CHECK (kind ~ '^[a-z0-9-]+$'),
    name text,
    reference text,
    classed text CHECK (classed IN ('international', 'metropolitan', 'major', 'district')),
    starts date,
    ends date,
    geom geometry(Geometry, 27700) NOT NULL CHECK (ST_IsValid(geom) AND NOT ST_IsEmpty(geom)
        AND GeometryType(geom) IN ('MULTIPOLYGON', 'POINT')),
    geom_crs84 geometry(Geometry, 4326) NOT NULL
);
COMMENT ON TABLE layer_feature IS 'Areas and points of layers as they were handed in: a record, rows are only added';
COMMENT ON COLUMN layer_feature.ends IS 'from this day on it counts no more';
CREATE INDEX layer_feature_edition ON layer_feature (edition_id, kind);
CREATE INDEX layer_feature_geom ON layer_feature USING gist (geom);
CREATE INDEX layer_feature_geom_crs84 ON layer_feature USING gist (geom_crs84);
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON layer_feature FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON layer_feature EXECUTE FUNCTION refuse_change();

CREATE TABLE standing_layer (
    kind text NOT NULL,
    source text NOT NULL REFERENCES source,
    edition_id bigint NOT NULL REFERENCES edition,
    PRIMARY KEY (kind, source)
);
COMMENT ON TABLE standing_layer IS 'Which edition counts of each layer: the newest of its source. Sources stand beside
each other';

CREATE TABLE layer_part (
    feature_id bigint NOT NULL REFERENCES layer_feature,
    kind text NOT NULL,
    geom geometry(Polygon, 27700) NOT NULL
);
COMMENT ON TABLE layer_part IS 'The areas of standing layers cut into pieces of few corners: made of layer_feature';
CREATE INDEX layer_part_feature ON layer_part (feature_id);
CREATE INDEX layer_part_geom ON layer_part USING gist (geom);
"""

# What counts today, as collections read it: one type of geometry in each.
NOW = """
CREATE VIEW {view} AS
    SELECT f.id::text AS id, {columns}, s.source || ' ' || e.label AS edition, {shapes}
    FROM standing_layer s JOIN edition e ON e.id = s.edition_id
    JOIN layer_feature f ON f.edition_id = s.edition_id AND f.kind = s.kind
    WHERE {where} AND coalesce(f.ends > (now() AT TIME ZONE 'UTC')::date, true);
"""

ON_SURFACE = "ST_PointOnSurface(f.geom) AS geom, ST_PointOnSurface(f.geom_crs84) AS geom_crs84"

VIEWS = {
    "designation_now": {
        "columns": "f.kind, f.name, f.reference, f.starts, f.ends",
        "where": "f.kind NOT IN ('town-centre', 'station') AND GeometryType(f.geom) = 'MULTIPOLYGON'",
        "shapes": "f.geom, f.geom_crs84",
    },
    "town_centre_now": {
        "columns": 'f.name, f.classed AS "class", f.reference',
        "where": "f.kind = 'town-centre'",
        "shapes": ON_SURFACE,
    },
    "station_now": {
        "columns": "f.name, f.reference",
        "where": "f.kind = 'station'",
        "shapes": "f.geom, f.geom_crs84",
    },
}

CANDIDATES = """
ALTER TABLE site_complete
    ADD COLUMN limits text,
    ADD COLUMN station text,
    ADD COLUMN station_m double precision,
    ADD COLUMN town_centre text,
    ADD COLUMN town_centre_m double precision,
    ADD COLUMN housing_zone text,
    ADD COLUMN opportunity_area text;
"""


def upgrade() -> None:
    op.execute(LAYERS)
    for view, parts in VIEWS.items():
        op.execute(NOW.format(view=view, **parts))
        op.execute(f"GRANT SELECT ON {view} TO estates_public, estates_partner, estates_complete")
    op.execute(CANDIDATES)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: going back would throw records away")
