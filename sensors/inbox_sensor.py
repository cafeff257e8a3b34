"""Watches the inbox for deliveries of webhooks, and handles them; what tasks become of it, other sensors see."""

from typing import Final

import dagster as dg

from assets.clickup_tasks import materialization
from resources.clickup.resource import ClickUpResource
from resources.domain.configuration import Configuration
from resources.domain.tasks import TaskId
from resources.ledger.resource import LedgerResource
from resources.webhooks.adapter import WantedTask
from resources.webhooks.routes import Routes
from resources.work.inbox_handling import Handled, InboxHandler, make_task
from resources.work.intake import Intake
from resources.work.polling import Desk
from sensors.in_flight import EACH_LOOK_S

TICK_S: Final = 15.0
"""No look is begun later, so that with a slow one a tick ends within 20 s."""
DELIVERIES_A_TICK: Final = 500


def inbox_sensor(routes: Routes) -> dg.SensorDefinition:
    """The sensor that handles deliveries of ``routes`` every few seconds."""

    @dg.sensor(
        name="inbox_sensor",
        minimum_interval_seconds=EACH_LOOK_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Handles deliveries of webhooks: reads their tasks again in ClickUp, or makes local ones.",
    )
    def sensor(
        ledger: dg.ResourceParam[LedgerResource],
        clickup: dg.ResourceParam[ClickUpResource],
        configuration: dg.ResourceParam[Configuration],
    ) -> dg.SensorResult:
        """One round. A round in which nothing could be done raises why: a failed look is never an empty result."""
        intake = Intake()

        def reread(task: TaskId) -> None:
            found = Desk(ledger.engine, clickup.client, configuration).reread(task)
            intake.add(found or Intake())

        def make(wanted: WantedTask, key: str) -> TaskId:
            return make_task(ledger.engine, configuration, wanted, key)

        handled = InboxHandler(ledger.engine, routes, reread, make).handle(at_most=DELIVERIES_A_TICK, within_s=TICK_S)
        if handled.error is not None and not handled.done:
            raise handled.error
        if intake:
            return dg.SensorResult(asset_events=[materialization(ledger, intake)])
        return dg.SensorResult(skip_reason=_words(handled))

    return sensor


def _words(handled: Handled) -> str:
    if not handled.taken:
        return "No delivery is due."
    said = f"{handled.done} deliveries done: {handled.reread} tasks read again, {len(handled.made)} made."
    if handled.taken > handled.done:
        said += f" {handled.postponed} postponed, {handled.given_back} left for later, {handled.dead} given up."
    return said
