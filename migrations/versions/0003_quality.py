"""Quality: who may see an issue, which other row it speaks of, and the indexes by which issues and rows are found."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ISSUES = """
ALTER TABLE issue ADD COLUMN sensitivity text NOT NULL DEFAULT 'public'
        CHECK (sensitivity IN ('public', 'partner', 'owner')),
    ADD COLUMN beside_edition_id bigint REFERENCES edition, ADD COLUMN beside_line integer,
    ADD COLUMN site_ref text REFERENCES site;
COMMENT ON COLUMN issue.sensitivity IS 'of its row, or its file; the strictest of owner, partner, public sorts first';
COMMENT ON COLUMN issue.beside_line IS 'the other row that it quotes, which may be masked as well';
COMMENT ON COLUMN issue.site_ref IS 'what is wrong between holdings of one place is for those who may see that place';

-- An issue never changes; here it only gets what its edition says already.
ALTER TABLE issue DISABLE TRIGGER kept;
UPDATE issue i SET sensitivity = s.strictest FROM (
    SELECT e.id, least(e.sensitivity, (SELECT min(c.sensitivity) FROM claim c WHERE c.edition_id = e.id)) AS strictest
    FROM edition e
) s WHERE s.id = i.edition_id AND s.strictest <> 'public';
ALTER TABLE issue ENABLE TRIGGER kept;

DROP INDEX ix_issue_edition_id;
CREATE INDEX issue_edition ON issue (edition_id, id);
CREATE INDEX issue_organisation ON issue (organisation, id);
CREATE INDEX issue_rule ON issue (rule, id);
CREATE INDEX issue_error ON issue (id) WHERE severity = 'error';
"""

# Every row of an edition has one claim of its name: the index that finds an edition's rows holds nothing else.
ROWS = "CREATE INDEX claim_row ON claim (edition_id, holding_id) WHERE attribute = 'name'"


def upgrade() -> None:
    op.execute(ISSUES)
    op.execute(ROWS)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: going back would throw records away")
