"""Watches for tasks that are due soon and not done: an alert each, before it is too late."""

import dagster as dg

from resources.domain.configuration import Configuration
from resources.ledger.resource import LedgerResource
from resources.work.due import alert_due


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Alerts once for each open task that is due within its type's due_alert_hours.",
)
def due_tasks_sensor(
    ledger: dg.ResourceParam[LedgerResource], configuration: dg.ResourceParam[Configuration]
) -> dg.SkipReason:
    """One alert for each task and due date; a date that was moved is another event."""
    told = alert_due(ledger.engine, configuration)
    return dg.SkipReason(f"{told} alerts were raised on open tasks that are due soon.")
