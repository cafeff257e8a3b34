"""The link between extractions and points: `embedding_id` stands only after the point does (KX-1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, text

from resources.domain.ids import BatchId, DocumentId, ExtractionId, PointId
from resources.ledger.batches import MAX_EMBEDDING_FAILURES
from resources.ledger.leases import Lease

ORPHANS_OF_BATCH: Final = text(f"""
SELECT id, document_id, template, text FROM waybill.extractions
WHERE batch_id = :batch AND embedding_id IS NULL AND retired_at IS NULL
  AND embedding_failures < {MAX_EMBEDDING_FAILURES} AND id > :after
ORDER BY id LIMIT :at_most
""")  # noqa: S608 - a constant
ORPHANS_BY_BATCH: Final = text(f"""
WITH o AS MATERIALIZED (  -- once, not once for each batch
    SELECT batch_id, count(*) AS orphans,
           count(*) FILTER (WHERE embedding_failures < {MAX_EMBEDDING_FAILURES}) AS repairable
    FROM waybill.extractions WHERE embedding_id IS NULL AND retired_at IS NULL GROUP BY batch_id)
SELECT b.id, b.partition_key, o.orphans, o.repairable, b.next_repair_at IS NULL OR b.next_repair_at <= now() AS due
FROM o JOIN waybill.batches b ON b.id = o.batch_id JOIN waybill.sources s ON s.id = b.source_id
WHERE s.removing_at IS NULL AND (s.lease_owner IS NULL OR s.lease_expires_at < now())
  AND (b.lease_owner IS NULL OR b.lease_expires_at < now())
ORDER BY b.partition_key
""")  # noqa: S608 - a constant
# First the rows, then their documents: joined first, all documents there are would be hashed for it.
_ORPHAN_SAMPLE: Final = text("""
SELECT e.id, d.uri, left(e.text, 120) AS text, e.embedding_failures FROM (
    SELECT * FROM waybill.extractions WHERE batch_id = :batch AND embedding_id IS NULL AND retired_at IS NULL
    ORDER BY id LIMIT :at_most) e
JOIN waybill.documents d ON d.id = e.document_id ORDER BY e.id
""")
_SAMPLE: Final = text("""
SELECT e.embedding_id, e.template, left(e.text, 120) AS text, d.uri, e.embedded_at FROM (
    SELECT * FROM waybill.extractions WHERE batch_id = :batch AND embedding_id IS NOT NULL AND retired_at IS NULL
    ORDER BY embedded_at DESC, id LIMIT :at_most) e
JOIN waybill.documents d ON d.id = e.document_id ORDER BY e.embedded_at DESC, e.id
""")
_COUNT_ORPHANS: Final = text("""
SELECT count(*) FROM waybill.extractions WHERE batch_id = :batch AND embedding_id IS NULL AND retired_at IS NULL
""")
_LINK: Final = text("""
UPDATE waybill.extractions e
SET embedding_id = l.point, embedding_model = :model, embedded_at = now(), embedding_failures = 0
FROM unnest(CAST(:ids AS uuid[]), CAST(:points AS uuid[])) AS l(id, point) WHERE e.id = l.id AND l.point IS NOT NULL
""")
_UNLINK: Final = text("""
UPDATE waybill.extractions SET embedding_id = NULL, embedding_model = NULL, embedded_at = NULL WHERE id = ANY(:ids)
""")
_LEFTOVERS: Final = text("""
SELECT id, embedding_id FROM waybill.extractions
WHERE batch_id = :batch AND embedding_id IS NOT NULL AND retired_at IS NOT NULL ORDER BY id LIMIT :at_most
""")
_LINKS: Final = text("""
SELECT id, CASE WHEN embedding_model = :model THEN embedding_id END AS point FROM waybill.extractions
WHERE id = ANY(:ids) AND batch_id = :batch AND retired_at IS NULL
""")
_HAS_LINKS: Final = text("""
SELECT EXISTS (SELECT FROM waybill.extractions
               WHERE batch_id = :batch AND retired_at IS NULL AND embedding_id IS NOT NULL)
""")
# All points of a batch go in and what differs comes out: to read every row here would cost ten times the look itself.
_DIFFERENCES: Final = text("""
SELECT linked.id, linked.point, stored.point AS surplus
FROM (SELECT id, CASE WHEN embedding_model = :model THEN embedding_id END AS point FROM waybill.extractions
      WHERE batch_id = :batch AND retired_at IS NULL AND embedding_id IS NOT NULL) linked
