"""Watches what would grow for ever (CB-19): handled deliveries, and what killed writers and programs left."""

from datetime import timedelta
from typing import Final

import dagster as dg

from resources.artefacts.store import ArtefactStore
from resources.ledger import inbox
from resources.ledger.resource import LedgerResource
from resources.work.workspaces import sweep_abandoned

KEPT: Final = timedelta(days=30)
"""Of handled deliveries: longer than anybody asks who moved a task. Tasks, history, versions and effects are kept."""


@dg.sensor(
    minimum_interval_seconds=3600,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Forgets deliveries of webhooks that were handled 30 days ago, and what killed writers left.",
)
def retention_sensor(
    ledger: dg.ResourceParam[LedgerResource], artefacts: dg.ResourceParam[ArtefactStore]
) -> dg.SkipReason:
    """Some thousand rows a tick; the rest at the next one."""
    with ledger.engine.begin() as connection:
        forgotten = inbox.forget_handled(connection, KEPT)
    swept, folders = artefacts.sweep_unfinished(), sweep_abandoned()
    return dg.SkipReason(
        f"{forgotten} handled deliveries were forgotten, {swept} unfinished files and {folders} folders removed."
    )
