"""One task read again, and a person's move in their own words: who, and what was said since (CB-12)."""

import threading

from resources.domain.tasks import TaskEvent, TaskId, TaskState
from resources.ledger import inbox
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import get
from tests.watching import Watched


def test_CB_12_a_move_has_its_mover_and_the_words_since(watched: Watched) -> None:
    task = watched.create()
    watched.caught_up()
    watched.host.say(task, "Not needed any more.", user="Ben")
    watched.host.say(task, "Version 1 is attached. [wb-0123456789]", user="Waybill")
    watched.host.move(task, "cancelled", user="Ben")
    shown = watched.desk.client.task(task)
    assert shown is not None
    at_ms = int(shown.date_updated.timestamp() * 1000)
    with watched.ledger.begin() as connection:
        inbox.store(
            connection, key="1", route="clickup",
            body=f'{{"task_id": "{task}", "history_items": [{{"field": "status", "date": "{at_ms}",'
            ' "user": {"username": "Ben"}, "after": {"status": "cancelled"}}]}',
        )  # fmt: skip
    assert watched.poll().intake.moved == {task: TaskEvent.CANCEL}
    assert get(watched.ledger, task).state is TaskState.CANCELLED
    told = sql(watched.ledger, "SELECT actor, reason FROM waybill.task_events WHERE event = 'cancel'")
    assert told == [("Ben", "Ben: Not needed any more.")]


def test_CB_12_without_webhook_and_comment_the_history_says_so(watched: Watched) -> None:
    task = watched.create()
    watched.caught_up()
    watched.host.move(task, "cancelled", user="Ben")
    watched.poll()
    told = sql(watched.ledger, "SELECT actor, reason FROM waybill.task_events WHERE event = 'cancel'")
    assert told == [("unknown ClickUp user", "moved back without comment")]


def test_comments_are_asked_for_moves_alone(watched: Watched) -> None:
    task = watched.create()
    watched.caught_up()
    watched.host.edit(task, name="new")
    watched.calls()
    watched.poll()
    assert not any("comment" in path for _, path in watched.calls())


def test_one_task_is_read_again_for_a_webhook(watched: Watched) -> None:
    task = watched.create()
    read = watched.desk.reread(TaskId(task))
    assert read is not None
    assert read.new == [task]
    watched.host.delete(task)
    assert watched.desk.reread(TaskId(task)) is None
    assert (get(watched.ledger, task).state, get(watched.ledger, task).in_clickup) == (TaskState.CANCELLED, False)


def test_poll_and_webhook_at_once_see_a_task_once(watched: Watched) -> None:
    tasks = [TaskId(watched.create(f"Question {n}")) for n in range(4)]
    works = [watched.poll, *(lambda task=task: watched.desk.reread(task) for task in tasks)]
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sql(watched.ledger, "SELECT count(*) FROM waybill.task_events WHERE event = 'see'") == [(4,)]
