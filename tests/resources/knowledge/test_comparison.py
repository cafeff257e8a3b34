"""The two stores side by side: what differs is mended, and a store that cannot be read is never an empty one."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from resources.domain.ids import BatchId, ExtractionId, PointId
from resources.embedder.embedder import Embedder
from resources.knowledge.comparison import Comparison, compare, reconcile
from resources.knowledge.embedding import Indexer
from resources.ledger.batches import Batch
from resources.ledger.embeddings import Orphan
from resources.ledger.leases import LeaseLostError
from resources.ledger.sources import Source
from resources.vectors.connection import connect
from resources.vectors.errors import VectorStoreUnavailableError
from resources.vectors.store import VectorStore
from tests.engines import running_engine
from tests.resources.knowledge.indexing import TEXTS, agree, embed, links, mend, points
from tests.resources.ledger.making import (
    OTHER,
    claimed,
    extract,
    fetch,
    found,
    list_source,
    orphans,
    ready,
    registered,
    sql,
    statements,
)


@pytest.fixture
def source(ledger: Engine) -> Source:
    return registered(ledger)


@pytest.fixture
def batch(ledger: Engine, source: Source, embedder: Embedder, store: VectorStore) -> Batch:
    """All embedded, beside another client's that is never to be touched."""
    other = ready(ledger, registered(ledger, client=OTHER), TEXTS)
    embed(ledger, other, embedder, store)
    batch = ready(ledger, source, TEXTS)
    embed(ledger, batch, embedder, store)
    assert agree(ledger, store)
    return batch


def compared(engine: Engine, batch: Batch, store: VectorStore, embedder: Embedder) -> Comparison:
    return compare(engine, batch, store, embedder.model)


def test_stores_that_agree_are_left_alone(ledger: Engine, batch: Batch, embedder: Embedder, store: VectorStore) -> None:
    before = sql(ledger, "SELECT xmin::text, ctid::text FROM waybill.extractions ORDER BY id")
    assert compared(ledger, batch, store, embedder) == Comparison()
    assert mend(ledger, batch, embedder, store) == Comparison()
    assert sql(ledger, "SELECT xmin::text, ctid::text FROM waybill.extractions ORDER BY id") == before


