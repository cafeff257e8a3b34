"""Eligibility applied: a task becomes ready or waits, always with its reason (CB-13)."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from resources.domain.configuration import Configuration
from resources.domain.eligibility import Facts, why_not
from resources.domain.tasks import WAYBILL, Act, TaskEvent, TaskState
from resources.ledger import sightings, tasks
from resources.ledger.sightings import NewTask
from resources.ledger.tasks import Task
from resources.work.moving import ATTEMPTS, move


def facts(task: Task | NewTask, clients: Collection[str], configuration: Configuration) -> Facts:
    """What eligibility rests on; a type that left waybill.toml is unknown again."""
    known = task.type if task.type in configuration.task_types else configuration.type_called(task.type_named)
    return Facts(
        type=known,
        type_named=task.type_named or task.type,
        client=task.client,
        client_known=task.client in clients,
        auto_execute=task.auto_execute,
        due_at=task.due_at,
        status=task.clickup_status,
        status_kind=task.clickup_status_kind or "open",
        fields=task.fields,
        has_workbook=isinstance(task, Task) and task.workbook_hash is not None,
    )


def judged(configuration: Configuration, new: NewTask, clients: Collection[str], now: datetime) -> NewTask:
    """A first row with the state that it begins in."""
    no = why_not(facts(new, clients, configuration), configuration, now)
    if no is not None:
        return replace(new, state=TaskState.WAITING, reason=no.reason, recheck_at=no.recheck_at)
    found = configuration.task_types.get(new.type or "")
    return replace(new, state=TaskState.READY, attempts_left=found.attempts if found else ATTEMPTS)


def settle(connection: Connection, configuration: Configuration, task: Task, clients: Collection[str]) -> bool:
    """Make a waiting task ready, or a ready one wait, or note its new reason; whether it moved.

    The task was read in this transaction.
    """
    if task.state not in (TaskState.WAITING, TaskState.READY):
        return False
    known = facts(task, clients, configuration)
    no = why_not(known, configuration, tasks.clock(connection))
    if no is None and task.state is TaskState.WAITING:
        # The type may have come into waybill.toml only after the last look at the task.
        move(connection, configuration, task, TaskEvent.QUALIFY, Act(WAYBILL, "it is eligible"), type=known.type)
        return True
    if no is not None and task.state is TaskState.READY:
        by = Act(WAYBILL, no.reason)
        move(connection, configuration, task, TaskEvent.DISQUALIFY, by, reason=no.reason, recheck_at=no.recheck_at)
        return True
    if no is not None and (task.reason, task.recheck_at) != (no.reason, no.recheck_at):
        sightings.wait(connection, task, no.reason, no.recheck_at)
    return False
