"""One effect, carried out: what was sent without a clear answer is looked for before it is sent again (design §8)."""

import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy.exc import SQLAlchemyError

from resources.clickup.errors import ClickUpBusyError, ClickUpCredentialsError, ClickUpUnclearError
from resources.domain.errors import PermanentError, WaybillError
from resources.ledger.outbox import Row
from resources.ledger.outcomes import Dead, Outcome, Retry, Sent, Superseded, Unclear
from resources.notifications.message import NotificationBusyError, NotificationUnclearError

Result = Mapping[str, Any]
FIRST_PAUSE: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(minutes=15)
CREDENTIALS_PAUSE: Final = timedelta(minutes=5)
FIRST_LOOK: Final = timedelta(milliseconds=250)
_DATABASE_PAUSE: Final = timedelta(seconds=1)
_LONGEST_LOOK_PAUSE: Final = timedelta(seconds=15)

_log = logging.getLogger(__name__)


class Handler(Protocol):
    """One kind of effect. Called by several threads at once."""

    @property
    def channel(self) -> str:
        """The system behind it: what one of a channel has to wait for, all of it wait for."""
        ...

    @property
    def settle(self) -> timedelta:
        """How long what was sent may stay unseen by ``look``; only then is it sent again."""
        ...

    @property
    def looks_first(self) -> bool:
        """Whether it looks before the first sending too."""
        ...

    def look(self, row: Row) -> Result | None:
        """What tells that nothing is left to send, with ``superseded`` in it when that is somebody else's doing."""
        ...

    def send(self, row: Row) -> Result:
        """Do it. Raises a WaybillError: it was not done, or that is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Ended:
    """How a row ended, and for how long its whole channel is better left alone, with the reason for people.

    ``refused``: nobody of the channel gets through until a person has put other credentials in.
    """

    outcome: Outcome
    pause: timedelta | None = None
    refused: str | None = None


class Backoff:
    """Pauses between attempts: exponential with full jitter, at most a quarter of an hour."""

    def __init__(self, attempts: int, *, first: timedelta = FIRST_PAUSE, longest: timedelta = LONGEST_PAUSE) -> None:
        """``attempts``: after so many failed ones a row is given up."""
        self.attempts, self._first, self._longest = attempts, first, longest
        self._random = random.Random()  # noqa: S311 - jitter is no secret

    def pause(self, attempt: int) -> timedelta:
        """A random time from nothing to the bound that doubles with each attempt, from 1 on."""
        doublings = min(attempt - 1, 30)  # 2^30 first pauses are beyond any longest one
        return self._random.random() * min(self._longest, self._first * (1 << doublings))


def carry_out(handler: Handler, row: Row, backoff: Backoff) -> Ended:
    """Look for it where that is due, send it where it is not there, and say how it ended. Never raises."""
    try:
        return Ended(_carried_out(handler, row, backoff))
    except WaybillError as error:
        return _failed(row, error, backoff, handler.settle)
    except SQLAlchemyError as error:  # of the budget of calls, which is asked before any byte leaves
        return Ended(Retry(row, _DATABASE_PAUSE, " ".join(str(error).split()), counted=False))
    except Exception as error:  # noqa: BLE001 - a bug in one kind must not stop the others; it is told with its trace
        _log.exception("outbox row %s (%s) met with an error that nobody expected", row.id, row.kind)
        return Ended(_unclear(row, f"{type(error).__name__}: {error}", backoff, handler.settle))


def _carried_out(handler: Handler, row: Row, backoff: Backoff) -> Outcome:
    if handler.looks_first or row.unclear_for is not None:
        found = handler.look(row)
        if found is not None:
            return _done(row, found)
        if row.unclear_for is not None and row.unclear_for < handler.settle:
            return _look_again(row, row.unclear_for, handler.settle)
    if row.attempts > backoff.attempts:  # the last one was unclear, or whoever made it was ended amid it
        return Dead(row, f"given up after {backoff.attempts} attempts: {row.error}")
    return _done(row, handler.send(row))


def _done(row: Row, found: Result) -> Outcome:
    return Superseded(row, found) if "superseded" in found else Sent(row, found)


def _look_again(row: Row, unclear_for: timedelta, settle: timedelta) -> Retry:
    """Soon at first, then ever less often, and once when the time to settle is over."""
    pause = min(max(unclear_for, FIRST_LOOK), _LONGEST_LOOK_PAUSE, settle - unclear_for)
    return Retry(row, pause, None, counted=False)


def _failed(row: Row, error: WaybillError, backoff: Backoff, settle: timedelta) -> Ended:
    match error:
        case ClickUpBusyError():
            pause = max(timedelta(0), error.retry_at - datetime.now(UTC))
            return Ended(Retry(row, pause, str(error), counted=False), pause)
        case NotificationBusyError():
            pause = timedelta(seconds=error.pause_s)
            return Ended(_again(row, str(error), backoff, at_least=pause), pause)
        case ClickUpCredentialsError():
            return Ended(Retry(row, CREDENTIALS_PAUSE, str(error), counted=False), CREDENTIALS_PAUSE, str(error))
        case ClickUpUnclearError() | NotificationUnclearError():
            return Ended(_unclear(row, str(error), backoff, settle))
        case PermanentError():
            return Ended(Dead(row, str(error)))
        case _:
            return Ended(_again(row, str(error), backoff))


def _again(row: Row, error: str, backoff: Backoff, *, at_least: timedelta = timedelta(0)) -> Outcome:
    """Back to the outbox, or given up when that was the last attempt."""
    if row.attempts >= backoff.attempts:
        return Dead(row, f"given up after {row.attempts} attempts: {error}")
    return Retry(row, max(backoff.pause(row.attempts), at_least), error)


def _unclear(row: Row, error: str, backoff: Backoff, settle: timedelta) -> Outcome:
    """Looked for soon, also after the last attempt; where nobody can look, it is sent again after a usual pause."""
    if row.attempts > backoff.attempts:
        return Dead(row, f"given up after {backoff.attempts} attempts: {error}")
    return Unclear(row, FIRST_LOOK if settle else backoff.pause(row.attempts), error)
