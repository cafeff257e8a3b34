"""One point for each orphan: embedding, upserting and linking overlap, and a poison row stops only itself.

Safe to repeat: a point's id derives from its extraction, so a crash between the upsert and the link rewrites the same
points (KX-1). Chunks are embedded and upserted by a bounded pool of threads that ends before the step does; the ledger
is written from the step's own thread, one UPDATE a chunk (KX-12, design §8).
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from resources.domain.ids import BatchId, PointId, point_id
from resources.embedder.embedder import Embedder, TextRefusedError
from resources.knowledge.poison import Refusal, isolate
from resources.ledger import dead_letters, embeddings
from resources.ledger.batches import MAX_EMBEDDING_FAILURES, Batch
from resources.ledger.embeddings import Orphan
from resources.ledger.leases import Lease
from resources.vectors.bm25 import embed_documents
from resources.vectors.errors import PointRefusedError
from resources.vectors.store import VectorStore

ROWS_A_CHUNK: Final = 512
ROWS_A_PAGE: Final = 4 * ROWS_A_CHUNK
"""Orphans read at once: each answer is waited for beside threads that hold the interpreter, for some 5 ms each time."""
UPSERTERS: Final = 3
"""Chunks in work at once: while the store writes one, the next are embedded and sent. Memory holds one more at most.

Two left the store waiting now and then (0.62 of its speed alone, against 0.71 to 0.74 with three); four gained nothing.
"""


@dataclass(frozen=True, slots=True)
class Embedding:
    """How many orphans got their point, were refused alone, and were given up as dead letters just now."""

    embedded: int
    refused: int
    dead: int


@dataclass(frozen=True, slots=True)
class Indexer:
    """What makes points: the embedder and the store, for the documents of one batch."""

    batch: Batch
    embedder: Embedder
    store: VectorStore

    def upsert(self, orphans: Sequence[Orphan]) -> list[PointId]:
        """Write the orphans' points and return their ids, in order.

        Raises:
            PermanentError: the embedder or the store refuses something in the chunk.
            TransientError: one of them cannot be reached; nothing is known of the chunk.
        """
        texts = [orphan.text for orphan in orphans]
        points = [point_id(orphan.id, self.embedder.model) for orphan in orphans]
        payloads = self._payloads(orphans)
        self.store.upsert(points, self.embedder.embed(texts), embed_documents(texts), payloads)
        return points

    def _payloads(self, orphans: Sequence[Orphan]) -> list[dict[str, str]]:
        shared = {"client": self.batch.client, "source": str(self.batch.source_id), "batch": str(self.batch.id)}
        return [
            {**shared, "document": str(o.document_id), "extraction": str(o.id), "template": o.template} for o in orphans
        ]


@dataclass(frozen=True, slots=True)
class _Chunk:
    orphans: list[Orphan]
    points: list[PointId | None]
    refusals: list[Refusal]


def embed_batch(engine: Engine, lease: Lease, indexer: Indexer) -> Embedding:
    """Embed every orphan of the batch.

    Raises:
        TransientError: the embedder or the store is away; what was linked stays, the rest stays orphaned, and no row is
            blamed.
        PermanentError: everything is refused, or for a reason that no row has (a wrong key): no row is to blame.
    """
    embedded = refused = dead = 0
    for chunk in _chunks(engine, indexer):
        with engine.begin() as connection:
            ids = [orphan.id for orphan in chunk.orphans]
            embedded += embeddings.link(connection, lease, ids, chunk.points, indexer.embedder.model)
        if chunk.refusals:
            refused += len(chunk.refusals)
            dead += _blame(engine, lease, chunk.refusals)
    return Embedding(embedded, refused, dead)


def _chunks(engine: Engine, indexer: Indexer) -> Iterator[_Chunk]:
    """Chunks whose points are in the store, in the order in which they were read."""
    with ThreadPoolExecutor(UPSERTERS, thread_name_prefix="upsert") as pool:
        working: deque[Future[_Chunk]] = deque()
        try:
            for orphans in _orphans(engine, indexer.batch):
                working.append(pool.submit(_index, engine, indexer, orphans))
                if len(working) > UPSERTERS:
                    yield working.popleft().result()
            while working:
                yield working.popleft().result()
        finally:
            for future in working:
                future.cancel()


def _orphans(engine: Engine, batch: Batch) -> Iterator[list[Orphan]]:
    after = embeddings.FIRST
    while True:
        with engine.begin() as connection:
            page = embeddings.orphans_of_batch(connection, batch.id, after=after, at_most=ROWS_A_PAGE)
        if not page:
            return
        for start in range(0, len(page), ROWS_A_CHUNK):
            yield page[start : start + ROWS_A_CHUNK]
        after = page[-1].id


def _index(engine: Engine, indexer: Indexer, orphans: list[Orphan]) -> _Chunk:
    try:
        return _Chunk(orphans, [*indexer.upsert(orphans)], [])
    except (PointRefusedError, TextRefusedError) as refusal:
        with engine.begin() as connection:
            witness = embeddings.witness(connection, indexer.batch.id)
        accepted, refusals = isolate(orphans, indexer.upsert, witness, refusal)
        return _Chunk(orphans, [accepted.get(orphan.id) for orphan in orphans], refusals)


def _blame(engine: Engine, lease: Lease, refusals: Sequence[Refusal]) -> int:
    """Count a failure against each row that failed alone; the last attempt makes a dead letter. Returns how many."""
    dead = 0
    with engine.begin() as connection:
        failures = embeddings.count_failures(connection, lease, [refusal.orphan.id for refusal in refusals])
        for refusal in refusals:
            if failures[refusal.orphan.id] >= MAX_EMBEDDING_FAILURES:
                dead += 1
                dead_letters.record(
                    connection,
                    stage="embedding",
                    subject=str(refusal.orphan.id),
                    batch=BatchId(lease.id),
                    request={"document": str(refusal.orphan.document_id), "text": refusal.orphan.text},
                    error=str(refusal.error),
                    attempts=failures[refusal.orphan.id],
                )
    return dead
