"""The link between rows and points: one UPDATE a batch, orphans that are seen until they are mended, and their pace."""

from uuid import uuid4

import pytest
from sqlalchemy import Engine

from resources.domain.ids import ExtractionId, PointId
from resources.ledger import batches, counts, dead_letters, embeddings, sources
from resources.ledger.batches import Batch
from resources.ledger.embeddings import LinkedBatch, OrphanedBatch
from resources.ledger.leases import LISTING, LeaseLostError, held
from resources.ledger.sources import Source
from tests.resources.ledger.making import (
    OTHER,
    claimed,
    found,
    list_source,
    orphans,
    ready,
    registered,
    sql,
    statements,
)

TEXTS = {
    "a": "The Ridgeline pack weighs 1,240 grams and costs 189 pounds.",
    "b": "The Leeds store opens on 16 May 2026 with 14 people.",
}
LINKED = "SELECT id, embedding_id FROM waybill.extractions WHERE embedding_id IS NOT NULL ORDER BY id"


@pytest.fixture
def source(ledger: Engine) -> Source:
    return registered(ledger)


@pytest.fixture
def batch(ledger: Engine, source: Source) -> Batch:
    return ready(ledger, source, TEXTS)


def link(engine: Engine, batch: Batch, ids: list[ExtractionId], points: list[PointId | None]) -> int:
    with claimed(engine, batch) as lease, engine.begin() as connection:
        return embeddings.link(connection, lease, ids, points, "m")


def fail(engine: Engine, batch: Batch, ids: list[ExtractionId]) -> dict[ExtractionId, int]:
    with claimed(engine, batch) as lease, engine.begin() as connection:
        return embeddings.count_failures(connection, lease, ids)


def orphaned(engine: Engine) -> list[OrphanedBatch]:
    with engine.begin() as connection:
        return embeddings.orphans_by_batch(connection)


def ids_of(engine: Engine, batch: Batch) -> list[ExtractionId]:
    return [orphan.id for orphan in orphans(engine, batch)]


def test_KX_12_a_batch_is_linked_by_one_update(ledger: Engine, batch: Batch) -> None:
    ids = ids_of(ledger, batch)
    points: list[PointId | None] = [PointId(uuid4()) for _ in ids]
    with claimed(ledger, batch) as lease, ledger.begin() as connection, statements(ledger) as sent:
        assert embeddings.link(connection, lease, ids, points, "m") == len(ids) == 4
    assert [statement.split()[0] for statement in sent] == ["SELECT", "UPDATE"]
    assert sql(ledger, LINKED) == sorted(zip(ids, points, strict=True))
    assert sql(ledger, "SELECT DISTINCT embedding_model, embedded_at IS NULL FROM waybill.extractions") == [
        ("m", False)
    ]


def test_KX_13_linking_nothing_changes_nothing(ledger: Engine, batch: Batch) -> None:
    assert link(ledger, batch, [], []) == 0
    assert len(orphans(ledger, batch)) == 4


def test_KX_13_what_has_no_point_stays_an_orphan(ledger: Engine, batch: Batch) -> None:
    first, second, *others = ids_of(ledger, batch)
    point = PointId(uuid4())
    assert link(ledger, batch, [first, second], [None, point]) == 1
    assert link(ledger, batch, others, [None] * len(others)) == 0
    assert sql(ledger, LINKED) == [(second, point)]
    assert ids_of(ledger, batch) == [first, *others]


def test_CB_16_a_former_owner_links_and_unlinks_nothing(ledger: Engine, batch: Batch) -> None:
    ids = ids_of(ledger, batch)
    link(ledger, batch, ids[:1], [PointId(ids[0])])
    with claimed(ledger, batch) as lease:
        sql(ledger, "UPDATE waybill.batches SET version = version + 1")
        with pytest.raises(LeaseLostError), ledger.begin() as connection:
            embeddings.link(connection, lease, ids, [PointId(key) for key in ids], "m")
        with pytest.raises(LeaseLostError), ledger.begin() as connection:
            embeddings.unlink(connection, lease, ids)
        with pytest.raises(LeaseLostError), ledger.begin() as connection:
            embeddings.count_failures(connection, lease, ids)
    assert sql(ledger, LINKED) == [(ids[0], ids[0])]


