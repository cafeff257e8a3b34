"""What the drainer makes of the outbox: order, parallelism, what is given up, whose a status is, and how it stops."""

import threading
import time
from datetime import timedelta

from sqlalchemy import Connection

from resources.ledger import alerts, dead_letters
from resources.ledger.outbox import Row
from resources.ledger.outcomes import Hooks
from resources.work import sending
from tests.resources.ledger.making import sql
from tests.resources.work.draining import Desk, running
from tests.waiting import wait_until


def test_a_set_is_published_in_order_and_lanes_go_side_by_side(desk: Desk) -> None:
    tasks = [desk.task(f"Task {number}") for number in range(4)]
    desk.host.delay(200)
    for task in tasks:
        desk.enqueue(*desk.publication(task))
    began_s = time.monotonic()
    assert set(desk.drained().values()) == {"sent"}
    took_s = time.monotonic() - began_s
    for task in tasks:
        assert [path for _, path in desk.writes(task)] == ["attachment", "comment", task]
    calls = len(desk.host.requests())
    assert took_s < 0.6 * calls * 0.2, "four at once"


def test_news_are_heard_without_a_poll(desk: Desk) -> None:
    task = desk.task()
    with running(desk.drainer(poll=timedelta(hours=1)), desk.ledger_url):
        wait_until(lambda: sql(desk.ledger, "SELECT FROM pg_stat_activity WHERE application_name = 'waybill listener'"))
        desk.enqueue(desk.comment(task))
        wait_until(lambda: desk.states() == {desk.comment(task).key: "sent"}, 5)
        assert len(desk.comments(task)) == 1


def test_without_news_it_polls(desk: Desk) -> None:
    task = desk.task()
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    desk.enqueue(desk.comment(task))
    with running(desk.drainer(), nowhere):
        wait_until(lambda: desk.comments(task), 5)
        desk.enqueue(desk.comment(task, "More."))
        wait_until(lambda: len(desk.comments(task)) == 2, 5)
        assert set(desk.states().values()) <= {"sent", "sending"}


def test_a_refusal_is_dead_at_once_and_the_rest_of_the_set_is_held_CB_8(desk: Desk) -> None:
    task = desk.task()
    told: list[str] = []

    def on_dead(connection: Connection, row: Row, error: str) -> None:
        told.append(f"{row.task_id} {row.kind}")

    desk.hooks = Hooks(on_dead=on_dead)
    desk.host.quirks(storage_bytes=1)
    desk.enqueue(*desk.publication(task))
    assert list(desk.drained().values()) == ["dead", "held", "held"]
    assert told == [f"{task} attachment"]
    assert desk.comments(task) == []
    with desk.ledger.begin() as connection:
        (letter,) = dead_letters.list_open(connection)
    assert letter.attempts == 1
    assert "GBUSED_005" in letter.error

    desk.host.quirks(storage_bytes=None)
    with desk.ledger.begin() as connection:
        dead_letters.replay(connection, letter.id, "me")
    assert set(desk.drained().values()) == {"sent"}
    assert (len(desk.attachments(task)), len(desk.comments(task))) == (1, 1)


def test_a_deleted_task_is_told_as_what_it_is(desk: Desk) -> None:
    effects = [desk.comment(desk.task()), desk.attachment(desk.task()), desk.status(desk.task(), "in review")]
    for effect in effects:
        desk.host.delete(effect.lane)
    desk.enqueue(*effects)
    assert set(desk.drained().values()) == {"dead"}
    for effect in effects:
        assert "it was deleted there" in desk.error(effect.key)


def test_an_unknown_status_is_told_with_those_that_the_list_has(desk: Desk) -> None:
    status = desk.status(desk.task(), "in revue")
    desk.enqueue(status)
    assert set(desk.drained().values()) == {"dead"}
    assert "'in review'" in desk.error(status.key)
    assert "'in revue'" in desk.error(status.key)


