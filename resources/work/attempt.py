"""An attempt at a task: claimed or joined, kept alive while the work goes on, and given back when it breaks off.

Every way in comes through here: sensor, backfill, web pages, command line (CB-4). A run's later assets join the claim
that its first one made, so a claim stands until a move ends it: delivered, given back, taken back.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import stamina
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from resources.domain.configuration import Configuration, TaskType
from resources.domain.errors import PermanentError, TransientError, WaybillError
from resources.domain.task_types import kinds, texts_for
from resources.domain.tasks import WAYBILL, Act, TaskId, TaskState
from resources.ledger import claims, deliverables
from resources.ledger.claims import AttemptPlan, Claim, Worker
from resources.ledger.leases import TASK, LeaseLostError, Pulse, kept
from resources.ledger.tasks import Task
from resources.work.moving import give_back, show

BEAT: Final = timedelta(seconds=2)
"""How soon a cancellation or a deadline is noticed by the work (CP-1: it stops within 10 s)."""
_DATABASE_BACK_WITHIN_S: Final = 30.0
"""How long the end of an attempt waits for a database that is starting again."""


class AttemptOverError(TransientError):
    """The attempt's deadline has passed: its work stops, whatever it has made is kept."""


class TaskTypeGoneError(PermanentError):
    """The task's type does not stand in waybill.toml any more."""


class TaskNotReadyError(PermanentError):
    """The task does not ask for work now; nothing was done."""


@dataclass(frozen=True)
class Attempt:
    """One attempt, for the work that is done in it. ``check`` between units of work."""

    claim: Claim
    configuration: Configuration
    next_version: int

    @property
    def task(self) -> Task:
        """The task, as it was claimed."""
        return self.claim.task

    @property
    def number(self) -> int:
        """1 for the first attempt at the task."""
        return self.claim.attempt.number

    @property
    def settings(self) -> Mapping[str, Any]:
        """What its kind needs, as it stood when the attempt began (DT-5)."""
        return self.claim.attempt.settings

    @property
    def fields(self) -> Mapping[str, str]:
        """What its kind reads of the task's custom fields, by the kind's names for them."""
        fields: Mapping[str, str] = self.claim.attempt.input.get("fields", {})
        return fields

    @property
    def deadline_at(self) -> datetime:
        """When its work has to be over."""
        return self.claim.attempt.deadline_at

    def check(self) -> None:
        """Go on only while the task is ours and there is time.

        Raises:
            LeaseLostError: somebody else has it: it was cancelled, moved or taken over.
            AttemptOverError: the deadline has passed.
        """
        if datetime.now(UTC) >= self.deadline_at:
            raise AttemptOverError(
                f"task {self.task.id}, attempt {self.number}",
                expected=f"an end before {self.deadline_at:%Y-%m-%d %H:%M:%S} UTC",
                found="work that still goes on",
                remedy="Raise attempt_deadline_s of its type in waybill.toml if it needs more time.",
            )
        if self.claim.lost.is_set():
            raise LeaseLostError(
                f"task {self.task.id}, attempt {self.number}",
                expected="to work on it still",
                found="that it was cancelled, moved or taken over",
                remedy="Its history tells: `waybill task show`.",
            )


@contextmanager
def attempting(
    engine: Engine, task: TaskId, *, owner: str, run_id: str | None, configuration: Configuration
) -> Iterator[Attempt]:
    """Claim ``task``, or join the claim that ``owner`` has; keep it while the block runs.

    When the block raises, the task is given back: ready again after a pause while attempts are left, else failed. A
    PermanentError fails it at once; an interruption does not use an attempt up. What was raised goes on.

    Raises:
        AlreadyClaimedError: somebody else works on it; named in the message.
        TaskNotReadyError: it waits, is in review, or has ended.
        TaskTypeGoneError: waybill.toml does not know its type any more.
    """
    claim = claimed(engine, task, Worker(owner, run_id), configuration)
    with engine.begin() as connection:
        attempt = Attempt(claim, configuration, deliverables.next_number(connection, task))
    with kept(engine, attempt.claim, Pulse(TASK, BEAT, until=attempt.deadline_at)):
        try:
            yield attempt
        except BaseException as error:
            _given_back(engine, attempt, error)
            raise


def plan(configuration: Configuration, task: Task) -> AttemptPlan:
    """What the next attempt is made with: the type's settings, and what a person set for this one in their place."""
    found = configuration.task_types.get(task.type or "")
    if found is None:
        raise TaskTypeGoneError(
            f"task {task.id}",
            expected=f"a task type {task.type!r} in waybill.toml",
            found=f"only {', '.join(sorted(configuration.task_types))}",
            remedy="Add the type or choose another one for the task.",
        )
    overrides = dict(task.overrides)
    if "attempt_deadline_s" in overrides:
        its_own = {"attempt_deadline_s": overrides.pop("attempt_deadline_s")}
        found = TaskType.model_validate(found.model_dump() | its_own)
    kind = kinds()[found.kind]
    settings = kind.settings.model_validate(found.settings | overrides)
    fields = texts_for(kind, task.fields)
    return AttemptPlan(found.kind, settings.model_dump(mode="json"), found.attempt_deadline_s, fields)


def claimed(engine: Engine, task_id: TaskId, worker: Worker, configuration: Configuration) -> Claim:
    """Claim the task, or join the claim that its owner has; nothing keeps it alive yet. Raises as `attempting`."""
    with engine.begin() as connection:
        task, now = claims.look(connection, task_id)
        if task.state is TaskState.WORKING and claims.is_stale(task, now):
            by = Act(WAYBILL, f"{task.lease_owner} is gone")
            task = give_back(connection, configuration, task, now, by, outcome="abandoned")
        claim = claims.held_by(connection, task, now, worker.owner)
        if claim is None and task.state is TaskState.READY:
            claim = claims.begin(connection, task, now, plan(configuration, task), worker)
            show(connection, configuration, claim.task)
        if claim is not None:
            return claim
    raise _not_ready(task)  # outside, so that what was given back stays so


def _not_ready(task: Task) -> TaskNotReadyError:
    because = f": {task.reason}" if task.reason else ""
    return TaskNotReadyError(
        f"task {task.id}",
        expected="a task that is ready",
        found=f"{task.state.value}{because}",
        remedy="`waybill task reopen` begins an ended one anew; `waybill task show` has its history.",
    )


def _given_back(engine: Engine, attempt: Attempt, error: BaseException) -> None:
    """End the attempt, unless somebody did already: of two endings the first one stands (DT-1)."""
    for trial in stamina.retry_context(on=OperationalError, attempts=None, timeout=_DATABASE_BACK_WITHIN_S):
        with trial, engine.begin() as connection:
            task, now = claims.look(connection, attempt.task.id)
            if task.version != attempt.claim.version:
                return
            give_back(
                connection, attempt.configuration, task, now,
                Act(WAYBILL, _words(error), attempt.claim.attempt.run_id),
                outcome=_outcome(error),
                permanent=isinstance(error, PermanentError),
                counted=isinstance(error, Exception),
            )  # fmt: skip


def _outcome(error: BaseException) -> str:
    if isinstance(error, AttemptOverError):
        return "timed out"
    return "failed" if isinstance(error, Exception) else "interrupted"


def _words(error: BaseException) -> str:
    said = str(error) if isinstance(error, WaybillError) else f"{type(error).__name__}: {error}"
    return said.strip() or type(error).__name__
