"""Notes that answer a task's question with what the client's sources say, and those that were handed over."""

from collections.abc import Mapping
from typing import Any, Final

import dagster as dg

from assets.clickup_tasks import clickup_tasks
from assets.deliverable_assets import handed_over, task_asset
from assets.embeddings import embeddings
from assets.task_work import attempt_at, each_task, shown
from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.task_types import KNOWLEDGE_NOTE
from resources.domain.tasks import TaskId
from resources.knowledge.index import IndexResource
from resources.ledger.resource import LedgerResource
from resources.work.drafting import drafted
from resources.work.note import make_note


@task_asset(
    # For lineage only: a note searches whatever of the client's is embedded by then.
    deps=[clickup_tasks, dg.AssetDep(embeddings, partition_mapping=dg.AllPartitionMapping())],
    kinds={"python", "qdrant", "markdown"},
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
        return shown(ledger.engine, artefacts, attempt, version)

    each_task(context, work)


delivered_knowledge_notes = handed_over(KNOWLEDGE_NOTE, knowledge_notes)
ASSETS: Final = [knowledge_notes, delivered_knowledge_notes]