def test_rows_whose_points_are_gone_become_orphans_and_are_embedded_again(
    ledger: Engine, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    before = points(store)
    lost = sorted(points(store, batch).items())[:2]
    store.delete([point for point, _ in lost])
    expected = Comparison(missing=sorted(extraction for _, extraction in lost))

    assert compared(ledger, batch, store, embedder) == expected
    assert mend(ledger, batch, embedder, store) == expected
    assert {orphan.id for orphan in orphans(ledger, batch)} == set(expected.missing)
    embed(ledger, batch, embedder, store)
    assert points(store) == before


def test_a_store_restored_from_nothing_is_filled_again(
    ledger: Engine, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    before = points(store)
    store.delete_where(batch=batch.id)
    assert len(mend(ledger, batch, embedder, store).missing) == 6
    assert mend(ledger, batch, embedder, store) == Comparison(), "orphans are no news"
    embed(ledger, batch, embedder, store)
    assert points(store) == before


def test_points_that_no_row_has_are_taken_out(
    ledger: Engine, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    before = points(store)
    template = orphan_of(ledger)
    stray = Indexer(batch, embedder, store).upsert([template])
    expected = Comparison(strangers=stray)
    assert compared(ledger, batch, store, embedder) == expected
    assert mend(ledger, batch, embedder, store) == expected
    assert points(store) == before


def orphan_of(engine: Engine) -> Orphan:
    """An extraction that the ledger does not know."""
    ((document,),) = sql(engine, "SELECT document_id FROM waybill.extractions LIMIT 1")
    return Orphan(ExtractionId(uuid4()), document, "passage", "Nobody said this.")


def test_a_point_of_an_orphan_is_no_stranger(
    ledger: Engine, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    sql(ledger, "UPDATE waybill.extractions SET embedding_id = NULL")
    assert mend(ledger, batch, embedder, store) == Comparison()
    assert len(points(store, batch)) == 6


def test_the_points_of_retired_rows_are_taken_out(
    ledger: Engine, source: Source, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    list_source(ledger, source, found("pack"))
    assert len(points(store, batch)) == 6
    assert len(compared(ledger, batch, store, embedder).strangers) == 4
    mend(ledger, batch, embedder, store)
    assert len(points(store, batch)) == 2
    assert agree(ledger, store)
    list_source(ledger, source, found(*TEXTS))
    extract(ledger, batch)
    embed(ledger, batch, embedder, store)
    assert len(points(store, batch)) == 6
    assert agree(ledger, store)


def test_the_point_of_a_row_that_was_retired_before_it_was_linked_is_taken_out(
    ledger: Engine, source: Source, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    list_source(ledger, source, [*found("pack", fingerprint="2"), *found("store", "mends")])
    fetch(ledger, batch, {"pack": "The Fellside pack weighs 990 grams and costs 149 pounds."})
    extract(ledger, batch)
    Indexer(batch, embedder, store).upsert(orphans(ledger, batch))
    list_source(ledger, source, found("store", "mends"))
    assert len(mend(ledger, batch, embedder, store).strangers) == 2
    assert agree(ledger, store)


def test_a_row_whose_link_names_another_point_is_mended(
    ledger: Engine, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    point, key = next(iter(points(store, batch).items()))
    sql(ledger, "UPDATE waybill.extractions SET embedding_id = :wrong WHERE id = :id", wrong=uuid4(), id=key)
    assert mend(ledger, batch, embedder, store) == Comparison(missing=[key], strangers=[point])
    embed(ledger, batch, embedder, store)
    assert agree(ledger, store)


class Former(VectorStore):
    """What was read of the store before anything was in it."""

    def scroll_ids(self, *, batch: BatchId | None = None, at_once: int = 1) -> Iterator[PointId]:  # noqa: ARG002  as the real one
        return iter(())


def test_rows_linked_while_the_points_were_read_are_not_missing(
    ledger: Engine, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    """A check looks without the lease: beside it somebody may be embedding."""
    read_before = Former(store._client, store.collection, store.dimensions)
    assert compared(ledger, batch, read_before, embedder) == Comparison()


def test_stores_that_agree_cost_the_same_whatever_they_hold(
    ledger: Engine, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    """No row is read where nothing differs: the ledger is asked one question."""
    with statements(ledger) as sent:
        assert compared(ledger, batch, store, embedder) == Comparison()
    assert len(sent) == 1


def test_another_model_s_links_are_embedded_anew(
    ledger: Engine, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    relink = "UPDATE waybill.extractions SET embedding_model = 'old', embedding_id = id WHERE batch_id = :batch"
    sql(ledger, relink, batch=batch.id)
    store.delete_where(batch=batch.id)
    assert len(mend(ledger, batch, embedder, store).missing) == 6
    embed(ledger, batch, embedder, store)
    assert agree(ledger, store)


def test_a_store_that_cannot_be_read_is_never_taken_for_an_empty_one(
    ledger: Engine, batch: Batch, embedder: Embedder, tmp_path: Path
) -> None:
    before = links(ledger)
    with running_engine(tmp_path / "away") as engine:
        away = VectorStore(connect(engine.url, engine.key), "away", embedder.dimensions, retry_s=None)
        away.ensure_collection()
        engine.kill()
    with pytest.raises(VectorStoreUnavailableError):
        compared(ledger, batch, away, embedder)
    with pytest.raises(VectorStoreUnavailableError):
        mend(ledger, batch, embedder, away)
    away.close()
    assert links(ledger) == before


def test_CB_16_a_former_owner_makes_no_orphans(
    ledger: Engine, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    store.delete_where(batch=batch.id)
    before = links(ledger)
    with claimed(ledger, batch) as lease:
        sql(ledger, "UPDATE waybill.batches SET version = version + 1")
        with pytest.raises(LeaseLostError):
            reconcile(ledger, lease, batch, store, embedder.model)
    assert links(ledger) == before
