"""Search shows what the ledger says is live, quotes it exactly, and shows overlapping spans once."""

from collections.abc import Sequence
from itertools import pairwise

import psycopg
import pytest
from sqlalchemy import Connection, Engine, event

from resources.domain.ids import point_id
from resources.embedder.embedder import Embedder
from resources.knowledge.search import Hit, search
from resources.ledger.batches import Batch
from resources.ledger.sources import Source
from resources.vectors.bm25 import embed_documents
from resources.vectors.store import Mode, VectorStore
from tests.resources.knowledge.indexing import embed
from tests.resources.ledger.making import (
    ACME,
    OTHER,
    extract,
    fetch,
    found,
    list_source,
    ready,
    registered,
    sql,
    statements,
)

TEXTS = {
    "pack": "About the 🎒 Ridgeline.\n\nThe Ridgeline pack weighs 1,240 grams and costs 189 pounds. Made in 2011.",
    "store": "The Leeds store opens on 16 May 2026 with 14 people.",
    "bears": "Brown bears sleep through the winter in caves of the Carpathians, all 6,000 of them.",
}


@pytest.fixture
def source(ledger: Engine) -> Source:
    return registered(ledger)


@pytest.fixture
def batch(ledger: Engine, source: Source, embedder: Embedder, store: VectorStore) -> Batch:
    batch = ready(ledger, source, TEXTS)
    embed(ledger, batch, embedder, store)
    return batch


class Searching:
    """Search as the client does."""

    def __init__(self, engine: Engine, store: VectorStore, embedder: Embedder) -> None:
        self.engine, self.store, self.embedder = engine, store, embedder

    def __call__(self, words: str, *, k: int = 10, mode: Mode = "hybrid") -> list[Hit]:
        return search(self.engine, self.store, self.embedder, words, client=ACME, k=k, mode=mode)

    def names(self, words: str, *, k: int = 10, mode: Mode = "hybrid") -> list[str]:
        return [hit.uri.rsplit("/", 1)[1].removesuffix(".txt") for hit in self(words, k=k, mode=mode)]


@pytest.fixture
def searching(ledger: Engine, store: VectorStore, embedder: Embedder) -> Searching:
    return Searching(ledger, store, embedder)


def stored_texts(engine: Engine) -> dict[object, str]:
    return dict(
        sql(
            engine,
            "SELECT d.id, v.text FROM waybill.documents d"
            " JOIN waybill.document_versions v ON v.id = d.current_version_id",
        )
    )


@pytest.mark.parametrize("mode", ["dense", "bm25", "hybrid"])
def test_the_best_hit_is_the_document_that_was_meant(batch: Batch, searching: Searching, mode: Mode) -> None:
    assert searching.names("Ridgeline pack grams", mode=mode)[0] == "pack"
    assert searching.names("store in Leeds", mode=mode)[0] == "store"
    assert searching.names("bears in winter", k=1, mode=mode) == ["bears"]


def test_overlapping_spans_of_a_document_are_one_hit_that_quotes_it_exactly(
    ledger: Engine, batch: Batch, searching: Searching
) -> None:
    hits = searching("Ridgeline pack grams")
    assert sorted(searching.names("Ridgeline pack grams")) == ["bears", "pack", "store"], "each document once"
    texts = stored_texts(ledger)
    for hit in hits:
        assert hit.text == texts[hit.document_id][hit.span.start : hit.span.end]
    assert hits[0].text == TEXTS["pack"], "the passage covers its statements"
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits[0].as_json()["span"] == [0, len(TEXTS["pack"])]


def test_spans_that_do_not_overlap_are_hits_of_their_own(
    ledger: Engine, source: Source, batch: Batch, searching: Searching
) -> None:
    long = "\n\n".join(f"Ridgeline number {n} weighs {n} grams. {'It is a pack. ' * 120}" for n in range(3))
    list_source(ledger, source, [*found("pack", fingerprint="2"), *found("store", "bears")])
    fetch(ledger, batch, {"pack": long.strip()})
    extract(ledger, batch)
    embed(ledger, batch, searching.embedder, searching.store)
    hits = [hit for hit in searching("Ridgeline grams") if hit.uri.endswith("pack.txt")]
    assert len(hits) == 3
    ordered = sorted(hits, key=lambda hit: hit.span)
    assert all(one.span.end <= two.span.start for one, two in pairwise(ordered))


def test_no_more_hits_than_asked_for_and_none_for_nothing(batch: Batch, searching: Searching) -> None:
    assert [len(searching("in", k=k)) for k in (1, 2, 3)] == [1, 2, 3]
    for words in ("", "the of and", "🎒", "zzzz qqqq"):
        assert len(searching(words)) <= 3
        assert searching(words, mode="bm25") == [] or words == "🎒"


def test_what_is_retired_or_gone_is_hidden_at_once_though_its_points_stand(
    ledger: Engine, source: Source, batch: Batch, store: VectorStore, searching: Searching
) -> None:
    points = store.count()
    list_source(ledger, source, [*found("pack", fingerprint="2"), *found("bears")])
    fetch(ledger, batch, {"pack": "The Fellside costs 149 pounds."})
    extract(ledger, batch)
    assert store.count() == points
    assert searching.names("Ridgeline pack grams") == ["bears"]
    assert searching.names("store in Leeds") == ["bears"]


def test_another_client_s_documents_are_never_shown(
    ledger: Engine, batch: Batch, embedder: Embedder, store: VectorStore, searching: Searching
) -> None:
    """Not even where the store itself takes a point for this client's."""
    other = ready(ledger, registered(ledger, client=OTHER), {"secret": "The secret pack weighs 3 grams in Leeds."})
    embed(ledger, other, embedder, store)
    assert "secret" not in searching.names("secret pack grams Leeds")

    rows = sql(ledger, "SELECT id, document_id, text FROM waybill.extractions WHERE batch_id = :id", id=other.id)
    payloads = [
        {
            "client": ACME,
            "source": str(batch.source_id),
            "batch": str(batch.id),
            "document": str(document),
            "extraction": str(key),
            "template": "passage",
        }
        for key, document, _ in rows
    ]
    texts = [text for *_, text in rows]
    points = [point_id(key, embedder.model) for key, *_ in rows]
    store.upsert(points, embedder.embed(texts), embed_documents(texts), payloads)
    assert store.count(client=OTHER) == 0
    assert "secret" not in searching.names("secret pack grams Leeds")


def test_AP_7_a_search_sends_two_queries_however_much_it_finds(
    ledger: Engine, batch: Batch, searching: Searching
) -> None:
    for k in (1, 10, 100):
        with statements(ledger) as sent:
            assert searching("pack store bears", k=k)
        assert len(sent) == 2


def test_a_removal_in_the_middle_of_a_search_takes_no_text_from_under_it(
    ledger: Engine, ledger_url: str, batch: Batch, searching: Searching
) -> None:
    def purge(connection: Connection, cursor: object, statement: str, *rest: Sequence[object]) -> None:
        if "e.retired_at IS NULL AND d.gone_at IS NULL" in statement:
            with psycopg.connect(ledger_url) as superuser:
                superuser.execute("UPDATE waybill.sources SET removing_at = now()")
                superuser.execute("SELECT waybill.purge_documents(id, 1000) FROM waybill.sources")

    event.listen(ledger, "after_cursor_execute", purge)
    assert {hit.text for hit in searching("Ridgeline pack")} == set(TEXTS.values())
    event.remove(ledger, "after_cursor_execute", purge)
    assert searching("Ridgeline pack") == []
