"""The outside world: the outbox, the inbox, webhooks, alerts, the polls' watermarks, and the budget of calls."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Every effect on the outside world, committed with the state that caused it (design §5). `lane` orders: an effect
# waits for all before it in its lane. `set_key`: what is published as one; when one of a set is given up, those behind
# it are held. `unclear_at`: bytes left and no clear answer came: whoever takes it next looks before repeating.
OUTBOX = """
CREATE TABLE waybill.outbox (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key         text NOT NULL UNIQUE,
    lane        text NOT NULL,
    set_key     text,
    kind        text NOT NULL,
    task_id     text REFERENCES waybill.tasks,
    payload     jsonb NOT NULL,
    state       text NOT NULL DEFAULT 'pending'
                CHECK (state IN ('pending', 'sending', 'sent', 'held', 'dead', 'withdrawn')),
    attempts    integer NOT NULL DEFAULT 0,
    next_at     timestamptz NOT NULL DEFAULT now(),
    owner       text,
    process     text,
    expires_at  timestamptz,
    unclear_at  timestamptz,
    sent_at     timestamptz,
    result      jsonb,
    error       text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'sending') = (owner IS NOT NULL)),
    CHECK ((owner IS NULL) = (expires_at IS NULL)),
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
)
"""
ANNOUNCE = """
CREATE FUNCTION waybill.announce_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('waybill_outbox', '');
    RETURN NULL;
END $$
"""

INBOX = """
CREATE TABLE waybill.inbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key          text NOT NULL UNIQUE,
    route        text NOT NULL,
    body         jsonb NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT now(),
    deliveries   integer NOT NULL DEFAULT 1,
    attempts     integer NOT NULL DEFAULT 0,
    next_at      timestamptz NOT NULL DEFAULT now(),
    handled_at   timestamptz,
    outcome      text,
    error        text,
    CHECK ((handled_at IS NULL) = (outcome IS NULL))
)
"""

# The secret is encrypted with WAYBILL_SECRET_KEY.
WEBHOOKS = """
CREATE TABLE waybill.webhooks (
    route       text PRIMARY KEY,
    remote_id   text NOT NULL,
    endpoint    text NOT NULL,
    secret      bytea NOT NULL,
    health      text NOT NULL,
    fail_count  integer NOT NULL DEFAULT 0,
    checked_at  timestamptz NOT NULL DEFAULT now(),
    created_at  timestamptz NOT NULL DEFAULT now()
)
"""

# `passed_on_at`: an effect for each channel that was configured then stands in the outbox.
ALERTS = """
CREATE TABLE waybill.alerts (
    key        text PRIMARY KEY,
    kind       text NOT NULL,
    subject    text NOT NULL,
    body       text NOT NULL,
    task_id    text REFERENCES waybill.tasks,
    raised_at  timestamptz NOT NULL DEFAULT now(),
    passed_on_at  timestamptz
)
"""

# How far the poll of a team has come, committed with the tasks that it saw; and the sweep, page by page.
POLLS = """
CREATE TABLE waybill.polls (
    team                text PRIMARY KEY,
    watermark_at        timestamptz,
    page                integer NOT NULL DEFAULT 0,
    began_at            timestamptz,
    caught_up_at        timestamptz,
    sweep_began_at      timestamptz,
    sweep_watermark_at  timestamptz,
    sweep_page          integer NOT NULL DEFAULT 0,
    swept_at            timestamptz
)
"""

# The last slot of a recurring task that was made, or passed over: a restart goes on behind it.
RECURRENCES = """
CREATE TABLE waybill.recurrences (
    name          text PRIMARY KEY,
    last_slot_at  timestamptz NOT NULL
)
"""

# One row a call that may be under way or in the window: a slot is free again a whole window after its call *ended*, so
# no window, by the server's clock or ours, holds more calls than there are slots.
CALL_SLOTS = """
CREATE TABLE waybill.call_slots (
    token    text NOT NULL,
    slot     integer NOT NULL,
    free_at  timestamptz NOT NULL,
    PRIMARY KEY (token, slot)
)
"""

INDEXES = (
    "CREATE INDEX outbox_due ON waybill.outbox (next_at, id) WHERE state = 'pending'",
    "CREATE INDEX outbox_lanes ON waybill.outbox (lane, id) WHERE state IN ('pending', 'sending')",
    "CREATE INDEX outbox_sending ON waybill.outbox (expires_at) WHERE state = 'sending'",
    "CREATE INDEX outbox_of_task ON waybill.outbox (task_id, id)",
    "CREATE INDEX outbox_sets ON waybill.outbox (set_key, id) WHERE set_key IS NOT NULL",
    "CREATE INDEX inbox_unhandled ON waybill.inbox (next_at, id) WHERE handled_at IS NULL",
    # Who moved a task: the newest events of it.
    "CREATE INDEX inbox_of_task ON waybill.inbox ((body ->> 'task_id'), id) WHERE route = 'clickup'",
    "CREATE INDEX alerts_by_time ON waybill.alerts (raised_at)",
    "CREATE INDEX alerts_of_task ON waybill.alerts (task_id)",
    "CREATE INDEX alerts_new ON waybill.alerts (raised_at) WHERE passed_on_at IS NULL",
    "CREATE INDEX call_slots_free ON waybill.call_slots (token, free_at)",
)
CHANGES = (
    "ALTER TABLE waybill.dead_letters ADD COLUMN dropped_at timestamptz, ADD COLUMN dropped_by text,"
    " ADD COLUMN drop_reason text, ADD COLUMN replayed_by text,"
    " ADD CHECK ((dropped_at IS NULL) = (dropped_by IS NULL))",
    "CREATE INDEX dead_letters_open ON waybill.dead_letters (created_at) WHERE replayed_at IS NULL"
    " AND dropped_at IS NULL",
    "CREATE TRIGGER outbox_announced AFTER INSERT ON waybill.outbox FOR EACH STATEMENT"
    " EXECUTE FUNCTION waybill.announce_outbox()",
    "CREATE TRIGGER alerts_announced AFTER INSERT ON waybill.alerts FOR EACH STATEMENT"
    " EXECUTE FUNCTION waybill.announce_outbox()",
)
GRANTS = (
    "GRANT SELECT, INSERT, UPDATE ON waybill.outbox, waybill.inbox, waybill.webhooks, waybill.polls,"
    " waybill.recurrences TO waybill_app",
    "GRANT DELETE ON waybill.inbox TO waybill_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON waybill.call_slots TO waybill_app",
    "GRANT SELECT, INSERT ON waybill.alerts TO waybill_app",
    "GRANT UPDATE (passed_on_at) ON waybill.alerts TO waybill_app",
)


def upgrade() -> None:
    for table in (OUTBOX, INBOX, WEBHOOKS, ALERTS, POLLS, RECURRENCES, CALL_SLOTS):
        op.execute(table)
    for statement in (*INDEXES, ANNOUNCE, *CHANGES, *GRANTS):
        op.execute(statement)
