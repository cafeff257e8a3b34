"""Batches: at most `batch_documents` documents of one source, filled in order. A batch is a partition in Dagster."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Row, text

from resources.domain.errors import PermanentError
from resources.domain.ids import BatchId, ClientSlug, SourceId, derived

MAX_EMBEDDING_FAILURES: Final = 3
"""A row that failed alone this often is a dead letter (design §7)."""

_ADD: Final = text("""
INSERT INTO waybill.batches (id, source_id, ordinal, partition_key)
SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:sources AS uuid[]), CAST(:ordinals AS int[]), CAST(:keys AS text[]))
ON CONFLICT (id) DO NOTHING
""")
_COLUMNS = "b.id, b.source_id, b.ordinal, b.partition_key, s.client, s.removing_at IS NOT NULL AS removing"
_GET: Final = text(f"""
SELECT {_COLUMNS} FROM waybill.batches b JOIN waybill.sources s ON s.id = b.source_id WHERE b.partition_key = :key
""")  # noqa: S608 - a constant
_HAS_WORK = f"""
(EXISTS (SELECT FROM waybill.documents d WHERE d.batch_id = b.id AND d.state IN ('listed', 'fetched'))
 OR EXISTS (SELECT FROM waybill.extractions e WHERE e.batch_id = b.id
            AND e.embedding_id IS NOT NULL AND e.retired_at IS NOT NULL)
 OR EXISTS (SELECT FROM waybill.extractions e WHERE e.batch_id = b.id AND e.embedding_id IS NULL
            AND e.retired_at IS NULL AND e.embedding_failures < {MAX_EMBEDDING_FAILURES}))
"""  # noqa: S608 - a constant
_WITH_WORK: Final = text(f"""
SELECT {_COLUMNS} FROM waybill.batches b JOIN waybill.sources s ON s.id = b.source_id
WHERE b.source_id = :source AND s.removing_at IS NULL AND {_HAS_WORK} ORDER BY b.ordinal
""")  # noqa: S608 - a constant
_OF_SOURCE: Final = text(f"""
SELECT {_COLUMNS} FROM waybill.batches b JOIN waybill.sources s ON s.id = b.source_id
WHERE b.source_id = :source AND s.removing_at IS NULL AND b.retired_at IS NULL ORDER BY b.ordinal
""")  # noqa: S608 - a constant
_FREE = """
SELECT b.partition_key FROM waybill.batches b JOIN waybill.sources s ON s.id = b.source_id
WHERE s.removing_at IS NULL AND (b.next_repair_at IS NULL OR b.next_repair_at <= now())
  AND (s.lease_owner IS NULL OR s.lease_expires_at < now())
  AND (b.lease_owner IS NULL OR b.lease_expires_at < now())
"""
_DUE: Final = text(f"{_FREE} AND b.retired_at IS NULL ORDER BY s.client, s.name, b.ordinal")
_CHANGED: Final = text(f"""
{_FREE}
  AND (b.id IN (SELECT batch_id FROM waybill.documents WHERE state IN ('listed', 'fetched'))
       OR b.id IN (SELECT batch_id FROM waybill.extractions
                   WHERE embedding_id IS NOT NULL AND retired_at IS NOT NULL))
ORDER BY s.client, s.name, b.ordinal LIMIT :at_most
""")  # noqa: S608 - a constant
_IN_USE = """
(EXISTS (SELECT FROM waybill.documents d WHERE d.batch_id = b.id AND d.gone_at IS NULL)
 OR EXISTS (SELECT FROM waybill.extractions e WHERE e.batch_id = b.id AND e.embedding_id IS NOT NULL))
"""
# A batch that a run is at work on may be about to link points: never waited for, since the run may wait for us.
_RETIRE_EMPTY: Final = text(f"""
UPDATE waybill.batches SET retired_at = now() WHERE id IN (
    SELECT b.id FROM waybill.batches b
    WHERE b.retired_at IS NULL AND (b.lease_owner IS NULL OR b.lease_expires_at < now()) AND NOT {_IN_USE}
    ORDER BY b.id FOR NO KEY UPDATE SKIP LOCKED)
""")  # noqa: S608 - a constant
_REVIVE: Final = text(f"""
UPDATE waybill.batches b SET retired_at = NULL WHERE b.retired_at IS NOT NULL AND {_IN_USE}
""")  # noqa: S608 - a constant
_LIVE_KEYS: Final = text("SELECT partition_key FROM waybill.batches WHERE retired_at IS NULL ORDER BY partition_key")


class BatchUnknownError(PermanentError):
    """No batch has that partition key, or its source is being removed."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some documents of one source, worked on together."""

    id: BatchId
    source_id: SourceId
    ordinal: int
    partition_key: str
    client: ClientSlug
    removing: bool


def add(connection: Connection, source: SourceId, source_key: str, ordinals: Sequence[int]) -> None:
    """Make the batches of these ordinals that are not there yet; ids and keys derive from source and ordinal."""
    if not ordinals:
        return
    values = {
        "ids": [derived("batch", str(source), str(ordinal)) for ordinal in ordinals],
        "sources": [source] * len(ordinals),
        "ordinals": list(ordinals),
        "keys": [f"{source_key}:{ordinal:04d}" for ordinal in ordinals],
    }
    connection.execute(_ADD, values)


def get(connection: Connection, partition_key: str) -> Batch:
    """Raises BatchUnknownError: no such batch, or its source is being removed."""
    row = connection.execute(_GET, {"key": partition_key}).one_or_none()
    if row is None or row.removing:
        raise BatchUnknownError(
            f"partition {partition_key}",
            expected="a batch of a source that stays",
            found="a source being removed" if row else "none",
            remedy="See `waybill sources list`.",
        )
    return _batch(row)


def with_work(connection: Connection, source: SourceId) -> list[Batch]:
    """The source's batches that have anything to fetch, extract, embed or take out of the store, in order."""
    return [_batch(row) for row in connection.execute(_WITH_WORK, {"source": source})]


def of_source(connection: Connection, source: SourceId) -> list[Batch]:
    """The source's batches in order, without retired ones."""
    return [_batch(row) for row in connection.execute(_OF_SOURCE, {"source": source})]


def changed(connection: Connection, *, at_most: int) -> list[str]:
    """Partition keys of unclaimed batches with documents to work on, of sources that nobody holds.

    Only those whose pace lets them start. Orphans alone do not count here: they reach `embeddings` through their check.
    """
    return list(connection.execute(_CHANGED, {"at_most": at_most}).scalars())


def due(connection: Connection) -> list[str]:
    """Partition keys of all unclaimed batches whose pace lets them start, of sources that nobody holds."""
    return list(connection.execute(_DUE).scalars())


def retire_empty(connection: Connection) -> None:
    """A batch whose documents are all gone, and whose points are too, is no partition any more; until some return.

    One that is claimed is left for a later call.
    """
    connection.execute(_RETIRE_EMPTY)
    connection.execute(_REVIVE)


def live_partition_keys(connection: Connection) -> set[str]:
    """What Dagster's dynamic partitions should be."""
    return set(connection.execute(_LIVE_KEYS).scalars())


def _batch(row: Row[tuple[object, ...]]) -> Batch:
    return Batch(**row._mapping)