FULL JOIN unnest(CAST(:points AS uuid[])) AS stored(point) ON stored.point = linked.point
WHERE linked.id IS NULL OR stored.point IS NULL
""")
_WITNESS: Final = text("""
SELECT id, document_id, template, text FROM waybill.extractions
WHERE batch_id = :batch AND embedding_id IS NOT NULL AND retired_at IS NULL LIMIT 1
""")
_LINKED_BY_BATCH: Final = text("""
SELECT b.id, b.partition_key, count(e.embedding_id) AS linked,
       (b.next_repair_at IS NULL OR b.next_repair_at <= now()) AND s.removing_at IS NULL
       AND (s.lease_owner IS NULL OR s.lease_expires_at < now())
       AND (b.lease_owner IS NULL OR b.lease_expires_at < now()) AS due
FROM waybill.batches b JOIN waybill.sources s ON s.id = b.source_id
LEFT JOIN waybill.extractions e ON e.batch_id = b.id WHERE b.retired_at IS NULL GROUP BY b.id, s.id
""")
_COUNT_FAILURE: Final = text("""
UPDATE waybill.extractions SET embedding_failures = embedding_failures + 1
WHERE id = ANY(:ids) RETURNING id, embedding_failures
""")
_PACE: Final = text("""
UPDATE waybill.batches SET repairs = repairs + 1,
       next_repair_at = now() + make_interval(secs => least(60 * power(2, least(repairs, 6)), 3600))
WHERE id IN (SELECT id FROM waybill.batches
             WHERE partition_key = ANY(:keys) AND (next_repair_at IS NULL OR next_repair_at <= now())
             ORDER BY id FOR NO KEY UPDATE)
RETURNING partition_key, extract(epoch FROM created_at) || '.' || version || '.' || repairs AS attempt
""")
_END_PAUSES: Final = text("UPDATE waybill.batches SET next_repair_at = NULL WHERE next_repair_at IS NOT NULL")
_REPAIRED: Final = text(f"""
UPDATE waybill.batches b SET repairs = 0, next_repair_at = NULL
WHERE b.id = :batch AND (b.repairs > 0 OR b.next_repair_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM waybill.extractions e WHERE e.batch_id = b.id AND e.embedding_id IS NULL
                  AND e.retired_at IS NULL AND e.embedding_failures < {MAX_EMBEDDING_FAILURES})
