"""What the assets of tasks share: one task after the other, each attempted once, and what the pages show of it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

import dagster as dg

from assets import previews
from assets.partitions import owner_of
from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.errors import PermanentError
from resources.domain.task_types import Kind
from resources.domain.tasks import TaskId
from resources.ledger import deliverables, tasks
from resources.ledger.deliverables import StoredFile, Version
from resources.ledger.resource import LedgerEngine, LedgerResource
from resources.work.attempt import Attempt, attempting
from resources.work.publication import HASH_SHOWN

TASKS_A_RUN: Final = 25
"""At most, in a backfill; a sensor asks for one run a task."""
PREVIEW_BYTES: Final = 20_000


class OtherKindError(PermanentError):
    """The task is work for another asset; nothing was done to it."""


def each_task(context: dg.AssetExecutionContext, work: Callable[[TaskId], Mapping[str, Any]]) -> None:
    """Do ``work`` for every partition of the run; it returns the metadata of a task that is whole now.

    In a run of several, one that fails stops no other: each whole one is materialized, and then the run fails.
    """
    whole: dict[str, Mapping[str, Any]] = {}
    failed: dict[str, Exception] = {}
    for key in context.partition_keys:
        try:
            whole[key] = work(TaskId(key))
        except Exception as error:
            if len(context.partition_keys) == 1:
                raise
            context.log.exception("task %s failed", key)
            failed[key] = error
    if not failed:
        for key, metadata in whole.items():
            context.add_asset_metadata(metadata, partition_key=key)
        return
    for key, metadata in whole.items():  # an end without an error would mark the failed ones as materialized too
        context.log_event(dg.AssetMaterialization(context.asset_key, partition=key, metadata=metadata))
    raise dg.Failure(
        f"{len(failed)} of {len(context.partition_keys)} tasks failed: {', '.join(failed)}",
        metadata=previews.sample([{"task": key, "error": str(error)} for key, error in failed.items()], name="failed"),
        allow_retries=False,
    )


def attempt_at(
    context: dg.AssetExecutionContext, ledger: LedgerResource, configuration: Configuration, task: TaskId, kind: Kind
) -> AbstractContextManager[Attempt]:
    """The run's attempt at ``task``: begun by its first asset, joined by the later ones.

    Raises:
        OtherKindError: the task's type is not of this kind.
        AlreadyClaimedError, TaskNotReadyError, TaskTypeGoneError: as the block is entered.
    """
    with ledger.engine.begin() as connection:
        named = tasks.get(connection, task).type
    found = configuration.task_types.get(named or "")
    if found is not None and found.kind != kind.name:
        raise OtherKindError(
            f"task {task}",
            expected=f"a task of the kind {kind.name}",
            found=f"type {named!r}, of the kind {found.kind}",
            remedy="Materialize the assets of its own kind.",
        )
    owner, run_id = owner_of(context), context.run.run_id
    return attempting(ledger.engine, task, owner=owner, run_id=run_id, configuration=configuration)


def shown(engine: LedgerEngine, artefacts: ArtefactStore, attempt: Attempt, version: Version) -> dict[str, Any]:
    """The metadata of a version: its files, what it cites, and how its first Markdown file reads."""
    with engine.begin() as connection:
        files = deliverables.files(connection, version.id)
        citations = deliverables.citations(connection, version.id)
    url, note = attempt.task.url, next((file for file in files if file.media_type == "text/markdown"), None)
    return {
        "version": version.number,
        "attempt": version.attempt,
        "summary": version.summary,
        "made_by": version.made_by,
        "citations": len(citations),
        **({"task": dg.MetadataValue.url(url)} if url else {}),
        **previews.sample([_row(file) for file in files], name="files"),
        **previews.sample(
            [
                {"text": each["text"], "title": each["title"], "document": previews.short(each["uri"])}
                for each in citations[: previews.ROWS]
            ],
            name="cited",
        ),
        **({"preview": dg.MetadataValue.md(_head(artefacts, note))} if note else {}),
    }


def _row(file: StoredFile) -> dict[str, object]:
    return {
        "name": file.name,
        "media_type": file.media_type,
        "bytes": file.size_bytes,
        "sha256": file.content_hash[:HASH_SHOWN],
    }


def _head(artefacts: ArtefactStore, file: StoredFile) -> str:
    with artefacts.open(file.content_hash) as stream:
        return stream.read(PREVIEW_BYTES).decode(errors="ignore")
