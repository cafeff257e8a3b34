"""Every orphan gets its point, once, whatever is interrupted; and only what is refused alone is blamed."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from resources.domain.ids import point_id
from resources.embedder.embedder import Embedder, EmbedderUnavailableError, TextRefusedError, Vectors
from resources.knowledge.embedding import ROWS_A_CHUNK, Embedding, Indexer, embed_batch
from resources.ledger.batches import Batch
from resources.ledger.leases import LeaseLostError
from resources.ledger.sources import Source
from resources.vectors.connection import connect
from resources.vectors.errors import VectorStoreRefusedError, VectorStoreUnavailableError
from resources.vectors.store import VectorStore
from tests.engines import RunningEngine, running_engine
from tests.resources.knowledge.indexing import (
    POISON,
    TEXTS,
    Moody,
    agree,
    embed,
    failures,
    links,
    many_statements,
    points,
)
from tests.resources.ledger.making import OTHER, claimed, list_source, orphans, ready, registered, sql, statements

ROWS = 2 * ROWS_A_CHUNK + 100


@pytest.fixture
def source(ledger: Engine) -> Source:
    return registered(ledger, batch_documents=10)


@pytest.fixture
def batch(ledger: Engine, source: Source) -> Batch:
    return ready(ledger, source, TEXTS)


@pytest.fixture
def three_chunks(ledger: Engine, source: Source) -> Batch:
    return ready(ledger, source, {"long": many_statements(ROWS)})


def test_every_orphan_gets_the_point_that_derives_from_it(
    ledger: Engine, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    assert embed(ledger, batch, embedder, store) == Embedding(embedded=6, refused=0, dead=0)
    rows = links(ledger)
    assert rows == {key: point_id(key, embedder.model) for key in rows}
    assert agree(ledger, store)
    assert sql(ledger, "SELECT DISTINCT embedding_model FROM waybill.extractions") == [(embedder.model,)]
    assert store.counts_by_batch() == {batch.id: 6}
    assert store.count(client=batch.client, source=batch.source_id) == 6


def test_what_is_embedded_is_not_embedded_again(
    ledger: Engine, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    embed(ledger, batch, embedder, store)
    again = Moody(embedder)
    assert embed(ledger, batch, again, store) == Embedding(0, 0, 0)
    assert again.calls == []


def test_KX_1_a_crash_between_upsert_and_link_rewrites_the_same_points(
    ledger: Engine, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    Indexer(batch, embedder, store).upsert(orphans(ledger, batch))
    before = points(store)
    assert set(links(ledger).values()) == {None}

    assert embed(ledger, batch, embedder, store).embedded == len(before)

    assert points(store) == before
    assert agree(ledger, store)


def test_KX_12_each_chunk_is_linked_by_one_update(
    ledger: Engine, three_chunks: Batch, embedder: Embedder, store: VectorStore
) -> None:
    moody = Moody(embedder)
    with statements(ledger) as sent:
        done = embed(ledger, three_chunks, moody, store)
    assert done.embedded == sum(moody.calls) == store.count() > 2 * ROWS_A_CHUNK
    assert max(moody.calls) == ROWS_A_CHUNK
    assert len([s for s in sent if "UPDATE waybill.extractions" in s]) == len(moody.calls) == 3
    assert agree(ledger, store)


def test_a_poison_row_is_blamed_alone_and_becomes_a_dead_letter_after_three_attempts(
    ledger: Engine, source: Source, embedder: Embedder, store: VectorStore
) -> None:
    batch = ready(ledger, source, {**TEXTS, "bad": f"{POISON} was sold 12 times in Leeds."})
    poison = {f"{POISON} was sold 12 times in Leeds."}
    moody = Moody(embedder)

    assert embed(ledger, batch, moody, store) == Embedding(embedded=6, refused=2, dead=0)
    assert failures(ledger) == dict.fromkeys(poison, 1)
    assert embed(ledger, batch, moody, store) == Embedding(0, 2, 0)
    assert embed(ledger, batch, moody, store) == Embedding(0, 2, 2)
    assert embed(ledger, batch, moody, store) == Embedding(0, 0, 0), "given up"

    letters = sql(
        ledger,
        "SELECT stage, attempts, request ->> 'text', error LIKE '%poison%', batch_id, subject::uuid"
        " FROM waybill.dead_letters ORDER BY subject::uuid",
    )
    refused = sql(ledger, "SELECT id FROM waybill.extractions WHERE embedding_id IS NULL ORDER BY id")
    assert letters == [("embedding", 3, *poison, True, batch.id, key) for (key,) in refused]
    assert store.count() == 6


def test_a_vector_that_is_no_number_is_blamed_on_its_row(
    ledger: Engine, source: Source, embedder: Embedder, store: VectorStore
) -> None:
    batch = ready(ledger, source, {**TEXTS, "bad": f"{POISON} was sold 12 times in Leeds."})
    assert embed(ledger, batch, Moody(embedder, not_numbers=True), store) == Embedding(6, 2, 0)


def test_poison_in_every_chunk_costs_few_calls_and_stops_nothing(
    ledger: Engine, source: Source, embedder: Embedder, store: VectorStore
) -> None:
    batch = ready(ledger, source, {"long": many_statements(ROWS, poison=(7, 500, 1000))})
    moody = Moody(embedder)
    done = embed(ledger, batch, moody, store)
    assert done.embedded == store.count()
    assert set(failures(ledger).values()) == {1}
    assert done.refused == len(failures(ledger)) <= 6
    assert done.embedded + done.refused == len(links(ledger))
    assert len(moody.calls) <= 3 + 2 * done.refused * 9


def test_a_row_that_is_accepted_at_last_is_blamed_no_more(
    ledger: Engine, source: Source, embedder: Embedder, store: VectorStore
) -> None:
    batch = ready(ledger, source, {**TEXTS, "bad": f"{POISON} was sold 12 times in Leeds."})
    embed(ledger, batch, Moody(embedder), store)
    assert embed(ledger, batch, embedder, store).embedded == 2
    assert failures(ledger) == {}


def test_an_embedder_that_refuses_everything_blames_nobody(
    ledger: Engine, source: Source, embedder: Embedder, store: VectorStore
) -> None:
    batch = ready(ledger, source, {"bad": f"{POISON} was sold 12 times in Leeds."})
    with pytest.raises(TextRefusedError):
        embed(ledger, batch, Moody(embedder), store)
    assert failures(ledger) == {}
    assert store.count() == 0


def test_a_last_orphan_is_blamed_only_when_a_row_that_was_embedded_is_accepted(
    ledger: Engine, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    def refuse(call: int) -> None:
        raise TextRefusedError("model", expected="texts", found="anything", remedy="Look.")

    embed(ledger, batch, embedder, store)
    ((text, key),) = sql(ledger, "SELECT text, id FROM waybill.extractions WHERE template = 'statement' LIMIT 1")
    forget = "UPDATE waybill.extractions SET embedding_id = NULL, text = :text WHERE id = :id"
    sql(ledger, forget, id=key, text=text)
    with pytest.raises(TextRefusedError):
        embed(ledger, batch, Moody(embedder, before=refuse), store)
    assert failures(ledger) == {}

    sql(ledger, forget, id=key, text=POISON)
    assert embed(ledger, batch, Moody(embedder), store) == Embedding(0, 1, 0)
    assert failures(ledger) == {POISON: 1}


@pytest.mark.parametrize("rows", [1, 6])
def test_a_store_that_refuses_everything_blames_nobody(
    ledger: Engine, batch: Batch, embedder: Embedder, vector_engine: RunningEngine, rows: int
) -> None:
    """A wrong key, and a collection that nobody made: halving cannot help, so it is not tried."""
    keep = "SELECT id FROM waybill.extractions ORDER BY id LIMIT :rows"
    sql(ledger, f"UPDATE waybill.extractions SET retired_at = now() WHERE id NOT IN ({keep})", rows=rows)
    for key in ("wrong", vector_engine.key):
        store = VectorStore(connect(vector_engine.url, key), "nobody-made-this", embedder.dimensions, retry_s=None)
        moody = Moody(embedder)
        with pytest.raises(VectorStoreRefusedError):
            embed(ledger, batch, moody, store)
        store.close()
        assert moody.calls == [rows]
    assert failures(ledger) == {}
    assert len(orphans(ledger, batch)) == rows


@dataclass
class Leaving(Moody):
    """Is away from when it is given ``away_at`` to embed."""

    away_at: str = ""

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self.away_at in texts:
            raise EmbedderUnavailableError("model", expected="an answer", found="none", remedy="Start it.")
        return super().embed(texts)


def test_an_embedder_that_goes_away_midway_blames_nobody_and_keeps_what_was_linked(
    ledger: Engine, three_chunks: Batch, embedder: Embedder, store: VectorStore
) -> None:
    last = orphans(ledger, three_chunks)[-1].text
    with pytest.raises(EmbedderUnavailableError):
        embed(ledger, three_chunks, Leaving(embedder, away_at=last), store)
    linked = [point for point in links(ledger).values() if point]
    assert len(linked) == 2 * ROWS_A_CHUNK
    assert failures(ledger) == {}
    embed(ledger, three_chunks, embedder, store)
    assert agree(ledger, store)


def test_a_store_killed_with_9_midway_blames_nobody_and_loses_nothing(
    ledger: Engine, three_chunks: Batch, embedder: Embedder, tmp_path: Path
) -> None:
    with running_engine(tmp_path / "vectors") as engine:
        store = VectorStore(connect(engine.url, engine.key), "killed", embedder.dimensions, retry_s=None)
        store.ensure_collection()

        def kill(call: int) -> None:
            if call == 3:
                engine.kill()

        with pytest.raises(VectorStoreUnavailableError):
            embed(ledger, three_chunks, Moody(embedder, before=kill), store)
        store.close()
    assert failures(ledger) == {}
    assert sql(ledger, "SELECT count(*) FROM waybill.dead_letters") == [(0,)]
    assert None in links(ledger).values()
    with running_engine(tmp_path / "vectors") as engine:
        store = VectorStore(connect(engine.url, engine.key), "killed", embedder.dimensions, retry_s=None)
        embed(ledger, three_chunks, embedder, store)
        assert agree(ledger, store)
        store.close()


def test_an_owner_that_lost_its_lease_links_nothing_and_its_threads_end_with_it(
    ledger: Engine, three_chunks: Batch, embedder: Embedder, store: VectorStore
) -> None:
    steal = "UPDATE waybill.batches SET version = version + 1"
    moody = Moody(embedder, before=lambda call: call == 1 and sql(ledger, steal))
    with claimed(ledger, three_chunks) as lease, pytest.raises(LeaseLostError) as lost:
        embed_batch(ledger, lease, Indexer(three_chunks, moody, store))
    assert lost.traceback
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("upsert")]
    assert set(links(ledger).values()) == {None}


def test_a_row_that_is_retired_while_it_is_embedded_leaves_a_point_that_is_known(
    ledger: Engine, source: Source, batch: Batch, embedder: Embedder, store: VectorStore
) -> None:
    moody = Moody(embedder, before=lambda call: list_source(ledger, source, []))
    assert embed(ledger, batch, moody, store).embedded == 6
    assert sql(ledger, "SELECT count(*) FROM waybill.extractions WHERE embedding_id IS NOT NULL") == [(6,)]


def test_two_batches_at_once_do_not_disturb_each_other(
    ledger: Engine, three_chunks: Batch, embedder: Embedder, store: VectorStore
) -> None:
    second = ready(ledger, registered(ledger, client=OTHER), {"long": many_statements(700, poison=(3,))})
    together = threading.Barrier(2)

    def work(batch: Batch) -> Embedding:
        together.wait(10)
        return embed(ledger, batch, Moody(embedder), store)

    with ThreadPoolExecutor(2) as pool:
        first_done, second_done = pool.map(work, [three_chunks, second])
    assert (first_done.refused, second_done.refused) == (0, len(failures(ledger)))
    assert store.counts_by_batch() == {three_chunks.id: first_done.embedded, second.id: second_done.embedded}
    assert store.count(client=OTHER) == second_done.embedded
