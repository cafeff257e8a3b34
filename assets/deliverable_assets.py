"""What assets of tasks share in Dagster's terms, so that a kind of work states only what is its own."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import dagster as dg

from assets.partitions import ACCOUNTS, DELIVERABLES, TASK_POOL, TASKS
from assets.task_work import TASKS_A_RUN, attempt_at, each_task, shown
from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.task_types import Kind
from resources.domain.tasks import TaskId
from resources.ledger.resource import LedgerResource
from resources.work.publication import publish

task_asset: Final = partial(
    dg.asset,
    partitions_def=TASKS,
    group_name=DELIVERABLES,
    owners=ACCOUNTS,
    pool=TASK_POOL,
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=TASKS_A_RUN),
)
"""`dagster.asset` for one partition a task: the arguments that all of them have are given."""


def handed_over(kind: Kind, made: dg.AssetsDefinition, *, name: str = "") -> dg.AssetsDefinition:
    """The last asset of ``kind``: what ``made`` holds was handed over. It is called ``delivered_…`` by default."""

    @task_asset(
        name=name or f"delivered_{made.key.path[-1]}",
        deps=[made],
        kinds={"python", "clickup"},
        description="The version is whole, the task is in review, and what publishes it stands in the outbox.\n\n"
        "All in one transaction: nothing is published of a version that is not whole.",
    )
    def delivered(
        context: dg.AssetExecutionContext,
        ledger: dg.ResourceParam[LedgerResource],
        artefacts: dg.ResourceParam[ArtefactStore],
        configuration: dg.ResourceParam[Configuration],
    ) -> None:
        def work(task: TaskId) -> Mapping[str, Any]:
            with attempt_at(context, ledger, configuration, task, kind) as attempt:
                version = publish(ledger.engine, artefacts, attempt)
            return shown(ledger.engine, artefacts, attempt, version)

        each_task(context, work)

    return delivered
