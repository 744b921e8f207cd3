"""Keys that are given out, whose key did what, and the view of an owner: the partners' rows and its own."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Looked up with a role that can read nothing else.
KEYS = """
CREATE TABLE api_key (
    prefix text PRIMARY KEY CHECK (prefix ~ '^[0-9a-f]{8}$'),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    role text NOT NULL,
    organisation text CHECK (organisation ~ '^[A-Z0-9]{1,20}$'),
    sector text,
    scopes text[],
    name text NOT NULL CHECK (name ~ '[^[:space:]]'),
    expires date,
    revoked timestamptz,
    last_used date,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE api_key IS 'Keys by their public beginning: of the secret only the SHA-256 is kept';
COMMENT ON COLUMN api_key.scopes IS 'what of its role the key may do; null: all of it';
COMMENT ON COLUMN api_key.expires IS 'the last day on which it counts';
GRANT SELECT ON api_key TO estates_keys;

ALTER TABLE audit ADD COLUMN caller text DEFAULT nullif(current_setting('estates.caller', true), '');
COMMENT ON COLUMN audit.caller IS 'the name of the key with which it was done over HTTP; actor is what was stated';
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

# A view is read with the rights of whoever made it: estates_owner has no right to site_complete itself. Without an
# organisation stated the setting is null or empty, and what is left is what partners see. Plain columns and no security
# barrier: conditions go into each branch, and its indexes are used.
OWNER = """
ALTER TABLE site_complete ADD COLUMN private_to text;
COMMENT ON COLUMN site_complete.private_to IS
    'the one organisation whose secrets keep a site from partners; null when there are none, or those of several';
CREATE VIEW site_owner AS
    SELECT * FROM site_partner
    UNION ALL
    SELECT * FROM ONLY site_complete WHERE private_to = current_setting('estates.organisation', true);
CREATE VIEW holding_owner AS
    SELECT h.organisation_code || ':' || h.code AS id, h.organisation_code, o.name AS organisation, h.code, h.name,
           h.sector, h.address, h.postcode, h.uprn, h.site_ref AS site, s.name AS site_name, s.borough,
           h.match_evidence AS match, s.geom, s.geom_crs84
    FROM holding h JOIN site_owner s ON s.ref = h.site_ref JOIN organisation o ON o.code = h.organisation_code
    WHERE s.gone IS NULL;
CREATE VIEW decision_owner AS
    SELECT d.id, s.ref AS site, s.name AS site_name, s.borough, d.site_ref AS recorded_at, d.step,
           d.organisation_code, d.organisation_name, d.organisation_sector, d.organisation_kind, d.body, d.decided_on,
           d.minute_reference, d.reason, d.actor, d.sensitivity, d.citation, d.reverses, d.check_id, d.outcome,
           d.opens_on, d.closes_on, d.at
    FROM decision d JOIN site_owner t ON t.ref = d.site_ref
    JOIN site_owner s ON s.ref = coalesce(t.gone->>'survivor', t.ref)
    WHERE (d.sensitivity <> 'owner' OR d.organisation_code = current_setting('estates.organisation', true))
      AND s.gone IS NULL;
CREATE VIEW need_owner AS
    SELECT * FROM (SELECT DISTINCT ON (need) * FROM need ORDER BY need, revision DESC) latest
    WHERE sensitivity <> 'owner' OR organisation_code = current_setting('estates.organisation', true);
CREATE VIEW assembly_owner AS SELECT * FROM assembly_partner;
GRANT SELECT ON site_owner, holding_owner, decision_owner, need_owner, assembly_owner, borough, lsoa TO estates_owner;
DO $$ DECLARE shown text; BEGIN  -- the layers, which are for everybody
    FOR shown IN SELECT table_name FROM information_schema.role_table_grants
        WHERE grantee = 'estates_public' AND table_schema = current_schema() AND table_name NOT LIKE '%\\_public'
    LOOP EXECUTE format('GRANT SELECT ON %I TO estates_owner', shown); END LOOP;
END $$;
"""


def upgrade() -> None:
    for role in ("estates_keys", "estates_owner"):
        op.execute(ROLE.format(role=role))
    op.execute(KEYS)
    op.execute(OWNER)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: going back would throw records away")
