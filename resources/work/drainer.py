"""Drains the outbox: the main thread takes rows and records how they ended, workers carry them out (design §8)."""

import itertools
import logging
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, Engine

from resources import processes
from resources.ledger import alerts, outbox, outcomes
from resources.ledger.announcements import Announcements
from resources.ledger.failures import database_failure
from resources.ledger.outbox import Row
from resources.ledger.outcomes import Hooks, Retry
from resources.work.sending import Backoff, Ended, Handler, carry_out
from resources.work.workers import Workers

_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 5.0
_GATHER_S: Final = 0.015
_ASIDE_S: Final = 15.0
"""How long an end that could not be recorded is left alone."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How many rows at once, how often it looks without being told, and how long it waits for what is under way.

    ``lease``: how long a row stays ours without a sign of life; it is extended four times as often.
    """

    parallelism: int = 8
    poll: timedelta = timedelta(seconds=2)
    lease: timedelta = timedelta(seconds=60)
    grace: timedelta = timedelta(seconds=5)


class Drainer:
    """One for each process. Postgres may go away and come back: what ended meanwhile is recorded then."""

    def __init__(
        self,
        engine: Engine,
        handlers: Mapping[str, Handler],
        backoff: Backoff,
        *,
        hooks: Hooks = outcomes.NO_HOOKS,
        channels: Sequence[str] = (),
        pace: Pace = Pace(),
    ) -> None:
        """Nothing begins yet.

        Args:
            engine: of the ledger; one connection is for the main thread.
            handlers: by kind; rows of other kinds stay where they are.
            backoff: between attempts, and how many there are.
            hooks: what the ledger does beside.
            channels: the kinds of effects that alerts become.
            pace: see there.
        """
        self._engine, self._handlers, self._backoff = engine, handlers, backoff
        self._hooks, self._channels, self._pace = hooks, channels, pace
        self._poll_s = pace.poll.total_seconds()
        self._process = processes.identity()
        self._owners = (f"{uuid.uuid4().hex}/{number}" for number in itertools.count())
        self._wake, self._news, self._stopping = threading.Event(), threading.Event(), threading.Event()
        self._workers = Workers(pace.parallelism, self._carried_out, self._wake.set)
        self._unrecorded: list[Ended] = []
        self._aside: list[Ended] = []
        self._paused_until_s: dict[str, float] = {}
        self._kept_until_s = self._promised_until_s = self._look_at_s = self._aside_at_s = 0.0
        self._uncertain = False
        self._failures = 0

    def run(self, direct_url: str) -> None:
        """Drain until ``stop``. ``direct_url``: of the ledger past any pooler, in libpq's form."""
        with self._workers, Announcements(direct_url, outbox.CHANNEL, self._told):
            while not self._stopping.is_set():
                self._wake.clear()
                if (wait_s := self._turn()) > 0:
                    self._wake.wait(wait_s)
                if self._workers.ready:  # nobody waits for us: more ends are recorded at once
                    self._stopping.wait(_GATHER_S)
            self._end()

    def stop(self) -> None:
        """End soon: nothing is begun any more. May be called by a signal handler or another thread."""
        self._stopping.set()
        self._wake.set()

    def _told(self) -> None:
        self._news.set()
        self._wake.set()

    def _turn(self) -> float:
        """Record what ended, take what is due; for how many seconds there is nothing to do then."""
        self._note_ended()
        if self._aside and time.monotonic() >= self._aside_at_s:
            self._aside = self._recorded_singly(self._aside)
        looks = self._news.is_set() or time.monotonic() >= self._look_at_s
        self._news.clear()
        try:
            with self._engine.begin() as connection:
                self._record(connection, self._unrecorded)
                if looks:
                    self._look_around(connection)
                rows = self._take(connection)
                wait_s = self._wait_s(connection) if len(rows) < self._workers.room else self._poll_s
        except Exception as error:  # noqa: BLE001 - a database that is away is waited for; a bug is told, and not final
            return self._failed(error)
        self._unrecorded.clear()
        self._uncertain, self._failures, self._kept_until_s = False, 0, self._promised_until_s
        self._workers.give(rows)
        return wait_s

    def _note_ended(self) -> None:
        """What the workers are done with; and which channels are better left alone, for how long."""
        for ended in self._workers.take_ended():
            self._unrecorded.append(ended)
            if ended.pause is not None:
                channel = self._handlers[ended.outcome.row.kind].channel
                until_s = time.monotonic() + ended.pause.total_seconds()
                self._paused_until_s[channel] = max(until_s, self._paused_until_s.get(channel, 0.0))

    def _record(self, connection: Connection, ended: Sequence[Ended]) -> None:
        if self._uncertain:  # what the last transaction marked, if it was committed at all, nobody has begun
            outbox.give_back(connection, process=self._process, but=self._ours())
        if ended:
            outcomes.record(connection, [each.outcome for each in ended], self._hooks)
        for each in ended:
            if each.refused is not None:
                self._alarm(connection, self._handlers[each.outcome.row.kind].channel, each.refused)

    def _alarm(self, connection: Connection, channel: str, refused: str) -> None:
        """Once until something gets through again."""
        last = outbox.last_sent(connection, [kind for kind, each in self._handlers.items() if each.channel == channel])
        alerts.raise_alert(
            connection,
            key=f"credentials:{channel}:{last}",
            kind="credentials",
            subject=f"{channel} takes nothing from Waybill any more",
            body=f"{refused}\nWhat waits is sent when the credentials are right.",
        )

    def _look_around(self, connection: Connection) -> None:
        """What is not done at every turn: keep what is ours, take over what is nobody's, pass alerts on."""
        now_s = time.monotonic()
        self._look_at_s = now_s + self._poll_s
        if self._ours() and now_s >= self._kept_until_s - 0.75 * self._pace.lease.total_seconds():
            outbox.extend(connection, process=self._process, lease=self._pace.lease)
            self._promised_until_s = now_s + self._pace.lease.total_seconds()
        if gone := outbox.release_expired(connection, process=self._process):
            _log.warning("%d effects of a drainer that is gone are looked for first", gone)
        alerts.pass_on(connection, self._channels)

    def _take(self, connection: Connection) -> list[Row]:
        at_most = self._workers.room
        if not at_most:
            return []
        now_s = time.monotonic()
        rows = outbox.take(
            connection,
            owner=next(self._owners),
            process=self._process,
            at_most=at_most,
            lease=self._pace.lease,
            kinds=self._kinds(now_s),
        )
        if rows and not self._ours():
            self._promised_until_s = now_s + self._pace.lease.total_seconds()
        return rows

    def _kinds(self, now_s: float) -> list[str]:
        """Those whose channel is not left alone just now."""
        return [
            kind for kind, handler in self._handlers.items() if self._paused_until_s.get(handler.channel, 0.0) <= now_s
        ]

    def _wait_s(self, connection: Connection) -> float:
        """Until a row is due, a channel's pause ends, or the next poll; news and workers wake us before."""
        now_s = time.monotonic()
        due_in = outbox.next_due_in(connection, self._kinds(now_s))
        pauses = [until_s - now_s for until_s in self._paused_until_s.values() if until_s > now_s]
        return max(0.0, min([self._poll_s, *pauses, *([due_in.total_seconds()] if due_in is not None else [])]))

    def _carried_out(self, row: Row) -> Ended:
        """In a worker. A machine that was stopped for longer than the lease has nothing to send any more."""
        if time.monotonic() > self._kept_until_s:
            return Ended(Retry(row, timedelta(0), None, counted=False))
        return carry_out(self._handlers[row.kind], row, self._backoff)

    def _failed(self, error: Exception) -> float:
        """Tell it once, and wait a growing while. Whether the transaction was committed is not known."""
        self._uncertain, self._look_at_s, self._promised_until_s = True, 0.0, self._kept_until_s
        failure = database_failure(error)
        if failure is None:
            _log.error("the outbox could not be kept", exc_info=error)
            self._aside += self._recorded_singly(self._unrecorded)
            self._unrecorded.clear()
        elif not self._failures:
            _log.warning("the outbox waits for its database: %s", failure)
        pause_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(self._failures, 10))
        self._failures += 1
        self._stopping.wait(pause_s)
        return 0.0

    def _recorded_singly(self, ended: Sequence[Ended]) -> list[Ended]:
        """So that one end that cannot be recorded holds up no other: those that could not be, for another time."""
        self._aside_at_s = time.monotonic() + _ASIDE_S
        left = []
        for each in ended:
            try:
                with self._engine.begin() as connection:
                    outcomes.record(connection, [each.outcome], self._hooks)
            except Exception:  # noqa: BLE001 - told with its trace, and tried again
                _log.exception("how outbox row %s ended could not be recorded", each.outcome.row.id)
                left.append(each)
        return left

    def _ours(self) -> set[int]:
        """The rows that are marked as ours and that we know of."""
        return self._workers.under_way | {each.outcome.row.id for each in (*self._unrecorded, *self._aside)}

    def _end(self) -> None:
        """Wait for what is under way, and record it. What does not end in time is looked for by whoever comes next."""
        ends_at_s = time.monotonic() + self._pace.grace.total_seconds()
        self._workers.take_back()
        self._note_ended()
        while self._workers.under_way and (left_s := ends_at_s - time.monotonic()) > 0:
            self._wake.wait(left_s)
            self._wake.clear()
            self._note_ended()
        self._uncertain = True  # what was taken back is given back
        try:
            with self._engine.begin() as connection:
                self._record(connection, self._unrecorded)
        except Exception as error:  # noqa: BLE001 - the process ends anyway; the next one looks for these rows
            _log.warning("%d ends were not recorded: %s", len(self._unrecorded), database_failure(error) or error)
