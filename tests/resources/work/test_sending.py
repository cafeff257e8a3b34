"""Each way in which an effect can end, by the error that was met: what counts, what waits, what is looked for."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from resources.clickup.errors import (
    ClickUpBusyError,
    ClickUpCredentialsError,
    ClickUpRefusedError,
    ClickUpUnclearError,
    ClickUpUnreachableError,
)
from resources.ledger.outbox import Row
from resources.ledger.outcomes import Dead, Retry, Sent, Superseded, Unclear
from resources.notifications.message import NotificationBusyError
from resources.work.sending import CREDENTIALS_PAUSE, Backoff, carry_out

SETTLE = timedelta(seconds=120)
BACKOFF = Backoff(5)
SAID = {"expected": "e", "found": "f", "remedy": "r"}
NOW = datetime.now(UTC)


@dataclass
class Fake:
    """A handler whose look and send give what a test decides, and are counted."""

    found: Any = None
    sent: Any = field(default_factory=dict)
    settle: timedelta = SETTLE
    looks_first: bool = False
    channel: str = "clickup"
    calls: list[str] = field(default_factory=list)

    def look(self, row: Row) -> Any:
        assert row.owner
        self.calls.append("look")
        return self._given(self.found)

    def send(self, row: Row) -> Any:
        assert row.owner
        self.calls.append("send")
        return self._given(self.sent)

    @staticmethod
    def _given(value: Any) -> Any:
        if isinstance(value, Exception):
            raise value
        return value


def row(attempts: int = 1, unclear_s: float | None = None) -> Row:
    unclear_for = None if unclear_s is None else timedelta(seconds=unclear_s)
    return Row(1, "k", "t", None, "comment", "t", {}, attempts, "o", NOW, "reset by peer", unclear_for)


def test_what_was_never_sent_is_sent_without_a_look() -> None:
    handler = Fake(sent={"id": "1"})
    assert carry_out(handler, row(), BACKOFF).outcome == Sent(row(), {"id": "1"})
    assert handler.calls == ["send"]


def test_what_is_found_is_not_sent_again() -> None:
    handler = Fake(found={"id": "1"})
    assert carry_out(handler, row(unclear_s=999), BACKOFF).outcome == Sent(row(unclear_s=999), {"id": "1"})
    assert handler.calls == ["look"]


@pytest.mark.parametrize(("unclear_s", "pause_s"), [(0, 0.25), (3, 3), (60, 15), (119, 1)])
def test_what_is_not_found_yet_is_looked_for_ever_less_often_and_counts_nothing(
    unclear_s: float, pause_s: float
) -> None:
    handler, taken = Fake(), row(unclear_s=unclear_s)
    expected = Retry(taken, timedelta(seconds=pause_s), None, counted=False)
    assert carry_out(handler, taken, BACKOFF).outcome == expected
    assert handler.calls == ["look"]


def test_what_is_not_found_when_reads_have_settled_is_sent_again() -> None:
    handler = Fake()
    assert isinstance(carry_out(handler, row(unclear_s=120), BACKOFF).outcome, Sent)
    assert handler.calls == ["look", "send"]


def test_what_a_person_decided_otherwise_is_superseded() -> None:
    handler = Fake(found={"superseded": "to do"}, looks_first=True)
    assert carry_out(handler, row(), BACKOFF).outcome == Superseded(row(), {"superseded": "to do"})


def test_an_outage_is_tried_again_and_counted() -> None:
    outcome = carry_out(Fake(sent=ClickUpUnreachableError("w", **SAID)), row(), BACKOFF).outcome
    assert isinstance(outcome, Retry)
    assert outcome.counted
    assert outcome.pause <= timedelta(seconds=1)


def test_the_last_attempt_is_the_last() -> None:
    outage = ClickUpUnreachableError("w", **SAID)
    assert isinstance(carry_out(Fake(sent=outage), row(4), BACKOFF).outcome, Retry)
    last = carry_out(Fake(sent=outage), row(5), BACKOFF).outcome
    assert isinstance(last, Dead)
    assert "5 attempts" in last.error


def test_an_unclear_answer_of_the_last_attempt_is_looked_for_before_it_is_given_up() -> None:
    unclear = ClickUpUnclearError("w", **SAID)
    assert isinstance(carry_out(Fake(sent=unclear), row(5), BACKOFF).outcome, Unclear)
    assert isinstance(carry_out(Fake(found={"id": "1"}), row(6, unclear_s=5), BACKOFF).outcome, Sent)
    handler = Fake()
    given_up = carry_out(handler, row(6, unclear_s=120), BACKOFF).outcome
    assert isinstance(given_up, Dead)
    assert "reset by peer" in given_up.error
    assert handler.calls == ["look"]


def test_a_limit_counts_nothing_and_pauses_the_channel() -> None:
    busy = ClickUpBusyError("w", **SAID, retry_at=datetime.now(UTC) + timedelta(seconds=30))
    ended = carry_out(Fake(sent=busy), row(), BACKOFF)
    assert isinstance(ended.outcome, Retry)
    assert not ended.outcome.counted
    assert ended.pause is not None
    assert 25 < ended.pause.total_seconds() <= 30


def test_a_receiver_that_is_busy_is_left_alone_as_long_as_it_asks() -> None:
    ended = carry_out(Fake(sent=NotificationBusyError("w", **SAID, pause_s=40)), row(), BACKOFF)
    assert isinstance(ended.outcome, Retry)
    assert (ended.outcome.pause, ended.pause) == (timedelta(seconds=40), timedelta(seconds=40))


def test_credentials_blame_no_row() -> None:
    ended = carry_out(Fake(sent=ClickUpCredentialsError("w", **SAID)), row(5), BACKOFF)
    assert isinstance(ended.outcome, Retry)
    assert (ended.outcome.counted, ended.pause) == (False, CREDENTIALS_PAUSE)
    assert ended.refused is not None


def test_a_refusal_is_dead_at_once_CB_8() -> None:
    refused = ClickUpRefusedError("w", **SAID, status=400, ecode="FIELD_011", said="no")
    assert isinstance(carry_out(Fake(sent=refused), row(), BACKOFF).outcome, Dead)


def test_a_database_that_is_away_counts_nothing_and_leaves_nothing_unclear() -> None:
    """The budget of calls is asked before any byte leaves."""
    outcome = carry_out(Fake(sent=OperationalError("s", {}, Exception("gone"))), row(5), BACKOFF).outcome
    assert isinstance(outcome, Retry)
    assert not outcome.counted


def test_a_bug_may_have_sent_something_so_it_is_looked_for() -> None:
    outcome = carry_out(Fake(sent=KeyError("x")), row(), BACKOFF).outcome
    assert isinstance(outcome, Unclear)
    assert "KeyError" in outcome.error


def test_pauses_double_under_full_jitter_up_to_a_quarter_of_an_hour() -> None:
    longest_s = [max(BACKOFF.pause(attempt).total_seconds() for _ in range(200)) for attempt in range(1, 40)]
    assert all(found <= min(900, 2.0**number) for number, found in enumerate(longest_s))
    assert longest_s[4] > 8
    assert longest_s[-1] > 450
    assert min(BACKOFF.pause(10).total_seconds() for _ in range(200)) < 100
