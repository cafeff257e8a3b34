"""The hot queries of tasks use their index among many tasks; each test fails when it is lost."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy import Engine, TextClause, create_engine

from resources.ledger import claims, history, outbox, polls, requests, reviews, sightings, tasks
from tests.hosts import PostgresHost
from tests.resources.ledger.test_query_plans import planned, without

MINUTE: Final = timedelta(minutes=1)
TASKS: Final = 20_000
# Most tasks of a workspace are done or not for us; few are ready, fewer are worked on.
FILL: Final = f"""
SELECT set_config('waybill.actor', 'a', true), set_config('waybill.reason', 'r', true),
       set_config('waybill.event', 'see', true);
INSERT INTO waybill.tasks (id, origin, name, body, client, type, state, reason, due_at, recheck_at, swept_at,
                           created_at, changed_at, lease_owner, lease_expires_at, lease_process)
SELECT 't' || n, 'clickup', 'Task ' || n, repeat('text ', 20), 'acme', 'knowledge_note',
       CASE WHEN n % 400 = 1 THEN 'ready' WHEN n % 1000 = 2 THEN 'working' WHEN n % 5 = 0 THEN 'waiting'
            ELSE 'delivered' END, 'r', now() + (n - 1000) * interval '1 hour',
       CASE WHEN n % 100 = 0 THEN now() + (n - 500) * interval '1 min' END,
       CASE WHEN n > 20 THEN now() + interval '1 min' END, now() - interval '1 day', now() - n * interval '1 min',
       CASE WHEN n % 1000 = 2 THEN 'run ' || n END, CASE WHEN n % 1000 = 2 THEN now() END, 'x/1/2/3'
FROM generate_series(1, {TASKS}) n;
INSERT INTO waybill.outbox (key, lane, set_key, kind, task_id, payload, state, sent_at, result)
SELECT 'k' || n, 't' || n / 3, 'set' || n / 3, CASE n % 3 WHEN 2 THEN 'status' ELSE 'comment' END, 't' || 1 + n / 3,
       '{{"status": "in review"}}', CASE WHEN n % 500 = 0 THEN 'pending' ELSE 'sent' END,
       CASE WHEN n % 500 <> 0 THEN now() END, '{{"updated_at": "2026-07-01T00:00:00Z"}}'
FROM generate_series(0, {TASKS} - 1) n;
INSERT INTO waybill.inbox (key, route, body, handled_at, outcome)
SELECT 'k' || n, 'clickup', jsonb_build_object('task_id', 't' || n, 'history_items', '[]'::jsonb), now(), 'handled'
FROM generate_series(1, {TASKS}) n;
INSERT INTO waybill.polls (team, sweep_began_at) VALUES ('T', now())
"""
PLANS: Final[list[tuple[TextClause, dict[str, Any], str]]] = [
    (claims._READY, {"at_most": 50}, "tasks_ready"),
    (requests._NOTE, {"ids": ["t401", "t801"], "again": MINUTE}, "tasks_pkey"),
    (claims._STALE, {}, "tasks_working"),
    (sightings._RECHECK, {"at_most": 500}, "tasks_rechecked"),
    (sightings._TYPELESS, {"types": ["knowledge_note"], "at_most": 500}, "tasks_ready"),
    (sightings._MANY, {"ids": [f"t{n}" for n in range(100)]}, "tasks_pkey"),
    (sightings._MOVER, {"task": "t7", "status": "complete", "after_ms": 0}, "inbox_of_task"),
    (tasks._DUE_UNTOLD,
     {"types": ["knowledge_note"], "hours": [24.0], "longest": timedelta(hours=24), "at_most": 500}, "tasks_due"),
    (polls._UNSWEPT, {"team": "T", "at_most": 50}, "tasks_unswept"),
    (outbox._OWN, {"tasks": ["t7", "t8"]}, "outbox_of_task"),
    (outbox._LOCK_PENDING, {"task": "t7"}, "outbox_of_task"),
    (reviews._UNPUBLISHED, {"set_key": "set7"}, "outbox_sets"),
]  # fmt: skip


@pytest.fixture(scope="module")
def large(postgres: PostgresHost) -> Iterator[Engine]:
    """A superuser's engine, so that it may fill, analyze and lose an index."""
    with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as superuser:
        superuser.execute("CREATE DATABASE many_tasks TEMPLATE waybill")
        engine = create_engine(postgres.url_of("many_tasks").replace("postgresql://", "postgresql+psycopg://"))
        with psycopg.connect(postgres.url_of("many_tasks"), autocommit=True) as filling:
            filling.execute(FILL)
            filling.execute("VACUUM ANALYZE waybill.tasks, waybill.outbox, waybill.inbox, waybill.task_events")
        yield engine
        engine.dispose()
        superuser.execute("DROP DATABASE many_tasks WITH (FORCE)")


@pytest.mark.parametrize(("query", "values", "index"), PLANS, ids=[f"{n} {each[2]}" for n, each in enumerate(PLANS)])
def test_each_hot_query_reads_its_index_and_no_table_whole(
    large: Engine, query: TextClause, values: dict[str, Any], index: str
) -> None:
    found = planned(large, query, **values)
    assert index in found
    for table in ("tasks", "outbox", "inbox"):
        assert f"Seq Scan on {table}" not in found
    if not index.endswith("_pkey"):
        assert index not in without(large, index, query, **values)


def test_the_history_of_a_task_is_found_by_it(large: Engine) -> None:
    found = planned(large, history._OF_TASK, task="t7")
    assert "Seq Scan on task_events" not in found
