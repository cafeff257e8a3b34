"""Watches a folder for workbooks that people drop, and gives each to the task that it is for (CB-2)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import dagster as dg

from assets.clickup_tasks import materialization
from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.errors import TransientError
from resources.ledger.resource import LedgerResource
from resources.watching.folder import SETTLE_S, make, settled
from resources.work.intake import Intake
from resources.work.workbook_intake import Taken, WorkbookIntake

SETTLING_S: Final = 6.0
"""How long a tick waits for files that still grow."""
TAKING_S: Final = 12.0
"""After so long no further file is begun; the rest is taken by the next tick."""
_TOLD_CHARS: Final = 300


class WorkbooksLeftError(TransientError):
    """Some dropped files cannot be taken; the others were. They lie where they lay, and each tick tries again."""


def watch_folder_sensor(folder: Path, *, interval_s: int = 5, settle_s: float = SETTLE_S) -> dg.SensorDefinition:
    """The sensor that watches ``folder``; runs follow through `ready_tasks_sensor`."""

    @dg.sensor(
        name="watch_folder_sensor",
        minimum_interval_seconds=interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Takes workbooks from the watch folder once they are whole, and gives each to its task or asks.",
    )
    def sensor(
        context: dg.SensorEvaluationContext,
        ledger: dg.ResourceParam[LedgerResource],
        artefacts: dg.ResourceParam[ArtefactStore],
        configuration: dg.ResourceParam[Configuration],
    ) -> dg.SkipReason:
        """One look. A folder or a file that cannot be read fails the tick: a failed look is never an empty result."""
        make(folder)
        intake = WorkbookIntake(ledger.engine, artefacts, configuration)
        looked = intake.take_each(settled(folder, within_s=SETTLING_S, settle_s=settle_s), within_s=TAKING_S)
        if changed := _changed(looked.taken):
            context.instance.report_runless_asset_event(materialization(ledger, changed))
        if looked.failed:
            raise _left(folder, looked.failed) from next(iter(looked.failed.values()))
        told = [f"{each.name}: {each.told[:_TOLD_CHARS]}" for each in looked.taken]
        return dg.SkipReason("; ".join(told) or "No workbook was dropped.")

    return sensor


def _changed(taken: Sequence[Taken]) -> Intake:
    """What this look made of tasks: those that were given a workbook, and those that ask."""
    new = [each.new for each in taken if each.new]
    return Intake(
        new=[each.asking_task_id for each in new if each.asking_task_id],
        changed=[each.task_id for each in new if each.task_id],
    )


def _left(folder: Path, failed: dict[str, Exception]) -> WorkbooksLeftError:
    return WorkbooksLeftError(
        f"watch folder, {folder}",
        expected="workbooks that can be taken",
        found="; ".join(f"{name}: {error or type(error).__name__}" for name, error in failed.items()),
        remedy="The others were taken; these are tried again by each tick.",
    )
