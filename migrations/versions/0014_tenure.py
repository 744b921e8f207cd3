"""What a public owner has at a site, freehold or leasehold, as a column that sites can be found by."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Made of the interests: written anew after every change of the schema. The view of owners names the columns that were
# there when it was made, and is told of this one.
TENURE = """
ALTER TABLE site_complete ADD COLUMN tenure text CHECK (tenure IN ('freehold', 'leasehold'));
COMMENT ON COLUMN site_complete.tenure IS
    'what a public owner has there: the freehold where one is known, else a lease; null where no source says';
CREATE OR REPLACE VIEW site_owner AS
    SELECT * FROM site_partner
    UNION ALL
    SELECT * FROM ONLY site_complete WHERE private_to = current_setting('estates.organisation', true);
"""


def upgrade() -> None:
    op.execute(TENURE)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: going back would throw records away")
