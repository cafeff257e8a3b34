"""What a source holds now, laid beside what it held: one transaction, so that a listing counts whole or not at all."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from resources.domain.documents import ListedDocument
from resources.domain.ids import document_id
from resources.ledger import batches
from resources.ledger.copying import copy_rows
from resources.ledger.leases import Lease
from resources.ledger.sources import Source, mark_listed

# What sorts and joins may keep of a listing in memory, and a sample of 300 of its rows, not 30,000: how many there are,
# which is what the plans need, the size of the table says. More goes through files. Until the transaction ends.
_FRUGALLY: Final = "SET LOCAL work_mem = '512kB'; SET LOCAL default_statistics_target = 1"
_LISTED: Final = """
CREATE TEMP TABLE listed (
    position bigint GENERATED ALWAYS AS IDENTITY, id uuid PRIMARY KEY, uri text, fingerprint text,
    size_bytes bigint, media_type text
) ON COMMIT DROP
"""
_COPY: Final = "COPY listed (id, uri, fingerprint, size_bytes, media_type) FROM STDIN"
_LOCK_BATCHES: Final = text("SELECT FROM waybill.batches WHERE source_id = :source ORDER BY id FOR NO KEY UPDATE")
# A document that returns is extracted again, since its extractions were retired when it went. A failure that a retry
# may mend is fetched again. Documents that nothing happened to are not touched.
_UPDATE_CHANGED: Final = text("""
UPDATE waybill.documents d
SET fingerprint = l.fingerprint, size_bytes = l.size_bytes, media_type = l.media_type, gone_at = NULL,
    extracted_version_id = CASE WHEN d.gone_at IS NULL THEN d.extracted_version_id END,
    fetched_fingerprint = CASE WHEN d.failure IS NULL THEN d.fetched_fingerprint END
FROM listed l
WHERE d.id = l.id
  AND (d.fingerprint <> l.fingerprint OR d.gone_at IS NOT NULL OR (d.failure ->> 'retry_helps')::boolean)
""")
_MARK_GONE: Final = text("""
CREATE TEMP TABLE gone ON COMMIT DROP AS
SELECT d.id, d.batch_id FROM waybill.documents d
WHERE d.source_id = :source AND d.gone_at IS NULL AND NOT EXISTS (SELECT FROM listed l WHERE l.id = d.id)
FOR UPDATE
""")
_GONE: Final = text("UPDATE waybill.documents d SET gone_at = now() FROM gone WHERE d.id = gone.id")
# A statement of its own: it must see what a batch committed while the one above waited for its row.
_RETIRE: Final = text("""
UPDATE waybill.extractions e SET retired_at = now() FROM gone
WHERE e.batch_id = gone.batch_id AND e.document_id = gone.id AND e.retired_at IS NULL
""")
_STALE_EXTRACTOR: Final = text("""
UPDATE waybill.documents SET extracted_version_id = NULL
WHERE source_id = :source AND gone_at IS NULL AND extractor <> :extractor AND extracted_version_id IS NOT NULL
""")
_COUNTS: Final = text("""
SELECT (SELECT count(*) FROM waybill.documents WHERE source_id = :source) AS known,
       (SELECT count(*) FROM listed) AS listed,
       (SELECT count(*) FROM listed l WHERE NOT EXISTS (SELECT FROM waybill.documents d WHERE d.id = l.id)) AS new
""")
_INSERT_NEW: Final = text("""
INSERT INTO waybill.documents (id, source_id, batch_id, uri, media_type, size_bytes, fingerprint)
SELECT n.id, :source, b.id, n.uri, n.media_type, n.size_bytes, n.fingerprint
FROM (SELECT l.*, (:known + row_number() OVER (ORDER BY l.position) - 1) / :batch_documents AS ordinal
      FROM listed l WHERE NOT EXISTS (SELECT FROM waybill.documents d WHERE d.id = l.id)) n
JOIN waybill.batches b ON b.source_id = :source AND b.ordinal = n.ordinal
""")


@dataclass(frozen=True, slots=True)
class Listing:
    """How many documents a listing found, by what happened to them. ``changed`` counts those to fetch again."""

    listed: int
    new: int
    changed: int
    gone: int


def record(
    connection: Connection, lease: Lease, source: Source, documents: Iterable[ListedDocument], *, extractor: str
) -> Listing:
    """Merge a whole listing. A listing that breaks off raises out of ``documents`` and changes nothing.

    Streams: memory does not grow with the number of documents.
    """
    connection.exec_driver_sql(_FRUGALLY)
    connection.exec_driver_sql(_LISTED)
    rows = ((document_id(source.id, d.uri), d.uri, d.fingerprint, d.size_bytes, d.media_type) for d in documents)
    copy_rows(connection, _COPY, rows)
    connection.exec_driver_sql("ANALYZE listed")
    lease.fence(connection)
    # As a batch's own writes lock its row first, the two follow each other and cannot wait for each other.
    connection.execute(_LOCK_BATCHES, {"source": source.id})
    changed = connection.execute(_UPDATE_CHANGED).rowcount
    connection.execute(_MARK_GONE, {"source": source.id})
    gone = connection.execute(_GONE).rowcount
    connection.execute(_RETIRE)
    connection.execute(_STALE_EXTRACTOR, {"source": source.id, "extractor": extractor})
    counts = connection.execute(_COUNTS, {"source": source.id}).one()
    _insert_new(connection, source, counts.known, counts.new)
    batches.retire_empty(connection)
    mark_listed(connection, source.id)
    return Listing(listed=counts.listed, new=counts.new, changed=changed, gone=gone)


def _insert_new(connection: Connection, source: Source, known: int, new: int) -> None:
    """Fill the last batch, then open further ones; a document never leaves its batch, so ``known`` tells where."""
    if not new:
        return
    size = source.batch_documents
    batches.add(connection, source.id, source.partition_key, range(known // size, (known + new - 1) // size + 1))
    connection.execute(_INSERT_NEW, {"source": source.id, "known": known, "batch_documents": size})
