"""Watches a folder for workbooks that people drop, and gives each to the task that it is for (CB-2)."""

from pathlib import Path
from time import monotonic
from typing import Final

import dagster as dg

from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.ledger.resource import LedgerResource
from resources.watching.folder import SETTLE_S, settled
from resources.work.workbook_intake import Taken, WorkbookIntake

SETTLING_S: Final = 6.0
"""How long a tick waits for files that still grow."""
TICK_S: Final = 12.0
"""After so long no further file is begun; the rest is taken by the next tick."""


def watch_folder_sensor(folder: Path, *, interval_s: int = 5, settle_s: float = SETTLE_S) -> dg.SensorDefinition:
    """The sensor that watches ``folder``; runs follow through `ready_tasks_sensor`."""

    @dg.sensor(
        name="watch_folder_sensor",
        minimum_interval_seconds=interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Takes workbooks from the watch folder once they are whole, and gives each to its task or asks.",
    )
    def sensor(
        ledger: dg.ResourceParam[LedgerResource],
        artefacts: dg.ResourceParam[ArtefactStore],
        configuration: dg.ResourceParam[Configuration],
    ) -> dg.SkipReason:
        """One look. A folder that cannot be read fails the tick: a failed look is never an empty result."""
        folder.mkdir(parents=True, exist_ok=True)
        deadline_s = monotonic() + TICK_S
        intake = WorkbookIntake(ledger.engine, artefacts, configuration)
        taken: list[Taken] = []
        for file in settled(folder, within_s=SETTLING_S, settle_s=settle_s):
            if taken and monotonic() >= deadline_s:
                break
            taken.append(intake.take(file))
        told = [f"{each.name}: {each.told.splitlines()[-2] if each.away else each.told}" for each in taken]
        return dg.SkipReason("; ".join(told) or "No workbook was dropped.")

    return sensor
