"""Sources, documents and extractions as the ledger's own functions write them, and plain SQL to look at the result."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, event, text

from resources.domain.documents import ListedDocument, content_hash
from resources.domain.errors import WaybillError
from resources.domain.ids import ClientSlug
from resources.extractors.offline import MODEL
from resources.knowledge.extracting import Extracting, extract_batch
from resources.ledger import batches, documents, embeddings, listings, sources
from resources.ledger.batches import Batch
from resources.ledger.documents import FailedDocument, FetchedDocument
from resources.ledger.embeddings import Orphan
from resources.ledger.leases import KNOWLEDGE, LISTING, Lease, held
from resources.ledger.listings import Listing
from resources.ledger.sources import Source

ACME: Final = ClientSlug("acme")
OTHER: Final = ClientSlug("other")
OWNER: Final = "run 1"


def sql(engine: Engine, statement: str, **values: object) -> list[tuple[Any, ...]]:
    """The rows of a query, or none of a statement that has none."""
    with engine.begin() as connection:
        result = connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []


def registered(
    engine: Engine, location: str = "/data/site", *, client: ClientSlug = ACME, batch_documents: int = 3
) -> Source:
    """A folder of the client."""
    with engine.begin() as connection:
        return sources.register(
            connection, client=client, kind="folder", location=location, name=None, batch_documents=batch_documents
        )


def found(*names: str, fingerprint: str = "1") -> list[ListedDocument]:
    """What a listing says of these documents; their uri ends with the name."""
    return [ListedDocument(f"file:///data/site/{name}.txt", fingerprint, 10, "text/plain") for name in names]


def list_source(
    engine: Engine, source: Source, documents: Iterable[ListedDocument], *, extractor: str = MODEL
) -> Listing:
    """Record a listing, claimed as it should be."""
    with held(engine, "sources", source.id, owner=OWNER, length=LISTING) as lease, engine.begin() as connection:
        return listings.record(connection, lease, source, documents, extractor=extractor)


def batch_of(engine: Engine, source: Source, ordinal: int = 0) -> Batch:
    """The source's batch of that ordinal."""
    with engine.begin() as connection:
        return batches.get(connection, f"{source.partition_key}:{ordinal:04d}")


@contextmanager
def claimed(engine: Engine, batch: Batch, owner: str = OWNER) -> Iterator[Lease]:
    """The batch's lease."""
    with held(engine, "batches", batch.id, owner=owner, length=KNOWLEDGE) as lease:
        yield lease


def fetch(
    engine: Engine, batch: Batch, texts: Mapping[str, str], failures: Mapping[str, WaybillError] | None = None
) -> None:
    """Record these texts and failures, by the documents' names; what is named in neither stays listed."""
    failures = failures or {}
    with claimed(engine, batch) as lease, engine.begin() as connection:
        todo = documents.to_fetch(connection, batch.id, after=documents.FIRST, at_most=1000)
        names = {document.id: document.uri.rsplit("/", 1)[1].removesuffix(".txt") for document in todo}
        good = [
            FetchedDocument(d.id, d.fingerprint, d.fingerprint, content_hash(text), names[d.id], text)
            for d in todo
            if (text := texts.get(names[d.id])) is not None
        ]
        bad = [
            FailedDocument(d.id, d.fingerprint, error) for d in todo if (error := failures.get(names[d.id])) is not None
        ]
        documents.record_fetched(connection, lease, good, bad)


def extract(engine: Engine, batch: Batch) -> Extracting:
    """Extract what was fetched."""
    with claimed(engine, batch) as lease:
        return extract_batch(engine, lease, batch)


def ready(engine: Engine, source: Source, texts: Mapping[str, str], *, fingerprint: str = "1") -> Batch:
    """List, fetch and extract these documents; the first batch."""
    list_source(engine, source, found(*texts, fingerprint=fingerprint))
    batch = batch_of(engine, source)
    fetch(engine, batch, texts)
    extract(engine, batch)
    return batch


def orphans(engine: Engine, batch: Batch) -> list[Orphan]:
    """The batch's orphans, dead letters apart."""
    with engine.begin() as connection:
        return embeddings.orphans_of_batch(connection, batch.id, after=embeddings.FIRST, at_most=100_000)


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The SQL that is sent meanwhile, without what goes straight to the driver: begins, claims and moves of tasks."""
    sent: list[str] = []

    def note(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
