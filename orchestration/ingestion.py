"""A source into knowledge, as Dagster runs in this very process: with `waybill up` beside it or without."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import dagster as dg

from assets.embeddings import embeddings
from assets.partitions import OWNER_TAG
from assets.source_listings import align_partitions
from orchestration.hosting.run_launcher import process_tags
from orchestration.session import Session
from resources.domain.errors import PermanentError
from resources.domain.ids import ClientSlug
from resources.ledger import batches, documents, sources
from resources.ledger.batches import Batch
from resources.ledger.leases import KNOWLEDGE, held
from resources.ledger.sources import Source
from resources.sources.folder import list_file
from sensors.jobs import EMBED_BATCH, LIST_SOURCE, MAKE_KNOWLEDGE

LAUNCHED_BY = {"user": "the waybill command"}
"""What the UI shows as the one who launched the run."""
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class PathUnusableError(PermanentError):
    """The path to ingest is neither a folder nor a file that can be read."""


class Progress(Protocol):
    """Who is told how far an ingest is."""

    def start(self, what: str, total: int) -> None:
        """``total`` steps of ``what`` lie ahead."""

    def advance(self, what: str) -> None:
        """One more of them is done."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an ingest did: ``counts`` sums the materializations' numbers, ``seconds`` the time of each asset's steps."""

    source: Source
    counts: dict[str, int]
    seconds: dict[str, float]
    failures: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def row(self) -> list[int]:
        """The numbers that a person reads: listed, new, changed, gone, failed, extractions added, embedded."""
        listing = [
            self.counts.get(f"source_listings.{name}", 0) for name in ("partition_row_count", "new", "changed", "gone")
        ]
        done = [self.counts.get(name, 0) for name in ("extractions.added", "embeddings.embedded")]
        return [*listing, len(self.failures), *done]

    def as_json(self) -> dict[str, object]:
        """Everything, for programs."""
        return {
            "source": self.source.partition_key,
            "counts": self.counts,
            "step_seconds": {step: round(seconds, 3) for step, seconds in self.seconds.items()},
            "failures": [{"uri": uri, **failure} for uri, failure in self.failures],
        }


def located(path: Path) -> Path:
    """The absolute path of a source. Raises PathUnusableError; NotADocumentError: a file of a kind that is not read."""
    resolved = path.resolve()
    if not (resolved.is_dir() or resolved.is_file()):
        raise PathUnusableError(
            str(path), expected="a folder or a file", found="neither", remedy="Check the path and its permissions."
        )
    if resolved.is_file():
        list_file(resolved)  # refuses a kind that cannot be read before a source is made of it
    return resolved


def register(session: Session, path: Path, *, client: ClientSlug, name: str | None) -> Source:
    """The source at ``path``. Raises PathUnusableError, NameUnusableError, SourceConflictError."""
    resolved = located(path)
    with session.ledger.engine.begin() as connection:
        source = sources.register(
            connection,
            client=client,
            kind="folder" if resolved.is_dir() else "upload",
            location=str(resolved),
            name=name,
            batch_documents=session.settings.batch_size_documents,
        )
    align_partitions(session.instance, session.ledger)
    return source


def ingest(session: Session, source: Source, progress: Progress) -> Report:
    """List the source and work through its changed batches; the claim on the source stands for all of its runs.

    Raises:
        AlreadyClaimedError: another ingest or run has the source or one of its batches; named in the message.
    """
    report = Report(source, {}, {})
    with _claimed(session, source) as owner:
        _run(session, LIST_SOURCE, source.partition_key, owner, report)
        work = _work(session, source)
        progress.start("batches", len(work))
        for batch in work:
            _run(session, MAKE_KNOWLEDGE, batch.partition_key, owner, report)
            progress.advance("batches")
    align_partitions(session.instance, session.ledger)
    with session.ledger.engine.begin() as connection:
        report.failures.extend(documents.failures(connection, source.id))
    return report


def repair(session: Session, source: Source, progress: Progress) -> Report:
    """Compare and mend every batch of the source at once: orphans, lost points, points that nobody has."""
    report = Report(source, {}, {})
    align_partitions(session.instance, session.ledger)
    with _claimed(session, source) as owner:
        with session.ledger.engine.begin() as connection:
            every = batches.of_source(connection, source.id)
        progress.start("batches", len(every))
        for batch in every:
            _run(session, EMBED_BATCH, batch.partition_key, owner, report)
            progress.advance("batches")
    return report


def _work(session: Session, source: Source) -> list[Batch]:
    """The source's batches with anything to do, and those whose run was killed before it could say that all is done."""
    told = session.instance.get_materialized_partitions(embeddings.key)
    with session.ledger.engine.begin() as connection:
        work = batches.with_work(connection, source.id)
        untold = [batch for batch in batches.of_source(connection, source.id) if batch.partition_key not in told]
    return sorted({*work, *untold}, key=lambda batch: batch.ordinal)


@contextmanager
def _claimed(session: Session, source: Source) -> Iterator[str]:
    owner = f"ingest {uuid4()}"
    with held(session.ledger.engine, "sources", source.id, owner=owner, length=KNOWLEDGE):
        yield owner


def _run(session: Session, job: str, partition_key: str, owner: str, report: Report) -> None:
    try:
        result = session.definitions.resolve_job_def(job).execute_in_process(
            instance=session.instance,
            partition_key=partition_key,
            tags={OWNER_TAG: owner, **process_tags(), **LAUNCHED_BY},
            run_config=QUIET,
        )
    except dg.DagsterExecutionInterruptedError as interrupted:
        raise KeyboardInterrupt from interrupted
    for event in result.all_events:
        if event.is_step_success:
            step = event.step_key or "step"
            spent = event.step_success_data.duration_ms / 1000
            report.seconds[step] = report.seconds.get(step, 0.0) + spent
        if event.is_step_materialization:
            _add_numbers(event.step_materialization_data.materialization, report.counts)


def _add_numbers(materialization: dg.AssetMaterialization, counts: dict[str, int]) -> None:
    asset = materialization.asset_key.path[-1]
    for name, value in materialization.metadata.items():
        if isinstance(value, dg.IntMetadataValue) and value.value is not None:
            key = f"{asset}.{name.removeprefix('dagster/')}"
            counts[key] = counts.get(key, 0) + value.value
