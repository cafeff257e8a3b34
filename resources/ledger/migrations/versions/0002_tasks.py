"""Tasks, their attempts, events, deliverables and reviews.

Every change of a task's state is written down by a trigger, with the actor and the reason that the transaction set;
without them it is refused. What is append-only is INSERT and SELECT for the app.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATES = "('waiting', 'ready', 'working', 'in_review', 'delivered', 'failed', 'cancelled')"

TASKS = f"""
CREATE TABLE waybill.tasks (
    id                  text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9][A-Za-z0-9_-]{{0,127}}$'),
    origin              text NOT NULL CHECK (origin IN ('clickup', 'local', 'recurring', 'webhook')),
    slot                text UNIQUE,
    name                text NOT NULL,
    body                text NOT NULL DEFAULT '',
    url                 text,
    list_id             text,
    client              text,
    type                text,
    type_named          text,
    auto_execute        boolean NOT NULL DEFAULT true,
    due_at              timestamptz,
    priority            smallint CHECK (priority BETWEEN 1 AND 4),
    clickup_status      text,
    clickup_status_kind text CHECK (clickup_status_kind IN ('open', 'closed', 'other')),
    clickup_updated_at  timestamptz,
    seen_at             timestamptz,
    swept_at            timestamptz,
    deleted_at          timestamptz,
    state               text NOT NULL CHECK (state IN {STATES}),
    reason              text CHECK (reason IS NOT NULL OR state NOT IN ('waiting', 'failed', 'cancelled')),
    recheck_at          timestamptz,
    overrides           jsonb NOT NULL DEFAULT '{{}}',
    feedback            text,
    round               integer NOT NULL DEFAULT 1,
    attempt             integer NOT NULL DEFAULT 0,
    attempts_left       integer NOT NULL DEFAULT 0 CHECK (attempts_left >= 0),
    not_before_at       timestamptz,
    requests            integer NOT NULL DEFAULT 0,
    created_at          timestamptz NOT NULL DEFAULT now(),
    changed_at          timestamptz NOT NULL DEFAULT now(),
    version             integer NOT NULL DEFAULT 1,
    lease_owner         text,
    lease_process       text,
    lease_expires_at    timestamptz,
    CHECK ((lease_owner IS NULL) = (lease_expires_at IS NULL)),
    CHECK ((lease_owner IS NOT NULL) = (state = 'working'))
)
"""

ATTEMPTS = """
CREATE TABLE waybill.task_attempts (
    task_id      text NOT NULL REFERENCES waybill.tasks,
    number       integer NOT NULL,
    kind         text NOT NULL,
    settings     jsonb NOT NULL,
    input        jsonb NOT NULL,
    input_hash   text NOT NULL,
    owner        text NOT NULL,
    run_id       text,
    started_at   timestamptz NOT NULL DEFAULT now(),
    deadline_at  timestamptz NOT NULL,
    ended_at     timestamptz,
    outcome      text,
    error        jsonb,
    log          jsonb,
    PRIMARY KEY (task_id, number),
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
)
"""

EVENTS = """
CREATE TABLE waybill.task_events (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id     text NOT NULL REFERENCES waybill.tasks,
    version     integer NOT NULL,
    attempt     integer NOT NULL,
    from_state  text,
    to_state    text NOT NULL,
    event       text NOT NULL,
    actor       text NOT NULL,
    reason      text NOT NULL,
    run_id      text,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    words       tsvector GENERATED ALWAYS AS (to_tsvector('simple', event || ' ' || actor || ' ' || reason)) STORED,
    UNIQUE (task_id, version)
)
"""

# SECURITY DEFINER: the app itself may read the history, and only this writes it.
NOTE_EVENT = """
CREATE FUNCTION waybill.note_task_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = waybill, pg_temp AS $$
DECLARE
    actor  text := nullif(current_setting('waybill.actor', true), '');
    reason text := nullif(current_setting('waybill.reason', true), '');
    event  text := nullif(current_setting('waybill.event', true), '');
BEGIN
    IF actor IS NULL OR reason IS NULL OR event IS NULL THEN
        RAISE EXCEPTION 'task %: a change of state needs waybill.actor, waybill.reason and waybill.event', NEW.id;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF NEW.version <> OLD.version + 1 THEN
            RAISE EXCEPTION 'task %: a change of state raises the version by one', NEW.id;
        END IF;
        NEW.changed_at := clock_timestamp();
    END IF;
    INSERT INTO task_events (task_id, version, attempt, from_state, to_state, event, actor, reason, run_id)
    VALUES (NEW.id, NEW.version, NEW.attempt, CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, NEW.state, event, actor,
            reason, nullif(current_setting('waybill.run', true), ''));
    RETURN NEW;