def test_after_so_many_attempts_it_is_given_up_CB_8(desk: Desk) -> None:
    task, desk.attempts, desk.settle_s = desk.task(), 3, 0.2
    desk.host.fail([{"kind": "500", "method": "POST", "path": "/comment"}])
    said = desk.comment(task)
    desk.enqueue(said)
    assert desk.drained() == {said.key: "dead"}
    assert desk.writes(task).count(("POST", "comment")) == 3
    ((attempts,),) = sql(desk.ledger, "SELECT attempts FROM waybill.dead_letters")
    assert attempts >= 3


def test_a_token_that_is_refused_blames_no_effect_and_is_told_once(desk: Desk) -> None:
    tasks = [desk.task(f"Task {number}") for number in range(6)]
    desk.enqueue(*(desk.comment(task) for task in tasks))
    desk.host.revoke()
    with running(desk.drainer(), desk.ledger_url):
        wait_until(lambda: sql(desk.ledger, "SELECT FROM waybill.alerts"), 10)
    with running(desk.drainer(), desk.ledger_url):  # another process meets with the same
        sql(desk.ledger, "UPDATE waybill.outbox SET next_at = now() WHERE state = 'pending'")
        wait_until(lambda: sql(desk.ledger, "SELECT FROM waybill.outbox WHERE next_at > now() + interval '1 min'"), 10)
    with desk.ledger.begin() as connection:
        (alert,) = alerts.recent(connection, 9)
    assert alert.kind == "credentials"
    assert desk.host.token not in alert.body
    assert sql(desk.ledger, "SELECT max(attempts), count(*) FROM waybill.outbox WHERE state = 'pending'") == [(0, 6)]
    assert len(desk.host.requests()) <= 20, "a token that is refused is left alone"

    desk.host.revoke(revoked=False)
    sql(desk.ledger, "UPDATE waybill.outbox SET next_at = now()")
    assert set(desk.drained().values()) == {"sent"}


def test_a_limit_pauses_all_and_blames_none(desk: Desk) -> None:
    tasks = [desk.task(f"Task {number}") for number in range(8)]
    desk.host.limit(4, window_s=2)
    desk.enqueue(*(desk.comment(task) for task in tasks))
    assert set(desk.drained(60).values()) == {"sent"}
    assert all(len(desk.comments(task)) == 1 for task in tasks)
    assert sql(desk.ledger, "SELECT max(attempts) FROM waybill.outbox") == [(1,)]


def test_a_status_that_a_person_set_meanwhile_is_not_written_over(desk: Desk) -> None:
    task = desk.task()
    desk.host.move(task, "complete")
    status = desk.status(task, "in review")
    desk.enqueue(status)
    assert desk.drained() == {status.key: "withdrawn"}
    assert desk.host.task(task)["status"] == "complete"
    ((result,),) = sql(desk.ledger, "SELECT result FROM waybill.outbox")
    assert result["superseded"] == "complete"


def test_a_status_of_ours_is_written_over_and_one_that_is_there_is_left(desk: Desk) -> None:
    task, noted = desk.task(), []
    desk.hooks = Hooks(on_status=lambda _connection, *told: noted.append(told[:2]))
    desk.enqueue(desk.status(task, "in progress"), desk.status(task, "in review"))
    assert set(desk.drained().values()) == {"sent"}
    assert desk.host.task(task)["status"] == "in review"
    assert noted == [(task, "in progress"), (task, "in review")]
    calls = len(desk.host.requests())
    desk.host.move(task, "complete")
    desk.enqueue(desk.status(task, "complete"))
    assert set(desk.drained().values()) == {"sent"}
    assert len(desk.host.requests()) == calls + 1


def test_a_person_who_moves_it_back_between_two_writes_of_ours_is_heeded(desk: Desk) -> None:
    """The ledger had seen "to do" when it asked for the second; the person's "to do" is newer than our first."""
    task = desk.task()
    seen_at = sql(desk.ledger, "SELECT now()")[0][0].isoformat()
    desk.enqueue(desk.status(task, "in progress"))
    desk.drained()
    desk.host.move(task, "to do")
    late = desk.status(task, "in review")
    late.payload["seen_at"] = seen_at
    desk.enqueue(late)
    assert desk.drained()[late.key] == "withdrawn"
    assert desk.host.task(task)["status"] == "to do"


