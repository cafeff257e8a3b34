"""A workbook given to a task: one that waits can begin; one that was worked on begins anew, as a new version."""

from typing import Final

from sqlalchemy import Connection

from resources.domain.configuration import Configuration
from resources.domain.errors import PermanentError
from resources.domain.tasks import Act, TaskEvent, TaskId, TaskState
from resources.ledger import claims, sightings, tasks, watched_files
from resources.ledger.tasks import Task
from resources.ledger.watched_files import WatchedFile
from resources.work.eligible import settle
from resources.work.moving import move

_ANEW: Final = {
    TaskState.WORKING: TaskEvent.REQUEST_CHANGES,
    TaskState.IN_REVIEW: TaskEvent.REQUEST_CHANGES,
    TaskState.DELIVERED: TaskEvent.REOPEN,
    TaskState.FAILED: TaskEvent.REOPEN,
    TaskState.CANCELLED: TaskEvent.REOPEN,
}


class WorkbookAnswerError(PermanentError):
    """What was said about a workbook cannot be done; nothing was changed."""


def hand_over(connection: Connection, configuration: Configuration, task: Task, content_hash: str, by: Act) -> None:
    """Let ``task``, which was locked in this transaction, work from the workbook."""
    if (event := _ANEW.get(task.state)) is not None:
        move(connection, configuration, task, event, by, workbook_hash=content_hash)
        return
    tasks.attach_workbook(connection, task.id, content_hash)
    clients = sightings.known_clients(connection, [task.client] if task.client else [])
    settle(connection, configuration, tasks.get(connection, task.id), clients)


def assign(connection: Connection, configuration: Configuration, prefix: str, task_id: TaskId, by: Act) -> WatchedFile:
    """A person says which task a workbook is for.

    Raises:
        WorkbookAnswerError: no one content begins so, nobody asks about it, or the task takes no workbook or was
            deleted in ClickUp.
        TaskUnknownError.
    """
    file = _asked(connection, prefix)
    task, _ = claims.look(connection, task_id)
    if not configuration.takes_workbook(task.type):
        raise _refused(f"task {task_id}", "a task whose type takes a workbook", f"type {task.type!r}")
    if task.deleted_at is not None:
        raise _refused(f"task {task_id}", "a task that is still there", "that it was deleted in ClickUp")
    hand_over(connection, configuration, task, file.content_hash, by)
    _answered(connection, configuration, file, Act(by.actor, f"it is for task {task_id}: {by.reason}"))
    watched_files.decide(connection, file.content_hash, "matched", task=task_id, by=by.actor, reason=by.reason)
    return file


def discard(connection: Connection, configuration: Configuration, prefix: str, by: Act) -> WatchedFile:
    """A person says that a workbook is for no task; its content stays in the store.

    Raises:
        WorkbookAnswerError: no one content begins so, or nobody asks about it.
    """
    file = _asked(connection, prefix)
    _answered(connection, configuration, file, Act(by.actor, f"it was discarded: {by.reason}"))
    watched_files.decide(connection, file.content_hash, "discarded", task=None, by=by.actor, reason=by.reason)
    return file


def _asked(connection: Connection, prefix: str) -> WatchedFile:
    found = watched_files.called(connection, prefix)
    if len(found) != 1:
        raise _refused(f"workbook {prefix}", "the first figures of one content", f"{len(found)} that begin so")
    if found[0].state != "asking":
        raise _refused(f"workbook {prefix}", "one that is asked about", f"{found[0].state}: {found[0].reason}")
    return found[0]


def _answered(connection: Connection, configuration: Configuration, file: WatchedFile, by: Act) -> None:
    """The task that asked is done with."""
    if file.asking_task_id is not None:
        asking, _ = claims.look(connection, file.asking_task_id)
        if asking.state is TaskState.WAITING:
            move(connection, configuration, asking, TaskEvent.CANCEL, by, reason=by.reason)


def _refused(where: str, expected: str, found: str) -> WorkbookAnswerError:
    return WorkbookAnswerError(where, expected=expected, found=found, remedy="`waybill workbooks list` shows them.")
