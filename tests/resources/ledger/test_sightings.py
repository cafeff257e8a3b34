"""What is seen of tasks, in their rows: the newest look stands, what makes no difference writes nothing."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from resources.domain.tasks import TaskEvent, TaskId, TaskState
from resources.ledger import inbox, sightings
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import ANNA, EPOCH, NOTE, T1, acme, add, add_many, get, look, moved, new_task

NEWS = {
    "name": "Another question", "body": "More.", "url": "https://x", "list_id": "9", "client": "beta",
    "type_named": "Poem", "auto_execute": False, "due_at": None, "priority": 1, "status": "on hold",
}  # fmt: skip


def see(cleared: Engine, seconds: float, **changes: object) -> bool:
    """Whether a look at that time makes a difference; it is written."""
    seen = look(at_s=seconds, **changes)
    columns = sightings.content(seen, NOTE if seen.type_named == NOTE else None, "open")
    differs = sightings.differs(get(cleared), columns)
    with cleared.begin() as connection:
        sightings.update(connection, T1, columns)
    return differs


def deliver(cleared: Engine, task: str, seconds: int, user: str, status: str) -> None:
    item = {"field": "status", "date": str(int(EPOCH.timestamp() + seconds) * 1000), "user": {"username": user}}
    store(cleared, {"task_id": task, "history_items": [item | {"after": {"status": status}}]})


def store(cleared: Engine, body: object) -> None:
    with cleared.begin() as connection:
        inbox.store(connection, key=json.dumps(body), route="clickup", body=json.dumps(body))


def test_the_first_row_holds_all_that_was_seen(cleared: Engine) -> None:
    columns = sightings.content(look(**NEWS | {"due_at": EPOCH}), None, "other")
    with cleared.begin() as connection:
        new = new_task(state=TaskState.WAITING, reason="moved by hand", recheck_at=EPOCH, **columns)
        assert sightings.insert(connection, [new], ANNA) == [T1]
    task = get(cleared)
    assert {name: getattr(task, name) for name in columns} == columns
    assert (task.origin, task.reason, task.recheck_at, task.version) == ("clickup", "moved by hand", EPOCH, 1)


@pytest.mark.parametrize("name", [*NEWS])
def test_each_thing_that_is_seen_makes_a_difference_and_is_kept(cleared: Engine, name: str) -> None:
    add(cleared, clickup_updated_at=EPOCH + timedelta(seconds=1))
    assert not see(cleared, 1)
    assert see(cleared, 1, **{name: NEWS[name]})
    assert not see(cleared, 1, **{name: NEWS[name]})


def test_a_look_from_before_is_not_written_over_a_newer_one(cleared: Engine) -> None:
    add(cleared)
    see(cleared, 5, name="newer")
    see(cleared, 4, name="older")
    assert get(cleared).name == "newer"
    see(cleared, 5, name="as new")
    assert get(cleared).name == "as new"


def test_what_postgres_cannot_hold_does_not_stop_the_poll(cleared: Engine) -> None:
    add(cleared)
    assert see(cleared, 1, name="a\0b", body="\0")
    assert (get(cleared).name, get(cleared).body) == ("ab", "")
    assert not see(cleared, 1, name="a\0b", body="\0")


def test_what_was_deleted_is_there_again_when_it_is_seen_again(cleared: Engine) -> None:
    assert add(cleared).in_clickup
    with cleared.begin() as connection:
        sightings.note_deleted(connection, T1)
    first = get(cleared).deleted_at
    with cleared.begin() as connection:
        sightings.note_deleted(connection, T1)
    assert get(cleared).deleted_at == first
    assert not get(cleared).in_clickup
    assert see(cleared, 0)
    assert get(cleared).in_clickup


def test_a_task_goes_on_waiting_for_another_reason_without_a_new_version(cleared: Engine) -> None:
    waiting = add(cleared, state=TaskState.WAITING, reason="no due date")
    with cleared.begin() as connection:
        sightings.wait(connection, waiting, "no client", EPOCH)
    assert (get(cleared).reason, get(cleared).recheck_at, get(cleared).version) == ("no client", EPOCH, 1)


def test_tasks_are_judged_again_when_their_time_has_come_or_their_type_is_gone(cleared: Engine) -> None:
    add_many(cleared, 2)
    for name, column in (("due", "now() - interval '1 s'"), ("later", "now() + interval '1 h'"), ("never", "NULL")):
        add(cleared, name, state=TaskState.WAITING, reason="r")
        sql(cleared, f"UPDATE waybill.tasks SET recheck_at = {column} WHERE id = :id", id=name)
    add(cleared, "typeless", type=None)
    add(cleared, "renamed", type="poem")
    with cleared.begin() as connection:
        found = {task.id for task in sightings.to_recheck(connection, [NOTE], at_most=10)}
    assert found == {"due", "typeless", "renamed"}


def test_clients_are_known_by_their_slug(cleared: Engine) -> None:
    acme(cleared)
    with cleared.begin() as connection:
        assert sightings.known_clients(connection, ["acme", "beta", "acme"]) == {"acme"}
        assert sightings.known_clients(connection, []) == set()
        assert sightings.known(connection, [TaskId("nobody")]) == {}


def test_CB_12_who_moved_a_task_is_who_a_webhook_told_of_this_move(cleared: Engine) -> None:
    deliver(cleared, "t1", 10, "Anna", "complete")
    deliver(cleared, "t1", 20, "Ben", "to do")
    deliver(cleared, "t2", 30, "Carl", "complete")
    deliver(cleared, "t1", 40, "Dora", "complete")

    def mover(status: str, after: float | None) -> str | None:
        since = None if after is None else EPOCH + timedelta(seconds=after)
        with cleared.begin() as connection:
            return sightings.mover(connection, T1, status, after=since)

    assert mover("Complete", 20) == "Dora"
    assert mover("to do", 10) == "Ben"
    assert mover("complete", None) == "Dora"
    assert mover("complete", 40) is None, "of an earlier move to the same status nobody is told"
    assert mover("in review", 0) is None


def test_CB_12_a_delivery_that_says_nothing_of_the_sort_names_nobody(cleared: Engine) -> None:
    moved_to = {"field": "status", "after": {"status": "complete"}}
    for items in (
        None,
        "none",
        [7, {}],
        [moved_to],
        *([moved_to | {"date": date}] for date in ("x", "9" * 20, "189" * 4)),
    ):
        store(cleared, {"task_id": T1, "history_items": items})
    with cleared.begin() as connection:
        assert sightings.mover(connection, T1, "complete", after=None) is None


def test_a_task_that_was_moved_meanwhile_keeps_its_new_reason(cleared: Engine) -> None:
    waiting = add(cleared, state=TaskState.WAITING, reason="no due date")
    moved(cleared, TaskEvent.CANCEL, reason="not wanted")
    with cleared.begin() as connection:
        sightings.wait(connection, waiting, "late", None)
    assert get(cleared).reason == "not wanted"
