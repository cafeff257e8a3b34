"""A task's move with all that follows from it, in one transaction: its status in ClickUp, what is withdrawn, an alert.

Whoever moves a task does it here, so that no state is changed without its effects (CB-3, CB-7).
"""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from resources.domain.configuration import Configuration
from resources.domain.tasks import Act, TaskEvent, TaskId, TaskState
from resources.ledger import alerts, claims, outbox, tasks
from resources.ledger.outbox import STATUS, Effect
from resources.ledger.tasks import Along, Task

BEGIN_ANEW: Final = frozenset({TaskEvent.REQUEST_CHANGES, TaskEvent.REOPEN})
"""What begins a new round: the words with it go into the next draft, and every attempt is there again."""
_TAKES_BACK: Final = BEGIN_ANEW | {TaskEvent.CANCEL}
FIRST_PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(minutes=10)
ATTEMPTS: Final = 3
"""Of a task whose type is not configured any more."""


def move(
    connection: Connection,
    configuration: Configuration,
    task: Task,
    event: TaskEvent,
    by: Act,
    *,
    reason: str | None = None,
    set_key: str | None = None,
    ending: Along | None = None,
    **changes: Any,
) -> Task:
    """Move ``task`` by ``event`` and commit with it what the outside world is to be told.

    ``set_key``: the status is the last of what is published as this set. ``ending``: how its attempt ended.

    Raises:
        IllegalTransitionError, TaskMovedError: as `resources.ledger.tasks.move`; nothing was changed.
    """
    if event in BEGIN_ANEW:
        changes = {"feedback": by.reason, "round": task.round + 1, "not_before_at": None} | changes
    if event in BEGIN_ANEW or event is TaskEvent.QUALIFY:
        changes = {"attempts_left": attempts_of(configuration, task)} | changes
    if task.state is TaskState.WORKING and event in _TAKES_BACK:
        ending = claims.ending("taken back", error={"reason": by.reason, "actor": by.actor})
    moved = tasks.move(connection, task, event, by, reason=reason, along=ending, **changes)
    if event in _TAKES_BACK:
        outbox.withdraw(connection, task.id, reason=f"{event.value} by {by.actor}: {by.reason}")
    show(connection, configuration, moved, set_key)
    if moved.state is TaskState.FAILED:
        _alarm(connection, moved, by)
    return moved


def give_back(
    connection: Connection,
    configuration: Configuration,
    task: Task,
    now: datetime,
    by: Act,
    *,
    outcome: str,
    permanent: bool = False,
    counted: bool = True,
) -> Task:
    """End the attempt at a working task: ready again after a pause, or failed when no attempt is left or can help.

    ``counted``: whether this attempt uses one up; one that a person interrupted does not.
    """
    left = task.attempts_left + (0 if counted else 1)
    ending = claims.ending(outcome, error={"reason": by.reason})
    if permanent or left == 0:
        return move(connection, configuration, task, TaskEvent.FAIL, by, reason=by.reason, ending=ending)
    spent = max(0, attempts_of(configuration, task) - left)
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** max(0, spent - 1))
    return move(
        connection, configuration, task, TaskEvent.EXPIRE, by,
        ending=ending, attempts_left=left, not_before_at=now + pause,
    )  # fmt: skip


def publication_failed(connection: Connection, configuration: Configuration, task_id: TaskId, error: str) -> None:
    """What was to be published was given up: a task in review has failed. Any other goes on as it is."""
    task, _ = claims.look(connection, task_id)
    if task.state is TaskState.IN_REVIEW:
        by = Act("waybill outbox", f"its publication was given up: {error}")
        move(connection, configuration, task, TaskEvent.FAIL, by, reason=by.reason)


def attempts_of(configuration: Configuration, task: Task) -> int:
    """How many attempts a round of the task has."""
    found = configuration.task_types.get(task.type or "")
    return found.attempts if found else ATTEMPTS


def show(
    connection: Connection, configuration: Configuration, task: Task, set_key: str | None = None, *, again: str = ""
) -> None:
    """Put the status of the task's new state into the outbox, where there is one to show.

    ``again``: why it is shown once more in the same state; once for each reason.
    """
    if configuration.clickup is None or not task.in_clickup:
        return
    status = configuration.clickup.statuses.shown_as(task.state)
    if status is not None:
        seen_at = task.clickup_updated_at.isoformat() if task.clickup_updated_at else None
        payload = {"task_id": task.id, "status": status, "expected": [task.clickup_status], "seen_at": seen_at}
        key = f"status:{task.id}:{task.version}" + (f":{again}" if again else "")
        effect = Effect(key, task.id, STATUS, payload, set_key, task.id)
        outbox.enqueue(connection, [effect])


def _alarm(connection: Connection, task: Task, by: Act) -> None:
    alerts.raise_alert(
        connection,
        key=f"task-failed:{task.id}:{task.version}",
        kind="task failed",
        subject=f"Task {task.id} failed: {task.name}",
        body=f"{by.reason}\nClient: {task.client}. Type: {task.type}. `waybill task show {task.id}` has its history.",
        task_id=task.id,
    )
