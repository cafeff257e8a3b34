"""Paid work: what a writer answered, kept step by step; rounds as versions; what a task says, orders and works from."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# What was answered (and paid) once is never asked again: by the task, the step, and all that the step works from.
STEPS = """
CREATE TABLE waybill.task_steps (
    task_id     text NOT NULL REFERENCES waybill.tasks,
    step        text NOT NULL,
    input_hash  text NOT NULL,
    output      jsonb NOT NULL,
    made_by     text NOT NULL,
    attempt     integer NOT NULL,
    took_ms     integer NOT NULL CHECK (took_ms >= 0),
    made_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (task_id, step, input_hash)
)
"""
# `stage`: a round of the quality loop is a version as the whole one is; only a whole one is published. `copy_of`: the
# version that it was rolled back to. A file that is not `published` stays here: it is what versions are compared by.
# Which file of the artefact store was read last when, and whether it was what its name says: whose turn it is next.
ARTEFACT_LOOKS = """
CREATE TABLE waybill.artefact_looks (
    content_hash  text PRIMARY KEY,
    is_whole      boolean NOT NULL,
    looked_at     timestamptz NOT NULL
)
"""
CHANGES = (
    "ALTER TABLE waybill.tasks ADD COLUMN fields jsonb NOT NULL DEFAULT '{}', ADD COLUMN ordered_by text,"
    " ADD COLUMN workbook_hash text CHECK (workbook_hash ~ '^[0-9a-f]{64}$')",
    "ALTER TABLE waybill.deliverable_versions ADD COLUMN stage text NOT NULL DEFAULT 'whole'"
    " CHECK (stage IN ('round', 'whole')), ADD COLUMN copy_of uuid REFERENCES waybill.deliverable_versions",
    "ALTER TABLE waybill.deliverable_files ADD COLUMN published boolean NOT NULL DEFAULT true",
    "CREATE INDEX versions_by_original ON waybill.deliverable_versions (copy_of)",
    "CREATE INDEX files_by_content ON waybill.deliverable_files (content_hash)",
    "GRANT SELECT, INSERT ON waybill.task_steps TO waybill_app",
    "GRANT SELECT, INSERT, UPDATE ON waybill.artefact_looks TO waybill_app",
)


def upgrade() -> None:
    op.execute(STEPS)
    op.execute(ARTEFACT_LOOKS)
    for statement in CHANGES:
        op.execute(statement)