END $$
"""
# The event refers to the task, so that a new task's first event comes after its row.
TRIGGERS = (
    "CREATE TRIGGER tasks_seen AFTER INSERT ON waybill.tasks FOR EACH ROW EXECUTE FUNCTION waybill.note_task_event()",
    "CREATE TRIGGER tasks_moved BEFORE UPDATE OF state ON waybill.tasks FOR EACH ROW"
    " WHEN (OLD.state <> NEW.state OR OLD.version <> NEW.version) EXECUTE FUNCTION waybill.note_task_event()",
)

DELIVERABLES = """
CREATE TABLE waybill.deliverables (
    id          uuid PRIMARY KEY,
    task_id     text NOT NULL REFERENCES waybill.tasks,
    kind        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (task_id, kind)
)
"""
VERSIONS = """
CREATE TABLE waybill.deliverable_versions (
    id              uuid PRIMARY KEY,
    deliverable_id  uuid NOT NULL REFERENCES waybill.deliverables,
    number          integer NOT NULL CHECK (number > 0),
    attempt         integer NOT NULL,
    summary         text NOT NULL,
    made_by         text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (deliverable_id, number)
)
"""
FILES = """
CREATE TABLE waybill.deliverable_files (
    version_id    uuid NOT NULL REFERENCES waybill.deliverable_versions,
    name          text NOT NULL,
    media_type    text NOT NULL,
    size_bytes    bigint NOT NULL,
    content_hash  text NOT NULL,
    PRIMARY KEY (version_id, name)
)
"""
# A citation keeps the words, not only the id: a source can be removed with all its rows (KX-11), and what was delivered
# stays traceable all the same.
CITATIONS = """
CREATE TABLE waybill.citations (
    version_id     uuid NOT NULL REFERENCES waybill.deliverable_versions,
    number         integer NOT NULL,
    extraction_id  uuid NOT NULL,
    uri            text NOT NULL,
    title          text NOT NULL,
    span_start     integer NOT NULL,
    span_end       integer NOT NULL,
    text           text NOT NULL,
    PRIMARY KEY (version_id, number)
)
"""
REVIEWS = """
CREATE TABLE waybill.reviews (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version_id  uuid NOT NULL REFERENCES waybill.deliverable_versions,
    decision    text NOT NULL CHECK (decision IN ('approved', 'changes_requested')),
    reviewer    text NOT NULL,
    reason      text NOT NULL CHECK (reason <> ''),
    at          timestamptz NOT NULL DEFAULT now()
)
"""

INDEXES = (
    "CREATE INDEX tasks_ready ON waybill.tasks (not_before_at NULLS FIRST, id) WHERE state = 'ready'",
    "CREATE INDEX tasks_working ON waybill.tasks (lease_expires_at) WHERE state = 'working'",
    "CREATE INDEX tasks_rechecked ON waybill.tasks (recheck_at) WHERE state IN ('waiting', 'ready')",
    "CREATE INDEX tasks_due ON waybill.tasks (due_at) WHERE state IN ('waiting', 'ready', 'working', 'in_review')",
    "CREATE INDEX tasks_changed ON waybill.tasks (changed_at, id)",
    "CREATE INDEX tasks_unswept ON waybill.tasks (coalesce(swept_at, '-infinity'), id) WHERE origin = 'clickup'",
    "CREATE INDEX events_by_time ON waybill.task_events (at, id)",
    "CREATE INDEX events_by_words ON waybill.task_events USING gin (words)",
    "CREATE INDEX reviews_of_version ON waybill.reviews (version_id)",
)
GRANTS = (
    "REVOKE ALL ON FUNCTION waybill.note_task_event FROM PUBLIC",
    "GRANT SELECT, INSERT, UPDATE ON waybill.tasks TO waybill_app",
    "GRANT SELECT, INSERT ON waybill.task_attempts TO waybill_app",
    "GRANT UPDATE (ended_at, outcome, error, log) ON waybill.task_attempts TO waybill_app",
    "GRANT SELECT ON waybill.task_events TO waybill_app",
    "GRANT SELECT, INSERT ON waybill.deliverables, waybill.deliverable_versions, waybill.deliverable_files,"
    " waybill.citations, waybill.reviews TO waybill_app",
)


def upgrade() -> None:
    for table in (TASKS, ATTEMPTS, EVENTS, DELIVERABLES, VERSIONS, FILES, CITATIONS, REVIEWS):
        op.execute(table)
    for statement in (*INDEXES, NOTE_EVENT, *TRIGGERS, *GRANTS):
        op.execute(statement)
