"""The catalogue: what was handed in, what it says of sites, and what was concluded from it."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

IMMUTABLE = ("edition", "issue", "claim", "interest", "event", "method", "assessment", "assessment_site",
             "shortlist", "audit")  # fmt: skip
AUDIENCES = ("public", "partner", "complete")

HANDED_IN = """
CREATE TABLE source (
    name text PRIMARY KEY,
    authority integer NOT NULL
);
COMMENT ON TABLE source IS 'A published series; authority ranks sources when claims differ, higher first';

CREATE TABLE edition (
    id bigserial PRIMARY KEY,
    source text NOT NULL REFERENCES source,
    label text NOT NULL,
    format text NOT NULL,
    file_name text NOT NULL,
    sha256 text NOT NULL UNIQUE CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes bigint NOT NULL CHECK (bytes > 0),
    period_start date,
    period_end date CHECK (period_end >= period_start),
    publisher text,
    licence text,
    attribution text,
    url text,
    counts jsonb NOT NULL,
    sensitivity text NOT NULL DEFAULT 'public' CHECK (sensitivity IN ('public', 'partner', 'owner')),
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN edition.at IS 'known-at: the moment we knew it';

CREATE TABLE issue (
    id bigserial PRIMARY KEY,
    edition_id bigint NOT NULL REFERENCES edition,
    line integer,
    field text,
    severity text NOT NULL CHECK (severity IN ('error', 'warning', 'note')),
    reason text NOT NULL,
    raw text,
    organisation text
);
CREATE INDEX ix_issue_edition_id ON issue (edition_id);
"""

PLACES = """
CREATE TABLE borough (
    gss text PRIMARY KEY CHECK (gss ~ '^E09[0-9]{6}$'),
    name text NOT NULL,
    geom geometry(MultiPolygon, 27700) NOT NULL CHECK (ST_IsValid(geom) AND NOT ST_IsEmpty(geom))
);
CREATE INDEX borough_geom ON borough USING gist (geom);

CREATE TABLE lsoa (
    code text PRIMARY KEY,
    name text NOT NULL,
    borough_gss text NOT NULL,
    geom geometry(Point, 27700) NOT NULL,
    imd_decile integer CHECK (imd_decile BETWEEN 1 AND 10),
    ptal text CHECK (ptal IN ('0', '1a', '1b', '2', '3', '4', '5', '6a', '6b'))
);
CREATE INDEX lsoa_geom ON lsoa USING gist (geom);

CREATE TABLE postcode (
    postcode text PRIMARY KEY,
    easting double precision,
    northing double precision,
    lsoa_code text,
    borough_gss text,
    terminated text CHECK (terminated ~ '^[0-9]{6}$'),
    CHECK ((easting IS NULL) = (northing IS NULL))
);

CREATE TABLE organisation (
    code text PRIMARY KEY,
    name text NOT NULL,
    sector text NOT NULL CHECK (sector IN ('NHS', 'council', 'other public', 'private', 'unknown')),
    kind text NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'closed', 'dormant', 'proposed')),
    postcode text,
    address text,
    geom geometry(Point, 27700),
    opened date,
    closed date,
    parent_code text,
    successor_code text,
    succeeded_on date,
    edition_id bigint NOT NULL REFERENCES edition
);
CREATE INDEX organisation_geom ON organisation USING gist (geom);

CREATE TABLE site (
    ref text PRIMARY KEY,
    name text NOT NULL,
    address text,
    postcode text,
    uprn text CHECK (uprn ~ '^[0-9]{1,12}$'),
    title_number text,
    precision text NOT NULL CHECK (precision IN ('outline', 'uprn', 'postcode', 'lsoa', 'borough', 'unknown')),
    geom geometry(Geometry, 27700),
    geom_crs84 geometry(Geometry, 4326),
    borough_gss text,
    lsoa_code text,
    inside_area boolean,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT site_position CHECK ((geom IS NULL) = (precision IN ('borough', 'unknown'))),
    CONSTRAINT site_both_positions CHECK ((geom IS NULL) = (geom_crs84 IS NULL)),
    CONSTRAINT site_shape CHECK (geom IS NULL OR GeometryType(geom)
        = CASE WHEN precision = 'outline' THEN 'MULTIPOLYGON' ELSE 'POINT' END),
    CONSTRAINT site_sound CHECK (geom IS NULL OR (NOT ST_IsEmpty(geom) AND ST_IsValid(geom))),
    -- The bounds of the National Grid; NaN and infinity fall outside them.
    CONSTRAINT site_on_grid CHECK (geom IS NULL OR (ST_XMin(geom) >= 0 AND ST_XMax(geom) <= 700000
        AND ST_YMin(geom) >= 0 AND ST_YMax(geom) <= 1300000))
);
CREATE INDEX site_geom ON site USING gist (geom);

