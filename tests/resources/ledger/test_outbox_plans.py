"""The outbox's hot queries cost what waits, not what was ever sent; each test fails when its index is lost."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text

from resources.ledger import alerts, call_budget, outbox
from tests.hosts import PostgresHost
from tests.resources.ledger.test_query_plans import planned, without

SENT: Final = 60_000
FILL: Final = (
    "SELECT set_config('waybill.actor', 'a', false), set_config('waybill.reason', 'r', false),"
    " set_config('waybill.event', 'seen', false)",
    "INSERT INTO waybill.tasks (id, origin, name, state) SELECT 't' || n, 'clickup', 'n', 'ready'"
    " FROM generate_series(1, 2000) n",
    f"""INSERT INTO waybill.outbox (key, lane, set_key, kind, task_id, payload, state, sent_at, result)
        SELECT 'k' || n, 't' || 1 + n % 2000, 's' || n / 3, (ARRAY['attachment', 'comment', 'status'])[1 + n % 3],
               't' || 1 + n % 2000, '{{"status": "in review"}}', 'sent', now(), '{{}}'
        FROM generate_series(1, {SENT}) n""",
    """INSERT INTO waybill.outbox (key, lane, set_key, kind, task_id, payload)
       SELECT 'p' || n, 't' || n, 'p' || n, 'comment', 't' || n, '{}' FROM generate_series(1, 200) n""",
    """INSERT INTO waybill.outbox (key, lane, kind, task_id, payload, state, owner, process, expires_at)
       SELECT 'w' || n, 't' || 200 + n, 'comment', 't' || n, '{}', 'sending', 'o', 'p', now()
       FROM generate_series(1, 8) n""",
    """INSERT INTO waybill.alerts (key, kind, subject, body, passed_on_at)
       SELECT 'a' || n, 'k', 's', 'b', CASE WHEN n > 5 THEN now() END FROM generate_series(1, 20000) n""",
    """INSERT INTO waybill.call_slots (token, slot, free_at)
       SELECT 't', n, now() - interval '1 s' FROM generate_series(-1, 9999) n""",
)
TAKE: Final = {
    "owner": "o", "process": "p", "at_most": 8, "lease": timedelta(minutes=1), "kinds": ["comment", "status"],
}  # fmt: skip


@pytest.fixture(scope="module")
def large(postgres: PostgresHost) -> Iterator[Engine]:
    with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as superuser:
        superuser.execute("CREATE DATABASE large_outbox TEMPLATE waybill")
    engine = create_engine(postgres.url_of("large_outbox").replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for statement in FILL:
            connection.execute(text(statement))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE waybill.outbox, waybill.alerts, waybill.tasks, waybill.call_slots"))
    yield engine
    engine.dispose()


def test_what_is_due_is_taken_by_the_index_of_what_waits(large: Engine) -> None:
    found = planned(large, outbox._TAKE, **TAKE)
    assert "outbox_due" in found
    assert "outbox_lanes" in found
    assert "Seq Scan" not in found
    assert "outbox_due" not in without(large, "outbox_due", outbox._TAKE, **TAKE)


def test_what_is_being_sent_is_found_among_what_is_being_sent(large: Engine) -> None:
    for query, values in (
        (outbox._SENDING, {"process": "me"}),
        (outbox._EXTEND, {"process": "p", "lease": timedelta(1)}),
    ):
        assert "outbox_sending" in planned(large, query, **values)
        assert "outbox_sending" not in without(large, "outbox_sending", query, **values)


def test_a_tasks_own_writes_are_found_among_its_rows(large: Engine) -> None:
    values = {"tasks": ["t7", "t8"]}
    found = planned(large, outbox._OWN, **values)
    assert "outbox_of_task" in found
    assert "Seq Scan on outbox" not in found
    assert "outbox_of_task" not in without(large, "outbox_of_task", outbox._OWN, **values)


def test_a_withdrawal_reads_its_tasks_rows_and_their_sets(large: Engine) -> None:
    values = {"task": "t7", "reason": "r"}
    assert "Seq Scan" not in planned(large, outbox._WITHDRAW, **values)
    assert "Seq Scan" not in planned(large, outbox._LOCK_PENDING, task="t7")
    assert "Seq Scan" in without(large, "outbox_sets", outbox._WITHDRAW, **values)


def test_new_alerts_are_found_among_the_new_ones(large: Engine) -> None:
    found = planned(large, alerts._PASS_ON, at_most=100)
    assert "alerts_new" in found
    assert "Seq Scan" not in found
    assert "alerts_new" not in without(large, "alerts_new", alerts._PASS_ON, at_most=100)


def test_slots_for_calls_are_taken_by_key_and_the_pause_is_one_row(large: Engine) -> None:
    minute = timedelta(minutes=1)
    values = {"token": "t", "pause": call_budget.PAUSE, "number": 20, "held": minute, "window": minute}
    found = planned(large, call_budget._TAKE, **values, ended=[1, 2, 3], unused=[])
    assert "Seq Scan" not in found
    assert found.count("call_slots_free") == 1  # what is free; never what is held, of which there can be thousands
