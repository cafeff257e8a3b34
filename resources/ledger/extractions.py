"""Extractions of documents: a document's change is recorded all or none, and what still stands keeps its embedding."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Row, text

from resources.domain.extractions import Changes, Extraction, StoredExtraction
from resources.domain.ids import BatchId, DocumentId, ExtractionId, VersionId
from resources.domain.spans import Span
from resources.ledger.copying import copy_rows
from resources.ledger.leases import Lease

_STORED: Final = text("""
SELECT id, document_id, span_start, span_end, retired_at IS NOT NULL AS retired FROM waybill.extractions
WHERE batch_id = :batch AND document_id = ANY(:documents)
""")
# Compare-and-set: a document that went away, or whose version moved on meanwhile, is left to its next turn.
_CLAIM_DOCUMENTS: Final = text("""
UPDATE waybill.documents d SET extracted_version_id = c.version, extractor = :extractor
FROM unnest(CAST(:documents AS uuid[]), CAST(:versions AS uuid[])) AS c(id, version)
WHERE d.id = c.id AND d.current_version_id = c.version AND d.gone_at IS NULL
RETURNING d.id
""")
_COPY: Final = """
COPY waybill.extractions (id, document_id, batch_id, version_id, template, labels, text, span_start, span_end,
                          confidence, model) FROM STDIN
"""
_KEEP: Final = text("""
UPDATE waybill.extractions e
SET version_id = k.version, span_start = k.span_start, span_end = k.span_end, retired_at = NULL,
    labels = ARRAY(SELECT jsonb_array_elements_text(k.labels)), confidence = k.confidence, model = :extractor
FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS uuid[]), CAST(:starts AS int[]), CAST(:ends AS int[]),
            CAST(:labels AS jsonb[]), CAST(:confidences AS real[]))
     AS k(id, version, span_start, span_end, labels, confidence)
WHERE e.id = k.id
""")
_RETIRE: Final = text("""
UPDATE waybill.extractions SET retired_at = now() WHERE id = ANY(:ids) AND retired_at IS NULL
""")
_COUNTS: Final = text("""
SELECT template, count(*) AS n FROM waybill.extractions
WHERE batch_id = :batch AND retired_at IS NULL GROUP BY template ORDER BY template
""")
# First the rows, then their documents: joined first, all documents there are would be hashed for it.
_SAMPLE: Final = text("""
SELECT e.template, e.labels, e.text, e.confidence, d.uri FROM (
    SELECT * FROM waybill.extractions WHERE batch_id = :batch AND retired_at IS NULL
    ORDER BY template DESC, id LIMIT :at_most) e
JOIN waybill.documents d ON d.id = e.document_id ORDER BY e.template DESC, e.id
""")
# Not a join: that would read the versions of all batches for the check of each.
_MISQUOTING: Final = text("""
SELECT e.id, e.document_id FROM waybill.extractions e
WHERE e.batch_id = :batch AND e.retired_at IS NULL
  AND (SELECT substr(v.text, e.span_start + 1, e.span_end - e.span_start)
       FROM waybill.document_versions v WHERE v.id = e.version_id) IS DISTINCT FROM e.text
""")


@dataclass(frozen=True, slots=True)
class DocumentExtractions:
    """What one version of one document now says, laid beside what was stored."""

    document_id: DocumentId
    version_id: VersionId
    changes: Changes


def stored(
    connection: Connection, batch: BatchId, documents: Sequence[DocumentId]
) -> dict[DocumentId, list[StoredExtraction]]:
    """The stored extractions of some documents of the batch, retired ones too."""
    found: dict[DocumentId, list[StoredExtraction]] = {document: [] for document in documents}
    for row in connection.execute(_STORED, {"batch": batch, "documents": list(documents)}):
        span = Span(row.span_start, row.span_end)
        found[row.document_id].append(StoredExtraction(ExtractionId(row.id), span, retired=row.retired))
    return found


def record(
    connection: Connection, lease: Lease, extracted: Sequence[DocumentExtractions], *, extractor: str
) -> list[DocumentId]:
    """Store the changes of some documents in this transaction; return the documents that were still as read."""
    lease.fence(connection)
    values = {
        "documents": [d.document_id for d in extracted],
        "versions": [d.version_id for d in extracted],
        "extractor": extractor,
    }
    standing = set(connection.execute(_CLAIM_DOCUMENTS, values).scalars())
    current = [d for d in extracted if d.document_id in standing]
    copy_rows(connection, _COPY, _rows(current, BatchId(lease.id), extractor))
    _keep(connection, current, extractor)
    if retired := [key for d in current for key in d.changes.retired]:
        connection.execute(_RETIRE, {"ids": retired})
    return [d.document_id for d in current]


def _rows(extracted: Iterable[DocumentExtractions], batch: BatchId, extractor: str) -> Iterable[Sequence[object]]:
    for document in extracted:
        for e in document.changes.added:
            yield (
                *(e.id, document.document_id, batch, document.version_id, e.template, list(e.labels), e.text),
                *(e.span.start, e.span.end, e.confidence, extractor),
            )


def _keep(connection: Connection, extracted: Sequence[DocumentExtractions], extractor: str) -> None:
    kept: list[tuple[Extraction, VersionId]] = [(e, d.version_id) for d in extracted for e in d.changes.kept]
    if kept:
        values = {
            "ids": [e.id for e, _ in kept],
            "versions": [version for _, version in kept],
            "starts": [e.span.start for e, _ in kept],
            "ends": [e.span.end for e, _ in kept],
            "labels": [json.dumps(e.labels) for e, _ in kept],
            "confidences": [e.confidence for e, _ in kept],
            "extractor": extractor,
        }
        connection.execute(_KEEP, values)


def count_by_template(connection: Connection, batch: BatchId) -> dict[str, int]:
    """How many live extractions of the batch each template has."""
    return {row.template: row.n for row in connection.execute(_COUNTS, {"batch": batch})}


def sample(connection: Connection, batch: BatchId, *, at_most: int = 10) -> Sequence[Row[tuple[object, ...]]]:
    """Some live extractions of the batch for people to look at: template, labels, text, confidence, uri."""
    return connection.execute(_SAMPLE, {"batch": batch, "at_most": at_most}).all()


def misquoting(connection: Connection, batch: BatchId) -> list[tuple[ExtractionId, DocumentId]]:
    """Live extractions whose span of the stored version is not their text. Postgres counts code points, as spans do."""
    return [(row.id, row.document_id) for row in connection.execute(_MISQUOTING, {"batch": batch})]
