"""The body of the asset ``embeddings`` over a backlog, against each of its parts alone on the same rows.

Every part and the whole have a collection of their own, empty at first, on the same embedded engine.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from sqlalchemy import text

from benchmarks.command import Waybill
from benchmarks.corpus import write_corpus
from benchmarks.figures import Figure
from benchmarks.options import Options
from orchestration.session import Session, open_session
from orchestration.settings import load_settings
from resources.domain.ids import point_id
from resources.embedder.embedder import Embedder, Vectors
from resources.knowledge.embedding import ROWS_A_CHUNK, UPSERTERS, Indexer, embed_batch
from resources.ledger import batches, embeddings, sources
from resources.ledger.batches import Batch
from resources.ledger.embeddings import Orphan
from resources.ledger.leases import KNOWLEDGE, Lease, held
from resources.vectors.bm25 import embed_documents
from resources.vectors.store import VectorStore, open_store

ROWS = 20_000
FILES = 4_000  # some 6 extractions each
MIN_RATIO = 0.7
UNLINK = text("UPDATE waybill.extractions SET embedding_id = NULL, embedding_model = NULL, embedded_at = NULL")


@dataclass(frozen=True)
class Renamed:
    """An embedder under another name, so that its points are others and their collection is another."""

    embedder: Embedder
    model: str

    @property
    def dimensions(self) -> int:
        return self.embedder.dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self.embedder.embed(texts)


@dataclass(frozen=True)
class Chunk:
    """Rows that go through together, and the lease of their batch."""

    lease: Lease
    indexer: Indexer
    orphans: list[Orphan]

    @property
    def texts(self) -> list[str]:
        return [orphan.text for orphan in self.orphans]


class Bench:
    """A backlog of orphans, its batches claimed, and the parts that work on it."""

    def __init__(self, session: Session, leases: list[tuple[Batch, Lease]]) -> None:
        self.engine, self.session, self.leases = session.ledger.engine, session, leases
        self.embedder = session.index.embedder

    def store(self, model: str) -> VectorStore:
        """A new, empty collection on the session's engine."""
        backends = self.session.backends
        store = open_store(backends.qdrant_url, backends.qdrant_api_key, model, self.embedder.dimensions)
        store.ensure_collection()
        return store

    def orphan_all(self) -> None:
        """The backlog, as it was."""
        with self.engine.begin() as connection:
            connection.execute(UNLINK)

    def chunks(self, model: str) -> list[Chunk]:
        """Every orphan, in the chunks that the asset takes."""
        store, found = self.store(model), []
        for batch, lease in self.leases:
            indexer = Indexer(batch, Renamed(self.embedder, model), store)
            with self.engine.begin() as connection:
                rows = embeddings.orphans_of_batch(connection, batch.id, after=embeddings.FIRST, at_most=10 * ROWS)
            starts = range(0, len(rows), ROWS_A_CHUNK)
            found += [Chunk(lease, indexer, rows[start : start + ROWS_A_CHUNK]) for start in starts]
        return found

    def embedder_alone(self, chunks: list[Chunk]) -> float:
        """Seconds for the dense and the sparse vector of every row, on one thread."""

        def embed_all() -> None:
            for chunk in chunks:
                self.embedder.embed(chunk.texts)
                embed_documents(chunk.texts)

        return took_s(embed_all)

    def store_alone(self, chunks: list[Chunk]) -> float:
        """Seconds to upsert every row's point over HTTP, its vectors made before, on as many threads as the asset."""
        ready = [
            (
                [point_id(orphan.id, chunk.indexer.embedder.model) for orphan in chunk.orphans],
                self.embedder.embed(chunk.texts),
                embed_documents(chunk.texts),
                chunk.indexer._payloads(chunk.orphans),  # noqa: SLF001  the very payloads of the asset
            )
            for chunk in chunks
        ]
        store = chunks[0].indexer.store
        with ThreadPoolExecutor(UPSERTERS) as pool:
            return took_s(lambda: list(pool.map(lambda one: store.upsert(*one), ready)))

    def update_alone(self, chunks: list[Chunk]) -> float:
        """Seconds to link every row, one UPDATE and one transaction a chunk."""

        def link_all() -> None:
            for chunk in chunks:
                ids = [orphan.id for orphan in chunk.orphans]
                points = [point_id(each, "alone") for each in ids]
                with self.engine.begin() as connection:
                    embeddings.link(connection, chunk.lease, ids, points, "alone")

        return took_s(link_all)

    def whole(self, model: str) -> float:
        """Seconds of the asset's body, batch after batch."""
        store = self.store(model)

        def embed_all() -> None:
            for batch, lease in self.leases:
                embed_batch(self.engine, lease, Indexer(batch, Renamed(self.embedder, model), store))

        return took_s(embed_all)


def took_s(work: Callable[[], object]) -> float:
    """Seconds of ``work``."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(bench: Bench) -> Iterator[Figure]:
    """Rows a second of each part and of the whole, and their ratio."""
    bench.orphan_all()
    chunks = bench.chunks("bench-store")
    rows = sum(len(chunk.orphans) for chunk in chunks)
    yield Figure("backlog", rows, "rows")
    parts = {
        "embedder, dense and BM25": bench.embedder_alone(chunks),
        "store over HTTP": bench.store_alone(chunks),
        "UPDATE": bench.update_alone(chunks),
    }
    for name, seconds in parts.items():
        yield Figure(f"{name}, alone", rows / seconds, "rows/s")
    bench.orphan_all()
    whole = bench.whole("bench-whole")
    yield Figure("embeddings", rows / whole, "rows/s")
    yield Figure("embeddings against the slowest part", max(parts.values()) / whole, "of it", at_least=MIN_RATIO)


def run(options: Options) -> Iterator[Figure]:
    """Make the backlog by an ingest whose links are then taken away."""
    files, home = options.folder / "files", options.folder / "home"
    write_corpus(files, options.size(FILES, 50))
    Waybill(home).ingest(files)
    with open_session(load_settings(home=home)) as session, ExitStack() as claims:
        engine = session.ledger.engine
        with engine.begin() as connection:
            (source,) = sources.every(connection)
            every = batches.of_source(connection, source.id)
        held_batches = [held(engine, "batches", batch.id, owner="bench", length=KNOWLEDGE) for batch in every]
        leases = [(batch, claims.enter_context(claim)) for batch, claim in zip(every, held_batches, strict=True)]
        yield from measure(Bench(session, leases))
