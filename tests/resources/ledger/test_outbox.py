"""The outbox in the ledger: order within a lane, sets, fences, and what a withdrawal may still take back."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from resources import processes
from resources.ledger import alerts, dead_letters, outbox, outcomes
from resources.ledger.outbox import Effect, Row
from resources.ledger.outcomes import Dead, Hooks, Outcome, Retry, Sent, Superseded, Unclear
from tests.resources.ledger.making import sql

MINUTE = timedelta(minutes=1)
NOW = timedelta(0)
KINDS = ("attachment", "comment", "status", "alert_webhook", "alert_email")
UPDATED = datetime(2026, 7, 1, 12, tzinfo=UTC)
owners = iter(f"owner-{number}" for number in range(10_000))


def task(ledger: Engine, name: str = "t1") -> str:
    sql(
        ledger,
        "WITH said AS (SELECT set_config('waybill.actor', 'a', true), set_config('waybill.reason', 'r', true),"
        " set_config('waybill.event', 'seen', true))"
        " INSERT INTO waybill.tasks (id, origin, name, state) SELECT :id, 'clickup', 'n', 'ready' FROM said",
        id=name,
    )
    return name


def effect(key: str, *, kind: str = "comment", lane: str = "t1", **more: object) -> Effect:
    payload = {"status": key} if kind == "status" else {"text": key}
    return Effect(key=key, lane=lane, kind=kind, payload=payload, **more)  # type: ignore[arg-type]


def put(ledger: Engine, *effects: Effect) -> int:
    with ledger.begin() as connection:
        return outbox.enqueue(connection, effects)


def take(ledger: Engine, at_most: int = 100, process: str = "elsewhere", kinds: tuple[str, ...] = KINDS) -> list[Row]:
    with ledger.begin() as connection:
        return outbox.take(connection, owner=next(owners), process=process, at_most=at_most, lease=MINUTE, kinds=kinds)


def tell(ledger: Engine, *ended: Outcome, hooks: Hooks = outcomes.NO_HOOKS) -> int:
    with ledger.begin() as connection:
        return outcomes.record(connection, ended, hooks)


def states(ledger: Engine) -> dict[str, str]:
    return dict(sql(ledger, "SELECT key, state FROM waybill.outbox ORDER BY id"))  # type: ignore[arg-type]


def keys(rows: list[Row]) -> list[str]:
    return [row.key for row in rows]


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


def test_what_follows_a_dead_one_of_its_set_is_held_and_told_CB_5_CB_8(ledger: Engine) -> None:
    task(ledger)
    seen: list[tuple[str | None, str]] = []

    def on_dead(connection: Connection, row: Row, error: str) -> None:
        seen.append((row.task_id, error))

    put(
        ledger,
        effect("file", set_key="v1", task_id="t1"),
        effect("words", set_key="v1", task_id="t1"),
        effect("later", task_id="t1"),
    )
    (row,) = take(ledger)
    assert tell(ledger, Dead(row, "storage full"), hooks=Hooks(on_dead=on_dead)) == 1
    assert states(ledger) == {"file": "dead", "words": "held", "later": "pending"}
    assert seen == [("t1", "storage full")]
    with ledger.begin() as connection:
        (letter,) = dead_letters.list_open(connection)
        (alert,) = alerts.recent(connection, 10)
    assert (letter.stage, letter.subject, letter.attempts) == ("outbox", str(row.id), 1)
    assert letter.request["payload"] == {"text": "file"}
    assert (alert.kind, alert.task_id) == ("dead_letter", "t1")
    assert "storage full" in alert.body


def test_the_hook_of_a_dead_row_is_part_of_its_transaction_KX_7(ledger: Engine) -> None:
    def on_dead(connection: Connection, row: Row, error: str) -> None:
        raise ZeroDivisionError

    put(ledger, effect("a"))
    (row,) = take(ledger)
    with pytest.raises(ZeroDivisionError):
        tell(ledger, Dead(row, "e"), hooks=Hooks(on_dead=on_dead))
    assert states(ledger) == {"a": "sending"}


def test_a_dead_alert_raises_no_alert_of_itself(ledger: Engine) -> None:
    put(ledger, effect("a", kind="alert_email"))
    (row,) = take(ledger)
    tell(ledger, Dead(row, "no such host"))
    with ledger.begin() as connection:
        assert alerts.recent(connection, 10) == []
        assert len(dead_letters.list_open(connection)) == 1


def test_a_replayed_row_brings_what_was_held_behind_it_along(ledger: Engine) -> None:
    put(ledger, effect("file", set_key="v1"), effect("words", set_key="v1"))
    (row,) = take(ledger)
    tell(ledger, Unclear(row, NOW, "reset"))
    (row,) = take(ledger)
    tell(ledger, Dead(row, "gave up"))
    with ledger.begin() as connection:
        assert outbox.replay(connection, row.id)
        assert not outbox.replay(connection, row.id)
    assert states(ledger) == {"file": "pending", "words": "pending"}
    (row,) = take(ledger)
    assert row.attempts == 1
    assert row.unclear_for is not None, "it may have been sent"


def test_a_set_of_which_nothing_has_begun_is_withdrawn_and_one_that_has_is_finished_CB_5(ledger: Engine) -> None:
    task(ledger)
    put(ledger, effect("old1", set_key="v1", task_id="t1"), effect("old2", set_key="v1", task_id="t1"))
    (row,) = take(ledger)
    tell(ledger, Sent(row))
    put(
        ledger,
        effect("new1", set_key="v2", task_id="t1"),
        effect("new2", set_key="v2", task_id="t1", kind="status"),
        effect("single", task_id="t1", kind="status"),
        effect("word", task_id="t1"),
    )
    with ledger.begin() as connection:
        assert outbox.withdraw(connection, "t1", reason="cancelled") == 3
    assert states(ledger) == {
        "old1": "sent",
        "old2": "pending",
        "new1": "withdrawn",
        "new2": "withdrawn",
        "single": "withdrawn",
        "word": "pending",
    }


def test_what_may_have_been_sent_is_not_withdrawn(ledger: Engine) -> None:
    task(ledger)
    put(ledger, effect("one", set_key="v1", task_id="t1"), effect("two", set_key="v1", task_id="t1"))
    (row,) = take(ledger)
    with ledger.begin() as connection:
        assert outbox.withdraw(connection, "t1", reason="cancelled") == 0
    tell(ledger, Unclear(row, NOW, "reset"))
    with ledger.begin() as connection:
        assert outbox.withdraw(connection, "t1", reason="cancelled") == 0
    assert states(ledger) == {"one": "pending", "two": "pending"}


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
        assert outbox.last_written_at(connection, ["t1", "other"]) == {"t1": UPDATED}
    assert noted == [("t1", "one", UPDATED), ("t1", "two", UPDATED)]


def test_each_alert_is_passed_on_once_to_each_channel(ledger: Engine) -> None:
    said = {"kind": "stuck", "subject": "A task is stuck", "body": "Look."}
    with ledger.begin() as connection:
        assert alerts.raise_alert(connection, key="e1", **said)
        assert not alerts.raise_alert(connection, key="e1", **said)
        assert alerts.pass_on(connection, ["alert_webhook", "alert_email"]) == 1
        assert alerts.pass_on(connection, ["alert_webhook", "alert_email"]) == 0
    assert list(states(ledger)) == ["alert:e1:alert_webhook", "alert:e1:alert_email"]
    assert len(take(ledger)) == 2, "neither waits for the other"


def test_with_no_channel_alerts_stand_in_the_ledger(ledger: Engine) -> None:
    with ledger.begin() as connection:
        alerts.raise_alert(connection, key="e1", kind="k", subject="s", body="b")
        assert alerts.pass_on(connection, []) == 1
        (alert,) = alerts.recent(connection, 5)
    assert alert.passed_on_at is not None
    assert states(ledger) == {}


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
