"""A task's row: changed by compare-and-set alone, with who and why, in a history that nobody can rewrite."""

import dataclasses
import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from resources.domain.tasks import Act, IllegalTransitionError, TaskEvent, TaskId, TaskState
from resources.ledger import sightings, tasks
from resources.ledger.tasks import Task, TaskMovedError, TaskUnknownError
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import (
    ANNA,
    EPOCH,
    NOTE,
    T1,
    add,
    add_many,
    assert_unbroken,
    claim,
    get,
    history,
    moved,
    new_task,
)

SAYS = {"actor": "Anna", "reason": "because", "event": "cancel"}
WITHOUT = {"actor": "waybill.actor", "reason": "waybill.reason", "event": "waybill.event"}
APPEND_ONLY = ("task_events", "deliverables", "deliverable_versions", "deliverable_files", "citations", "reviews")


@pytest.mark.parametrize("left_out", [*WITHOUT])
def test_CP_2_a_change_without_actor_reason_or_event_is_refused(cleared: Engine, left_out: str) -> None:
    add(cleared)
    said = {name: value for name, value in SAYS.items() if name != left_out}
    with pytest.raises(DBAPIError, match="a change of state needs"), cleared.begin() as connection:
        for name, value in said.items():
            connection.execute(text(f"SET LOCAL waybill.{name} = '{value}'"))
        connection.execute(text("UPDATE waybill.tasks SET state = 'cancelled', reason = 'r', version = version + 1"))
    assert history(cleared) == [(None, "see", "ready")]


def test_a_task_without_actor_is_not_even_inserted(cleared: Engine) -> None:
    with pytest.raises(DBAPIError, match="a change of state needs"):
        sql(cleared, "INSERT INTO waybill.tasks (id, origin, name, state) VALUES ('t1', 'local', 'n', 'ready')")


def test_a_row_has_the_fields_of_a_task_in_their_order() -> None:
    assert [name.strip() for name in tasks.COLUMNS.split(",")] == [field.name for field in dataclasses.fields(Task)]


@pytest.mark.parametrize("wrong", ["x" * 129, "-t1", "", "t 1", "t1\n", "tä"])
def test_a_task_has_an_id_of_up_to_128_letters_figures_and_dashes(cleared: Engine, wrong: str) -> None:
    add(cleared, "x" * 128)
    with pytest.raises(IntegrityError, match="tasks_id_check"):
        add(cleared, wrong)


@pytest.mark.parametrize("step", ["version", "version + 2", "version - 1"])
def test_CB_16_a_change_of_state_raises_the_version_by_one(cleared: Engine, step: str) -> None:
    add(cleared)
    with pytest.raises(DBAPIError, match="raises the version by one"), cleared.begin() as connection:
        tasks.act(connection, ANNA, "cancel")
        connection.execute(text(f"UPDATE waybill.tasks SET state = 'cancelled', reason = 'r', version = {step}"))
    assert get(cleared).version == 1


def test_each_move_is_one_version_and_one_event_with_who_and_why(cleared: Engine) -> None:
    add(cleared)
    moved(cleared, TaskEvent.CANCEL, by=Act("Ben", "not wanted", "run-7"), reason="not wanted")
    again = moved(cleared, TaskEvent.REOPEN)
    assert (again.state, again.version, again.reason) == (TaskState.READY, 3, None)
    columns = "version, from_state, event, to_state, actor, reason, run_id"
    found = sql(cleared, f"SELECT {columns} FROM waybill.task_events ORDER BY id")
    assert found == [
        (1, None, "see", "ready", "Anna", "because", None),
        (2, "ready", "cancel", "cancelled", "Ben", "not wanted", "run-7"),
        (3, "cancelled", "reopen", "ready", "Anna", "because", None),
    ]
    assert_unbroken(cleared)


def test_who_acted_is_said_for_one_transaction_only(cleared: Engine) -> None:
    add(cleared)
    for _ in range(5):  # whichever connection of the pool
        with pytest.raises(DBAPIError, match="a change of state needs"):
            sql(cleared, "UPDATE waybill.tasks SET state = 'cancelled', reason = 'r', version = version + 1")
    assert history(cleared) == [(None, "see", "ready")]


