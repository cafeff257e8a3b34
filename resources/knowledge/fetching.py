"""From listed documents to stored versions. A bad document is recorded with its reason and stops nobody else."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from resources.domain.documents import content_hash
from resources.domain.errors import WaybillError
from resources.knowledge.listing import parsed_as
from resources.ledger import documents
from resources.ledger.batches import Batch
from resources.ledger.documents import DocumentToFetch, FailedDocument, FetchedDocument
from resources.ledger.leases import Lease
from resources.sources.fetch import fetch
from resources.sources.parse import parse

DOCUMENTS_A_TRANSACTION: Final = 200
CHARS_A_TRANSACTION: Final = 8_000_000
"""Texts are held until they are stored: this, and the size limit of one document, bound the memory."""


@dataclass(frozen=True, slots=True)
class Fetching:
    """How many documents of a batch were fetched, and how many could not be."""

    fetched: int
    failed: int


def fetch_batch(engine: Engine, lease: Lease, batch: Batch, *, max_bytes: int) -> Fetching:
    """Fetch, parse and store every listed document of the batch, some to a transaction."""
    fetched = failed = 0
    for good, bad in _outcomes(engine, batch, max_bytes):
        with engine.begin() as connection:
            documents.record_fetched(connection, lease, good, bad)
        fetched, failed = fetched + len(good), failed + len(bad)
    return Fetching(fetched, failed)


def _outcomes(
    engine: Engine, batch: Batch, max_bytes: int
) -> Iterator[tuple[list[FetchedDocument], list[FailedDocument]]]:
    good: list[FetchedDocument] = []
    bad: list[FailedDocument] = []
    chars = 0
    for document in _listed(engine, batch):
        outcome = _fetch(document, max_bytes)
        if isinstance(outcome, FailedDocument):
            bad.append(outcome)
        else:
            good.append(outcome)
            chars += len(outcome.text)
        if len(good) + len(bad) >= DOCUMENTS_A_TRANSACTION or chars >= CHARS_A_TRANSACTION:
            yield good, bad
            good, bad, chars = [], [], 0
    if good or bad:
        yield good, bad


def _listed(engine: Engine, batch: Batch) -> Iterator[DocumentToFetch]:
    after = documents.FIRST
    while True:
        with engine.begin() as connection:
            page = documents.to_fetch(connection, batch.id, after=after, at_most=DOCUMENTS_A_TRANSACTION)
        if not page:
            return
        yield from page
        after = page[-1].id


def _fetch(document: DocumentToFetch, max_bytes: int) -> FetchedDocument | FailedDocument:
    try:
        got = fetch(document.uri, max_bytes=max_bytes)
        parsed = parse(got.content, document.media_type, document.uri)
    except WaybillError as error:
        return FailedDocument(document.id, document.fingerprint, error)
    return FetchedDocument(
        document.id,
        document.fingerprint,
        parsed_as(got.fingerprint),
        content_hash(parsed.text),
        parsed.title,
        parsed.text,
    )
