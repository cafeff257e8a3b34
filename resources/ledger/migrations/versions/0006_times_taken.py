"""How often a content was put away: a repeat after a crash is not a second drop."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# What is there already was put away, in all likelihood.
STATEMENTS = (
    "ALTER TABLE waybill.watched_files ADD COLUMN times_taken integer NOT NULL DEFAULT 1 CHECK (times_taken >= 0)",
    "ALTER TABLE waybill.watched_files ALTER COLUMN times_taken SET DEFAULT 0",
    "GRANT UPDATE (times_taken) ON waybill.watched_files TO waybill_app",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
