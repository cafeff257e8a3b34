"""The budget of calls that all processes of a token share: one row a call that may be under way or in the window.

Taking a slot puts off `free_at` beyond the longest time that the call can take; giving it back sets it to a whole
window after the end. So no window, by whosever clock, holds more calls than there are slots, and a process that dies
with one only makes it come free later. The row `PAUSE` holds the instant until which ClickUp wants no call at all.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from resources.clickup.errors import ClickUpBusyError

PAUSE: Final = -1
"""The number of the row that is no slot."""
_SHORTEST_WAIT_S: Final = 0.005
_LONGEST_WAIT_S: Final = 0.5
"""Another process may give back a slot sooner than it had to."""

# now() is the begin of the statement's own short transaction: as a bound it is stable, so that the index serves, and it
# errs on the safe side. What ended is given back by whoever comes next, so that a busy process needs one transaction a
# call, not two.
_GIVE_BACK: Final = text(
    "UPDATE waybill.call_slots SET free_at = clock_timestamp() + :window WHERE token = :token AND slot = ANY(:ended)"
)
_TAKE: Final = text("""
WITH given_back AS (
    UPDATE waybill.call_slots SET free_at = clock_timestamp() + :window WHERE token = :token AND slot = ANY(:ended))
UPDATE waybill.call_slots SET free_at = clock_timestamp() + :held
WHERE token = :token AND slot = (
    SELECT slot FROM waybill.call_slots
    WHERE token = :token AND slot >= 0 AND free_at <= now() AND NOT EXISTS (
        SELECT FROM waybill.call_slots WHERE token = :token AND slot = :pause AND free_at > now())
    ORDER BY free_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING slot
""")
# A call that is under way now may end at once, and its slot come free a window later.
_NEXT: Final = text("""
SELECT count(*) FILTER (WHERE slot >= 0) > 0 AS any, greatest(
    least(min(free_at) FILTER (WHERE slot >= 0), clock_timestamp() + :window), max(free_at) FILTER (WHERE slot < 0)
) - clock_timestamp() AS wait
FROM waybill.call_slots WHERE token = :token
""")
_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('call_slots ' || :token, 0))")
# What joins slots that are there already may have been deleted a moment ago, with its call still under way.
_ADD: Final = text("""
INSERT INTO waybill.call_slots (token, slot, free_at)
SELECT :token, slot, CASE WHEN slots.number = 0 THEN now() ELSE now() + CAST(:held AS interval) END
FROM generate_series(0, :slots - 1) AS slot,
    (SELECT count(*) AS number FROM waybill.call_slots WHERE token = :token AND slot >= 0) AS slots
ON CONFLICT DO NOTHING
""")
_REMOVE: Final = text("DELETE FROM waybill.call_slots WHERE token = :token AND slot >= :slots")
_PAUSE: Final = text("""
INSERT INTO waybill.call_slots AS kept (token, slot, free_at) VALUES (:token, :pause, clock_timestamp() + :wait)
ON CONFLICT (token, slot) DO UPDATE SET free_at = greatest(kept.free_at, excluded.free_at)
""")

_log = logging.getLogger(__name__)


class CallBudget:
    """A `Budget` (resources/clickup/budget.py) in the ledger. Shared by threads; one for each process is enough."""

    def __init__(self, engine: Engine, token: str, *, calls_a_window: int, window_s: float = 60.0) -> None:
        """Nothing is written yet; the rows follow ``calls_a_window`` at the first call.

        Args:
            engine: of the ledger. A call takes a connection for two short transactions, none while it is under way.
            token: whose calls are counted; only a hash of it is stored.
            calls_a_window: of all processes together; of two that differ, the one that began later decides.
            window_s: any time span of this length holds no more calls.
        """
        self._engine = engine
        self._token = hashlib.sha256(token.encode()).hexdigest()
        self._calls_a_window, self._window = calls_a_window, timedelta(seconds=window_s)
        self._ready = False
        self._turn = threading.Lock()
        self._never = threading.Event()
        self._count = threading.Lock()
        self._under_way = 0
        self._ended: list[int] = []

    @contextmanager
    def call(self, *, longest_s: float, patience_s: float) -> Iterator[None]:
        """The right to one call, see `Budget`.

        Raises:
            ClickUpBusyError: nothing is free within ``patience_s``.
        """
        slot = self._taken(self._window + timedelta(seconds=longest_s), time.monotonic() + patience_s)
        with self._count:
            self._under_way += 1
        try:
            yield
        finally:
            self._end(slot)

    def pause_until(self, instant: datetime) -> None:
        """Let no process through before ``instant``; an earlier one than is kept already changes nothing."""
        wait = instant - datetime.now(UTC)
        with self._engine.begin() as connection:
            connection.execute(_PAUSE, {"token": self._token, "pause": PAUSE, "wait": wait})

    def _taken(self, held: timedelta, ends_at_s: float) -> int:
        """The slot that was taken, at once or after waiting."""
        slot = self._take(held) if self._ready else None
        if slot is not None:
            return slot
        # One thread of the process waits for what comes free next, the others for their turn.
        if not self._turn.acquire(timeout=max(0.0, ends_at_s - time.monotonic())):
            raise self._busy(timedelta(0))
        try:
            return self._awaited(held, ends_at_s)
        finally:
            self._turn.release()

    def _awaited(self, held: timedelta, ends_at_s: float) -> int:
        while True:
            if not self._ready:
                self._make_slots(held)
            if (slot := self._take(held)) is not None:
                return slot
            wait = self._wait()
            if wait is None:  # somebody emptied the table
                self._ready = False
            elif time.monotonic() + wait.total_seconds() > ends_at_s:
                raise self._busy(wait)
            else:
                self._never.wait(min(max(wait.total_seconds(), _SHORTEST_WAIT_S), _LONGEST_WAIT_S))

    def _take(self, held: timedelta) -> int | None:
        values = {
            "token": self._token,
            "pause": PAUSE,
            "held": held,
            "window": self._window,
            "ended": self._collected(),
        }
        with self._engine.begin() as connection:
            return connection.execute(_TAKE, values).scalar_one_or_none()

    def _wait(self) -> timedelta | None:
        """How long until a slot comes free at the soonest; None: there are no slots."""
        with self._engine.begin() as connection:
            found = connection.execute(_NEXT, {"token": self._token, "window": self._window}).one()
            return found.wait if found.any else None

    def _end(self, slot: int) -> None:
        """Leave the slot to the calls of this process that are under way; the last of them gives back what ended."""
        with self._count:
            self._under_way -= 1
            self._ended.append(slot)
            if self._under_way:
                return
        self._give_back(self._collected())

    def _collected(self) -> list[int]:
        with self._count:
            ended, self._ended = self._ended, []
            return ended

    def _give_back(self, ended: list[int]) -> None:
        """Free the slots a window from now. Without a database they come free later: the answer is worth more."""
        values = {"token": self._token, "window": self._window, "ended": ended}
        try:
            with self._engine.begin() as connection:
                connection.execute(_GIVE_BACK, values)
        except DBAPIError as error:
            _log.warning("slots of the call budget come free later: %s", " ".join(str(error.orig).split()))

    def _make_slots(self, held: timedelta) -> None:
        values = {"token": self._token, "slots": self._calls_a_window, "held": held}
        with self._engine.begin() as connection:
            connection.execute(_ALONE, values)
            connection.execute(_REMOVE, values)
            connection.execute(_ADD, values)
        self._ready = True

    def _busy(self, wait: timedelta) -> ClickUpBusyError:
        return ClickUpBusyError(
            "the budget of ClickUp calls",
            expected=f"a free call of {self._calls_a_window} in {self._window.total_seconds():g} s",
            found=f"none for {wait.total_seconds():.1f} s",
            remedy="Raise clickup.calls_a_minute if ClickUp's limit for the token is higher.",
            retry_at=datetime.now(UTC) + wait,
        )