def test_a_row_retired_while_it_was_embedded_is_linked_so_that_its_point_is_taken_out(
    ledger: Engine, source: Source, batch: Batch
) -> None:
    ids = ids_of(ledger, batch)
    list_source(ledger, source, [])
    link(ledger, batch, ids, [PointId(key) for key in ids])
    with ledger.begin() as connection:
        assert embeddings.count_orphans(connection, batch.id) == 0
        assert embeddings.leftovers(connection, batch.id, at_most=3) == {key: key for key in ids[:3]}
    with claimed(ledger, batch) as lease, ledger.begin() as connection:
        embeddings.unlink(connection, lease, ids)
        assert embeddings.leftovers(connection, batch.id, at_most=3) == {}


def test_rows_under_another_model_are_linked_but_have_no_point_of_this_one(ledger: Engine, batch: Batch) -> None:
    first, second, *_ = ids_of(ledger, batch)
    link(ledger, batch, [first], [PointId(first)])
    with ledger.begin() as connection:
        assert embeddings.links(connection, batch.id, [first, second], "m") == {first: first, second: None}
        assert embeddings.links(connection, batch.id, [first, second], "another") == {first: None, second: None}
        assert embeddings.differences(connection, batch.id, [PointId(first)], "m") == ({}, [])
        assert embeddings.differences(connection, batch.id, [PointId(first)], "another") == ({first: None}, [first])
        assert embeddings.differences(connection, batch.id, [PointId(second)], "m") == ({first: first}, [second])
        assert embeddings.has_links(connection, batch.id)
        witness = embeddings.witness(connection, batch.id)
    assert witness is not None
    assert witness.id == first


def test_orphans_are_counted_by_batch_of_sources_that_nobody_works_on(
    ledger: Engine, source: Source, batch: Batch
) -> None:
    expected = [OrphanedBatch(batch.id, batch.partition_key, orphans=4, repairable=4, due=True)]
    assert orphaned(ledger) == expected
    with claimed(ledger, batch):
        assert orphaned(ledger) == []
    with held(ledger, "sources", source.id, owner="ingest 1", length=LISTING):
        assert orphaned(ledger) == []
    sql(ledger, "UPDATE waybill.sources SET removing_at = now()")
    assert orphaned(ledger) == []


def test_a_dead_letter_stays_an_orphan_that_no_repair_is_asked_for(ledger: Engine, batch: Batch) -> None:
    poison, *_ = ids_of(ledger, batch)
    for attempt in range(1, batches.MAX_EMBEDDING_FAILURES + 1):
        assert fail(ledger, batch, [poison]) == {poison: attempt}
    assert poison not in ids_of(ledger, batch)
    assert [(row.orphans, row.repairable) for row in orphaned(ledger)] == [(4, 3)]
    with ledger.begin() as connection:
        assert embeddings.count_orphans(connection, batch.id) == 4
        assert str(poison) in {str(row["id"]) for row in embeddings.sample_orphans(connection, batch.id)}


def test_CP_7_a_replayed_dead_letter_gets_its_attempts_again(ledger: Engine, batch: Batch) -> None:
    poison, *_ = ids_of(ledger, batch)
    for attempt in (1, 2, 3):
        fail(ledger, batch, [poison])
        with ledger.begin() as connection:
            dead_letters.record(
                connection,
                stage="embedding",
                subject=str(poison),
                batch=batch.id,
                request={"text": "…"},
                error=f"refused {attempt}",
                attempts=attempt,
            )
    assert sql(ledger, "SELECT error, attempts FROM waybill.dead_letters") == [("refused 3", 3)]
    with ledger.begin() as connection:
        assert counts.count(connection).dead_letters == 1
        assert dead_letters.replay_embeddings(connection) == 1
        assert dead_letters.replay_embeddings(connection) == 0
        assert counts.count(connection).dead_letters == 0
    assert poison in ids_of(ledger, batch)


def test_repairs_are_paced_by_one_two_four_to_sixty_minutes(ledger: Engine, batch: Batch) -> None:
    minutes, attempts = [], set()
    for _ in range(8):
        with ledger.begin() as connection:
            attempts.add(embeddings.pace_repairs(connection, [batch.partition_key])[batch.partition_key])
        ((wait,),) = sql(
            ledger,
            "SELECT round(extract(epoch FROM next_repair_at - xact) / 60) FROM waybill.batches,"
            " LATERAL (SELECT now() AS xact) x",
        )
        minutes.append(int(wait))
        assert [row.due for row in orphaned(ledger)] == [False]
        with ledger.begin() as connection:
            assert embeddings.pace_repairs(connection, [batch.partition_key]) == {}, "asked for a moment ago"
        sql(ledger, "UPDATE waybill.batches SET next_repair_at = now()")
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60]
    assert len(attempts) == 8, "no run key is used twice"


