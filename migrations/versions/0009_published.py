"""Shortlists that are published: who did it, what each replaces and why, one view of each for every audience, and
what persons put on a list or take off it."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# A list was drafted from the command line alone until now.
PUBLISHED = """
ALTER TABLE shortlist
    ADD COLUMN actor text NOT NULL DEFAULT 'command line' CHECK (actor ~ '[^[:space:]]'),
    ADD COLUMN replaces integer,
    ADD COLUMN because text CHECK (because ~ '[^[:space:]]'),
    ADD CONSTRAINT shortlist_replaces FOREIGN KEY (quarter, replaces) REFERENCES shortlist (quarter, revision),
    ADD CONSTRAINT shortlist_draft_replaces_nothing CHECK (
        status = 'published' OR (replaces IS NULL AND because IS NULL));
COMMENT ON COLUMN shortlist.replaces IS 'the revision that was published before this one';
COMMENT ON COLUMN shortlist.because IS 'why it was replaced; shown to everybody';

CREATE FUNCTION check_published() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last integer := (SELECT max(revision) FROM shortlist WHERE quarter = NEW.quarter AND status = 'published');
BEGIN
    IF NOT EXISTS (SELECT FROM shortlist WHERE quarter = NEW.quarter AND status = 'draft' AND sha256 = NEW.sha256) THEN
        RAISE EXCEPTION 'what is published must have been a draft, to the byte' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.replaces IS DISTINCT FROM last OR (last IS NOT NULL AND NEW.because IS NULL) THEN
        RAISE EXCEPTION 'revision % is published: a correction names it and says why', last
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER published BEFORE INSERT ON shortlist FOR EACH ROW WHEN (NEW.status = 'published')
    EXECUTE FUNCTION check_published();
"""

CIRCLE = """
ALTER TABLE assessment_site ADD COLUMN circle smallint CHECK (circle BETWEEN 0 AND 2);
COMMENT ON COLUMN assessment_site.circle IS
    'how few could see the site when the run was made: 0 everybody, 1 partners, 2 owners alone; NULL is not recorded';
"""

VIEWS = """
CREATE TABLE shortlist_view (
    shortlist_id bigint NOT NULL REFERENCES shortlist,
    audience text NOT NULL CHECK (audience IN ('public', 'partner')),
    content bytea NOT NULL,
    sha256 text NOT NULL CHECK (sha256 = encode(sha256(content), 'hex')),
    PRIMARY KEY (shortlist_id, audience)
);
COMMENT ON TABLE shortlist_view IS 'A list as an audience sees it, without what is withheld; the list has the whole';
"""

CHOICES = """
CREATE TABLE choice (
    id bigserial PRIMARY KEY,
    quarter text NOT NULL CHECK (quarter ~ '^[0-9]{4}-Q[1-4]$'),
    site_ref text NOT NULL REFERENCES site,
    kind text NOT NULL CHECK (kind IN ('pin', 'strike', 'withdrawn')),
    list text CHECK (list IN ('release', 'part release', 'reuse')),
    reason text NOT NULL CHECK (reason ~ '[^[:space:]]'),
    actor text NOT NULL CHECK (actor ~ '[^[:space:]]'),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((kind = 'pin') = (list IS NOT NULL))
);
CREATE INDEX choice_quarter ON choice (quarter, id);
COMMENT ON TABLE choice IS 'What a person put on a list or took off it, and why; the last one of a site counts';
"""

KEPT = """
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    for part in (PUBLISHED, CIRCLE, VIEWS, CHOICES):
        op.execute(part)
    for table in ("shortlist_view", "choice"):
        op.execute(KEPT.format(table=table))


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: going back would throw records away")
