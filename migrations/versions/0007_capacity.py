"""Homes, adjacent public land, and assemblies of land of several public owners, for each audience."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Everything here is made of other tables: it is written anew after every change of the schema.
SITES = """
ALTER TABLE site_complete
    ADD COLUMN homes_low integer,
    ADD COLUMN homes_high integer,
    ADD COLUMN homes_basis text,
    ADD COLUMN adjacent_owners text,
    ADD COLUMN adjacent_ha double precision,
    ADD COLUMN public_owners text[];
COMMENT ON COLUMN site_complete.public_owners IS
    'public freeholders by the names that they have today, those that were succeeded by the names of their heirs';
"""

EVENT = """
ALTER TABLE event ADD COLUMN kept_by text;
COMMENT ON COLUMN event.kept_by IS 'who keeps the receipt, where the source says so';
"""

# No inheritance: what one audience may not see changes which parcels are near one another, and all that follows.
ASSEMBLY = """
CREATE TABLE assembly_{audience} (
    id text PRIMARY KEY,
    name text NOT NULL,
    owners text NOT NULL,
    owner_count integer NOT NULL CHECK (owner_count > 1),
    sites text NOT NULL,
    site_count integer NOT NULL CHECK (site_count > 1),
    drawn_count integer NOT NULL,
    borough text,
    area_ha double precision,
    area_known_of integer NOT NULL,
    gain_ha double precision,
    homes_low integer,
    homes_high integer,
    homes_known_of integer NOT NULL,
    refs text[] NOT NULL,
    geom geometry(MultiPolygon, 27700),
    geom_crs84 geometry(MultiPolygon, 4326)
);
COMMENT ON TABLE assembly_{audience} IS
    'Sites within 50 m of one another, of two or more public owners, among those that this audience may see';
CREATE INDEX assembly_{audience}_geom ON assembly_{audience} USING gist (geom);
CREATE INDEX assembly_{audience}_geom_crs84 ON assembly_{audience} USING gist (geom_crs84);
GRANT SELECT ON assembly_{audience} TO estates_{audience};
"""


def upgrade() -> None:
    op.execute(SITES)
    op.execute(EVENT)
    for audience in ("public", "partner", "complete"):
        op.execute(ASSEMBLY.format(audience=audience))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: going back would throw records away")
