"""The outbox in the ledger: order within a lane, fences, what is looked for, and whose a status is."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from resources import processes
from resources.ledger import outbox
from resources.ledger.outbox import OwnWrites
from resources.ledger.outcomes import Dead, Hooks, Retry, Sent, Superseded, Unclear
from tests.resources.ledger.making import sql
from tests.resources.ledger.outbox_making import (
    KINDS,
    MINUTE,
    NOW,
    UPDATED,
    effect,
    keys,
    put,
    states,
    take,
    task,
    tell,
)


def test_asking_twice_makes_one_row(ledger: Engine) -> None:
    assert put(ledger, effect("a"), effect("a"), effect("b")) == 2
    assert put(ledger, effect("a")) == 0
    assert list(states(ledger)) == ["a", "b"]


def test_an_effect_that_is_not_committed_was_never_asked_for(ledger: Engine) -> None:
    with pytest.raises(ZeroDivisionError), ledger.begin() as connection:
        outbox.enqueue(connection, [effect("a")])
        raise ZeroDivisionError
    assert states(ledger) == {}


def test_a_lane_goes_one_by_one_and_lanes_side_by_side(ledger: Engine) -> None:
    put(ledger, effect("a1"), effect("a2"), effect("b1", lane="t2"), effect("b2", lane="t2"))
    first = take(ledger)
    assert keys(first) == ["a1", "b1"]
    assert take(ledger) == []
    assert tell(ledger, Sent(first[0])) == 1
    assert keys(take(ledger)) == ["a2"]


def test_two_drainers_never_get_the_same_row(ledger: Engine) -> None:
    put(ledger, effect("a", lane="1"), effect("b", lane="2"))
    with ledger.begin() as one, ledger.begin() as two:  # neither commits before the other asks
        values = {"process": "p", "at_most": 1, "lease": MINUTE, "kinds": KINDS}
        first = outbox.take(one, owner="one", **values)
        second = outbox.take(two, owner="two", **values)
    assert keys(first + second) == ["a", "b"]


def test_only_kinds_that_the_drainer_has_are_taken_and_the_others_keep_their_place(ledger: Engine) -> None:
    put(ledger, effect("a"), effect("s", kind="status"), effect("w", kind="alert_webhook", lane="alert"))
    assert keys(take(ledger, kinds=("status", "alert_webhook"))) == ["w"]


def test_a_retry_waits_and_holds_its_lane_up(ledger: Engine) -> None:
    put(ledger, effect("a"), effect("b"))
    (row,) = take(ledger)
    tell(ledger, Retry(row, MINUTE, "busy"))
    assert take(ledger) == []
    with ledger.begin() as connection:
        pause = outbox.next_due_in(connection, KINDS)
    assert pause is not None
    assert timedelta(seconds=50) < pause <= MINUTE


def test_what_was_no_fault_of_the_row_does_not_count_against_it(ledger: Engine) -> None:
    put(ledger, effect("a"))
    (row,) = take(ledger)
    tell(ledger, Retry(row, NOW, "credentials", counted=False))
    (row,) = take(ledger)
    assert row.attempts == 1
    tell(ledger, Retry(row, NOW, "busy"))
    assert [row.attempts for row in take(ledger)] == [2]


def test_after_an_unclear_answer_the_row_is_handed_over_to_be_looked_for(ledger: Engine) -> None:
    put(ledger, effect("a"))
    (row,) = take(ledger)
    assert row.unclear_for is None
    tell(ledger, Unclear(row, NOW, "reset"))
    (row,) = take(ledger)
    assert row.unclear_for is not None
    tell(ledger, Retry(row, NOW, "not there yet", counted=False))
    (again,) = take(ledger)
    assert again.unclear_for is not None
    assert again.unclear_for > row.unclear_for, "a look does not begin the time to settle anew"


def test_a_row_of_a_process_that_is_gone_is_looked_for_at_once_CB_1(ledger: Engine) -> None:
    gone = processes.identity().rpartition("/")[0] + "/1"
    put(ledger, effect("a"))
    take(ledger, process=gone)
    with ledger.begin() as connection:
        assert outbox.release_expired(connection, process=gone) == 0, "one's own is one's own affair"
        assert outbox.release_expired(connection, process="me") == 1
    (row,) = take(ledger)
    assert row.unclear_for is not None


def test_a_row_of_another_machine_is_taken_over_when_its_time_is_over(ledger: Engine) -> None:
    put(ledger, effect("a"))
    take(ledger, process="another machine")
    with ledger.begin() as connection:
        assert outbox.release_expired(connection, process="me") == 0
        assert outbox.extend(connection, process="another machine", lease=-MINUTE) == 1
        assert outbox.release_expired(connection, process="me") == 1


@pytest.mark.parametrize("kind", ["sent", "superseded", "retry", "unclear", "dead"])
def test_whoever_lost_a_row_records_nothing_of_it_AP_12(ledger: Engine, kind: str) -> None:
    put(ledger, effect("a"))
    (lost,) = take(ledger)
    with ledger.begin() as connection:
        outbox.extend(connection, process="elsewhere", lease=-MINUTE)
        outbox.release_expired(connection, process="me")
    (row,) = take(ledger)
    ended = {
        "sent": Sent(lost),
        "superseded": Superseded(lost, {}),
        "retry": Retry(lost, NOW, "e"),
        "unclear": Unclear(lost, NOW, "e"),
        "dead": Dead(lost, "e"),
    }
    assert tell(ledger, ended[kind]) == 0
    assert states(ledger) == {"a": "sending"}
    assert sql(ledger, "SELECT count(*) FROM waybill.dead_letters") == [(0,)]
    assert tell(ledger, Sent(row)) == 1


def test_own_statuses_are_the_last_sent_and_those_under_way(ledger: Engine) -> None:
    task(ledger)
    noted: list[tuple[str, str, datetime]] = []
    hooks = Hooks(on_status=lambda _connection, *told: noted.append(told))
    put(ledger, *(effect(key, kind="status", task_id="t1") for key in ("one", "two", "three", "four")))
    for _ in range(2):
        tell(ledger, Sent(take(ledger)[0], {"updated_at": UPDATED.isoformat()}), hooks=hooks)
    take(ledger)
    with ledger.begin() as connection:
        assert outbox.own_statuses(connection, "t1") == ["two", "three", "four"]
        assert outbox.own_statuses(connection, "other") == []
    assert noted == [("t1", "one", UPDATED), ("t1", "two", UPDATED)]


def test_who_takes_a_status_is_told_what_counts_as_our_own(ledger: Engine) -> None:
    task(ledger)
    put(ledger, effect("one", kind="status", task_id="t1"), effect("two", kind="status", task_id="t1"))
    (row,) = take(ledger)
    assert row.own == OwnWrites(("one", "two"))
    tell(ledger, Sent(row, {"updated_at": UPDATED.isoformat()}))
    (row,) = take(ledger)
    assert row.own == OwnWrites(("one", "two"), UPDATED)


def test_what_was_marked_and_never_begun_is_given_back_without_a_mark(ledger: Engine) -> None:
    put(ledger, effect("a", lane="1"), effect("b", lane="2"))
    begun, _ = take(ledger)
    with ledger.begin() as connection:
        assert outbox.give_back(connection, process="elsewhere", but=[begun.id]) == 1
    (row,) = take(ledger)
    assert (row.key, row.attempts, row.unclear_for) == ("b", 1, None)


def test_what_an_answer_says_is_kept_as_far_as_postgres_can_hold_it(ledger: Engine) -> None:
    put(ledger, effect("a"))
    (row,) = take(ledger)
    tell(ledger, Retry(row, NOW, "\0<html>" + "x" * 100_000))
    ((error,),) = sql(ledger, "SELECT error FROM waybill.outbox")
    assert error.startswith("<html>")
    assert len(error) < 10_000


def test_many_ends_are_one_statement_for_each_kind(ledger: Engine) -> None:
    put(ledger, *(effect(f"k{number}", lane=f"l{number}") for number in range(40)))
    rows = take(ledger)
    ended = [Sent(row) if row.id % 2 else Retry(row, MINUTE, "e") for row in rows]
    assert tell(ledger, *ended) == 40
    assert sorted(json.dumps(state) for state in states(ledger).values()).count('"sent"') == 20
