"""Back to an old version: by a new one that equals it, in one transaction, so that nothing half is ever seen (CP-3)."""

from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection, Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.errors import PermanentError
from resources.domain.tasks import Act, TaskEvent, TaskId, TaskState
from resources.ledger import claims, deliverables, tasks
from resources.ledger.claims import AttemptPlan, AttemptRow, Claim, Worker
from resources.ledger.deliverables import Version
from resources.ledger.tasks import Task
from resources.work.publication import damaged_of, hand_over
from resources.work.review import decide

BACK_BY: Final = {
    TaskState.IN_REVIEW: TaskEvent.REQUEST_CHANGES,
    TaskState.DELIVERED: TaskEvent.REOPEN,
    TaskState.FAILED: TaskEvent.REOPEN,
    TaskState.CANCELLED: TaskEvent.REOPEN,
}
"""The states in which a task can be rolled back, and the move that its rollback begins with."""
_SHOWN: Final = frozenset({TaskState.IN_REVIEW, TaskState.DELIVERED})
_MOMENT_S: Final = 60.0
"""The deadline that the attempt of a rollback has: it ends in the transaction that begins it."""


class RollbackRefusedError(PermanentError):
    """The task cannot be rolled back to this version; nothing was changed."""


@dataclass(frozen=True, slots=True)
class RolledBack:
    """``version`` is the new one, which equals ``original``; the task is in review again."""

    task: Task
    version: Version
    original: Version


def roll_back(
    engine: Engine, artefacts: ArtefactStore, configuration: Configuration, task_id: TaskId, *, to: int, by: Act
) -> RolledBack:
    """Make a version equal to the whole version ``to`` and hand it over as any other; the ledger keeps ``by``.

    The files are read whole first, outside of the transaction.

    Raises:
        TaskUnknownError, VersionUnknownError: there is no such task, or it has no such version.
        RollbackRefusedError: the version is a round, is shown already, or a file of it is damaged or gone; or the
            task is waiting, ready or worked on.
        TaskMovedError: somebody changed the task at the same time.
    """
    with engine.begin() as connection:
        _require_possible(connection, tasks.get(connection, task_id), to)
        original = deliverables.numbered(connection, task_id, to)
        files = deliverables.files(connection, original.id)
    if damaged := damaged_of(artefacts, files):
        found = f"not in the artefact store, or not as it was made: {', '.join(damaged)}"
        raise _refused(original, "all files of that version", found, "Restore the artefacts from their backup.")
    because = Act(by.actor, f"rolled back to version {to}: {by.reason}")
    with engine.begin() as connection:
        task, _ = claims.look(connection, task_id)
        _require_possible(connection, task, to)
        claim = _claimed(connection, configuration, task, original, because)
        made_by = f"rolled back to version {to} by {by.actor}"
        version = deliverables.copy(connection, claim, original, made_by=made_by)
        note = f"It equals version {to}: {made_by}, who says: {by.reason}"
        moved = hand_over(connection, configuration, claim, version, because, note=note)
    return RolledBack(moved, version, original)


def _claimed(
    connection: Connection, configuration: Configuration, task: Task, original: Version, because: Act
) -> Claim:
    """The task, begun anew and claimed: with what the old version was made with, whatever is configured now (DT-5)."""
    decide(connection, configuration, task, BACK_BY[task.state], because)
    ready, now = claims.look(connection, task.id)
    made = claims.attempt(connection, task.id, original.attempt)
    return claims.begin(connection, ready, now, _plan_of(made), Worker(f"rollback {uuid4()}"), by=because)


def _plan_of(made: AttemptRow) -> AttemptPlan:
    return AttemptPlan(made.kind, made.settings, _MOMENT_S, made.input.get("fields", {}))


def _require_possible(connection: Connection, task: Task, to: int) -> None:
    original = deliverables.numbered(connection, task.id, to)
    if original.stage != "whole":
        raise _refused(original, "a whole version", "a round, which was revised before anybody saw it",
                       f"`waybill versions {task.id}` lists the whole ones.")  # fmt: skip
    if task.state not in BACK_BY:
        raise _refused(original, "a task that nobody works on, or will", f"one that is {task.state.value}",
                       "Wait until it is in review, or cancel it first.")  # fmt: skip
    newest = deliverables.newest(connection, task.id)
    if newest is not None and task.state in _SHOWN and original.id in (newest.id, newest.copy_of):
        raise _refused(original, "an older version than the one that is shown",
                       f"what version {newest.number} shows already", "There is nothing to do.")  # fmt: skip


def _refused(original: Version, expected: str, found: str, remedy: str) -> RollbackRefusedError:
    where = f"task {original.task_id}, version {original.number}"
    return RollbackRefusedError(where, expected=expected, found=found, remedy=remedy)
