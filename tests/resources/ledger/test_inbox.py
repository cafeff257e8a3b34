"""The inbox: a delivery is kept once, taken by one at a time, and never forgotten before it is done with."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import ProgrammingError

from resources.ledger import dead_letters, inbox, webhooks
from resources.ledger.inbox import InboxRow, UnstorableError
from tests.resources.ledger.making import sql

AT_ONCE = 4
NOW = timedelta(0)


def store(engine: Engine, *keys: str, body: str = '{"event": "x"}') -> list[bool]:
    with engine.begin() as connection:
        return [inbox.store(connection, key=key, route="clickup", body=body) for key in keys]


def take(engine: Engine, at_most: int = 100, hold: timedelta = inbox.HOLD) -> list[InboxRow]:
    with engine.begin() as connection:
        return inbox.take(connection, at_most, hold=hold)


def unhandled(engine: Engine) -> int:
    with engine.begin() as connection:
        return inbox.count_unhandled(connection)


def test_a_delivery_that_comes_again_is_counted_and_not_kept_twice(ledger: Engine) -> None:
    assert store(ledger, "a", "b", "a") == [True, True, False]
    assert store(ledger, "a") == [False]
    assert sql(ledger, "SELECT key, deliveries FROM waybill.inbox ORDER BY key") == [("a", 3), ("b", 1)]
    assert [row.key for row in take(ledger)] == ["a", "b"]


def test_the_same_delivery_from_many_at_once_is_new_to_one_of_them(ledger: Engine) -> None:
    together = Barrier(AT_ONCE)

    def deliver(_: int) -> bool:
        together.wait()
        return store(ledger, "a")[0]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        new = list(pool.map(deliver, range(AT_ONCE)))
    assert sorted(new) == [False] * (AT_ONCE - 1) + [True]
    assert sql(ledger, "SELECT deliveries FROM waybill.inbox") == [(AT_ONCE,)]


def test_CP_8_two_who_take_at_once_never_get_the_same_delivery(ledger: Engine) -> None:
    store(ledger, *"abcd")
    with ledger.begin() as one, ledger.begin() as two:  # neither commits before the other asks
        first, second = inbox.take(one, 2), inbox.take(two, 10)
    assert [row.key for row in first] == ["a", "b"]
    assert [row.key for row in second] == ["c", "d"]
    assert take(ledger) == []


def test_CB_1_what_a_killed_process_had_taken_is_due_again(ledger: Engine) -> None:
    store(ledger, "a")
    assert [row.attempts for row in take(ledger, hold=NOW)] == [1]
    assert [row.attempts for row in take(ledger)] == [2]
    assert take(ledger) == []
    assert unhandled(ledger) == 1


def test_what_is_postponed_waits_and_what_is_given_back_does_not_count(ledger: Engine) -> None:
    store(ledger, "a", "b")
    a, b = take(ledger)
    with ledger.begin() as connection:
        inbox.postpone(connection, [a.id], "ClickUp is away", timedelta(minutes=1))
        inbox.give_back(connection, [b.id])
    assert [(row.key, row.attempts) for row in take(ledger)] == [("b", 1)]
    assert sql(ledger, "SELECT error, next_at > now() + interval '50 s' FROM waybill.inbox WHERE key = 'a'") == [
        ("ClickUp is away", True)
    ]


def test_what_is_handled_is_not_taken_again_and_keeps_its_first_outcome(ledger: Engine) -> None:
    store(ledger, "a")
    (row,) = take(ledger, hold=NOW)
    with ledger.begin() as connection:
        inbox.handled(connection, [row.id], "read again")
        inbox.handled(connection, [row.id], "something else")
        inbox.postpone(connection, [row.id], "late", NOW)
        inbox.give_back(connection, [row.id])
    assert take(ledger) == []
    assert sql(ledger, "SELECT outcome, error, attempts FROM waybill.inbox") == [("read again", None, 1)]


def test_CB_8_what_is_given_up_is_a_dead_letter_that_can_be_replayed(ledger: Engine) -> None:
    store(ledger, "a", body='{"task_id": "t1"}')
    (row,) = take(ledger, hold=NOW)
    with ledger.begin() as connection:
        inbox.dead(connection, row, "no such route")
        (letter,) = dead_letters.list_open(connection)
    assert letter.request == {"key": "a", "route": "clickup", "body": {"task_id": "t1"}}
    assert (letter.stage, letter.error, letter.attempts) == ("inbox", "no such route", 1)
    assert take(ledger) == []
    with ledger.begin() as connection:
        dead_letters.replay(connection, letter.id, "ann")
    assert [(row.key, row.attempts) for row in take(ledger)] == [("a", 1)]


def test_CB_19_handled_deliveries_are_forgotten_but_none_that_a_person_may_still_replay(ledger: Engine) -> None:
    store(ledger, "done", "given up", "waiting")
    done, given_up, _ = take(ledger)
    with ledger.begin() as connection:
        inbox.handled(connection, [done.id], "read again")
        inbox.dead(connection, given_up, "no")
    sql(ledger, "UPDATE waybill.inbox SET handled_at = now() - interval '2 days' WHERE handled_at IS NOT NULL")
    with ledger.begin() as connection:
        assert inbox.forget_handled(connection, timedelta(days=3)) == 0
        assert inbox.forget_handled(connection, timedelta(days=1)) == 1
    assert sql(ledger, "SELECT key FROM waybill.inbox ORDER BY key") == [("given up",), ("waiting",)]
    with ledger.begin() as connection:
        dead_letters.drop(connection, dead_letters.list_open(connection)[0].id, "ann", "of no use")
        assert inbox.forget_handled(connection, timedelta(days=1)) == 1


@pytest.mark.parametrize("body", ['{"a": "\\u0000"}', '{"a": 1e999999}'])
def test_what_postgres_cannot_hold_is_told(ledger: Engine, body: str) -> None:
    with pytest.raises(UnstorableError, match="webhook clickup"):
        store(ledger, "a", body=body)
    assert unhandled(ledger) == 0


def test_refused_deliveries_fill_only_the_room_that_they_have(ledger: Engine) -> None:
    def refuse(route: str, digest: str) -> bool:
        with ledger.begin() as connection:
            return inbox.refuse(connection, route=route, digest=digest, body=b"\0\xff" * 100_000, error="unknown route")

    assert all(refuse("one", str(n)) for n in range(inbox.ROOM_OF_ROUTE))
    assert not refuse("one", "one more")
    assert refuse("two", "0"), "another route has room of its own"
    kept = [refuse(f"route{n // inbox.ROOM_OF_ROUTE}", str(n)) for n in range(inbox.ROOM)]
    assert kept.count(True) == inbox.ROOM - inbox.ROOM_OF_ROUTE - 1
    found = sql(
        ledger, "SELECT count(*), max(pg_column_size(request)), max(length(request::text)) FROM waybill.dead_letters"
    )
    assert found[0][0] == inbox.ROOM
    assert found[0][2] < 10 * inbox.EXCERPT_BYTES


def test_a_refused_delivery_that_comes_again_is_one_letter_and_open_again(ledger: Engine) -> None:
    def refuse() -> None:
        with ledger.begin() as connection:
            assert inbox.refuse(connection, route="absent", digest="d", body=b"{}", error="unknown route")

    refuse()
    with ledger.begin() as connection:
        (letter,) = dead_letters.list_open(connection)
        with pytest.raises(dead_letters.DeadLetterClosedError):
            dead_letters.replay(connection, letter.id, "ann")
        dead_letters.drop(connection, letter.id, "ann", "the route is there now")
    refuse()
    with ledger.begin() as connection:
        (again,) = dead_letters.list_open(connection)
    assert (again.id, again.attempts, again.request) == (letter.id, 2, {"route": "absent", "bytes": 2, "excerpt": "{}"})


def test_a_webhook_is_kept_once_a_route_and_shows_no_secret(ledger: Engine) -> None:
    with ledger.begin() as connection:
        assert webhooks.get(connection, "clickup") is None
        for remote in ("w1", "w2"):
            webhooks.put(
                connection, route="clickup", remote_id=remote, endpoint="https://e", secret=b"sealed", health="active"
            )
        webhooks.note_health(connection, "clickup", "w1", health="suspended", fail_count=100)
        webhooks.note_health(connection, "clickup", "w2", health="failing", fail_count=5)
        found = webhooks.get(connection, "clickup")
    assert found is not None
    assert (found.remote_id, found.secret, found.health, found.fail_count) == ("w2", b"sealed", "failing", 5)
    assert "sealed" not in repr(found)


def test_the_application_cannot_delete_a_webhook(ledger: Engine) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        sql(ledger, "DELETE FROM waybill.webhooks")
