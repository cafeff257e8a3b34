"""Tasks that are due soon and not done: an alert each, before it is too late."""

from typing import Final

from sqlalchemy import Engine

from resources.domain.configuration import Configuration
from resources.ledger import alerts, tasks

AT_MOST: Final = 500
"""Alerts at once; what is left is told the next time."""


def alert_due(engine: Engine, configuration: Configuration) -> int:
    """Raise an alert for each open task that is due within its type's hours and has none yet; return how many."""
    hours = {name: each.due_alert_hours for name, each in configuration.task_types.items()}
    with engine.begin() as connection:
        due = tasks.due_untold(connection, hours, at_most=AT_MOST)
        for key, task in due.items():
            because = f" ({task.reason})" if task.reason else ""
            alerts.raise_alert(
                connection,
                key=key,
                kind="task due",
                subject=f"Task {task.id} is due {task.due_at:%Y-%m-%d %H:%M} UTC, and {task.state.value}: {task.name}",
                body=f"It is {task.state.value}{because}. Client: {task.client}."
                f" `waybill task show {task.id}` has its history.",
                task_id=task.id,
            )
    return len(due)
