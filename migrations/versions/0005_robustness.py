"""How ranks hold, what a what-if needs of each site, and which method was adopted by whom."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

RUNS = """
ALTER TABLE assessment ADD COLUMN draws integer CHECK (draws > 0);
COMMENT ON COLUMN assessment.draws IS 'draws of weights and unknown measures; null: none were made';
ALTER TABLE assessment_site ADD COLUMN measured jsonb;
COMMENT ON COLUMN assessment_site.measured IS 'what scores follow from, by criterion: state, number, edition';
"""

# The tables of partners and the public inherit the columns.
SITES = """
ALTER TABLE site_complete
    ADD COLUMN release_rank integer,
    ADD COLUMN release_rank_low integer,
    ADD COLUMN release_rank_high integer,
    ADD COLUMN release_top_k double precision,
    ADD COLUMN release_pareto boolean,
    ADD COLUMN reuse_rank integer,
    ADD COLUMN reuse_rank_low integer,
    ADD COLUMN reuse_rank_high integer,
    ADD COLUMN reuse_top_k double precision,
    ADD COLUMN reuse_pareto boolean,
    ADD COLUMN route_differs double precision,
    ADD COLUMN measured jsonb;
"""

ADOPTION = """
CREATE TABLE adoption (
    id bigserial PRIMARY KEY,
    method_sha256 text NOT NULL REFERENCES method,
    adopted_by text NOT NULL CHECK (adopted_by ~ '[^[:space:]]'),
    reason text NOT NULL CHECK (reason ~ '[^[:space:]]'),
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE adoption IS 'Who decided on a method and why; the last one counts from then on';
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON adoption FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON adoption EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    for part in (RUNS, SITES, ADOPTION):
        op.execute(part)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: going back would throw records away")
