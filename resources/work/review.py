"""A person's word on a task: it is approved, sent back, begun anew or cancelled, in ClickUp or on the command line."""

from typing import Final

from sqlalchemy import Connection

from resources.domain.configuration import Configuration
from resources.domain.errors import PermanentError, TransientError
from resources.domain.people import is_same_person
from resources.domain.tasks import UNKNOWN_PERSON, Act, TaskEvent, TaskState
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


class OwnOrderError(PermanentError):
    """Who ordered a deliverable may not approve it, by its client's setting; nothing was changed (CP-2)."""


class ApproverUnknownError(OwnOrderError):
    """Nobody told who approves, so it may be who ordered it; it may be told yet."""


def decide(
    connection: Connection, configuration: Configuration, task: Task, event: TaskEvent, by: Act, **changes: object
) -> Task:
    """Move the task by a person's ``event``; a decision in review is kept with the version that it is about.

    ``changes``: other columns, in place of what the event itself would set.

    Raises:
        OwnOrderError: an approval by who ordered it, where the client wants another person's.
        NotPublishedYetError: an approval of a version that is still on its way out (design §6).
        IllegalTransitionError, TaskMovedError: as `move`.
    """
    version = deliverables.newest(connection, task.id)
    if task.state is TaskState.IN_REVIEW and event in DECISIONS and version is not None:
        if event is TaskEvent.APPROVE:
            _require_another_person(configuration, task, by)
            _require_published(connection, task, version)
        reviews.record(connection, version.id, DECISIONS[event], reviewer=by.actor, reason=by.reason)
    reason = by.reason if event is TaskEvent.CANCEL else None
    return move(connection, configuration, task, event, by, reason=reason, set_key=None, ending=None, **changes)


def set_key_of(task: Task, version: Version) -> str:
    """What its publication is called in the outbox."""
    return f"publication:{task.id}:v{version.number}"


def _require_another_person(configuration: Configuration, task: Task, by: Act) -> None:
    """Four eyes. What nobody is known to have ordered, such as a recurring task, any known person may approve."""
    if configuration.client(task.client or "").approves_own_orders:
        return
    expected = f"an approval by another person than {task.ordered_by or 'who ordered it'}"
    if by.actor == UNKNOWN_PERSON:
        raise ApproverUnknownError(
            f"task {task.id}",
            expected=expected,
            found=f"one by an {UNKNOWN_PERSON}",
            remedy="Register the webhook (`waybill clickup webhook ensure`), which tells who it was, or approve with"
            " `waybill approve`.",
        )
    if task.ordered_by is not None and is_same_person(by.actor, task.ordered_by):
        raise OwnOrderError(
            f"task {task.id}",
            expected=expected,
            found=f"one by {by.actor}",
            remedy=f"Have somebody else look at it; clients.{task.client}.approves_own_orders wants it so.",
        )


def _require_published(connection: Connection, task: Task, version: Version) -> None:
    if not reviews.is_published(connection, set_key_of(task, version)):
        raise NotPublishedYetError(
            f"task {task.id}",
            expected=f"version {version.number} to be out before it is approved",
            found="that it is still on its way",
            remedy="Approve it when its comment is there.",
        )
