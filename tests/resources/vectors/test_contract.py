"""One contract, three subjects: the embedded engine over HTTP, qdrant-client's local mode, and a server of one's own.

Local mode fuses, weighs and filters as the others do. What it cannot show is an answer over HTTP: it raises ValueErrors
of its own where the others refuse, so those tests leave it out and say so.
"""

import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from qdrant_client import QdrantClient

from resources.vectors.connection import connect
from resources.vectors.errors import CollectionMismatchError, PointRefusedError, VectorStoreRefusedError
from resources.vectors.store import UPSERT_POINTS, VectorStore
from tests.engines import running_engine
from tests.resources.vectors.samples import (
    ACME,
    DIMENSIONS,
    OTHER,
    Sample,
    axis,
    batch,
    document,
    search,
    source,
    store_samples,
    words_only,
)

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")

_SERVER = os.environ.get("WAYBILL_TEST_QDRANT_URL")
_NO_HTTP = "local mode has no HTTP answer to refuse with; it raises a ValueError of its own"


@pytest.fixture(scope="module", params=["engine", "local", *(["server"] if _SERVER else [])])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[QdrantClient]:
    if request.param == "engine":
        with running_engine(tmp_path_factory.mktemp("contract") / "vectors") as engine:
            connected = connect(engine.url, engine.key)
            yield connected
            connected.close()
    elif request.param == "local":
        yield QdrantClient(":memory:")
    else:
        assert _SERVER is not None
        connected = connect(_SERVER, os.environ.get("WAYBILL_TEST_QDRANT_API_KEY"))
        yield connected
        connected.close()


@pytest.fixture
def store(client: QdrantClient) -> Iterator[VectorStore]:
    made = VectorStore(client, f"test-{secrets.token_hex(8)}", DIMENSIONS)
    made.ensure_collection()
    yield made
    client.delete_collection(made.collection)


@pytest.fixture
def over_http(client: QdrantClient) -> None:
    if not hasattr(client._client, "rest_uri"):
        pytest.skip(_NO_HTTP)


def test_ensuring_a_collection_again_keeps_its_points(store: VectorStore) -> None:
    store_samples(store, [Sample(1)])
    store.ensure_collection()
    assert store.count() == 1


def test_several_processes_may_ensure_one_collection_at_once(client: QdrantClient, over_http: None) -> None:
    """Left out for local mode: only one process can have it."""
    made = VectorStore(client, f"test-{secrets.token_hex(8)}", DIMENSIONS)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(made.ensure_collection) for _ in range(4)]:
            done.result()
    assert made.count() == 0
    client.delete_collection(made.collection)


def test_a_collection_of_other_dimensions_is_refused_with_both(client: QdrantClient, store: VectorStore) -> None:
    with pytest.raises(CollectionMismatchError, match=f"{DIMENSIONS + 1} dimensions.*size={DIMENSIONS}"):
        VectorStore(client, store.collection, DIMENSIONS + 1).ensure_collection()


def test_kx_1_an_upsert_repeated_rewrites_the_same_points(store: VectorStore) -> None:
    store_samples(store, [Sample(1, "red", document=1), Sample(2, "green")])
    store_samples(store, [Sample(1, "blue", document=2)])
    assert store.count() == 2
    assert [found.id for found in search(store, "blue", mode="bm25")] == [Sample(1).id]
    assert search(store, "red", mode="bm25") == []
    assert (store.count(document=document(1)), store.count(document=document(2))) == (0, 1)


def test_an_upsert_larger_than_a_request_is_stored_whole(store: VectorStore) -> None:
    store_samples(store, [Sample(number) for number in range(UPSERT_POINTS + 10)])
    assert store.count() == UPSERT_POINTS + 10


def test_an_empty_upsert_and_an_empty_delete_do_nothing(store: VectorStore) -> None:
    store_samples(store, [])
    store.delete([])
    assert store.count() == 0
    assert store.existing([]) == set()


