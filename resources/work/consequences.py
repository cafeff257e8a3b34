"""What a task is told of its effects: that its publication was given up, or is tried again; what status is shown."""

from datetime import datetime

from sqlalchemy import Connection

from resources.domain.configuration import Configuration
from resources.domain.tasks import Act, TaskId
from resources.ledger import dead_letters, tasks
from resources.ledger.outbox import Row
from resources.ledger.outcomes import Hooks
from resources.work.moving import publication_failed, publication_replayed


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
    if letter.stage == "outbox" and letter.request.get("set") and letter.request.get("task"):
        by = Act(actor, f"dead letter {number} is tried again")
        publication_replayed(connection, configuration, TaskId(letter.request["task"]), by)
