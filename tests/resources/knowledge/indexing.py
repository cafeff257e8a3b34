"""What an embedder does when it is not well, and the steps of the assets `embeddings` and `source_listings`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from sqlalchemy import Engine

from resources.domain.ids import ExtractionId, PointId
from resources.embedder.embedder import Embedder, TextRefusedError, Vectors
from resources.knowledge.comparison import Comparison, reconcile
from resources.knowledge.embedding import Embedding, Indexer, embed_batch
from resources.ledger.batches import Batch
from resources.vectors.store import VectorStore
from tests.resources.ledger.making import claimed, sql

POISON: Final = "POISON"
TEXTS: Final = {
    "pack": "The Ridgeline pack weighs 1,240 grams and costs 189 pounds.",
    "store": "The Leeds store opens on 16 May 2026 with 14 people.",
    "mends": "The workshop in Sheffield mended 6,340 items in 2025.",
}
LINKS = "SELECT id, embedding_id FROM waybill.extractions WHERE retired_at IS NULL ORDER BY id"


@dataclass
class Moody:
    """Embeds as ``real`` does, but refuses texts with ``POISON``, and does ``before`` ahead of each call."""

    real: Embedder
    before: Callable[[int], object] = lambda call: None
    not_numbers: bool = False
    calls: list[int] = field(default_factory=list)

    @property
    def model(self) -> str:
        return self.real.model

    @property
    def dimensions(self) -> int:
        return self.real.dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.calls.append(len(texts))
        self.before(len(self.calls))
        poison = [POISON in text for text in texts]
        if any(poison) and not self.not_numbers:
            raise TextRefusedError("model", expected="texts", found="poison", remedy="Look at the text.")
        rows = self.real.embed(texts)
        rows[poison] = np.nan
        return rows


def many_statements(count: int, *, poison: Sequence[int] = ()) -> str:
    """A document of so many statements, with passages beside them."""
    numbered = (f"Shop {n} of {POISON if n in poison else 'Ridgeline'} opened with {n} people." for n in range(count))
    return "\n".join(numbered)


def embed(engine: Engine, batch: Batch, embedder: Embedder, store: VectorStore) -> Embedding:
    """Embed the batch's orphans, claimed as they should be."""
    with claimed(engine, batch) as lease:
        return embed_batch(engine, lease, Indexer(batch, embedder, store))


def mend(engine: Engine, batch: Batch, embedder: Embedder, store: VectorStore) -> Comparison:
    """Lay the stores side by side and mend what differs."""
    with claimed(engine, batch) as lease:
        return reconcile(engine, lease, batch, store, embedder.model)


def links(engine: Engine) -> dict[ExtractionId, PointId | None]:
    """Every live row and its point."""
    return {row[0]: row[1] for row in sql(engine, LINKS)}


def points(store: VectorStore, batch: Batch | None = None) -> dict[PointId, ExtractionId]:
    """Every point and its extraction."""
    return store.extractions_of(list(store.scroll_ids(batch=batch.id if batch else None)))


def failures(engine: Engine) -> dict[str, int]:
    """The texts that were blamed, and how often."""
    return dict(sql(engine, "SELECT text, embedding_failures FROM waybill.extractions WHERE embedding_failures > 0"))


def agree(engine: Engine, store: VectorStore) -> bool:
    """Whether each live row has its point, and each point its live row."""
    rows = links(engine)
    return None not in rows.values() and {point: key for key, point in rows.items() if point} == points(store)
