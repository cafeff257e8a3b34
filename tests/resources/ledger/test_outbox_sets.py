"""Sets in the outbox: published as one, held behind a dead one, withdrawn whole; and alerts, passed on once."""

import pytest
from sqlalchemy import Connection, Engine

from resources.ledger import alerts, dead_letters, outbox
from resources.ledger.outbox import Row
from resources.ledger.outcomes import Dead, Hooks, Sent, Unclear
from tests.resources.ledger.outbox_making import (
    NOW,
    effect,
    put,
    states,
    take,
    task,
    tell,
)


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
