"""What outside programs made for tasks, and what of it was handed over."""

from collections.abc import Mapping
from typing import Any, Final

import dagster as dg

from assets.clickup_tasks import clickup_tasks
from assets.deliverable_assets import handed_over, task_asset
from assets.task_work import attempt_at, each_task, shown
from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.task_types import COMMAND
from resources.domain.tasks import TaskId
from resources.ledger.resource import LedgerResource
from resources.work.command import run_command
from resources.work.drafting import drafted


@task_asset(
    deps=[clickup_tasks],
    kinds={"python", "shell"},
)
def command_results(
    context: dg.AssetExecutionContext,
    ledger: dg.ResourceParam[LedgerResource],
    artefacts: dg.ResourceParam[ArtefactStore],
    configuration: dg.ResourceParam[Configuration],
) -> None:
    """A version of what the program of the task's type made, each file checked and stored.

    Safe to repeat: the version of an attempt's input is made once, and a repeat finds it.
    """

    def work(task: TaskId) -> Mapping[str, Any]:
        with attempt_at(context, ledger, configuration, task, COMMAND) as attempt:
            version = drafted(ledger.engine, artefacts, attempt, lambda: run_command(ledger.engine, artefacts, attempt))
        return shown(ledger.engine, artefacts, attempt, version)

    each_task(context, work)


delivered_command_results = handed_over(COMMAND, command_results)
ASSETS: Final = [command_results, delivered_command_results]
