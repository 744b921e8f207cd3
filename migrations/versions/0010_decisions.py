"""Decisions of public bodies on sites, and endorsements of whole lists."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

AUDIENCES = {"public": "{public}", "partner": "{public,partner}", "complete": "{public,partner,owner}"}

TABLES = """
CREATE TABLE decision (
    id bigserial PRIMARY KEY,
    site_ref text NOT NULL REFERENCES site,
    step text NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    organisation_code text NOT NULL,
    organisation_name text NOT NULL,
    organisation_sector text NOT NULL,
    organisation_kind text NOT NULL,
    body text NOT NULL CHECK (body ~ '[^[:space:]]'),
    decided_on date NOT NULL,
    minute_reference text NOT NULL CHECK (minute_reference ~ '[^[:space:]]'),
    reason text NOT NULL CHECK (reason ~ '[^[:space:]]'),
    actor text NOT NULL CHECK (actor ~ '[^[:space:]]'),
    sensitivity text NOT NULL DEFAULT 'public' CHECK (sensitivity IN ('public', 'partner', 'owner')),
    citation text,
    reverses bigint UNIQUE REFERENCES decision CHECK ((step = 'reverse') = (reverses IS NOT NULL)),
    check_id text CHECK ((step = 'check') = (check_id IS NOT NULL)),
    outcome text CHECK (outcome IN ('done', 'does not apply')),
    opens_on date,
    closes_on date,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((step = 'check') = (outcome IS NOT NULL)),
    CHECK ((step = 'consult') = (opens_on IS NOT NULL) AND (step = 'consult') = (closes_on IS NOT NULL)),
    CHECK (closes_on >= opens_on)
);
COMMENT ON TABLE decision IS 'What public bodies decided on a site; its state is the replay of these';
COMMENT ON COLUMN decision.from_state IS 'the state before, by all decisions; each audience replays those it may see';
CREATE INDEX decision_site ON decision (site_ref, id);

CREATE TABLE endorsement (
    id bigserial PRIMARY KEY,
    quarter text NOT NULL,
    revision integer NOT NULL,
    organisation_code text NOT NULL,
    organisation_name text NOT NULL,
    sector text NOT NULL CHECK (sector IN ('NHS', 'council')),
    body text NOT NULL CHECK (body ~ '[^[:space:]]'),
    decided_on date NOT NULL,
    minute_reference text NOT NULL CHECK (minute_reference ~ '[^[:space:]]'),
    actor text NOT NULL CHECK (actor ~ '[^[:space:]]'),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (quarter, revision, organisation_code),
    FOREIGN KEY (quarter, revision) REFERENCES shortlist (quarter, revision)
);
COMMENT ON TABLE endorsement IS 'Who agreed to a published list; it is endorsed when both sectors have';
"""

# What is not told: the stored states, which rest on what others may see. A merged site's decisions are its survivor's.
READ = """
CREATE VIEW decision_{audience} AS
    SELECT d.id, s.ref AS site, s.name AS site_name, s.borough, d.site_ref AS recorded_at, d.step,
           d.organisation_code, d.organisation_name, d.organisation_sector, d.organisation_kind, d.body, d.decided_on,
           d.minute_reference, d.reason, d.actor, d.sensitivity, d.citation, d.reverses, d.check_id, d.outcome,
           d.opens_on, d.closes_on, d.at
    FROM decision d JOIN site_{audience} t ON t.ref = d.site_ref
    JOIN site_{audience} s ON s.ref = coalesce(t.gone->>'survivor', t.ref)
    WHERE d.sensitivity = ANY ('{seen}'::text[]) AND s.gone IS NULL;
GRANT SELECT ON decision_{audience} TO estates_{audience};
"""


def upgrade() -> None:
    op.execute(TABLES)
    for table in ("decision", "endorsement"):
        op.execute(f"CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON {table} "
                   "FOR EACH ROW EXECUTE FUNCTION refuse_change()")  # fmt: skip
        op.execute(f"CREATE TRIGGER kept_whole BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")
    for audience, seen in AUDIENCES.items():
        op.execute(READ.format(audience=audience, seen=seen))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: going back would throw records away")
