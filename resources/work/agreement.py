"""Do ClickUp and the ledger agree (CB-11)? Each difference with both sides, and mended: the ledger rules, people count.

The live tasks are read one by one, some at each look and in turn, so that a look costs a bounded number of calls. What
a person did is taken in as an event; a status of ours that is not there is written again; a task that is gone is
taken out.
"""

from dataclasses import dataclass
from typing import Final

from resources.clickup.errors import ClickUpRefusedError
from resources.clickup.models import ClickUpTask
from resources.clickup.reading import seen
from resources.domain.configuration import folded
from resources.domain.tasks import TaskId, TaskState
from resources.ledger import agreement, outbox, tasks
from resources.ledger.outbox import STATUS, Effect
from resources.ledger.tasks import Task
from resources.work.intake import take_out
from resources.work.polling import Desk

AT_ONCE: Final = 40
"""Tasks that one look compares: well below half a minute's calls."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One task on which the two sides did not agree, and what was done about it."""

    task: TaskId
    ledger: str
    clickup: str
    mended: str

    def row(self) -> dict[str, object]:
        """For tables."""
        return {"task": self.task, "ledger": self.ledger, "clickup": self.clickup, "mended": self.mended}


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a look found. ``compared`` of ``live`` tasks were looked at, those first that were not for the longest."""

    live: int
    compared: int
    differences: list[Difference]


def compare(desk: Desk, *, at_most: int = AT_ONCE) -> Agreement:
    """Lay live tasks beside ClickUp and mend what differs.

    Raises:
        ClickUpError: a task could not be read; nothing is concluded from that.
    """
    with desk.engine.begin() as connection:
        live = agreement.count_live(connection)
        turn = agreement.in_turn(connection, at_most=at_most)
    differences = [found for task in turn if (found := _compared(desk, task)) is not None]
    return Agreement(live, len(turn), differences)


def _compared(desk: Desk, task: TaskId) -> Difference | None:
    refused = None
    try:
        there = desk.client.task(task)
    except ClickUpRefusedError as error:  # told as a difference: else no look would ever get past it
        there, refused = None, error
    with desk.engine.begin() as connection:
        agreement.note_compared(connection, task)
        here = tasks.get(connection, task)
    if refused is not None:
        return Difference(task, here.state.value, f"not shown to us: {refused.said}", "nothing: see that the token may")
    if there is None:
        take_out(desk.engine, desk.configuration, task)
        return Difference(task, here.state.value, "deleted", "taken out")
    intake = desk.take_in([seen(there, desk.clickup)])
    if task in intake.moved:
        return Difference(task, here.state.value, there.status.status, f"taken as {intake.moved[task].value}")
    return _lost_write(desk, task, there)


def _lost_write(desk: Desk, task_id: TaskId, there: ClickUpTask) -> Difference | None:
    """A status of ours that ClickUp does not show, though it was written: it is written again."""
    with desk.engine.begin() as connection:
        task = tasks.get(connection, task_id)
        wanted = desk.clickup.statuses.shown_as(task.state)
        if wanted is None or folded(there.status.status) == folded(wanted) or _is_a_persons(desk, task, there):
            return None
        if agreement.has_status_under_way(connection, task_id):
            return None
        payload = {"task_id": task_id, "status": wanted, "expected": [there.status.status],
                   "seen_at": there.date_updated.isoformat()}  # fmt: skip
        key = f"status:{task_id}:{task.version}:again:{there.date_updated.isoformat()}"
        outbox.enqueue(connection, [Effect(key, task_id, STATUS, payload, None, task_id)])
    return Difference(task_id, f"{task.state.value}, shown as '{wanted}'", there.status.status, "written again")


def _is_a_persons(desk: Desk, task: Task, there: ClickUpTask) -> bool:
    """A status that never was ours, on a task that works or is in review: a person's note, which is no event."""
    ours = {folded(status) for status in desk.clickup.statuses.model_dump().values() if status}
    begin = {folded(status) for status in desk.clickup.moves.reopen}
    shown = folded(there.status.status)
    return shown not in ours and not (shown in begin and task.state is TaskState.WORKING)
