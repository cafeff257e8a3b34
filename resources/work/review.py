"""A person's word on a task: it is approved, sent back, begun anew or cancelled, in ClickUp or on the command line."""

from typing import Final

from sqlalchemy import Connection

from resources.domain.configuration import Configuration
from resources.domain.errors import TransientError
from resources.domain.tasks import Act, TaskEvent, TaskState
from resources.ledger import deliverables, reviews
from resources.ledger.deliverables import Version
from resources.ledger.tasks import Task
from resources.work.moving import move

DECISIONS: Final[dict[TaskEvent, reviews.Decision]] = {
    TaskEvent.APPROVE: "approved",
    TaskEvent.REQUEST_CHANGES: "changes_requested",
}


class NotPublishedYetError(TransientError):
    """The version that would be approved is not out yet: nobody can have read it."""


def decide(
    connection: Connection, configuration: Configuration, task: Task, event: TaskEvent, by: Act, **changes: object
) -> Task:
    """Move the task by a person's ``event``; a decision in review is kept with the version that it is about.

    ``changes``: other columns, in place of what the event itself would set.

    Raises:
        NotPublishedYetError: an approval of a version that is still on its way out (design §6).
        IllegalTransitionError, TaskMovedError: as `move`.
    """
    version = deliverables.newest(connection, task.id)
    if task.state is TaskState.IN_REVIEW and event in DECISIONS and version is not None:
        if event is TaskEvent.APPROVE:
            _require_published(connection, task, version)
        reviews.record(connection, version.id, DECISIONS[event], reviewer=by.actor, reason=by.reason)
    reason = by.reason if event is TaskEvent.CANCEL else None
    return move(connection, configuration, task, event, by, reason=reason, set_key=None, ending=None, **changes)


def set_key_of(task: Task, version: Version) -> str:
    """What its publication is called in the outbox."""
    return f"publication:{task.id}:v{version.number}"


def _require_published(connection: Connection, task: Task, version: Version) -> None:
    if not reviews.is_published(connection, set_key_of(task, version)):
        raise NotPublishedYetError(
            f"task {task.id}",
            expected=f"version {version.number} to be out before it is approved",
            found="that it is still on its way",
            remedy="Approve it when its comment is there.",
        )
