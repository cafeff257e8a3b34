"""Deliveries of the inbox handled: tasks are read again, one look a task however many deliveries tell of it, and local
tasks are made, once a delivery.

What fails by itself waits longer each time; what cannot be mended by waiting, or was tried often enough, becomes a
dead letter that a person can replay (AP-4, CB-8). While ClickUp is away no attempt counts. Whatever is done here may be
done twice, as a process may be killed between the deed and its note.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy import Engine

from resources.clickup.errors import ClickUpBusyError, ClickUpCredentialsError, ClickUpError, ClickUpUnreachableError
from resources.domain.configuration import Configuration
from resources.domain.errors import PermanentError, WaybillError
from resources.domain.tasks import LOCAL, Act, TaskId, TaskState
from resources.ledger import inbox, sightings, tasks
from resources.ledger.failures import database_failure
from resources.ledger.inbox import InboxRow
from resources.ledger.sightings import NewTask
from resources.webhooks.adapter import MakeTask, Reread, WantedTask, WebhookWork
from resources.webhooks.routes import Routes
from resources.work.eligible import judged

ATTEMPTS: Final = 12
"""With the pauses between them about three hours."""
FIRST_PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(minutes=30)
AWAY_PAUSE: Final = timedelta(seconds=30)
NOW: Final = timedelta(0)
NOTHING: Final = "nothing to do"
READ_AGAIN: Final = "read again"
_AWAY: Final = (ClickUpBusyError, ClickUpCredentialsError, ClickUpUnreachableError)
"""They say something of ClickUp and nothing of the task."""
_LOG: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Handled:
    """What became of the deliveries that were taken. ``error`` is the last failure that waiting may mend."""

    done: int = 0
    reread: int = 0
    """Tasks, not deliveries."""
    made: list[TaskId] = field(default_factory=list)
    postponed: int = 0
    dead: int = 0
    given_back: int = 0
    error: Exception | None = None

    @property
    def taken(self) -> int:
        """All of them."""
        return self.done + self.postponed + self.dead + self.given_back


@dataclass(frozen=True, slots=True)
class InboxHandler:
    """How deliveries are handled.

    Attributes:
        reread: looks at a task in ClickUp and writes what it sees; may be called twice for the same.
        make_task: makes a local task for the delivery of the given key; the same one for the same key.
    """

    engine: Engine
    routes: Routes
    reread: Callable[[TaskId], object]
    make_task: Callable[[WantedTask, str], TaskId]

    def handle(self, *, at_most: int, within_s: float) -> Handled:
        """Take deliveries that are due and handle them; after ``within_s`` no further one is begun.

        What was not begun by then is given back. Errors of the ledger itself are raised; what was taken is due again
        after a while.
        """
        deadline_s, handled = time.monotonic() + within_s, Handled()
        with self.engine.begin() as connection:
            rows = inbox.take(connection, at_most)
        todo = self._planned(rows, handled)
        self._make([(row, work.task) for row, work in todo if isinstance(work, MakeTask)], deadline_s, handled)
        self._reread([(row, work.tasks) for row, work in todo if isinstance(work, Reread)], deadline_s, handled)
        return handled

    def _planned(self, rows: Sequence[InboxRow], handled: Handled) -> list[tuple[InboxRow, WebhookWork]]:
        """What each delivery asks for; those that ask for nothing, or do not say, are done with here."""
        todo: list[tuple[InboxRow, WebhookWork]] = []
        idle: list[InboxRow] = []
        for row in rows:
            try:
                work = self.routes.work(row.route, row.body)
            except Exception as error:  # noqa: BLE001 - adapters are others' code: kept with the delivery
                self._failed(row, error, handled)
                continue
            if work == Reread(()):
                idle.append(row)
            else:
                todo.append((row, work))
        self._done(idle, NOTHING, handled)
        return todo

    def _make(self, wanted: Sequence[tuple[InboxRow, WantedTask]], deadline_s: float, handled: Handled) -> None:
        late = []
        for row, task in wanted:
            if time.monotonic() >= deadline_s:
                late.append(row)
                continue
            try:
                made = self.make_task(task, row.key)
            except Exception as error:
                if database_failure(error) is not None:
                    raise
                self._failed(row, error, handled)
            else:
                handled.made.append(made)
                self._done([row], f"task {made}", handled)
        self._give_back(late, NOW, handled)

    def _reread(self, wanted: Sequence[tuple[InboxRow, Sequence[TaskId]]], deadline_s: float, handled: Handled) -> None:
        """One look a task. When ClickUp is away, all that would need it is given back: that blames no delivery."""
        looks, back, pause_all = _Looks(self.reread), list[InboxRow](), NOW
        done = []
        for row, its in wanted:
            if not looks.seen.issuperset(its) and (pause_all or time.monotonic() >= deadline_s):
                back.append(row)
                continue
            try:
                looks.at(its)
            except _AWAY as error:
                handled.error, pause_all = error, _pause_of_all(error)
                back.append(row)
            except Exception as error:
                if database_failure(error) is not None:
                    raise
                self._failed(row, error, handled)
            else:
                done.append(row)
        handled.reread = len(looks.seen)
        self._done(done, READ_AGAIN, handled)
        self._give_back(back, pause_all, handled)

    def _done(self, rows: Sequence[InboxRow], outcome: str, handled: Handled) -> None:
        if rows:
            with self.engine.begin() as connection:
                inbox.handled(connection, [row.id for row in rows], outcome)
            handled.done += len(rows)

    def _give_back(self, rows: Sequence[InboxRow], pause: timedelta, handled: Handled) -> None:
        if rows:
            with self.engine.begin() as connection:
                inbox.give_back(connection, [row.id for row in rows], pause)
            handled.given_back += len(rows)

    def _failed(self, row: InboxRow, error: Exception, handled: Handled) -> None:
        """Only what is known to be permanent is given up at once: a bug of an adapter may be mended meanwhile."""
        said = str(error) if isinstance(error, WaybillError) else f"{type(error).__name__}: {error}"
        with self.engine.begin() as connection:
            if isinstance(error, PermanentError) or row.attempts >= ATTEMPTS:
                _LOG.error("delivery %s is given up: %s", row.key, said)
                inbox.dead(connection, row, said)
                handled.dead += 1
            else:
                _LOG.warning("delivery %s is postponed: %s", row.key, said)
                inbox.postpone(connection, [row.id], said, pause_after(row.attempts))
                handled.postponed += 1
                handled.error = error


@dataclass(slots=True)
class _Looks:
    """Looks at tasks, one each; who asks for a task whose look failed gets the same failure."""

    reread: Callable[[TaskId], object]
    seen: set[TaskId] = field(default_factory=set)
    failed: dict[TaskId, Exception] = field(default_factory=dict)

    def at(self, tasks: Sequence[TaskId]) -> None:
        for task in tasks:
            if task in self.failed:
                raise self.failed[task]
            if task in self.seen:
                continue
            try:
                self.reread(task)
            except Exception as error:
                self.failed[task] = error
                raise
            self.seen.add(task)


def _pause_of_all(error: ClickUpError) -> timedelta:
    wait_s = error.wait_s() if isinstance(error, ClickUpBusyError) else 0.0
    return max(AWAY_PAUSE, timedelta(seconds=wait_s))


def pause_after(attempts: int) -> timedelta:
    """How long a delivery waits after its so many failed attempts: twice as long each time, up to half an hour."""
    doubled: int = 2 ** min(attempts - 1, 20)
    return min(LONGEST_PAUSE, FIRST_PAUSE * doubled)


def make_task(engine: Engine, configuration: Configuration, wanted: WantedTask, key: str) -> TaskId:
    """The local task of a delivery, made unless it is there: its id derives from the delivery's ``key``.

    One that cannot be begun waits, with its reason, as every task does.
    """
    task = TaskId(f"{LOCAL}{hashlib.sha256(key.encode()).hexdigest()[:12]}")
    with engine.begin() as connection:
        now = tasks.clock(connection)
        row = NewTask(
            task, "webhook", wanted.name, TaskState.READY, slot=f"webhook:{key}", body=wanted.body,
            client=wanted.client, type=configuration.type_called(wanted.type), type_named=wanted.type,
            due_at=wanted.due_at or configuration.due_unsaid(wanted.type, now),
        )  # fmt: skip
        clients = sightings.known_clients(connection, [wanted.client])
        by = Act(f"webhook {key.partition(':')[0]}", f"delivery {key}")
        sightings.insert(connection, [judged(configuration, row, clients, now)], by)
    return task
