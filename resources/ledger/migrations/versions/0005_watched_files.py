"""Workbooks that were dropped into the watch folder: one row a content, however often and under what name it came."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# `asking`: a person has to say which task it is for; `asking_task_id` is the waiting task that asks.
WATCHED_FILES = """
CREATE TABLE waybill.watched_files (
    content_hash    text PRIMARY KEY CHECK (content_hash ~ '^[0-9a-f]{64}$'),
    name            text NOT NULL,
    size_bytes      bigint NOT NULL,
    keyword         text,
    state           text NOT NULL CHECK (state IN ('asking', 'matched', 'quarantined', 'discarded')),
    task_id         text REFERENCES waybill.tasks,
    asking_task_id  text REFERENCES waybill.tasks,
    candidates      jsonb NOT NULL DEFAULT '[]',
    reason          text NOT NULL,
    seen_at         timestamptz NOT NULL DEFAULT now(),
    decided_at      timestamptz,
    decided_by      text,
    CHECK ((state = 'matched') = (task_id IS NOT NULL))
)
"""
INDEXES = (
    "CREATE INDEX watched_files_of_task ON waybill.watched_files (task_id)",
    "CREATE INDEX watched_files_asking ON waybill.watched_files (asking_task_id)",
    "CREATE INDEX watched_files_by_time ON waybill.watched_files (seen_at)",
)
GRANTS = (
    "GRANT SELECT, INSERT ON waybill.watched_files TO waybill_app",
    "GRANT UPDATE (state, task_id, reason, decided_at, decided_by) ON waybill.watched_files TO waybill_app",
)


def upgrade() -> None:
    op.execute(WATCHED_FILES)
    for statement in (*INDEXES, *GRANTS):
        op.execute(statement)
