"""Small points whose neighbours are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

import numpy as np

from resources.domain.ids import (
    NAMESPACE,
    BatchId,
    ClientSlug,
    DocumentId,
    ExtractionId,
    PointId,
    SourceId,
)
from resources.vectors.bm25 import embed_documents, embed_query
from resources.vectors.points import FoundPoint, SparseVector
from resources.vectors.store import Mode, VectorStore

DIMENSIONS = 8
ACME, OTHER = ClientSlug("acme"), ClientSlug("other")


def name(kind: str, number: int) -> UUID:
    """The same UUID for the same kind and number."""
    return uuid5(NAMESPACE, f"{kind} {number}")


@dataclass(frozen=True)
class Sample:
    """A point: ``axis`` is where its dense vector shows, ``text`` what its words are."""

    number: int
    text: str = ""
    axis: int = 0
    client: ClientSlug = ACME
    source: int = 0
    batch: int = 0
    document: int = 0

    @property
    def id(self) -> PointId:
        return PointId(name("point", self.number))

    @property
    def extraction(self) -> ExtractionId:
        return ExtractionId(name("extraction", self.number))

    @property
    def payload(self) -> dict[str, str]:
        return {
            "client": self.client,
            "source": str(name("source", self.source)),
            "batch": str(name("batch", self.batch)),
            "document": str(name("document", self.document)),
            "extraction": str(self.extraction),
            "template": "passage",
        }


def source(number: int) -> SourceId:
    return SourceId(name("source", number))


def batch(number: int) -> BatchId:
    return BatchId(name("batch", number))


def document(number: int) -> DocumentId:
    return DocumentId(name("document", number))


def axis(number: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A unit vector."""
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    vector[number] = 1
    return vector


def store_samples(store: VectorStore, samples: Sequence[Sample]) -> None:
    """Upsert the samples."""
    dense = np.array([axis(sample.axis) for sample in samples], dtype=np.float32).reshape(-1, DIMENSIONS)
    sparse = embed_documents(sample.text for sample in samples)
    store.upsert([sample.id for sample in samples], dense, sparse, [sample.payload for sample in samples])


def search(
    store: VectorStore, words: str, *, near: int = 0, client: ClientSlug = ACME, k: int = 10, mode: Mode = "hybrid"
) -> list[FoundPoint]:
    """Search by ``words`` and by the axis ``near``."""
    return store.search(client, axis(near), embed_query(words), k, mode)


def words_only(*weights: tuple[int, float]) -> SparseVector:
    """A sparse vector by hand."""
    return SparseVector([index for index, _ in weights], [value for _, value in weights])