CREATE TABLE holding (
    id bigserial PRIMARY KEY,
    organisation_code text NOT NULL REFERENCES organisation,
    code text NOT NULL,
    name text NOT NULL,
    sector text NOT NULL CHECK (sector IN ('NHS', 'council', 'other public', 'private', 'unknown')),
    site_ref text REFERENCES site,
    match_evidence text,
    sensitivity text NOT NULL DEFAULT 'public' CHECK (sensitivity IN ('public', 'partner', 'owner')),
    UNIQUE (organisation_code, code),
    CONSTRAINT holding_aggregate CHECK (code <> 'AGGRE' OR site_ref IS NULL)
);
CREATE INDEX ix_holding_site_ref ON holding (site_ref);

CREATE TABLE holding_address (
    holding_id bigint PRIMARY KEY REFERENCES holding,
    address text,
    postcode text,
    uprn text CHECK (uprn ~ '^[0-9]{1,12}$'),
    easting double precision,
    northing double precision
);
COMMENT ON TABLE holding_address IS 'The newest address that a holding was handed in with';

CREATE TABLE judgement (
    organisation_code text NOT NULL,
    holding_code text NOT NULL,
    place text NOT NULL,
    place_name text NOT NULL,
    postcode text,
    address text,
    evidence text NOT NULL,
    succeeded_by_organisation text,
    succeeded_by_code text,
    edition_id bigint NOT NULL REFERENCES edition,
    PRIMARY KEY (organisation_code, holding_code)
);
COMMENT ON TABLE judgement IS 'A person says where a holding stands; survives every re-import';
CREATE INDEX holding_code ON holding (code);
"""

EVIDENCE = """
CREATE TABLE claim (
    id bigserial PRIMARY KEY,
    edition_id bigint NOT NULL REFERENCES edition,
    holding_id bigint NOT NULL REFERENCES holding,
    line integer NOT NULL,
    attribute text NOT NULL,
    as_of date,
    number double precision CHECK (number > '-Infinity' AND number < 'Infinity'),
    text text,
    unit text NOT NULL,
    raw text NOT NULL,
    state text NOT NULL CHECK (state IN ('reported', 'not applicable', 'not provided')),
    implausible text,
    citation text,
    sensitivity text NOT NULL DEFAULT 'public' CHECK (sensitivity IN ('public', 'partner', 'owner')),
    CONSTRAINT claim_value CHECK ((state = 'reported') = (num_nonnulls(number, text) = 1))
);
COMMENT ON COLUMN claim.as_of IS 'the day it speaks of; null when neither row nor edition says one';
CREATE INDEX ix_claim_edition_id ON claim (edition_id);
CREATE INDEX claim_holding ON claim (holding_id, attribute, as_of);

CREATE TABLE interest (
    id bigserial PRIMARY KEY,
    edition_id bigint NOT NULL REFERENCES edition,
    holding_id bigint NOT NULL REFERENCES holding,
    kind text NOT NULL CHECK (kind IN ('freeholder', 'head lessee', 'occupier', 'unknown')),
    evidence text NOT NULL,
    as_of date,
    sensitivity text NOT NULL DEFAULT 'public' CHECK (sensitivity IN ('public', 'partner', 'owner'))
);
CREATE INDEX ix_interest_holding_id ON interest (holding_id);

