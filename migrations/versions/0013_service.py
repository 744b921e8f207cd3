"""The role of the serving process, which reads, adds to the record, and changes nothing that is kept."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'estates_service') THEN
        CREATE ROLE estates_service NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another installation made it just now
END $$;
"""


def upgrade() -> None:
    op.execute(ROLE)  # what it may do is granted after every change of the schema (store/rights.py)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: going back would throw records away")
