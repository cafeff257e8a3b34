"""Documents and their versions: what was fetched, what could not be, what waits for extraction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Row, text

from resources.domain.errors import WaybillError
from resources.domain.ids import BatchId, DocumentId, SourceId, VersionId, derived
from resources.ledger.leases import Lease

_TO_FETCH: Final = text("""
SELECT id, uri, media_type, fingerprint FROM waybill.documents
WHERE batch_id = :batch AND state = 'listed' AND id > :after ORDER BY id LIMIT :at_most
""")
_ADD_VERSIONS: Final = text("""
INSERT INTO waybill.document_versions (id, document_id, content_hash, title, text)
SELECT * FROM unnest(CAST(:versions AS uuid[]), CAST(:documents AS uuid[]), CAST(:hashes AS text[]),
                     CAST(:titles AS text[]), CAST(:texts AS text[]))
ON CONFLICT (id) DO NOTHING
""")
# The fingerprint is that of the bytes that were read. What a listing saw since then stands, and is fetched again.
_FETCHED: Final = text("""
UPDATE waybill.documents d
SET fetched_fingerprint = f.fingerprint, current_version_id = f.version, title = f.title, failure = NULL,
    fingerprint = CASE WHEN d.fingerprint = f.listed THEN f.fingerprint ELSE d.fingerprint END
FROM unnest(CAST(:documents AS uuid[]), CAST(:listed AS text[]), CAST(:fingerprints AS text[]),
            CAST(:versions AS uuid[]), CAST(:titles AS text[])) AS f(id, listed, fingerprint, version, title)
WHERE d.id = f.id AND d.gone_at IS NULL
""")
_FAILED: Final = text("""
UPDATE waybill.documents d SET fetched_fingerprint = f.listed, failure = f.failure
FROM unnest(CAST(:documents AS uuid[]), CAST(:listed AS text[]), CAST(:failures AS jsonb[])) AS f(id, listed, failure)
WHERE d.id = f.id AND d.gone_at IS NULL
""")
_TO_EXTRACT: Final = text("""
SELECT id, version_id, text FROM (
    SELECT d.id, v.id AS version_id, v.text,
           sum(octet_length(v.text)) OVER (ORDER BY d.id) - octet_length(v.text) AS bytes_before
    FROM (SELECT id, current_version_id FROM waybill.documents
          WHERE batch_id = :batch AND state = 'fetched' AND id > :after ORDER BY id LIMIT :at_most) d
    JOIN waybill.document_versions v ON v.id = d.current_version_id) page
WHERE bytes_before < :at_most_bytes ORDER BY id
""")
_FAILURES: Final = text("""
SELECT uri, failure FROM waybill.documents WHERE source_id = :source AND state = 'failed' ORDER BY uri LIMIT :at_most
""")
_SAMPLE: Final = text("""
SELECT d.uri, d.title, d.state, d.failure, length(v.text) AS chars, left(v.text, :chars) AS head
FROM waybill.documents d LEFT JOIN waybill.document_versions v ON v.id = d.current_version_id
WHERE d.batch_id = :batch ORDER BY d.uri LIMIT :at_most
""")
_STATES: Final = text("SELECT state, count(*) AS n FROM waybill.documents WHERE batch_id = :batch GROUP BY state")

FIRST: Final = DocumentId(UUID(int=0))


@dataclass(frozen=True, slots=True)
class DocumentToFetch:
    """A document that is new, or whose fingerprint is not the one of its current version."""

    id: DocumentId
    uri: str
    media_type: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class FetchedDocument:
    """A parsed document; ``fingerprint`` belongs to the bytes that were read, ``listed_fingerprint`` led to them."""

    id: DocumentId
    listed_fingerprint: str
    fingerprint: str
    content_hash: str
    title: str | None
    text: str


@dataclass(frozen=True, slots=True)
class FailedDocument:
    """A document that could not be read as it was listed, and why."""

    id: DocumentId
    listed_fingerprint: str
    error: WaybillError


@dataclass(frozen=True, slots=True)
class DocumentToExtract:
    """The stored text that spans will quote."""

    id: DocumentId
    version_id: VersionId
    text: str


def to_fetch(connection: Connection, batch: BatchId, *, after: DocumentId, at_most: int) -> list[DocumentToFetch]:
    """The next listed documents of the batch, by id."""
    rows = connection.execute(_TO_FETCH, {"batch": batch, "after": after, "at_most": at_most})
    return [DocumentToFetch(**row._mapping) for row in rows]


def record_fetched(
    connection: Connection, lease: Lease, fetched: Sequence[FetchedDocument], failed: Sequence[FailedDocument]
) -> None:
    """Store versions and outcomes of some documents, all in this transaction. Same content makes no second version."""
    lease.fence(connection)
    if fetched:
        values = {
            "documents": [d.id for d in fetched],
            "versions": [derived("version", str(d.id), d.content_hash) for d in fetched],
            "hashes": [d.content_hash for d in fetched],
            "titles": [d.title for d in fetched],
            "texts": [d.text for d in fetched],
            "listed": [d.listed_fingerprint for d in fetched],
            "fingerprints": [d.fingerprint for d in fetched],
        }
        connection.execute(_ADD_VERSIONS, values)
        connection.execute(_FETCHED, values)
    if failed:
        failures = [json.dumps(failure_of(d.error)) for d in failed]
        listed = [d.listed_fingerprint for d in failed]
        connection.execute(_FAILED, {"documents": [d.id for d in failed], "listed": listed, "failures": failures})


def failure_of(error: WaybillError) -> dict[str, object]:
    """What is kept of an error: typed, so that nobody has to read words to know what to do (CB-9)."""
    return {"error": type(error).__name__, "reason": str(error), "retry_helps": error.retry_helps}


def to_extract(
    connection: Connection, batch: BatchId, *, after: DocumentId, at_most: int, at_most_bytes: int
) -> list[DocumentToExtract]:
    """The next documents of the batch whose current version was not extracted, by id.

    None follows once the texts before it hold ``at_most_bytes`` of UTF-8: so one document more may exceed that.
    """
    values = {"batch": batch, "after": after, "at_most": at_most, "at_most_bytes": at_most_bytes}
    rows = connection.execute(_TO_EXTRACT, values)
    return [DocumentToExtract(**row._mapping) for row in rows]


def failures(connection: Connection, source: SourceId, *, at_most: int = 1000) -> list[tuple[str, dict[str, object]]]:
    """Uri and failure of the source's failed documents."""
    return [(row.uri, row.failure) for row in connection.execute(_FAILURES, {"source": source, "at_most": at_most})]


def sample(
    connection: Connection, batch: BatchId, *, at_most: int = 10, chars: int = 500
) -> Sequence[Row[tuple[object, ...]]]:
    """Some documents of the batch for people to look at: uri, title, state, failure, chars, head."""
    return connection.execute(_SAMPLE, {"batch": batch, "at_most": at_most, "chars": chars}).all()


def count_by_state(connection: Connection, batch: BatchId) -> dict[str, int]:
    """How many documents of the batch stand in each state."""
    return {row.state: row.n for row in connection.execute(_STATES, {"batch": batch})}
