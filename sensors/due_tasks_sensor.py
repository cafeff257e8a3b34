"""Watches for tasks that are due soon and not done: an alert each, before it is too late."""

from typing import Final

import dagster as dg
from sqlalchemy import Connection

from resources.domain.configuration import Configuration
from resources.ledger import alerts, tasks
from resources.ledger.resource import LedgerResource
from resources.ledger.tasks import Task

AT_MOST: Final = 500
"""Alerts a tick; what is left is told at the next one."""


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Alerts once for each open task that is due within its type's due_alert_hours.",
)
def due_tasks_sensor(
    ledger: dg.ResourceParam[LedgerResource], configuration: dg.ResourceParam[Configuration]
) -> dg.SkipReason:
    """One alert for each task and due date; a date that was moved is another event."""
    hours = {name: each.due_alert_hours for name, each in configuration.task_types.items()}
    with ledger.engine.begin() as connection:
        due = tasks.due_untold(connection, hours, at_most=AT_MOST)
        for key, task in due.items():
            _tell(connection, key, task)
    return dg.SkipReason(f"{len(due)} alerts were raised on open tasks that are due soon.")


def _tell(connection: Connection, key: str, task: Task) -> None:
    reason = f" ({task.reason})" if task.reason else ""
    alerts.raise_alert(
        connection,
        key=key,
        kind="task due",
        subject=f"Task {task.id} is due {task.due_at:%Y-%m-%d %H:%M} UTC and is {task.state.value}: {task.name}",
        body=f"It is {task.state.value}{reason}. Client: {task.client}. `waybill task show {task.id}` has its history.",
        task_id=task.id,
    )
