"""Watches the health of ClickUp's webhook: nobody else is told when ClickUp suspends it."""

from typing import Final

import dagster as dg

from resources.clickup.resource import ClickUpResource
from resources.domain.configuration import Configuration
from resources.ledger.resource import LedgerResource
from resources.vault import VaultResource
from resources.work.webhook_registration import look_after

EVERY_S: Final = 600


@dg.sensor(
    name="webhook_health_sensor",
    minimum_interval_seconds=EVERY_S,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks ClickUp for its webhook; one that is suspended or gone is registered anew, and is an alert.",
)
def webhook_health_sensor(
    ledger: dg.ResourceParam[LedgerResource],
    clickup: dg.ResourceParam[ClickUpResource],
    configuration: dg.ResourceParam[Configuration],
    vault: dg.ResourceParam[VaultResource],
) -> dg.SkipReason:
    """One call of ClickUp; none at all while no webhook was ever registered. A failed look raises."""
    if configuration.clickup is None:
        return dg.SkipReason("No workspace is configured.")
    found = look_after(ledger.engine, lambda: clickup.client, lambda: vault.vault, team=configuration.clickup.team)
    if found is None:
        return dg.SkipReason("No webhook was registered: `waybill clickup webhook ensure` does it.")
    health = f"{found.webhook.health}, {found.webhook.fail_count} failures"
    return dg.SkipReason(f"The webhook was found {found.found} and {found.done}: {health}.")