""")  # noqa: S608 - a constant

FIRST: Final = ExtractionId(UUID(int=0))


@dataclass(frozen=True, slots=True)
class Orphan:
    """A live extraction with no point."""

    id: ExtractionId
    document_id: DocumentId
    template: str
    text: str


@dataclass(frozen=True, slots=True)
class OrphanedBatch:
    """How many orphans an unclaimed batch has, how many a repair may mend, and whether its pace lets one start."""

    id: BatchId
    partition_key: str
    orphans: int
    repairable: int
    due: bool


@dataclass(frozen=True, slots=True)
class LinkedBatch:
    """How many rows of a batch have a point, and whether nobody works on it and its pace lets a repair start."""

    id: BatchId
    partition_key: str
    linked: int
    due: bool


def orphans_of_batch(connection: Connection, batch: BatchId, *, after: ExtractionId, at_most: int) -> list[Orphan]:
    """The next orphans of the batch by id, without its dead letters."""
    rows = connection.execute(ORPHANS_OF_BATCH, {"batch": batch, "after": after, "at_most": at_most})
    return [Orphan(*row) for row in rows]


def orphans_by_batch(connection: Connection) -> list[OrphanedBatch]:
    """Every unclaimed batch that has orphans. Costs what the orphans cost (partial index)."""
    return [OrphanedBatch(**row._mapping) for row in connection.execute(ORPHANS_BY_BATCH)]


def count_orphans(connection: Connection, batch: BatchId) -> int:
    """All live extractions of the batch without a point, dead letters too. Exact."""
    return int(connection.execute(_COUNT_ORPHANS, {"batch": batch}).scalar_one())


def sample_orphans(connection: Connection, batch: BatchId, *, at_most: int = 10) -> list[dict[str, object]]:
    """Some orphans for people to look at."""
    rows = connection.execute(_ORPHAN_SAMPLE, {"batch": batch, "at_most": at_most})
    return [dict(row._mapping) for row in rows]


def sample(connection: Connection, batch: BatchId, *, at_most: int = 10) -> list[dict[str, object]]:
    """Some linked rows for people to look at, newest links first."""
    return [dict(row._mapping) for row in connection.execute(_SAMPLE, {"batch": batch, "at_most": at_most})]


def link(
    connection: Connection, lease: Lease, ids: Sequence[ExtractionId], points: Sequence[PointId | None], model: str
) -> int:
    """Write the points of some extractions in one UPDATE (KX-12); a None leaves its row an orphan (KX-13).

    A row that was retired meanwhile is linked too: so its point is known, and taken out of the store.
    """
    lease.fence(connection)
    if not ids:
        return 0
    values = {"ids": list(ids), "points": list(points), "model": model}
    return connection.execute(_LINK, values).rowcount


def unlink(connection: Connection, lease: Lease, ids: Sequence[ExtractionId]) -> None:
    """The points of these rows are not in the store: the rows are orphans, or retired and done with."""
    lease.fence(connection)
    if ids:
        connection.execute(_UNLINK, {"ids": list(ids)})


def leftovers(connection: Connection, batch: BatchId, *, at_most: int) -> dict[ExtractionId, PointId]:
    """Retired rows whose point still stands in the store."""
    rows = connection.execute(_LEFTOVERS, {"batch": batch, "at_most": at_most})
    return {row.id: row.embedding_id for row in rows}


def has_links(connection: Connection, batch: BatchId) -> bool:
    """Whether any live row of the batch is linked, under whatever model."""
    return bool(connection.execute(_HAS_LINKS, {"batch": batch}).scalar_one())


def links(
    connection: Connection, batch: BatchId, ids: Sequence[ExtractionId], model: str
) -> dict[ExtractionId, PointId | None]:
    """Those of ``ids`` that are live in the batch, each with its point under ``model`` or None."""
    rows = connection.execute(_LINKS, {"batch": batch, "ids": list(ids), "model": model})
    return {row.id: row.point for row in rows}


def differences(
    connection: Connection, batch: BatchId, stored: Sequence[PointId], model: str
) -> tuple[dict[ExtractionId, PointId | None], list[PointId]]:
    """Linked live rows of the batch whose point is not among ``stored``, and those of ``stored`` that no such row has.

    A row's point is None where it is linked under another model.
    """
    rows = connection.execute(_DIFFERENCES, {"batch": batch, "points": list(stored), "model": model}).all()
    unseen = {ExtractionId(row.id): row.point for row in rows if row.id is not None}
    return unseen, [PointId(row.surplus) for row in rows if row.surplus is not None]


def witness(connection: Connection, batch: BatchId) -> Orphan | None:
    """Some row of the batch that was embedded before; None when there is none."""
    row = connection.execute(_WITNESS, {"batch": batch}).one_or_none()
    return None if row is None else Orphan(**row._mapping)


def linked_by_batch(connection: Connection) -> list[LinkedBatch]:
    """How many rows of every batch are linked, from an index alone. No points should be left of a retired batch."""
    return [LinkedBatch(**row._mapping) for row in connection.execute(_LINKED_BY_BATCH)]


def count_failures(connection: Connection, lease: Lease, ids: Sequence[ExtractionId]) -> dict[ExtractionId, int]:
    """Count a failure against rows that failed alone; return each row's new count."""
    lease.fence(connection)
    return {row.id: row.embedding_failures for row in connection.execute(_COUNT_FAILURE, {"ids": list(ids)})}


def pace_repairs(connection: Connection, partition_keys: Sequence[str]) -> dict[str, str]:
    """Runs of these batches are being asked for: the next ones at the earliest after 1, 2, 4 … 60 minutes.

    Returns an attempt for each partition key that was never used before, for Dagster's run keys; also not by a batch of
    the same key whose source was removed. A batch that is not due any more, as another sensor asked for it a moment
    ago, has none.
    """
    rows = connection.execute(_PACE, {"keys": list(partition_keys)})
    return {row.partition_key: row.attempt for row in rows}


def end_pauses(connection: Connection) -> None:
    """Waybill was started anew, perhaps since what failed is mended: every batch is due. Attempts stay counted."""
    connection.execute(_END_PAUSES)


def note_repaired(connection: Connection, batch: BatchId) -> None:
    """If the batch has no orphan that a repair could mend, the next one may be repaired at once. Dead letters wait."""
    connection.execute(_REPAIRED, {"batch": batch})
