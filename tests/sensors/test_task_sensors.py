"""The other sensors of tasks: they look, write into the ledger, say what they did, and ask for no run."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from resources.clickup.errors import ClickUpError
from resources.domain.tasks import TaskEvent, TaskState
from resources.ledger import polls
from resources.ledger.claims import Worker
from resources.ledger.polls import Poll
from sensors.clickup_sweep_sensor import clickup_sweep_sensor, is_due
from sensors.clickup_tasks_sensor import clickup_tasks_sensor
from sensors.due_tasks_sensor import due_tasks_sensor
from sensors.recurring_tasks_sensor import recurring_tasks_sensor
from sensors.stale_work_sensor import ended_runs, stale_work_sensor
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import (
    acme,
    add,
    add_many,
    attempts,
    claim,
    claiming_process,
    configured,
    expire,
    get,
    kill,
    moved,
)
from tests.sensors.task_ticks import TaskTicks

POLL = clickup_tasks_sensor(30)
NIGHT = "30 2 * * *"
NEVER = "0 0 29 2 *"
DAWN = datetime(2026, 7, 1, 2, 30, tzinfo=UTC)


def materialized(ticks: TaskTicks) -> dict[str, Any]:
    (event,) = ticks.tick(POLL).asset_events
    assert isinstance(event, dg.AssetMaterialization)
    assert event.asset_key == dg.AssetKey("clickup_tasks")
    return {name: value.value for name, value in event.metadata.items()}


def alerts(ticks: TaskTicks) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in sql(ticks.ledger, "SELECT key, subject FROM waybill.alerts ORDER BY key")]


def test_a_change_in_clickup_is_a_materialization_and_no_change_is_none(ticks: TaskTicks) -> None:
    ticks.watched.create()
    waits = ticks.watched.create("waits", fields={"Auto execute": False})
    found = materialized(ticks)
    assert (found["dagster/row_count"], found["tasks_ready"], found["tasks_waiting"], found["new"]) == (2, 1, 1, 2)
    (row,) = found["waiting"].records if hasattr(found["waiting"], "records") else found["waiting"]
    assert (row.data["task"], row.data["why it waits"]) == (waits, "auto-execute is off")
    assert ticks.said(POLL).startswith("Nothing changed")
    ticks.watched.host.move(waits, "cancelled")
    assert materialized(ticks)["moved_by_people"] == 1


def test_a_page_that_cannot_be_read_fails_the_tick(ticks: TaskTicks) -> None:
    ticks.watched.host.fail([{"kind": "502_html", "path": "/team/.*/task"}])
    with pytest.raises(ClickUpError):
        ticks.tick(POLL)


def test_the_sweep_comes_at_its_time_and_not_before(ticks: TaskTicks) -> None:
    kept, gone = ticks.watched.create("kept"), ticks.watched.create("gone")
    assert "The last sweep began None" in ticks.said(clickup_sweep_sensor(NIGHT)), "the first poll is one by itself"
    ticks.watched.caught_up()
    ticks.watched.host.delete(gone)
    assert "comes at its time" in ticks.said(clickup_sweep_sensor(NEVER))
    sql(ticks.ledger, "UPDATE waybill.polls SET caught_up_at = now() - interval '2 days'")
    assert "A sweep ended" in ticks.said(clickup_sweep_sensor(NIGHT))
    assert (get(ticks.ledger, gone).state, get(ticks.ledger, kept).state) == (TaskState.CANCELLED, TaskState.READY)
    assert "The last sweep began 2" in ticks.said(clickup_sweep_sensor(NIGHT))


def test_a_sweep_says_what_it_could_not_reach(ticks: TaskTicks) -> None:
    hidden = ticks.watched.host.add_list("Hidden")
    task = ticks.watched.create(list_id=hidden)
    ticks.watched.caught_up()
    with ticks.ledger.begin() as connection:
        polls.begin_sweep(connection, ticks.watched.host.team)
    ticks.watched.host.reach(hidden, reachable=False)
    said = ticks.said(clickup_sweep_sensor(NEVER))
    ticks.watched.host.reach(hidden, reachable=True)
    assert f"1 cannot be reached: ['{task}']" in said


@pytest.mark.parametrize(
    ("stand", "due"),
    [
        ({}, False),
        ({"caught_up_at": DAWN - timedelta(hours=1)}, True),
        ({"caught_up_at": DAWN}, False),
        ({"caught_up_at": DAWN - timedelta(days=3), "swept_at": DAWN + timedelta(seconds=1)}, False),
        ({"swept_at": DAWN - timedelta(days=3)}, True),
        ({"swept_at": DAWN, "sweep_began_at": DAWN}, True),
    ],
)
def test_a_sweep_is_due_once_for_each_night_or_while_it_is_under_way(stand: dict[str, datetime], due: bool) -> None:
    nothing: dict[str, Any] = dict.fromkeys(Poll.__dataclass_fields__)
    assert is_due(Poll(**nothing | {"page": 0, "sweep_page": 0} | stand), NIGHT, DAWN + timedelta(minutes=1)) is due


def test_CB_1_the_work_of_lost_workers_goes_back(ticks: TaskTicks, cleared_url: str) -> None:
    add_many(ticks.ledger, 2, attempts_left=1)
    assert "has its worker" in ticks.said(stale_work_sensor)
    claim(ticks.ledger, task="m0000")
    expire(ticks.ledger, "m0000")
    add(ticks.ledger, "t1", attempts_left=2)
    with claiming_process(cleared_url) as process:
        claim(ticks.ledger, task="m0001")
        kill(process)
        assert ticks.said(stale_work_sensor) == "Ready again: ['t1']; failed for good: ['m0000']."
    assert get(ticks.ledger, "m0001").state is TaskState.WORKING


@pytest.mark.parametrize(
    ("status", "outcome"), [("FAILURE", "abandoned"), ("CANCELED", "interrupted"), ("SUCCESS", "abandoned")]
)
def test_CB_1_a_run_that_ended_without_a_word_gives_its_task_back_at_once(
    ticks: TaskTicks, status: str, outcome: str
) -> None:
    add(ticks.ledger)
    running = ticks.run("t2", dg.DagsterRunStatus.STARTED)
    ended = ticks.run("t1", dg.DagsterRunStatus[status])
    claim(ticks.ledger, Worker(f"run {ended}", ended))
    add(ticks.ledger, "t2")
    claim(ticks.ledger, Worker(f"run {running}", running), "t2")
    assert ticks.said(stale_work_sensor) == "Ready again: ['t1']; failed for good: []."
    assert [each.outcome for each in attempts(ticks.ledger)] == [outcome]
    assert get(ticks.ledger, "t2").state is TaskState.WORKING
    assert ended_runs(ticks.instance, [running]) == {}


def test_no_question_is_put_to_dagster_when_nobody_works(ticks: TaskTicks) -> None:
    assert ended_runs(ticks.instance, []) == {}


def test_an_alert_goes_out_once_before_a_task_is_due_undone(ticks: TaskTicks) -> None:
    now = sql(ticks.ledger, "SELECT date_trunc('second', now())")[0][0]
    for name, hours in (("soon", 23), ("later", 25), ("late", -5)):
        add(ticks.ledger, name, due_at=now + timedelta(hours=hours))
    add(ticks.ledger, "waits", due_at=now, state=TaskState.WAITING, reason="no client is chosen")
    add(ticks.ledger, "done", due_at=now)
    moved(ticks.ledger, TaskEvent.CANCEL, "done", reason="r")
    assert ticks.said(due_tasks_sensor) == "3 alerts were raised on open tasks that are due soon."
    told = alerts(ticks)
    assert [key.split(":")[1] for key, _ in told] == ["late", "soon", "waits"]
    assert told[1][1].startswith(f"Task soon is due {now + timedelta(hours=23):%Y-%m-%d %H:%M} UTC")
    assert "ready" in told[1][1]
    assert ticks.said(due_tasks_sensor).startswith("0 alerts")
    sql(ticks.ledger, "UPDATE waybill.tasks SET due_at = due_at + interval '30 min' WHERE id = 'soon'")
    assert ticks.said(due_tasks_sensor).startswith("1 alerts"), "a date that was moved is another event"


def test_due_tasks_that_are_not_for_us_crowd_out_no_alert(ticks: TaskTicks) -> None:
    now = sql(ticks.ledger, "SELECT now()")[0][0]
    add_many(ticks.ledger, 600, type=None, due_at=now - timedelta(hours=1))
    add(ticks.ledger, due_at=now)
    ticks.tick(due_tasks_sensor)
    assert [key.split(":")[1] for key, _ in alerts(ticks)] == ["t1"]


def test_each_type_has_its_own_time_before_it_is_due(ticks: TaskTicks) -> None:
    types = {
        "knowledge_note": {"due_alert_hours": 1},
        "slow": {"kind": "knowledge_note", "option": "Slow", "due_alert_hours": 72},
    }
    now = sql(ticks.ledger, "SELECT now()")[0][0]
    add(ticks.ledger, "note", due_at=now + timedelta(hours=2))
    add(ticks.ledger, "slow", type="slow", due_at=now + timedelta(hours=71))
    ticks.configured_as(configured(types=types)).tick(due_tasks_sensor)
    assert [key.split(":")[1] for key, _ in alerts(ticks)] == ["slow"]


def test_a_slot_that_came_is_a_task(ticks: TaskTicks) -> None:
    acme(ticks.ledger)
    each = {"name": "weekly", "cron": "0 * * * *", "type": "knowledge_note", "client": "acme", "title": "What is new?"}
    hourly = ticks.configured_as(configured(recurring=[each]))
    assert hourly.said(recurring_tasks_sensor) == "No slot of 1 has come."
    sql(ticks.ledger, "UPDATE waybill.recurrences SET last_slot_at = now() - interval '1 hour'")
    assert hourly.said(recurring_tasks_sensor).startswith("Made ['recurring-weekly-")
    assert hourly.said(recurring_tasks_sensor) == "No slot of 1 has come."
