"""Watches for tasks that are due soon and not done: an alert each, before it is too late."""

from datetime import datetime, timedelta

import dagster as dg
from sqlalchemy import Connection

from resources.domain.configuration import Configuration
from resources.ledger import alerts, tasks
from resources.ledger.resource import LedgerResource
from resources.ledger.tasks import Task

AT_MOST = 500


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Alerts once for each open task that is due within its type's due_alert_hours.",
)
def due_tasks_sensor(
    ledger: dg.ResourceParam[LedgerResource], configuration: dg.ResourceParam[Configuration]
) -> dg.SkipReason:
    """One alert for each task and due date; a date that was moved is another event."""
    longest = max((each.due_alert_hours for each in configuration.task_types.values()), default=0.0)
    with ledger.engine.begin() as connection:
        now = tasks.clock(connection)
        due = tasks.due_within(connection, timedelta(hours=longest), at_most=AT_MOST)
        told = sum(_told(connection, task, configuration, now) for task in due)
    return dg.SkipReason(f"{len(due)} open tasks are due within {longest:g} hours; {told} alerts were raised.")


def _told(connection: Connection, task: Task, configuration: Configuration, now: datetime) -> bool:
    found = configuration.task_types.get(task.type or "")
    if found is None or task.due_at is None or task.due_at > now + timedelta(hours=found.due_alert_hours):
        return False
    reason = f" ({task.reason})" if task.reason else ""
    return alerts.raise_alert(
        connection,
        key=f"due:{task.id}:{task.due_at.isoformat()}",
        kind="task due",
        subject=f"Task {task.id} is due {task.due_at:%Y-%m-%d %H:%M} UTC and is {task.state.value}: {task.name}",
        body=f"It is {task.state.value}{reason}. Client: {task.client}. `waybill task show {task.id}` has its history.",
        task_id=task.id,
    )