CREATE TABLE event (
    id bigserial PRIMARY KEY,
    edition_id bigint NOT NULL REFERENCES edition,
    line integer NOT NULL,
    holding_code text,
    site_name text NOT NULL,
    organisation_code text,
    organisation_name text NOT NULL,
    kind text NOT NULL,
    scope text NOT NULL CHECK (scope IN ('whole', 'part', 'other')),
    date_text text NOT NULL,
    earliest date,
    latest date CHECK (latest >= earliest),
    area_ha double precision CHECK (area_ha > 0 AND area_ha < 'Infinity'),
    homes integer CHECK (homes >= 0),
    receipt_gbp double precision CHECK (receipt_gbp >= 0 AND receipt_gbp < 'Infinity'),
    counterparty text,
    note text,
    citation_title text NOT NULL,
    citation_url text NOT NULL,
    sensitivity text NOT NULL DEFAULT 'public' CHECK (sensitivity IN ('public', 'partner', 'owner'))
);
CREATE INDEX ix_event_holding_code ON event (holding_code);
"""

CONCLUSIONS = """
CREATE TABLE method (
    sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    id text NOT NULL,
    content bytea NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE assessment (
    id bigserial PRIMARY KEY,
    method_sha256 text NOT NULL REFERENCES method,
    as_of date NOT NULL,
    present boolean NOT NULL,
    known_at timestamptz NOT NULL,
    data_sha256 text NOT NULL,
    code_version text NOT NULL,
    seed bigint NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN assessment.present IS 'true: of the day it was run; false: a look back at an earlier day';

CREATE TABLE assessment_site (
    assessment_id bigint NOT NULL REFERENCES assessment,
    site_ref text NOT NULL REFERENCES site,
    route text NOT NULL CHECK (route IN ('release', 'part release with reuse', 'reuse', 'retain',
        'not enough data', 'released')),
    release_score double precision NOT NULL CHECK (release_score BETWEEN -1e-6 AND 100.000001),
    release_coverage double precision NOT NULL CHECK (release_coverage BETWEEN -1e-6 AND 1.000001),
    reuse_score double precision NOT NULL CHECK (reuse_score BETWEEN -1e-6 AND 100.000001),
    reuse_coverage double precision NOT NULL CHECK (reuse_coverage BETWEEN -1e-6 AND 1.000001),
    explanation jsonb NOT NULL,
    PRIMARY KEY (assessment_id, site_ref)
);

CREATE TABLE shortlist (
    id bigserial PRIMARY KEY,
    quarter text NOT NULL CHECK (quarter ~ '^[0-9]{4}-Q[1-4]$'),
    revision integer NOT NULL CHECK (revision > 0),
    status text NOT NULL CHECK (status IN ('draft', 'published')),
    assessment_id bigint NOT NULL REFERENCES assessment,
    content bytea NOT NULL,
    sha256 text NOT NULL CHECK (sha256 = encode(sha256(content), 'hex')),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (quarter, revision)
);

CREATE TABLE audit (
    id bigserial PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL
);
"""

REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is a record: rows are added, never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
"""

ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN;
    END IF;
    IF NOT pg_has_role(current_user, '{role}', 'MEMBER') THEN
        GRANT {role} TO CURRENT_USER;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another installation made it just now
END $$;
"""

PROJECTION = """
CREATE TABLE site_{audience} (
    ref text PRIMARY KEY,
    name text NOT NULL,
    borough_gss text,
    sector text NOT NULL,
    route text,
    release_score double precision,
    reuse_score double precision,
    geom geometry(Geometry, 27700),
    geom_crs84 geometry(Geometry, 4326),
    site_feature text NOT NULL,
    candidate_feature text,
    detail text NOT NULL
);
CREATE INDEX site_{audience}_geom ON site_{audience} USING gist (geom);
CREATE INDEX site_{audience}_geom_crs84 ON site_{audience} USING gist (geom_crs84);
GRANT SELECT ON site_{audience} TO estates_{audience};
"""


def upgrade() -> None:
    for part in (HANDED_IN, PLACES, EVIDENCE, CONCLUSIONS, REFUSE):
        op.execute(part)
    for table in IMMUTABLE:
        op.execute(f"CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON {table} "
                   "FOR EACH ROW EXECUTE FUNCTION refuse_change()")  # fmt: skip
        op.execute(f"CREATE TRIGGER kept_whole BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")
    for audience in AUDIENCES:
        op.execute(ROLE.format(role=f"estates_{audience}"))
        op.execute(PROJECTION.format(audience=audience))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: going back would throw records away")
