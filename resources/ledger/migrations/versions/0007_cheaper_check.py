"""A task's id is checked at each of its moves; a counted repetition made of it a state for each character."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE waybill.tasks DROP CONSTRAINT tasks_id_check, ADD CONSTRAINT tasks_id_check"
        " CHECK (length(id) <= 128 AND id ~ '^[A-Za-z0-9][A-Za-z0-9_-]*$')"
    )