def test_deleting_by_id_takes_those_and_no_others(store: VectorStore) -> None:
    store_samples(store, [Sample(1), Sample(2)])
    store.delete([Sample(1).id, Sample(99).id])
    assert store.existing([Sample(1).id, Sample(2).id]) == {Sample(2).id}


@pytest.mark.parametrize("field", ["source", "batch", "document"])
def test_kx_11_deleting_by_what_the_payload_says_needs_no_ids(store: VectorStore, field: str) -> None:
    store_samples(store, [Sample(1, **{field: 1}), Sample(2, **{field: 2}), Sample(3, **{field: 1})])
    number = {"source": source, "batch": batch, "document": document}[field](1)
    store.delete_where(**{field: number})
    assert store.existing([Sample(n).id for n in (1, 2, 3)]) == {Sample(2).id}


def test_deleting_by_nothing_is_refused(store: VectorStore) -> None:
    with pytest.raises(ValueError, match="needs a source"):
        store.delete_where()


def test_dense_search_orders_by_meaning(store: VectorStore) -> None:
    store_samples(store, [Sample(1, axis=1), Sample(2, axis=2), Sample(3, axis=3)])
    best = search(store, "", near=2, mode="dense", k=1)
    assert [found.id for found in best] == [Sample(2).id]
    assert best[0].score == pytest.approx(1, abs=1e-6)
    assert (best[0].extraction, best[0].document, best[0].template) == (Sample(2).extraction, document(0), "passage")


def test_bm25_search_ranks_the_rare_word_above_the_common_one(store: VectorStore) -> None:
    common = [Sample(number, "harbour report") for number in range(10)]
    store_samples(store, [*common, Sample(10, "customs report")])
    best = search(store, "customs harbour", mode="bm25", k=3)
    assert best[0].id == Sample(10).id
    assert best[0].score > best[1].score > 0


def test_every_search_sees_one_client_alone(store: VectorStore) -> None:
    store_samples(store, [Sample(1, "tariff", axis=1), Sample(2, "tariff", axis=1, client=OTHER)])
    for mode in ("dense", "bm25", "hybrid"):
        assert [found.id for found in search(store, "tariff", near=1, mode=mode)] == [Sample(1).id]
        assert [found.id for found in search(store, "tariff", near=1, mode=mode, client=OTHER)] == [Sample(2).id]


def test_another_clients_texts_do_not_move_a_ranking(store: VectorStore) -> None:
    store_samples(store, [Sample(1, "tariff quota"), Sample(2, "vessel quota"), Sample(3, "vessel")])
    before = search(store, "tariff vessel", mode="bm25")
    store_samples(store, [Sample(100 + number, "tariff", client=OTHER) for number in range(50)])
    after = search(store, "tariff vessel", mode="bm25")
    assert [(found.id, found.score) for found in after] == [(found.id, pytest.approx(found.score)) for found in before]


def test_hybrid_search_puts_what_both_ways_find_first(store: VectorStore) -> None:
    long = "cargo of many other words beside"
    store_samples(store, [Sample(1, long, axis=5), Sample(2, "cargo", axis=1), Sample(3, "vessel", axis=2)])
    assert search(store, "cargo", near=1)[0].id == Sample(2).id


def test_hybrid_search_weighs_words_above_meaning(store: VectorStore) -> None:
    """Each best in its way, one by words alone and one by meaning alone: DENSE_SHARE is the smaller half."""
    store_samples(store, [Sample(1, "cargo", axis=5), Sample(2, "vessel", axis=1)])
    assert search(store, "cargo", near=1)[0].id == Sample(1).id


def test_of_nothing_but_stop_words_hybrid_keeps_the_meaning(store: VectorStore) -> None:
    store_samples(store, [Sample(1, "cargo", axis=1), Sample(2, "vessel", axis=2)])
    assert search(store, "the of and", mode="bm25") == []
    assert search(store, "the of and", near=2)[0].id == Sample(2).id


