"""History: where holdings stood and stand, who followed whom, outlines, judgements on pairs, and what is masked."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

IMMUTABLE = ("tally", "placement", "judgement", "pair_judgement", "question", "fate", "succession",
             "organisation_name", "outline", "redaction")  # fmt: skip
AUDIENCES = ("public", "partner", "complete")

EDITIONS = """
ALTER TABLE issue ADD COLUMN rule text NOT NULL DEFAULT 'before-rules';
ALTER TABLE issue ALTER COLUMN rule DROP DEFAULT;

CREATE TABLE tally (
    edition_id bigint PRIMARY KEY REFERENCES edition,
    counts jsonb NOT NULL
);
COMMENT ON TABLE tally IS 'What an edition came to, written when all of it is in: an edition never changes';
INSERT INTO tally SELECT id, counts FROM edition;
ALTER TABLE edition DROP COLUMN counts;

CREATE TABLE redaction (
    id bigserial PRIMARY KEY,
    edition_id bigint NOT NULL REFERENCES edition,
    line integer NOT NULL,
    attribute text,
    reason text NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE redaction IS 'What one row of an edition says (one attribute of it, or all) is masked from here on';
CREATE INDEX redaction_row ON redaction (edition_id, line);
"""

ORGANISATIONS = """
CREATE TABLE succession (
    id bigserial PRIMARY KEY,
    predecessor_code text NOT NULL,
    successor_code text NOT NULL CHECK (successor_code <> predecessor_code),
    succeeded_on date,
    edition_id bigint NOT NULL REFERENCES edition
);
COMMENT ON TABLE succession IS 'One organisation carries on another; a merger has several predecessors';
CREATE INDEX succession_predecessor ON succession (predecessor_code);
CREATE INDEX succession_successor ON succession (successor_code);
INSERT INTO succession (predecessor_code, successor_code, succeeded_on, edition_id)
    SELECT code, successor_code, succeeded_on, edition_id FROM organisation WHERE successor_code <> code;
ALTER TABLE organisation DROP COLUMN successor_code, DROP COLUMN succeeded_on;

CREATE TABLE organisation_name (
    id bigserial PRIMARY KEY,
    code text NOT NULL,
    name text NOT NULL,
    as_of date,
    edition_id bigint NOT NULL REFERENCES edition
);
COMMENT ON COLUMN organisation_name.as_of IS 'the day the edition speaks of: it used this name then';
CREATE INDEX organisation_name_code ON organisation_name (code, as_of);
INSERT INTO organisation_name (code, name, as_of, edition_id)
    SELECT o.code, o.name, e.period_end, e.id FROM organisation o JOIN edition e ON e.id = o.edition_id;
"""

HOLDINGS = """
ALTER TABLE holding ADD COLUMN address text, ADD COLUMN postcode text,
    ADD COLUMN uprn text CHECK (uprn ~ '^[0-9]{1,12}$'),
    ADD COLUMN easting double precision, ADD COLUMN northing double precision,
    ADD COLUMN at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD CONSTRAINT holding_position CHECK ((easting IS NULL) = (northing IS NULL));
UPDATE holding h SET address = a.address, postcode = a.postcode, uprn = a.uprn, easting = a.easting,
    northing = a.northing FROM holding_address a WHERE a.holding_id = h.id;
DROP TABLE holding_address;
-- One index finds a holding by its code, with or without its organisation.
ALTER TABLE holding DROP CONSTRAINT holding_organisation_code_code_key, ADD UNIQUE (code, organisation_code);
DROP INDEX holding_code;
CREATE INDEX holding_postcode ON holding (postcode);
CREATE INDEX holding_uprn ON holding (uprn) WHERE uprn IS NOT NULL;
CREATE INDEX holding_unplaced ON holding (organisation_code, code) WHERE site_ref IS NULL AND code <> 'AGGRE';
COMMENT ON COLUMN holding.name IS 'the winning claim, like address, postcode, uprn and the position';

CREATE TABLE placement (
    id bigserial,
    holding_id bigint,
    site_ref text NOT NULL,
    evidence text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (holding_id, id)
);
COMMENT ON TABLE placement IS 'At which site a holding was put, and when; holding.site_ref is the newest';
CREATE INDEX placement_site ON placement (site_ref);
INSERT INTO placement (holding_id, site_ref, evidence, at)
    SELECT h.id, h.site_ref, coalesce(h.match_evidence, 'not recorded'), s.at
    FROM holding h JOIN site s ON s.ref = h.site_ref;

ALTER TABLE judgement DROP CONSTRAINT judgement_pkey;
ALTER TABLE judgement ADD COLUMN id bigserial PRIMARY KEY,
    ADD COLUMN at timestamptz NOT NULL DEFAULT clock_timestamp();
UPDATE judgement j SET at = e.at FROM edition e WHERE e.id = j.edition_id;
CREATE INDEX judgement_holding ON judgement (organisation_code, holding_code, id);
COMMENT ON TABLE judgement IS 'A person says where a holding stands; the newest counts, and survives every re-import';

CREATE TABLE pair_judgement (
    id bigserial PRIMARY KEY,
    organisation_code text NOT NULL,
    holding_code text NOT NULL,
    other_organisation_code text NOT NULL,
    other_holding_code text NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('same', 'different')),
    reason text NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((organisation_code, holding_code) < (other_organisation_code, other_holding_code))
);
COMMENT ON TABLE pair_judgement IS 'A person says whether two holdings are one place, by code: it may come first';
CREATE INDEX pair_judgement_one ON pair_judgement (organisation_code, holding_code);
CREATE INDEX pair_judgement_other ON pair_judgement (other_organisation_code, other_holding_code);

