"""The budget of calls that all processes of a token share: one row a call that may be under way or in the window.

Taking a slot puts off `free_at` beyond the longest time that the call can take; giving it back sets it to a whole
window after the end. So no window, by whosever clock, holds more calls than there are slots, and a process that dies
with one only makes it come free later. The row `PAUSE` holds the instant until which ClickUp wants no call at all.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from resources.clickup.errors import ClickUpBusyError

PAUSE: Final = -1
"""The number of the row that is no slot."""
USE_WITHIN_S: Final = 1.0
"""How long a slot that was taken with others may wait for its call; so long it knows nothing of a new pause."""
_CALLS_A_TAKE: Final = 500
"""One slot is taken at once for so many calls in a window: 1 for 90, 20 for 10,000."""
_SHORTEST_WAIT_S: Final = 0.005
_LONGEST_WAIT_S: Final = 0.5
"""Another process may give back a slot sooner than it had to."""

_GIVE_BACK: Final = text("""
UPDATE waybill.call_slots
SET free_at = clock_timestamp() + CASE WHEN slot = ANY(:ended) THEN CAST(:window AS interval) ELSE interval '0' END
WHERE token = :token AND (slot = ANY(:ended) OR slot = ANY(:unused))
""")
# What is over is given back by whoever takes next, so that a busy process needs few transactions. now() is the begin of
# the statement's own short transaction: as a bound it is stable, so that the index serves, and errs on the safe side. A
# limit that the planner cannot see makes it read the index in order, rather than sort all that is free. The pause and
# the chosen are looked up by key, as values: joined, the planner reads the whole table, or every slot that is held.
_TAKE: Final = text(f"""
WITH given_back AS ({_GIVE_BACK.text}),
chosen AS MATERIALIZED (
    SELECT slot FROM waybill.call_slots
    WHERE token = :token AND slot >= 0 AND free_at <= now() AND now() >= coalesce(
        (SELECT free_at FROM waybill.call_slots WHERE token = :token AND slot = :pause), '-infinity')
    ORDER BY free_at LIMIT (SELECT CAST(:number AS bigint)) FOR UPDATE SKIP LOCKED)
UPDATE waybill.call_slots AS taken SET free_at = clock_timestamp() + :held
WHERE token = :token AND taken.slot = ANY(ARRAY(SELECT slot FROM chosen)) RETURNING taken.slot
""")  # noqa: S608  both parts are constants of this module
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


class _Hand:
    """The slots that this process holds: some for calls to come, the others over. Shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = 0
        self._ended: list[int] = []
        self._unused: list[int] = []
        self._kept: list[int] = []
        self._kept_for_s = self._use_until_s = 0.0

    def keep(self, slots: Sequence[int], longest_s: float, use_until_s: float) -> None:
        """Have these at hand instead of those before, for calls of ``longest_s`` at most."""
        with self._lock:
            self._unused += self._kept
            self._kept, self._kept_for_s, self._use_until_s = list(slots), longest_s, use_until_s

    def pick(self, longest_s: float) -> int | None:
        """One that is at hand and may still be used."""
        with self._lock:
            fits = longest_s <= self._kept_for_s and time.monotonic() < self._use_until_s
            return self._kept.pop() if fits and self._kept else None

    def wanted(self, at_most: int) -> int:
        """How many to take at once: one for now, and one for each call that may be followed by another."""
        with self._lock:
            return min(1 + self._under_way, at_most)

    def drop(self) -> None:
        """Have none at hand."""
        self.keep((), 0.0, 0.0)

    def begin(self) -> None:
        """A call begins."""
        with self._lock:
            self._under_way += 1

    def end(self, slot: int) -> bool:
        """A call ends. Whether it was the last under way, so that nobody else gives back what is over."""
        with self._lock:
            self._under_way -= 1
            self._ended.append(slot)
            return not self._under_way

    def over(self) -> tuple[list[int], list[int]]:
        """Slots whose call ended, and slots that had none; both are forgotten here."""
        with self._lock:
            ended, unused = self._ended, self._unused
            self._ended, self._unused = [], []
            return ended, unused


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
        self._number = max(1, calls_a_window // _CALLS_A_TAKE)
        self._ready = False
        self._turn = threading.Lock()
        self._never = threading.Event()
        self._hand = _Hand()

    @contextmanager
    def call(self, *, longest_s: float, patience_s: float) -> Iterator[None]:
        """The right to one call, see `Budget`.

        Raises:
            ClickUpBusyError: nothing is free within ``patience_s``.
        """
        slot = self._taken(longest_s, time.monotonic() + patience_s)
        self._hand.begin()
        try:
            yield
        finally:
            if self._hand.end(slot):
                self._give_back()

    def pause_until(self, instant: datetime) -> None:
        """Let no process through before ``instant``; an earlier one than is kept already changes nothing."""
        self._hand.drop()
        wait = instant - datetime.now(UTC)
        with self._engine.begin() as connection:
            connection.execute(_PAUSE, {"token": self._token, "pause": PAUSE, "wait": wait})

    def _taken(self, longest_s: float, ends_at_s: float) -> int:
        """The slot that was taken, at once or after waiting."""
        slot = self._hand.pick(longest_s)
        if slot is not None:
            return slot
        # One thread of the process asks for more, or waits for what comes free next; the others for what it brings.
        if not self._turn.acquire(timeout=max(_LONGEST_WAIT_S, ends_at_s - time.monotonic())):
            raise self._busy(timedelta(0))
        try:
            return self._awaited(longest_s, ends_at_s)
        finally:
            self._turn.release()

    def _awaited(self, longest_s: float, ends_at_s: float) -> int:
        while True:
            if not self._ready:
                self._make_slots(self._held(longest_s))
            slot = self._hand.pick(longest_s)
            if slot is None:
                slot = self._take(longest_s)
            if slot is not None:
                return slot
            wait = self._wait()
            if wait is None:  # somebody emptied the table
                self._ready = False
            elif time.monotonic() + wait.total_seconds() > ends_at_s:
                raise self._busy(wait)
            else:
                self._never.wait(min(max(wait.total_seconds(), _SHORTEST_WAIT_S), _LONGEST_WAIT_S))

    def _take(self, longest_s: float) -> int | None:
        """A slot for now, and in a large budget some for the next calls."""
        use_until_s = time.monotonic() + USE_WITHIN_S
        values = self._over() | {
            "pause": PAUSE,
            "held": self._held(longest_s),
            "number": self._hand.wanted(self._number),
        }
        with self._engine.begin() as connection:
            slots: Sequence[int] = connection.execute(_TAKE, values).scalars().all()
        if not slots:
            return None
        self._hand.keep(slots[1:], longest_s, use_until_s)
        return slots[0]

    def _held(self, longest_s: float) -> timedelta:
        return self._window + timedelta(seconds=longest_s + USE_WITHIN_S)

    def _over(self) -> dict[str, object]:
        ended, unused = self._hand.over()
        return {"token": self._token, "window": self._window, "ended": ended, "unused": unused}

    def _wait(self) -> timedelta | None:
        """How long until a slot comes free at the soonest; None: there are no slots."""
        with self._engine.begin() as connection:
            found = connection.execute(_NEXT, {"token": self._token, "window": self._window}).one()
            return found.wait if found.any else None

    def _give_back(self) -> None:
        """Free what is over. Without a database it comes free later: the answer of the call is worth more."""
        self._hand.drop()
        try:
            with self._engine.begin() as connection:
                connection.execute(_GIVE_BACK, self._over())
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
