"""Looks at tasks, in any order and any number, end in the same rows, each with the reason why it waits."""

import threading
from itertools import permutations

import pytest
from sqlalchemy import Engine

from resources.domain.configuration import Configuration
from resources.domain.tasks import TaskState
from resources.work.intake import recheck
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import (
    CONFIGURATION,
    T1,
    acme,
    assert_unbroken,
    claim,
    configured,
    get,
    look,
)
from tests.resources.work.at_work import attempt_at
from tests.resources.work.looking import taken


def rows(cleared: Engine) -> list[object]:
    found = sql(
        cleared,
        "SELECT id, name, body, client, type, type_named, auto_execute, due_at, priority, clickup_status, reason,"
        " clickup_status_kind, clickup_updated_at, state, deleted_at FROM waybill.tasks ORDER BY id",
    )
    return [*found]


def test_an_eligible_task_is_ready_at_first_sight(cleared: Engine) -> None:
    acme(cleared)
    intake = taken(cleared, look())
    assert (intake.new, intake.changed, intake.moved) == ([T1], [], {})
    task = get(cleared)
    assert (task.state, task.attempts_left, task.type, task.clickup_status_kind) == (
        "ready",
        3,
        "knowledge_note",
        "open",
    )
    assert sql(cleared, "SELECT actor, event FROM waybill.task_events") == [("ClickUp", "see")]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type_named": None}, "no task type is chosen"),
        ({"type_named": "Poem"}, "its type 'Poem' is unknown; known are knowledge_note"),
        ({"client": None}, "no client is chosen"),
        ({"client": "beta"}, "its client 'beta' is unknown: ingest a source of it first"),
        ({"auto_execute": False}, "auto-execute is off"),
        ({"due_at": None}, "it has no due date"),
        ({"status": "on hold", "status_type": "custom"}, "it was moved by hand to 'on hold'"),
    ],
)
def test_CB_13_one_that_is_not_waits_with_its_reason_until_it_changes(
    cleared: Engine, changes: dict[str, object], reason: str
) -> None:
    acme(cleared)
    taken(cleared, look(**changes))
    assert (get(cleared).state, get(cleared).reason) == (TaskState.WAITING, reason)
    assert taken(cleared, look(at_s=2)).changed == [T1]
    assert (get(cleared).state, get(cleared).reason) == (TaskState.READY, None)
    taken(cleared, look(at_s=3, **changes))
    assert (get(cleared).state, get(cleared).reason) == (TaskState.WAITING, reason)
    assert_unbroken(cleared)


def test_a_task_that_is_closed_when_it_is_first_seen_asks_for_nothing(cleared: Engine) -> None:
    assert not taken(cleared, look(status="complete", status_type="closed"), look("t2", status="cancelled"))
    assert rows(cleared) == []
    acme(cleared)
    assert taken(cleared, look(at_s=2)).new == [T1]


def test_looks_in_every_order_and_twice_end_in_the_same_row(cleared: Engine) -> None:
    acme(cleared)
    looks = [
        look(at_s=1, due_at=None),
        look(at_s=2, name="Another question", status="on hold", status_type="custom"),
        look(at_s=3, priority=1),
        look(at_s=4, auto_execute=False),
    ]
    ends = []
    for order in permutations(looks):
        for seen in [*order, order[0]]:
            taken(cleared, seen)
        ends.append(rows(cleared))
        _forget(cleared)
    assert all(end == ends[0] for end in ends)
    taken(cleared, *looks[::-1])
    assert rows(cleared) == ends[0], "also when one page shows a task several times"


def _forget(cleared: Engine) -> None:
    """The next order begins with an empty ledger; the app itself may not delete."""
    with cleared.connect() as connection:
        connection.exec_driver_sql("RESET ROLE")
        connection.exec_driver_sql("DELETE FROM waybill.task_events; DELETE FROM waybill.tasks")
        connection.commit()


def test_two_looks_at_a_new_task_at_once_keep_the_newer_one(cleared: Engine) -> None:
    acme(cleared)
    for number in range(15):
        name, together = f"n{number}", threading.Barrier(2)

        def see(seconds: float, name: str = name, together: threading.Barrier = together) -> None:
            together.wait()
            taken(cleared, look(name, at_s=seconds, name=f"at {seconds:g}"))

        threads = [threading.Thread(target=see, args=(seconds,)) for seconds in (1.0, 2.0)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert get(cleared, name).name == "at 2"


def judged_again(cleared: Engine, configuration: Configuration = CONFIGURATION) -> tuple[int, TaskState, str | None]:
    sql(cleared, "UPDATE waybill.tasks SET recheck_at = now() - interval '1 s' WHERE recheck_at IS NOT NULL")
    number = recheck(cleared, configuration)
    return number, get(cleared).state, get(cleared).reason


def test_CB_13_time_alone_makes_a_task_ready(cleared: Engine) -> None:
    acme(cleared)
    ((later,),) = sql(cleared, "SELECT now() + interval '30 days'")
    taken(cleared, look(due_at=later))
    assert "beyond the window" in (get(cleared).reason or "")
    assert recheck(cleared, CONFIGURATION) == 0
    wide = configured(types={"knowledge_note": {"window_days": 40}})
    assert judged_again(cleared, wide) == (1, TaskState.READY, None)


def test_a_client_that_is_ingested_later_makes_its_tasks_ready(cleared: Engine) -> None:
    taken(cleared, look())
    assert judged_again(cleared)[:2] == (0, TaskState.WAITING)
    acme(cleared)
    assert judged_again(cleared) == (1, TaskState.READY, None)


def test_a_type_that_is_added_later_makes_its_tasks_ready_with_it(cleared: Engine) -> None:
    acme(cleared)
    taken(cleared, look(type_named="Poem"))
    assert get(cleared).type is None
    poems = configured(types={"poem": {"kind": "knowledge_note", "option": "Poem", "attempts": 5}})
    assert judged_again(cleared, poems) == (1, TaskState.READY, None)
    assert get(cleared).type == "poem"
    with attempt_at(cleared, configuration=poems) as attempt:
        assert attempt.settings == {"hits": 8}


def test_a_ready_task_whose_type_is_gone_waits_with_the_reason(cleared: Engine) -> None:
    acme(cleared)
    poems = configured(types={"poem": {"kind": "knowledge_note", "option": "Poem"}})
    taken(cleared, look(type_named="Poem"), configuration=poems)
    assert get(cleared).state is TaskState.READY
    assert judged_again(cleared) == (1, TaskState.WAITING, "its type 'Poem' is unknown; known are knowledge_note")
    assert judged_again(cleared, poems) == (1, TaskState.READY, None)


def test_what_is_worked_on_is_not_judged(cleared: Engine) -> None:
    acme(cleared)
    taken(cleared, look())
    claim(cleared)
    taken(cleared, look(at_s=2, due_at=None, auto_execute=False))
    assert get(cleared).state is TaskState.WORKING
    assert get(cleared).due_at is None