CREATE TABLE question (
    id bigserial PRIMARY KEY,
    holding_id bigint NOT NULL REFERENCES holding,
    other_holding_id bigint NOT NULL REFERENCES holding,
    weight double precision NOT NULL,
    evidence text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (holding_id, other_holding_id)
);
COMMENT ON TABLE question IS 'Two holdings that may be one place: a person is asked, and a pair_judgement answers';

CREATE TABLE fate (
    id bigserial PRIMARY KEY,
    ref text NOT NULL REFERENCES site,
    kind text NOT NULL CHECK (kind IN ('merged', 'withdrawn', 'restored')),
    survivor text REFERENCES site CHECK (survivor <> ref),
    reason text NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((kind = 'merged') = (survivor IS NOT NULL))
);
COMMENT ON TABLE fate IS 'What became of a site that is no longer one of its own; the newest counts';
CREATE INDEX fate_ref ON fate (ref, id);

CREATE TABLE outline (
    id bigserial PRIMARY KEY,
    edition_id bigint NOT NULL REFERENCES edition,
    holding_id bigint NOT NULL REFERENCES holding,
    line integer NOT NULL,
    parcel text,
    title_number text,
    geom geometry(MultiPolygon, 27700) NOT NULL CHECK (ST_IsValid(geom) AND NOT ST_IsEmpty(geom)),
    evidence text NOT NULL,
    sensitivity text NOT NULL DEFAULT 'public' CHECK (sensitivity IN ('public', 'partner', 'owner')),
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE outline IS 'A parcel on which a holding stands, and how that is known';
CREATE INDEX outline_geom ON outline USING gist (geom);
CREATE INDEX outline_holding ON outline (holding_id);
"""

CLAIMS = """
-- Claims are appended edition by edition: a block range index finds an edition's and costs an import next to nothing.
DROP INDEX ix_claim_edition_id;
-- One index finds a holding's claims and keeps their numbers apart.
DROP INDEX claim_holding;
ALTER TABLE claim DROP CONSTRAINT claim_pkey, ADD PRIMARY KEY (holding_id, id);
CREATE INDEX claim_private ON claim (holding_id) WHERE sensitivity <> 'public';
CREATE INDEX claim_ended ON claim (holding_id) WHERE attribute IN ('ended_on', 'ods_status');
CREATE INDEX interest_private ON interest (holding_id) WHERE sensitivity <> 'public';
CREATE INDEX event_private ON event (holding_code) WHERE sensitivity <> 'public';
CREATE INDEX claim_edition ON claim USING brin (edition_id) WITH (pages_per_range = 16);
ALTER TABLE interest ADD COLUMN line integer;

CREATE VIEW standing_claim AS
    SELECT c.*, coalesce(c.as_of, (e.at AT TIME ZONE 'UTC')::date) AS day, s.authority,
           e.source || ' ' || e.label AS edition, e.at AS known
    FROM claim c JOIN edition e ON e.id = c.edition_id JOIN source s ON s.name = e.source
    WHERE NOT EXISTS (SELECT FROM redaction r WHERE r.edition_id = c.edition_id AND r.line = c.line
                      AND coalesce(r.attribute, c.attribute) = c.attribute);
COMMENT ON VIEW standing_claim IS 'Claims that are not masked, with all that decides which one wins';

CREATE VIEW standing_judgement AS
    SELECT DISTINCT ON (organisation_code, holding_code) * FROM judgement
    ORDER BY organisation_code, holding_code, id DESC;
"""

GONE = """
ALTER TABLE site_{audience} ALTER COLUMN site_feature DROP NOT NULL, ALTER COLUMN detail DROP NOT NULL,
    ADD COLUMN gone jsonb, ADD COLUMN outline_feature text, ADD COLUMN outline_crs84 geometry(MultiPolygon, 4326),
    ADD CONSTRAINT site_{audience}_gone CHECK ((gone IS NULL) = (detail IS NOT NULL)
        AND (detail IS NULL) = (site_feature IS NULL));
CREATE INDEX site_{audience}_outline_crs84 ON site_{audience} USING gist (outline_crs84)
    WHERE outline_crs84 IS NOT NULL;
COMMENT ON COLUMN site_{audience}.geom IS 'a point on the site: one collection, one type of geometry';
COMMENT ON COLUMN site_{audience}.gone IS 'What became of a merged or withdrawn site: kind, survivor, reason, at';
"""


# A foreign key asks for every row by itself: it was three quarters of what adding claims cost the server. The same is
# promised statement by statement: what is referred to is there when rows are added, and is never removed.
REFERENCES = """
CREATE FUNCTION check_references() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    missing text;
BEGIN
    -- Arguments in threes: a column, the table it refers to, that table's key.
    FOR place IN 0 .. TG_NARGS / 3 - 1 LOOP
        -- Each value once: what a statement adds refers to far fewer rows than it has.
        EXECUTE format('SELECT a.%1$I::text FROM (SELECT DISTINCT %1$I FROM added) a WHERE a.%1$I IS NOT NULL
            AND NOT EXISTS (SELECT FROM %2$I t WHERE t.%3$I = a.%1$I) LIMIT 1',
            TG_ARGV[place * 3], TG_ARGV[place * 3 + 1], TG_ARGV[place * 3 + 2]) INTO missing;
        IF missing IS NOT NULL THEN
            RAISE EXCEPTION '% refers to % %, which is not there', TG_TABLE_NAME, TG_ARGV[place * 3 + 1], missing
                USING ERRCODE = 'foreign_key_violation';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
ALTER TABLE claim DROP CONSTRAINT claim_edition_id_fkey, DROP CONSTRAINT claim_holding_id_fkey;
ALTER TABLE interest DROP CONSTRAINT interest_edition_id_fkey, DROP CONSTRAINT interest_holding_id_fkey;
ALTER TABLE issue DROP CONSTRAINT issue_edition_id_fkey;
ALTER TABLE holding DROP CONSTRAINT holding_organisation_code_fkey, DROP CONSTRAINT holding_site_ref_fkey;
CREATE TRIGGER refers AFTER INSERT ON holding REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION check_references('organisation_code', 'organisation', 'code', 'site_ref', 'site', 'ref');
CREATE TRIGGER still_refers AFTER UPDATE ON holding REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION check_references('organisation_code', 'organisation', 'code', 'site_ref', 'site', 'ref');
CREATE TRIGGER refers AFTER INSERT ON claim REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION check_references('edition_id', 'edition', 'id', 'holding_id', 'holding', 'id');
CREATE TRIGGER refers AFTER INSERT ON interest REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION check_references('edition_id', 'edition', 'id', 'holding_id', 'holding', 'id');
CREATE TRIGGER refers AFTER INSERT ON placement REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION check_references('holding_id', 'holding', 'id', 'site_ref', 'site', 'ref');
CREATE TRIGGER refers AFTER INSERT ON issue REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION check_references('edition_id', 'edition', 'id');
"""

REFERRED_TO = ("holding", "site", "organisation")


def upgrade() -> None:
    for part in (EDITIONS, ORGANISATIONS, HOLDINGS, CLAIMS, REFERENCES):
        op.execute(part)
    for table in REFERRED_TO:
        op.execute(f"CREATE TRIGGER kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
        op.execute(f"CREATE TRIGGER kept_whole BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")
    for audience in AUDIENCES:
        op.execute(GONE.format(audience=audience))
    for table in IMMUTABLE:
        op.execute(f"CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON {table} "
                   "FOR EACH ROW EXECUTE FUNCTION refuse_change()")  # fmt: skip
        op.execute(f"CREATE TRIGGER kept_whole BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: going back would throw records away")