@pytest.mark.parametrize("state", ["waiting", "failed", "cancelled"])
def test_CB_13_what_waits_or_ended_without_a_reason_cannot_be_stored(cleared: Engine, state: str) -> None:
    with pytest.raises(IntegrityError):
        add(cleared, state=TaskState(state))
    assert sql(cleared, "SELECT * FROM waybill.task_events") == []


def test_a_lease_stands_beside_work_and_nothing_else(cleared: Engine) -> None:
    add(cleared)
    for change in ("lease_owner = 'me', lease_expires_at = now()", "lease_expires_at = now()"):
        with pytest.raises(IntegrityError):
            sql(cleared, f"UPDATE waybill.tasks SET {change}")
    claim(cleared)
    with pytest.raises(IntegrityError):
        sql(cleared, "UPDATE waybill.tasks SET lease_owner = NULL, lease_process = NULL, lease_expires_at = NULL")
    assert get(cleared).lease_owner == "run 1"


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement", ["UPDATE waybill.{} SET {} = {}", "DELETE FROM waybill.{}", "TRUNCATE waybill.{}"]
)
def test_CP_4_history_is_only_added_to(cleared: Engine, table: str, statement: str) -> None:
    column = sql(
        cleared, "SELECT column_name FROM information_schema.columns WHERE table_name = :t AND is_identity = 'NO'"
        " AND is_generated = 'NEVER' ORDER BY ordinal_position LIMIT 1", t=table,
    )[0][0]  # fmt: skip
    with pytest.raises(ProgrammingError, match="permission denied"):
        sql(cleared, statement.format(table, column, column))


def test_CP_2_nobody_writes_the_history_but_the_trigger(cleared: Engine) -> None:
    add(cleared)
    with pytest.raises(ProgrammingError, match="permission denied"):
        sql(
            cleared,
            "INSERT INTO waybill.task_events (task_id, version, attempt, to_state, event, actor, reason)"
            " VALUES ('t1', 2, 0, 'delivered', 'approve', 'Anna', 'forged')",
        )
    with pytest.raises(ProgrammingError, match="permission denied"):
        sql(cleared, "SELECT waybill.note_task_event()")
    assert history(cleared) == [(None, "see", "ready")]


