"""The two stores side by side: points with no row, rows whose point is gone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Engine

from resources.domain.ids import ExtractionId, PointId
from resources.ledger import embeddings
from resources.ledger.batches import Batch
from resources.ledger.leases import Lease
from resources.vectors.store import VectorStore

POINTS_A_DELETE: Final = 1000


@dataclass(frozen=True, slots=True)
class Comparison:
    """``missing``: rows whose point is not in the store. ``strangers``: points whose extraction is not live."""

    missing: list[ExtractionId] = field(default_factory=list)
    strangers: list[PointId] = field(default_factory=list)


def compare(engine: Engine, batch: Batch, store: VectorStore, model: str) -> Comparison:
    """Every live row of the batch against every point of it. A point of an orphan is neither: it will be linked.

    The points are read before the rows: those of rows that were linked meanwhile are looked for once more.

    Raises:
        VectorStoreUnavailableError: a store that cannot be read is never taken for an empty one.
    """
    stored = list(store.scroll_ids(batch=batch.id))
    with engine.begin() as connection:
        unseen, surplus = embeddings.differences(connection, batch.id, stored, model)
    there = store.existing([point for point in unseen.values() if point is not None])
    missing = sorted(key for key, point in unseen.items() if point not in there)
    return Comparison(missing, _strangers(engine, batch, store.extractions_of(surplus), model))


def _strangers(engine: Engine, batch: Batch, points: Mapping[PointId, ExtractionId], model: str) -> list[PointId]:
    """Those of ``points`` whose extraction is not live in the batch, or has another point."""
    if not points:
        return []
    with engine.begin() as connection:
        known = embeddings.links(connection, batch.id, list(points.values()), model)
    return [point for point, key in points.items() if key not in known or known[key] not in (None, point)]


def reconcile(engine: Engine, lease: Lease, batch: Batch, store: VectorStore, model: str) -> Comparison:
    """Take points out that no live row has, and make orphans of rows whose point is gone.

    The points go first and the rows follow: until then a row shows which point is still to go.
    """
    _delete_leftovers(engine, lease, batch, store)
    with engine.begin() as connection:
        anything = embeddings.has_links(connection, batch.id)
    if not anything and store.count(batch=batch.id) == 0:
        return Comparison()
    found = compare(engine, batch, store, model)
    for some in _chunks(found.strangers):
        store.delete(some)
    with engine.begin() as connection:
        embeddings.unlink(connection, lease, found.missing)
    return found


def _delete_leftovers(engine: Engine, lease: Lease, batch: Batch, store: VectorStore) -> None:
    while True:
        with engine.begin() as connection:
            leftovers = embeddings.leftovers(connection, batch.id, at_most=POINTS_A_DELETE)
        if not leftovers:
            return
        store.delete(list(leftovers.values()))
        with engine.begin() as connection:
            embeddings.unlink(connection, lease, list(leftovers))


def _chunks(points: list[PointId]) -> Iterator[list[PointId]]:
    for start in range(0, len(points), POINTS_A_DELETE):
        yield points[start : start + POINTS_A_DELETE]
