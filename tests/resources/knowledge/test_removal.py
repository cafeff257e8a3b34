"""KX-11: a removal ends with nothing of the source and everything of the others."""

import pytest
from sqlalchemy import Engine

from resources.embedder.embedder import Embedder
from resources.knowledge.embedding import Indexer
from resources.knowledge.search import search
from resources.ledger import removals
from resources.ledger.batches import Batch
from resources.ledger.leases import KNOWLEDGE, AlreadyClaimedError, held
from resources.ledger.sources import Source
from resources.vectors.connection import connect
from resources.vectors.errors import VectorStoreUnavailableError
from resources.vectors.store import VectorStore
from tests.resources.knowledge.indexing import TEXTS, agree, embed
from tests.resources.knowledge.removing import assert_the_other_is_whole, left, remove
from tests.resources.ledger.making import ACME, OTHER, claimed, found, list_source, orphans, ready, registered, sql


@pytest.fixture
def source(ledger: Engine) -> Source:
    return registered(ledger)


@pytest.fixture
def batch(ledger: Engine, source: Source, embedder: Embedder, store: VectorStore) -> Batch:
    """Embedded, beside another client's source with the same documents."""
    other = ready(ledger, registered(ledger, client=OTHER), TEXTS)
    embed(ledger, other, embedder, store)
    batch = ready(ledger, source, TEXTS)
    embed(ledger, batch, embedder, store)
    return batch


def test_KX_11_nothing_of_the_source_is_left_and_all_of_the_others(
    ledger: Engine, source: Source, batch: Batch, store: VectorStore
) -> None:
    assert remove(ledger, store, source) == (3, [batch.partition_key])
    assert left(ledger, store, source) == {}
    assert_the_other_is_whole(ledger, store)


def test_KX_11_points_that_no_row_is_linked_to_go_too(
    ledger: Engine, source: Source, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    sql(ledger, "UPDATE waybill.extractions SET embedding_id = NULL WHERE batch_id = :id", id=batch.id)
    Indexer(batch, embedder, store).upsert(orphans(ledger, batch))
    sql(ledger, "UPDATE waybill.extractions SET retired_at = now() WHERE batch_id = :id", id=batch.id)
    assert store.count(source=source.id) == 6
    remove(ledger, store, source)
    assert left(ledger, store, source) == {}
    assert_the_other_is_whole(ledger, store)


def test_a_source_that_was_never_embedded_or_listed_can_be_removed(ledger: Engine, store: VectorStore) -> None:
    source = registered(ledger)
    assert remove(ledger, store, source) == (0, [])
    source = registered(ledger)
    list_source(ledger, source, found(*TEXTS, "more"))
    assert remove(ledger, store, source) == (4, ["acme:site:0000", "acme:site:0001"])
    assert left(ledger, store, source) == {}


def test_a_removed_source_can_come_back(
    ledger: Engine, source: Source, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    remove(ledger, store, source)
    again = ready(ledger, registered(ledger), TEXTS)
    assert again == batch
    embed(ledger, again, embedder, store)
    assert agree(ledger, store)


def test_dead_letters_go_with_their_source(ledger: Engine, source: Source, batch: Batch, store: VectorStore) -> None:
    letter = "INSERT INTO waybill.dead_letters (stage, subject, batch_id, request, error, attempts)"
    sql(ledger, f"{letter} VALUES ('embedding', 'x', :id, '{{}}', 'refused', 3)", id=batch.id)
    remove(ledger, store, source)
    assert sql(ledger, "SELECT count(*) FROM waybill.dead_letters") == [(0,)]


def test_a_batch_that_a_live_run_works_on_refuses_the_removal_and_nothing_changes(
    ledger: Engine, source: Source, batch: Batch, store: VectorStore
) -> None:
    before = left(ledger, store, source)
    with claimed(ledger, batch, "run 7"):
        with pytest.raises(AlreadyClaimedError, match="already claimed by run 7"):
            remove(ledger, store, source)
        assert left(ledger, store, source) == before
        assert sql(ledger, "SELECT count(*) FROM waybill.sources WHERE removing_at IS NOT NULL") == [(0,)]
    assert remove(ledger, store, source)[0] == 3


def test_a_source_that_an_ingest_holds_is_not_removed(
    ledger: Engine, source: Source, batch: Batch, store: VectorStore
) -> None:
    with (
        held(ledger, "sources", source.id, owner="ingest 1", length=KNOWLEDGE),
        pytest.raises(AlreadyClaimedError, match="already claimed by ingest 1"),
    ):
        remove(ledger, store, source)


def test_a_marked_source_is_hidden_from_search_at_once_and_takes_no_run(
    ledger: Engine, source: Source, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    assert search(ledger, store, embedder, "pack", client=ACME)
    with held(ledger, "sources", source.id, owner="removal 1", length=KNOWLEDGE) as lease:
        with ledger.begin() as connection:
            removals.begin(connection, lease, source.id, length=KNOWLEDGE)
        assert store.count(client=ACME) == 6
        assert search(ledger, store, embedder, "pack", client=ACME) == []
        with pytest.raises(AlreadyClaimedError), claimed(ledger, batch, "run 7"):
            pytest.fail("a run on what is being removed")


def test_a_removal_goes_on_at_once_where_an_outage_broke_it_off(
    ledger: Engine, source: Source, batch: Batch, store: VectorStore
) -> None:
    away = VectorStore(connect("http://127.0.0.1:9"), "away", 256, retry_s=None)
    with pytest.raises(VectorStoreUnavailableError):
        remove(ledger, away, source, owner="removal 1")
    away.close()
    assert left(ledger, store, source)["documents"] == 3, "the points go first"
    assert remove(ledger, store, source, owner="removal 2")[0] == 3
    assert left(ledger, store, source) == {}


def test_a_removal_goes_on_where_half_of_the_documents_are_gone(
    ledger: Engine, source: Source, batch: Batch, store: VectorStore
) -> None:
    with held(ledger, "sources", source.id, owner="removal 1", length=KNOWLEDGE) as lease:
        with ledger.begin() as connection:
            removals.begin(connection, lease, source.id, length=KNOWLEDGE)
        with ledger.begin() as connection:
            assert removals.purge_some(connection, lease, source.id, at_most=2) == 2
    assert remove(ledger, store, source) == (1, [batch.partition_key])
    assert left(ledger, store, source) == {}
    assert_the_other_is_whole(ledger, store)