def test_reads_from_before_our_last_write_are_no_persons_move(desk: Desk) -> None:
    task = desk.task()
    desk.host.lag(600)
    wait_until(lambda: desk.clickup.client.task(task), 5, "reads that show the new task")
    desk.enqueue(desk.status(task, "in progress", ("to do",)), desk.status(task, "in review", ("in progress",)))
    assert set(desk.drained().values()) == {"sent"}
    assert desk.host.task(task)["status"] == "in review"


def test_kinds_without_a_handler_stay_where_they_are(desk: Desk) -> None:
    desk.enqueue(desk.comment(desk.task()))
    drainer = desk.drainer()
    drainer._handlers = {}
    with running(drainer, desk.ledger_url):
        wait_until(lambda: drainer._look_at_s > 0, 5)
        before = sql(desk.ledger, "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
    assert set(desk.states().values()) == {"pending"}
    assert before


def test_a_bug_in_a_handler_stops_no_other(desk: Desk) -> None:
    class Broken:
        channel, settle, looks_first = "broken", timedelta(0), False

        def look(self, row: Row) -> None:
            assert row.unclear_for is not None

        def send(self, row: Row) -> sending.Result:
            raise KeyError(row.key)

    task = desk.task()
    desk.more_handlers = {"alert_webhook": Broken()}
    with desk.ledger.begin() as connection:
        alerts.raise_alert(connection, key="e", kind="k", subject="s", body="b")
    desk.enqueue(desk.comment(task))
    wait_for = {"alert:e:alert_webhook": "dead", desk.comment(task).key: "sent"}
    with running(desk.drainer(), desk.ledger_url):
        wait_until(lambda: desk.states() == wait_for, 20)
    assert "KeyError" in desk.error("alert:e:alert_webhook")


def test_an_end_that_cannot_be_recorded_holds_up_no_other(desk: Desk) -> None:
    poison, fine = desk.task("poison"), desk.task("fine")

    def on_status(connection: Connection, task: str, *_: object) -> None:
        if task == poison:
            raise ZeroDivisionError

    desk.hooks = Hooks(on_status=on_status)
    desk.enqueue(desk.status(poison, "in review"), *desk.publication(fine))
    with running(desk.drainer(), desk.ledger_url):
        wait_until(lambda: list(desk.states().values()) == ["sending", "sent", "sent", "sent"], 20)
        desk.hooks = Hooks()
    assert desk.host.task(fine)["status"] == "in review"


def test_a_stop_lets_what_is_under_way_end_and_records_it(desk: Desk) -> None:
    tasks = [desk.task(f"Task {number}") for number in range(8)]
    desk.host.delay(400)
    desk.enqueue(*(desk.comment(task) for task in tasks))
    with running(desk.drainer(), desk.ledger_url):
        wait_until(lambda: "sending" in desk.states().values(), 5)
    states = list(desk.states().values())
    assert "sending" not in states
    assert states.count("sent") == sum(len(desk.comments(task)) for task in tasks)
    assert states.count("pending") >= 4


def test_a_database_that_loses_its_connections_loses_no_end(desk: Desk) -> None:
    tasks = [desk.task(f"Task {number}") for number in range(12)]
    desk.host.delay(100)
    desk.enqueue(*(effect for task in tasks for effect in desk.publication(task)))
    ended = threading.Event()

    def cut() -> None:
        while not ended.wait(0.3):
            sql(
                desk.ledger,
                "RESET ROLE; SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )

    cutter = threading.Thread(target=cut)
    with running(desk.drainer(), desk.ledger_url):
        cutter.start()
        wait_until(lambda: sum(len(desk.comments(task)) for task in tasks) >= 6, 60)
        ended.set()
        cutter.join()
        wait_until(lambda: set(desk.states().values()) == {"sent"}, 60)
    for task in tasks:
        assert (len(desk.attachments(task)), len(desk.comments(task))) == (1, 1)
