"""From stored versions to extractions. A changed document keeps the extractions whose text still stands."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine

from resources.domain.extractions import diff
from resources.domain.ids import DocumentId
from resources.extractors.offline import MODEL, extract
from resources.ledger import documents, extractions
from resources.ledger.batches import Batch
from resources.ledger.documents import DocumentToExtract
from resources.ledger.extractions import DocumentExtractions
from resources.ledger.leases import Lease

DOCUMENTS_A_TRANSACTION: Final = 100
BYTES_A_TRANSACTION: Final = 8_000_000
"""Of text: this, and the size limit of one document, bound the memory."""


@dataclass(frozen=True, slots=True)
class Extracting:
    """Documents extracted, and what became of their extractions."""

    documents: int
    added: int
    kept: int
    retired: int


def extract_batch(engine: Engine, lease: Lease, batch: Batch) -> Extracting:
    """Extract every fetched document of the batch; a document's extractions change all or none."""
    done = added = kept = retired = 0
    after = documents.FIRST
    while True:
        with engine.begin() as connection:
            page = _page(connection, batch, after)
            known = extractions.stored(connection, batch.id, [document.id for document in page])
        if not page:
            return Extracting(done, added, kept, retired)
        changed = [DocumentExtractions(d.id, d.version_id, diff(known[d.id], extract(d.id, d.text))) for d in page]
        with engine.begin() as connection:
            standing = set(extractions.record(connection, lease, changed, extractor=MODEL))
        changes = [document.changes for document in changed if document.document_id in standing]
        done += len(changes)
        added += sum(len(change.added) for change in changes)
        kept += sum(len(change.kept) for change in changes)
        retired += sum(len(change.retired) for change in changes)
        after = page[-1].id


def _page(connection: Connection, batch: Batch, after: DocumentId) -> list[DocumentToExtract]:
    return documents.to_extract(
        connection, batch.id, after=after, at_most=DOCUMENTS_A_TRANSACTION, at_most_bytes=BYTES_A_TRANSACTION
    )
