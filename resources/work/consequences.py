"""What a task is told of its effects: that its publication was given up, or is tried again; what status is shown."""

from datetime import datetime

from sqlalchemy import Connection

from resources.domain.configuration import Configuration
from resources.domain.tasks import Act, TaskEvent, TaskId, TaskState
from resources.ledger import claims, dead_letters, deliverables, history, tasks
from resources.ledger.outbox import Row
from resources.ledger.outcomes import Hooks
from resources.work.moving import move, publication_failed
from resources.work.review import set_key_of


def hooks(configuration: Configuration) -> Hooks:
    """The ledger's part when an effect ends, in the transaction that records it (KX-7)."""

    def on_dead(connection: Connection, row: Row, error: str) -> None:
        if row.set_key is not None and row.task_id is not None:  # single statuses and alerts publish nothing
            publication_failed(connection, configuration, TaskId(row.task_id), error)

    def on_status(connection: Connection, task_id: str, status: str, updated_at: datetime) -> None:
        tasks.note_own_write(connection, TaskId(task_id), status, updated_at)

    return Hooks(on_dead, on_status)


def replay(connection: Connection, configuration: Configuration, number: int, actor: str) -> None:
    """Try a dead letter again; a task that failed as it was given up is in review again, nothing is made anew.

    Raises:
        UnknownDeadLetterError, DeadLetterClosedError: nothing was changed.
    """
    letter = dead_letters.replay(connection, number, actor)
    task, set_key = letter.request.get("task"), letter.request.get("set")
    if letter.stage == "outbox" and task and set_key:
        by = Act(actor, f"dead letter {number} is tried again")
        _publication_replayed(connection, configuration, TaskId(task), set_key, by)


def _publication_replayed(
    connection: Connection, configuration: Configuration, task_id: TaskId, set_key: str, by: Act
) -> None:
    """A task that failed for want of this publication is in review again; an older version's brings none back."""
    task, _ = claims.look(connection, task_id)
    version = deliverables.newest(connection, task_id)
    *_, last = history.of_task(connection, task_id)
    failed_unpublished = (last["from_state"], last["to_state"]) == (TaskState.IN_REVIEW, TaskState.FAILED)
    if failed_unpublished and version is not None and set_key == set_key_of(task, version):
        move(connection, configuration, task, TaskEvent.REPUBLISH, by)
