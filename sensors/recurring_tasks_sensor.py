"""Watches the clock for slots of recurring tasks."""

import dagster as dg

from resources.domain.configuration import Configuration
from resources.ledger.resource import LedgerResource
from resources.work.recurrence import make_due


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Makes a local task for each slot of [[recurring]] in waybill.toml, once, also after a long stop.",
)
def recurring_tasks_sensor(
    ledger: dg.ResourceParam[LedgerResource], configuration: dg.ResourceParam[Configuration]
) -> dg.SkipReason:
    """The ledger's unique slots make a second look harmless; runs follow through `ready_tasks_sensor`."""
    made = make_due(ledger.engine, configuration)
    return dg.SkipReason(f"Made {made}." if made else f"No slot of {len(configuration.recurring)} has come.")
