"""Notes that answer a task's question with what the client's sources say, and those that were handed over."""

from collections.abc import Mapping
from typing import Any, Final

import dagster as dg

from assets.clickup_tasks import clickup_tasks
from assets.embeddings import embeddings
from assets.partitions import ACCOUNTS, DELIVERABLES, TASK_POOL, TASKS
from assets.task_work import TASKS_A_RUN, attempt_at, each_task, shown
from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.task_types import KNOWLEDGE_NOTE
from resources.domain.tasks import TaskId
from resources.knowledge.index import IndexResource
from resources.ledger.resource import LedgerResource
from resources.work.drafting import drafted
from resources.work.note import make_note
from resources.work.publication import publish


@dg.asset(
    # For lineage only: a note searches whatever of the client's is embedded by then.
    deps=[clickup_tasks, dg.AssetDep(embeddings, partition_mapping=dg.AllPartitionMapping())],
    partitions_def=TASKS,
    group_name=DELIVERABLES,
    owners=ACCOUNTS,
    kinds={"python", "qdrant", "markdown"},
    pool=TASK_POOL,
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=TASKS_A_RUN),
)
def knowledge_notes(
    context: dg.AssetExecutionContext,
    ledger: dg.ResourceParam[LedgerResource],
    index: dg.ResourceParam[IndexResource],
    artefacts: dg.ResourceParam[ArtefactStore],
    configuration: dg.ResourceParam[Configuration],
) -> None:
    """A version of the note for each task: the passages that were found, quoted, each with its source.

    Safe to repeat: the version of an attempt's input is made once, and a repeat finds it.
    """

    def work(task: TaskId) -> Mapping[str, Any]:
        with attempt_at(context, ledger, configuration, task, KNOWLEDGE_NOTE) as attempt:
            version = drafted(
                ledger.engine, artefacts, attempt, lambda: make_note(ledger.engine, index, artefacts, attempt)
            )
        return shown(ledger, artefacts, attempt, version)

    each_task(context, work)


@dg.asset(
    deps=[knowledge_notes],
    partitions_def=TASKS,
    group_name=DELIVERABLES,
    owners=ACCOUNTS,
    kinds={"python", "clickup"},
    pool=TASK_POOL,
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=TASKS_A_RUN),
)
def delivered_knowledge_notes(
    context: dg.AssetExecutionContext,
    ledger: dg.ResourceParam[LedgerResource],
    artefacts: dg.ResourceParam[ArtefactStore],
    configuration: dg.ResourceParam[Configuration],
) -> None:
    """The version is whole, the task is in review, and what publishes it stands in the outbox.

    All in one transaction: nothing is published of a version that is not whole.
    """

    def work(task: TaskId) -> Mapping[str, Any]:
        with attempt_at(context, ledger, configuration, task, KNOWLEDGE_NOTE) as attempt:
            version = publish(ledger.engine, artefacts, attempt)
        return shown(ledger, artefacts, attempt, version)

    each_task(context, work)


ASSETS: Final = [knowledge_notes, delivered_knowledge_notes]