def test_a_text_without_words_is_stored_and_found_by_meaning(store: VectorStore) -> None:
    store_samples(store, [Sample(1, "of the", axis=3)])
    assert [found.id for found in search(store, "", near=3, mode="dense")] == [Sample(1).id]


def test_a_search_returns_at_most_k(store: VectorStore) -> None:
    store_samples(store, [Sample(number, "cargo") for number in range(20)])
    for mode in ("dense", "bm25", "hybrid"):
        assert len(search(store, "cargo", k=7, mode=mode)) == 7


def test_counts_are_exact_by_every_field(store: VectorStore) -> None:
    store_samples(store, [Sample(1, batch=1), Sample(2, batch=1, source=1), Sample(3, batch=2, client=OTHER)])
    assert (store.count(), store.count(client=ACME), store.count(source=source(1))) == (3, 2, 1)
    assert store.count(client=OTHER, batch=batch(1)) == 0
    assert store.counts_by_batch() == {batch(1): 2, batch(2): 1}


def test_counts_by_batch_of_more_batches_than_a_facet_gives_by_default(store: VectorStore) -> None:
    store_samples(store, [Sample(number, batch=number) for number in range(60)])
    assert store.counts_by_batch() == {batch(number): 1 for number in range(60)}


def test_scrolling_gives_every_point_once_over_pages(store: VectorStore) -> None:
    samples = [Sample(number, batch=number % 2) for number in range(2_500)]
    store_samples(store, samples)
    everything = list(store.scroll_ids(at_once=1_000))
    assert everything == sorted(sample.id for sample in samples)
    assert set(store.scroll_ids(batch=batch(1))) == {s.id for s in samples if s.batch == 1}


def test_the_extractions_of_more_points_than_a_request_holds(store: VectorStore) -> None:
    samples = [Sample(number) for number in range(1_500)]
    store_samples(store, samples)
    asked = [sample.id for sample in samples] + [Sample(9_999).id]
    assert store.extractions_of(asked) == {sample.id: sample.extraction for sample in samples}


def test_existing_asks_for_more_ids_than_a_request_holds(store: VectorStore) -> None:
    store_samples(store, [Sample(number) for number in range(1_500)])
    asked = [Sample(number).id for number in range(1_000, 3_000)]
    assert store.existing(asked) == {Sample(number).id for number in range(1_000, 1_500)}


def test_a_vector_that_is_no_number_is_refused_by_its_point(store: VectorStore) -> None:
    dense = np.array([axis(0), axis(1)])
    dense[1, 3] = np.nan
    ids = [Sample(1).id, Sample(2).id]
    with pytest.raises(PointRefusedError) as refused:
        store.upsert(ids, dense, [words_only((1, 1.0))] * 2, [Sample(1).payload, Sample(2).payload])
    assert refused.value.point_ids == (Sample(2).id,)
    assert not refused.value.retry_helps
    assert store.count() == 0


def test_a_point_that_the_store_refuses_stops_its_request_whole(store: VectorStore, over_http: None) -> None:
    ids, dense = [Sample(1).id, Sample(2).id], np.array([axis(0), axis(1)])
    sparse = [words_only((1, 1.0)), words_only((7, 1.0), (7, 2.0))]
    with pytest.raises(PointRefusedError) as refused:
        store.upsert(ids, dense, sparse, [Sample(1).payload, Sample(2).payload])
    assert refused.value.point_ids == tuple(ids)
    assert store.count() == 0


def test_a_collection_that_is_not_there_is_a_refusal_not_an_outage(client: QdrantClient, over_http: None) -> None:
    with pytest.raises(VectorStoreRefusedError, match="404"):
        VectorStore(client, "never-made", DIMENSIONS).count()


def test_columns_of_different_lengths_never_leave_the_process(store: VectorStore) -> None:
    with pytest.raises(ValueError, match="2 ids"):
        store.upsert([Sample(1).id, Sample(2).id], np.array([axis(0)]), [], [])
    with pytest.raises(ValueError, match="other keys"):
        store.upsert([Sample(1).id], np.array([axis(0)]), [words_only()], [{"client": "acme"}])