def test_a_repaired_batch_may_be_repaired_at_once_under_a_new_attempt(ledger: Engine, batch: Batch) -> None:
    def pace() -> str:
        with ledger.begin() as connection:
            return embeddings.pace_repairs(connection, [batch.partition_key])[batch.partition_key]

    first = pace()
    ids = ids_of(ledger, batch)
    link(ledger, batch, ids, [PointId(key) for key in ids])
    with ledger.begin() as connection:
        embeddings.note_repaired(connection, batch.id)
    with claimed(ledger, batch) as lease, ledger.begin() as connection:
        embeddings.unlink(connection, lease, ids)
    assert [row.due for row in orphaned(ledger)] == [True]
    assert pace() != first


def test_a_batch_is_not_repaired_while_a_repair_could_mend_it_and_is_when_only_dead_letters_are_left(
    ledger: Engine, batch: Batch
) -> None:
    def still_paced() -> bool:
        with ledger.begin() as connection:
            embeddings.note_repaired(connection, batch.id)
        return sql(ledger, "SELECT next_repair_at IS NOT NULL FROM waybill.batches") == [(True,)]

    with ledger.begin() as connection:
        embeddings.pace_repairs(connection, [batch.partition_key])
    poison, *others = ids_of(ledger, batch)
    link(ledger, batch, others, [PointId(key) for key in others])
    for _ in range(batches.MAX_EMBEDDING_FAILURES):
        assert still_paced()
        fail(ledger, batch, [poison])
    assert not still_paced()


def test_a_source_registered_again_after_its_removal_never_repeats_an_attempt(ledger: Engine, source: Source) -> None:
    attempts = []
    for _ in range(2):
        with ledger.begin() as connection:
            sources.register(
                connection, client=source.client, kind="folder", location="/data/site", name=None, batch_documents=3
            )
        list_source(ledger, source, found("a"))
        with ledger.begin() as connection:
            attempts.append(embeddings.pace_repairs(connection, ["acme:site:0000"])["acme:site:0000"])
        sql(ledger, "UPDATE waybill.sources SET removing_at = now()")
        sql(ledger, "SELECT waybill.purge_documents(:id, 10)", id=source.id)
        sql(ledger, "DELETE FROM waybill.batches")
        sql(ledger, "DELETE FROM waybill.sources")
    assert attempts[0] != attempts[1]


def test_linked_rows_are_counted_for_every_batch(ledger: Engine, source: Source, batch: Batch) -> None:
    first, *_ = ids_of(ledger, batch)
    link(ledger, batch, [first], [PointId(first)])
    empty = registered(ledger, client=OTHER)
    list_source(ledger, empty, found("x"))

    def linked() -> dict[str, LinkedBatch]:
        with ledger.begin() as connection:
            return {row.partition_key: row for row in embeddings.linked_by_batch(connection)}

    assert {key: (row.linked, row.due) for key, row in linked().items()} == {
        "acme:site:0000": (1, True),
        "other:site:0000": (0, True),
    }
    with claimed(ledger, batch):
        assert not linked()["acme:site:0000"].due
    list_source(ledger, source, [])
    assert linked()["acme:site:0000"].linked == 1, "its point still stands"
    sql(ledger, "UPDATE waybill.extractions SET embedding_id = NULL")
    list_source(ledger, source, [])
    assert set(linked()) == {"other:site:0000"}, "whatever points a retired batch has are nobody's"


def test_counts_are_of_what_lives(ledger: Engine, source: Source, batch: Batch) -> None:
    first, *_ = ids_of(ledger, batch)
    link(ledger, batch, [first], [PointId(first)])
    list_source(ledger, source, found("a"))
    with ledger.begin() as connection:
        found_now = counts.count(connection)
    assert (found_now.sources, found_now.batches, found_now.documents) == (1, 1, {"extracted": 1, "gone": 1})
    assert found_now.extractions == 2
    assert found_now.orphans in (1, 2)