def test_DT_5_what_an_attempt_was_begun_with_cannot_be_rewritten(cleared: Engine) -> None:
    add(cleared)
    claim(cleared)
    for column in ("settings", "input", "input_hash", "owner", "run_id", "deadline_at", "number"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            sql(cleared, f"UPDATE waybill.task_attempts SET {column} = {column}")


def test_CB_16_whoever_read_an_older_version_changes_nothing(cleared: Engine) -> None:
    read = add(cleared)
    moved(cleared, TaskEvent.DISQUALIFY, reason="on hold")
    with pytest.raises(TaskMovedError, match="expected version 1, which is ready"), cleared.begin() as connection:
        tasks.move(connection, read, TaskEvent.CANCEL, ANNA, reason="late")
    assert history(cleared) == [(None, "see", "ready"), ("ready", "disqualify", "waiting")]
    assert get(cleared).reason == "on hold"


def test_CB_16_of_many_who_read_the_same_version_one_moves(cleared: Engine) -> None:
    read, outcomes, together = add(cleared), [], threading.Barrier(4)

    def cancel(number: int) -> None:
        with cleared.begin() as connection:
            together.wait()
            try:
                tasks.move(connection, read, TaskEvent.CANCEL, Act(f"person {number}", "now"), reason=f"by {number}")
                outcomes.append(number)
            except TaskMovedError:
                outcomes.append(None)

    threads = [threading.Thread(target=cancel, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [number for number in outcomes if number is not None]
    assert get(cleared).reason == f"by {winner}"
    assert len(history(cleared)) == 2


def test_an_event_that_the_state_does_not_allow_changes_nothing(cleared: Engine) -> None:
    add(cleared)
    with pytest.raises(IllegalTransitionError):
        moved(cleared, TaskEvent.APPROVE)
    with pytest.raises(TypeError, match="no such columns"):
        moved(cleared, TaskEvent.CANCEL, version=9)
    assert get(cleared).version == 1


def test_a_move_sets_what_is_asked_and_ends_the_lease(cleared: Engine) -> None:
    add(cleared)
    claim(cleared)
    back = moved(cleared, TaskEvent.EXPIRE, overrides={"hits": 3}, feedback="shorter", attempts_left=1)
    assert (back.overrides, back.feedback, back.attempts_left) == ({"hits": 3}, "shorter", 1)
    assert (back.lease_owner, back.lease_process, back.lease_expires_at) == (None, None, None)
    assert back == get(cleared)


def test_a_task_that_is_not_there_is_named(cleared: Engine) -> None:
    with pytest.raises(TaskUnknownError, match="task nobody"):
        get(cleared, "nobody")
    with cleared.begin() as connection:
        assert tasks.locked(connection, [TaskId("nobody")]) == {}


def test_settings_of_the_next_attempt_are_set_on_a_ready_task_that_nobody_changed(cleared: Engine) -> None:
    read = add(cleared)
    with cleared.begin() as connection:
        tasks.override(connection, read, {"hits": 2})
    assert get(cleared).overrides == {"hits": 2}
    claim(cleared)
    with pytest.raises(TaskMovedError), cleared.begin() as connection:
        tasks.override(connection, read, {"hits": 3})
    assert get(cleared).overrides == {"hits": 2}


def test_our_own_write_is_noted_unless_something_newer_is_known(cleared: Engine) -> None:
    add(cleared, clickup_status="on hold", clickup_status_kind="other")
    later = EPOCH + timedelta(seconds=5)

    def note(status: str, seconds: int) -> tuple[object, ...]:
        with cleared.begin() as connection:
            tasks.note_own_write(connection, T1, status, EPOCH + timedelta(seconds=seconds))
        task = get(cleared)
        return task.clickup_status, task.clickup_status_kind, task.clickup_updated_at

    assert note("in progress", 5) == ("in progress", "open", later)
    assert note("older", 4) == ("in progress", "open", later)
    assert note("in review", 5) == ("in review", "open", later)
    assert get(cleared).version == 1, "what is shown is no state"


def test_tasks_are_counted_and_those_that_wait_are_listed_the_newest_first(cleared: Engine) -> None:
    add_many(cleared, 3)
    add(cleared, "w1", state=TaskState.WAITING, reason="on hold")
    moved(cleared, TaskEvent.DISQUALIFY, "m0001", reason="no due date")
    with cleared.begin() as connection:
        assert tasks.count_by_state(connection) == {"ready": 2, "waiting": 2}
        waiting = tasks.waiting(connection, at_most=9)
    assert [(task.id, task.reason) for task in waiting] == [("m0001", "no due date"), ("w1", "on hold")]


def test_open_tasks_that_are_due_are_told_once_for_each_date(cleared: Engine) -> None:
    now = sql(cleared, "SELECT now()")[0][0]
    hour = timedelta(hours=1)
    for name, due_at, columns in (
        ("soon", now + 20 * hour, {}),
        ("later", now + 30 * hour, {}),
        ("late", now - hour, {}),
        ("long ago", now - 31 * 24 * hour, {}),
        ("another's", now, {"type": None, "type_named": "Poem"}),
        ("quick", now + 20 * hour, {"type": "quick"}),
    ):
        add(cleared, name.replace(" ", "_").replace("'", "_"), due_at=due_at, **columns)
    add(cleared, "done", due_at=now)
    moved(cleared, TaskEvent.CANCEL, "done", reason="r")

    def untold() -> list[str]:
        with cleared.begin() as connection:
            found = tasks.due_untold(connection, {NOTE: 24.0, "quick": 1.0}, at_most=10)
        insert = (
            "INSERT INTO waybill.alerts (key, kind, subject, body) SELECT unnest(CAST(:keys AS text[])), 'k', 's', 'b'"
        )
        sql(cleared, insert, keys=list(found))
        return [task.id for task in found.values()]

    assert untold() == ["late", "soon"]
    assert untold() == []
    sql(cleared, "UPDATE waybill.tasks SET due_at = due_at + interval '1 h' WHERE id = 'soon'")
    assert untold() == ["soon"]


def test_tasks_are_inserted_once_by_id_and_by_slot(cleared: Engine) -> None:
    first, second = new_task("a", origin="recurring", slot="s@1"), new_task("b", origin="recurring", slot="s@1")
    with cleared.begin() as connection:
        assert sightings.insert(connection, [first, second], ANNA) == ["a"]
        assert sightings.insert(connection, [first, new_task("c")], ANNA) == ["c"]
    assert [row[0] for row in sql(cleared, "SELECT task_id FROM waybill.task_events ORDER BY id")] == ["a", "c"]
