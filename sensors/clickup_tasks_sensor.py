"""Watches ClickUp for tasks that changed, and the ledger for what they become; no run a poll."""

from typing import Final

import dagster as dg

from assets.clickup_tasks import materialization
from resources.clickup.resource import ClickUpResource
from resources.domain.configuration import Configuration
from resources.ledger.resource import LedgerResource
from resources.work.polling import Desk, Polled, poll

TICK_S: Final = 10.0
"""A tick stops at the page after so long and the next one goes on."""
CALL_S: Final = 8.0
"""Of one call with its repeats, so that the tick ends within 20 s with a slow last page too."""


def clickup_tasks_sensor(interval_s: int) -> dg.SensorDefinition:
    """The sensor that polls ClickUp every ``interval_s``."""

    @dg.sensor(
        name="clickup_tasks_sensor",
        minimum_interval_seconds=interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reads what changed in ClickUp since the last tick; reports clickup_tasks when something did.",
    )
    def sensor(
        ledger: dg.ResourceParam[LedgerResource],
        clickup: dg.ResourceParam[ClickUpResource],
        configuration: dg.ResourceParam[Configuration],
    ) -> dg.SensorResult:
        """One poll. A page that could not be read fails the tick: a failed look is never an empty result."""
        polled = poll(Desk(ledger.engine, clickup.client.within(CALL_S), configuration), within_s=TICK_S)
        if not polled.intake:
            return dg.SensorResult(skip_reason=_nothing(polled))
        return dg.SensorResult(asset_events=[materialization(ledger, polled.intake)])

    return sensor


def _nothing(polled: Polled) -> dg.SkipReason:
    pages = f"{polled.looks} tasks on {polled.pages} pages"
    return dg.SkipReason(f"Nothing changed: {pages}." + ("" if polled.finished else " More pages next time."))
