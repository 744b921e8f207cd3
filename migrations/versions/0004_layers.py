"""What each audience may see, each site written once: tables that inherit, with a column per property."""

import secrets

from alembic import op
from sqlalchemy import text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Everything here is made of other tables: it is written anew after every change of the schema.
SITES = """
DROP TABLE site_public, site_partner, site_complete;
CREATE TABLE site_complete (
    ref text PRIMARY KEY,
    name text NOT NULL,
    address text,
    postcode text,
    borough text,
    borough_gss text,
    sector text,
    owner text,
    organisations text,
    precision text,
    inside_area boolean,
    gia_m2 double precision,
    land_ha double precision,
    evidence_date date,
    stale boolean,
    holdings integer,
    route text,
    release_score double precision,
    release_low double precision,
    release_high double precision,
    release_coverage double precision,
    reuse_score double precision,
    reuse_coverage double precision,
    gates text,
    sentence text,
    method text,
    geom geometry(Point, 27700),
    geom_crs84 geometry(Point, 4326),
    outline geometry(MultiPolygon, 27700),
    outline_crs84 geometry(MultiPolygon, 4326),
    site_feature text,
    candidate_feature text,
    outline_feature text,
    held jsonb,
    explanation jsonb,
    gone jsonb,
    turn integer NOT NULL DEFAULT 0,
    CONSTRAINT site_complete_gone CHECK ((gone IS NULL) = (site_feature IS NOT NULL)
        AND (site_feature IS NULL) = (held IS NULL))
);
COMMENT ON TABLE site_complete IS
    'What everybody may see of sites, by inheritance: here itself only what is for owners. Each site stands once';
COMMENT ON COLUMN site_complete.geom IS 'a point on the site: one collection, one type of geometry';
COMMENT ON COLUMN site_complete.turn IS 'chosen by chance: tiles of many sites draw the lowest first';
COMMENT ON COLUMN site_complete.gone IS 'What became of a merged or withdrawn site: kind, survivor, reason, at';
CREATE TABLE site_partner (PRIMARY KEY (ref)) INHERITS (site_complete);
COMMENT ON TABLE site_partner IS 'What partners may see: here itself only what is not for the public';
CREATE TABLE site_public (PRIMARY KEY (ref)) INHERITS (site_partner);
COMMENT ON TABLE site_public IS 'What the public may see';
"""

# Filled with OSTN15, which the server does not have (store/reference.py).
REFERENCE = """
ALTER TABLE borough ADD COLUMN geom_crs84 geometry(MultiPolygon, 4326);
ALTER TABLE lsoa ADD COLUMN geom_crs84 geometry(Point, 4326);
CREATE INDEX borough_geom_crs84 ON borough USING gist (geom_crs84);
CREATE INDEX lsoa_geom_crs84 ON lsoa USING gist (geom_crs84);
"""

# Whoever keeps answers learns at once that they are old: ids are given in the order of commits (one writer at a time).
TOLD = """
CREATE FUNCTION tell_act() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('estates_data', NEW.id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER told AFTER INSERT ON audit FOR EACH ROW EXECUTE FUNCTION tell_act();
"""

# What this installation alone can sign: cursors are checked by whichever process they come back to.
INSTALLATION = """
CREATE TABLE installation (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    secret bytea NOT NULL CHECK (length(secret) >= 32)
);
COMMENT ON TABLE installation IS 'One row: the secret with which this installation signs';
"""

AUDIENCES = ("public", "partner", "complete")

# Whoever may see a site may see what stands there: a site with anything private is withheld whole.
EACH = """
CREATE INDEX site_{audience}_geom ON site_{audience} USING gist (geom);
CREATE INDEX site_{audience}_geom_crs84 ON site_{audience} USING gist (geom_crs84);
CREATE INDEX site_{audience}_turn ON site_{audience} (turn);
CREATE INDEX site_{audience}_outline ON site_{audience} USING gist (outline) WHERE outline IS NOT NULL;
CREATE INDEX site_{audience}_outline_crs84 ON site_{audience} USING gist (outline_crs84)
    WHERE outline_crs84 IS NOT NULL;
CREATE VIEW holding_{audience} AS
    SELECT h.organisation_code || ':' || h.code AS id, h.organisation_code, o.name AS organisation, h.code, h.name,
           h.sector, h.address, h.postcode, h.uprn, h.site_ref AS site, s.name AS site_name, s.borough,
           h.match_evidence AS match, s.geom, s.geom_crs84
    FROM holding h JOIN site_{audience} s ON s.ref = h.site_ref JOIN organisation o ON o.code = h.organisation_code
    WHERE s.gone IS NULL;
GRANT SELECT ON site_{audience}, holding_{audience}, borough, lsoa TO estates_{audience};
"""


def upgrade() -> None:
    op.execute(SITES)
    op.execute(REFERENCE)
    op.execute(TOLD)
    op.execute(INSTALLATION)
    op.execute(text("INSERT INTO installation (secret) VALUES (:secret)").bindparams(secret=secrets.token_bytes(32)))
    for audience in AUDIENCES:
        op.execute(EACH.format(audience=audience))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: going back would throw records away")
