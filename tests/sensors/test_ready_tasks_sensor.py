"""Each ready task is asked for once, by a key that was never used; not while memory is short or a run on its way."""

import dagster as dg
import psutil
import pytest

from orchestration.task_types import plugged_in
from resources.domain.tasks import TaskEvent, TaskState
from sensors import ready_tasks_sensor as module
from sensors.ready_tasks_sensor import ready_tasks_sensor
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import acme, add, add_many, claim, configured, get, moved
from tests.sensors.task_ticks import TaskTicks

SENSOR = ready_tasks_sensor([each.job for each in plugged_in()], min_free_memory_mb=1, closed_task_days=30)


def asked(ticks: TaskTicks, sensor: dg.SensorDefinition = SENSOR) -> dict[str, dg.RunRequest]:
    return {str(request.partition_key): request for request in ticks.tick(sensor).run_requests or []}


def make_due(ticks: TaskTicks) -> None:
    sql(ticks.ledger, "UPDATE waybill.tasks SET not_before_at = now() - interval '1 s' WHERE not_before_at IS NOT NULL")


def partitions(ticks: TaskTicks) -> set[str]:
    return set(ticks.instance.get_dynamic_partitions("tasks"))


def test_CB_4_each_ready_task_is_asked_for_once(ticks: TaskTicks) -> None:
    add_many(ticks.ledger, 3)
    first = asked(ticks)
    assert {request.run_key for request in first.values()} == {f"m000{n} attempt 1 request 1" for n in range(3)}
    assert asked(ticks) == {}
    assert partitions(ticks) == {*first}


def test_a_run_that_never_began_is_asked_for_again_by_another_key(ticks: TaskTicks) -> None:
    """A spent key asks for nothing, also when its run was killed before it could claim."""
    add(ticks.ledger)
    keys = []
    for _ in range(3):
        keys.append(asked(ticks)["t1"].run_key)
        make_due(ticks)
    claim(ticks.ledger)
    moved(ticks.ledger, TaskEvent.EXPIRE)
    keys.append(asked(ticks)["t1"].run_key)
    assert keys[-1] == "t1 attempt 2 request 4"
    assert len(set(keys)) == 4


@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
def test_a_task_with_a_run_on_its_way_is_left_alone(ticks: TaskTicks, status: str) -> None:
    add_many(ticks.ledger, 2)
    run = ticks.run("m0000", dg.DagsterRunStatus[status])
    assert [*asked(ticks)] == ["m0001"]
    ticks.instance.delete_run(run)
    assert [*asked(ticks)] == ["m0000"], "it was not noted as asked for"


def test_a_run_that_ended_is_none_on_its_way(ticks: TaskTicks) -> None:
    add(ticks.ledger)
    for status in ("SUCCESS", "FAILURE", "CANCELED"):
        ticks.run("t1", dg.DagsterRunStatus[status])
    assert [*asked(ticks)] == ["t1"]


def test_what_a_run_gets_of_its_task(ticks: TaskTicks) -> None:
    names = {"urgent": 1, "high": 2, "normal": 3, "low": 4, "unset": None}
    for name, priority in names.items():
        add(ticks.ledger, name, priority=priority, name=f"Question {name} " * 9)
    sql(ticks.ledger, """UPDATE waybill.tasks SET overrides = '{"attempt_deadline_s": 3600}' WHERE id = 'low'""")
    found = asked(ticks)
    assert [*found] == ["urgent", "high", "normal", "low", "unset"]
    assert {name: request.tags["dagster/priority"] for name, request in found.items()} == {
        "urgent": "10", "high": "5", "normal": "0", "low": "-5", "unset": "0",
    }  # fmt: skip
    assert {request.job_name for request in found.values()} == {"make_knowledge_note"}
    assert (found["high"].tags["dagster/max_runtime"], found["low"].tags["dagster/max_runtime"]) == ("1020", "3720")
    assert len(found["high"].tags["waybill/task"]) == 60


def test_each_kind_of_work_has_its_job(ticks: TaskTicks) -> None:
    types = {"letter": {"kind": "command", "option": "Letter", "settings": {"program": ["true"]}}}
    acme(ticks.ledger)
    add(ticks.ledger, "note")
    add(ticks.ledger, "letter", type="letter", type_named="Letter")
    found = asked(ticks.configured_as(configured(types=types)))
    assert {name: request.job_name for name, request in found.items()} == {
        "note": "make_knowledge_note", "letter": "run_command",
    }  # fmt: skip


def test_a_task_whose_type_is_gone_stops_no_other(ticks: TaskTicks) -> None:
    acme(ticks.ledger)
    add(ticks.ledger, "gone", type="poem", type_named="Poem", priority=1)
    add(ticks.ledger, "typeless", type=None, type_named=None, priority=1)
    add(ticks.ledger, "note")
    assert [*asked(ticks)] == ["note"]
    assert get(ticks.ledger, "gone").reason == "its type 'Poem' is unknown; known are knowledge_note"
    assert get(ticks.ledger, "typeless").state is TaskState.WAITING


def test_while_memory_is_short_no_work_is_begun(ticks: TaskTicks) -> None:
    add(ticks.ledger)
    more_than_there_is = psutil.virtual_memory().total // 1_000_000 + 1
    short = ready_tasks_sensor(
        [each.job for each in plugged_in()], min_free_memory_mb=more_than_there_is, closed_task_days=30
    )
    assert f"fewer than {more_than_there_is}: no work is begun" in ticks.said(short)
    assert [*asked(ticks)] == ["t1"], "nothing was noted"


def test_CB_13_a_task_whose_time_has_come_is_asked_for(ticks: TaskTicks) -> None:
    acme(ticks.ledger)
    add(ticks.ledger, state=TaskState.WAITING, reason="beyond the window")
    assert "No task is ready" in ticks.said(SENSOR)
    sql(ticks.ledger, "UPDATE waybill.tasks SET recheck_at = now()")
    assert [*asked(ticks)] == ["t1"]


def test_CB_19_partitions_follow_the_ledger(ticks: TaskTicks) -> None:
    ticks.instance.add_dynamic_partitions("tasks", ["nobody"])
    add_many(ticks.ledger, 2)
    add(ticks.ledger, "old")
    claim(ticks.ledger, task="old")
    moved(ticks.ledger, TaskEvent.FAIL, "old", reason="r")
    ticks.tick(SENSOR)
    assert partitions(ticks) == {"m0000", "m0001", "old"}
    sql(ticks.ledger, "UPDATE waybill.tasks SET changed_at = now() - interval '31 days' WHERE id = 'old'")
    ticks.tick(SENSOR)
    assert partitions(ticks) == {"m0000", "m0001"}


def test_a_request_brings_its_partition_along(ticks: TaskTicks) -> None:
    """The task became ready since the partitions were aligned."""
    add(ticks.ledger)
    result = ticks.tick(SENSOR)
    (added,) = result.dynamic_partitions_requests or []
    assert (added.partitions_def_name, added.partition_keys) == ("tasks", ["t1"])


def test_a_tick_asks_for_no_more_than_it_can_submit_in_its_time(ticks: TaskTicks) -> None:
    add_many(ticks.ledger, module.REQUESTS_A_TICK + 5)
    assert len(asked(ticks)) == module.REQUESTS_A_TICK
    assert len(asked(ticks)) == 5
