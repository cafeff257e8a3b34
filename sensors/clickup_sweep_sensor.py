"""Watches, once a night, for tasks that were deleted in ClickUp: the whole workspace against the ledger."""

from datetime import UTC, datetime
from typing import Final

import dagster as dg
from cronsim import CronSim

from resources.clickup.resource import ClickUpResource
from resources.domain.configuration import Configuration
from resources.ledger import polls
from resources.ledger.polls import Poll
from resources.ledger.resource import LedgerResource
from resources.work.polling import Desk
from resources.work.sweeping import sweep

TICK_S: Final = 10.0
CALL_S: Final = 8.0
"""As in the poll: a tick ends within 20 s."""


def clickup_sweep_sensor(cron: str) -> dg.SensorDefinition:
    """The sensor that sweeps once for each slot of ``cron`` (UTC), some pages a tick."""

    @dg.sensor(
        name="clickup_sweep_sensor",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Once a night lays all of ClickUp's tasks beside the ledger; finds what was deleted.",
    )
    def sensor(
        ledger: dg.ResourceParam[LedgerResource],
        clickup: dg.ResourceParam[ClickUpResource],
        configuration: dg.ResourceParam[Configuration],
    ) -> dg.SkipReason:
        """Begin or go on with the sweep that is due; what it changes is in the ledger, not in a run."""
        desk = Desk(ledger.engine, clickup.client.within(CALL_S), configuration)
        with ledger.engine.begin() as connection:
            stand = polls.get(connection, desk.clickup.team)
        if not is_due(stand, cron, datetime.now(UTC)):
            return dg.SkipReason(f"The last sweep began {stand.swept_at}; the next one comes at its time ({cron} UTC).")
        swept = sweep(desk, within_s=TICK_S)
        state = "ended" if swept.finished else "goes on next time"
        refused = f", {len(swept.refused)} cannot be reached: {swept.refused[:10]}" if swept.refused else ""
        deleted = f"{len(swept.deleted)} tasks were deleted"
        return dg.SkipReason(f"A sweep {state}: {swept.pages} pages, {deleted}{refused}.")

    return sensor


def is_due(stand: Poll, cron: str, now: datetime) -> bool:
    """Whether a sweep is under way, or a slot has passed since the last one. The first poll is a sweep by itself."""
    if stand.sweep_began_at is not None:
        return True
    since = stand.swept_at or stand.caught_up_at
    return since is not None and next(CronSim(cron, since.astimezone(UTC))) <= now
