"""Dead letters: open until somebody replays or drops them, and what that does to what they speak of (CB-8)."""

import pytest
from sqlalchemy import Engine

from resources.ledger import counts, dead_letters, inbox
from resources.ledger.dead_letters import DeadLetterClosedError, UnknownDeadLetterError
from resources.ledger.outcomes import Dead
from tests.resources.ledger.making import sql
from tests.resources.ledger.outbox_making import effect, put, states, take, tell


def letter_of_a_set(ledger: Engine) -> int:
    """The dead letter of the first of two effects."""
    put(ledger, effect("file", set_key="v1"), effect("words", set_key="v1"))
    tell(ledger, Dead(take(ledger)[0], "refused"))
    with ledger.begin() as connection:
        return dead_letters.list_open(connection)[0].id


def open_ones(ledger: Engine) -> tuple[int, dict[str, int]]:
    with ledger.begin() as connection:
        return counts.count(connection).dead_letters, dead_letters.count_open(connection)


def test_a_replay_tries_the_effect_again_and_says_who_wanted_it_CB_8(ledger: Engine) -> None:
    letter = letter_of_a_set(ledger)
    assert open_ones(ledger) == (1, {"outbox": 1})
    with ledger.begin() as connection:
        assert dead_letters.replay(connection, letter, "ann").state == "open"
        assert dead_letters.get(connection, letter).state == "replayed by ann"
    assert states(ledger) == {"file": "pending", "words": "pending"}
    assert open_ones(ledger) == (0, {})


def test_what_dies_again_is_open_again(ledger: Engine) -> None:
    letter = letter_of_a_set(ledger)
    with ledger.begin() as connection:
        dead_letters.replay(connection, letter, "ann")
    tell(ledger, Dead(take(ledger)[0], "refused again"))
    with ledger.begin() as connection:
        (again,) = dead_letters.list_open(connection)
    assert (again.id, again.error, again.replayed_by) == (letter, "refused again", None)
    assert sql(ledger, "SELECT count(*) FROM waybill.alerts") == [(2,)], "each death is an event of its own"


def test_a_drop_withdraws_what_was_held_behind_it_and_keeps_the_reason(ledger: Engine) -> None:
    letter = letter_of_a_set(ledger)
    with ledger.begin() as connection:
        with pytest.raises(ValueError, match="reason"):
            dead_letters.drop(connection, letter, "ann", "  ")
        dead_letters.drop(connection, letter, "ann", "the client left")
        assert dead_letters.get(connection, letter).state == "dropped by ann: the client left"
    assert states(ledger) == {"file": "withdrawn", "words": "withdrawn"}
    assert open_ones(ledger) == (0, {})


def test_what_is_closed_is_neither_replayed_nor_dropped_again(ledger: Engine) -> None:
    letter = letter_of_a_set(ledger)
    with ledger.begin() as connection:
        dead_letters.drop(connection, letter, "ann", "gone")
    with ledger.begin() as connection:
        with pytest.raises(DeadLetterClosedError, match="dropped by ann"):
            dead_letters.replay(connection, letter, "bob")
        with pytest.raises(DeadLetterClosedError):
            dead_letters.drop(connection, letter, "bob", "again")
        with pytest.raises(UnknownDeadLetterError):
            dead_letters.get(connection, letter + 1)
    assert states(ledger) == {"file": "withdrawn", "words": "withdrawn"}


def test_a_delivery_is_handled_again_from_its_first_attempt_AP_4(ledger: Engine) -> None:
    with ledger.begin() as connection:
        inbox.store(connection, key="k1", route="clickup", body='{"event": "x"}')
        (row,) = inbox.take(connection, at_most=9)
        inbox.dead(connection, row, "no such route")
        (letter,) = dead_letters.list_open(connection)
        assert letter.stage == "inbox"
        dead_letters.replay(connection, letter.id, "ann")
    assert sql(ledger, "SELECT attempts, handled_at, outcome, error FROM waybill.inbox") == [(0, None, None, None)]


def test_a_delivery_that_was_not_let_in_cannot_be_handled_again_but_dropped(ledger: Engine) -> None:
    with ledger.begin() as connection:
        inbox.refuse(connection, route="nowhere", digest="d", body=b"{}", error="no such route")
        (letter,) = dead_letters.list_open(connection)
        with pytest.raises(DeadLetterClosedError):
            dead_letters.replay(connection, letter.id, "ann")
        dead_letters.drop(connection, letter.id, "ann", "noise")
    assert open_ones(ledger) == (0, {})
