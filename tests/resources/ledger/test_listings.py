"""A listing merges whole or not at all; a document stays in its batch; what is gone leaves search and may return."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, text

from resources.domain.documents import DocumentEmptyError, ListedDocument
from resources.domain.errors import WaybillError
from resources.ledger import batches, leases
from resources.ledger.leases import LISTING, LeaseLostError
from resources.ledger.listings import Listing, record
from resources.ledger.sources import Source
from resources.sources.errors import DocumentForbiddenError, ListingFailedError
from tests.resources.ledger.making import (
    ACME,
    OWNER,
    batch_of,
    claimed,
    extract,
    fetch,
    found,
    list_source,
    ready,
    registered,
    sql,
)

FALLS_INTO = """
SELECT substr(d.uri, 19, 1), b.ordinal FROM waybill.documents d JOIN waybill.batches b ON b.id = d.batch_id ORDER BY 1
"""
STATES = "SELECT substr(uri, 19, length(uri) - 22), state FROM waybill.documents ORDER BY 1"
TEXTS = {
    "a": "The Ridgeline pack weighs 1,240 grams and costs 189 pounds.",
    "b": "The Leeds store opens on 16 May 2026 with 14 people.",
}
LIVE = "SELECT id FROM waybill.extractions WHERE retired_at IS NULL ORDER BY id"


@pytest.fixture
def source(ledger: Engine) -> Source:
    return registered(ledger)


def states(engine: Engine) -> dict[str, str]:
    return {row[0]: row[1] for row in sql(engine, STATES)}


def retire_empty(engine: Engine) -> set[str]:
    with engine.begin() as connection:
        batches.retire_empty(connection)
        return batches.live_partition_keys(connection)


def test_batches_are_filled_in_order_within_a_listing_and_across_listings(ledger: Engine, source: Source) -> None:
    list_source(ledger, source, found("a", "b", "c", "d"))
    assert sql(ledger, FALLS_INTO) == [("a", 0), ("b", 0), ("c", 0), ("d", 1)]

    listing = list_source(ledger, source, found("0", "a", "b", "c", "d", "e", "f", "g"))
    assert listing == Listing(listed=8, new=4, changed=0, gone=0)
    assert sql(ledger, FALLS_INTO) == [
        *(("0", 1), ("a", 0), ("b", 0), ("c", 0), ("d", 1)),
        *(("e", 1), ("f", 2), ("g", 2)),
    ]
    assert sql(ledger, "SELECT partition_key FROM waybill.batches ORDER BY ordinal") == [
        (f"acme:site:000{ordinal}",) for ordinal in range(3)
    ]


def test_a_document_stays_in_its_batch_when_others_go_and_come(ledger: Engine, source: Source) -> None:
    list_source(ledger, source, found("a", "b", "c", "d"))
    list_source(ledger, source, found("d"))
    list_source(ledger, source, found("b", "d", "x", "y", "z"))
    assert sql(ledger, FALLS_INTO) == [("a", 0), ("b", 0), ("c", 0), ("d", 1), ("x", 1), ("y", 1), ("z", 2)]


def test_gone_documents_are_counted_once_and_retire_their_extractions(ledger: Engine, source: Source) -> None:
    batch = ready(ledger, source, TEXTS)
    before = sql(ledger, LIVE)

    assert list_source(ledger, source, found("b")).gone == 1

    assert states(ledger) == {"a": "gone", "b": "extracted"}
    after = sql(ledger, LIVE)
    assert set(after) < set(before)
    assert sql(
        ledger,
        "SELECT count(*) FROM waybill.extractions e JOIN waybill.documents d ON d.id = e.document_id"
        " WHERE (d.gone_at IS NULL) <> (e.retired_at IS NULL)",
    ) == [(0,)]
    assert list_source(ledger, source, found("b")).gone == 0
    assert batch_of(ledger, source) == batch


def test_a_document_that_returns_is_extracted_again_with_the_same_ids(ledger: Engine, source: Source) -> None:
    batch = ready(ledger, source, TEXTS)
    before = sql(ledger, LIVE)
    list_source(ledger, source, found("b"))

    assert list_source(ledger, source, found("a", "b")).changed == 1
    assert states(ledger) == {"a": "fetched", "b": "extracted"}
    assert extract(ledger, batch).added == 0
    assert sql(ledger, LIVE) == before


def test_a_document_that_returns_changed_is_fetched_again(ledger: Engine, source: Source) -> None:
    ready(ledger, source, TEXTS)
    list_source(ledger, source, found("b"))
    list_source(ledger, source, [*found("a", fingerprint="2"), *found("b")])
    assert states(ledger) == {"a": "listed", "b": "extracted"}


def test_a_listing_that_breaks_off_changes_nothing(ledger: Engine, source: Source) -> None:
    ready(ledger, source, TEXTS)
    tables = "SELECT (SELECT array_agg(d ORDER BY d.id) FROM waybill.documents d)::text, "
    tables += "(SELECT array_agg(e ORDER BY e.id) FROM waybill.extractions e)::text, "
    tables += "(SELECT array_agg((b.id, b.retired_at))::text FROM waybill.batches b), "
    tables += "(SELECT listed_at FROM waybill.sources)"
    before = sql(ledger, tables)

    def breaking_off() -> Iterator[ListedDocument]:
        yield from found("b", fingerprint="2")
        yield from found("new")
        raise ListingFailedError("/data/site/sub", expected="a folder", found="I/O error", remedy="Look.")

    with pytest.raises(ListingFailedError):
        list_source(ledger, source, breaking_off())
    assert sql(ledger, tables) == before
    assert list_source(ledger, source, found("a", "b")) == Listing(listed=2, new=0, changed=0, gone=0)


def test_a_changed_fingerprint_is_fetched_again_and_no_other(ledger: Engine, source: Source) -> None:
    ready(ledger, source, TEXTS)
    assert list_source(ledger, source, [*found("a", fingerprint="2"), *found("b")]).changed == 1
    assert states(ledger) == {"a": "listed", "b": "extracted"}


def failing(error: type[WaybillError]) -> WaybillError:
    return error("/data/site", expected="text", found="none", remedy="Look.")


def test_only_failures_that_a_retry_may_mend_are_fetched_again(ledger: Engine, source: Source) -> None:
    list_source(ledger, source, found("a", "b", "c"))
    batch = batch_of(ledger, source)
    errors = {"a": failing(DocumentForbiddenError), "b": failing(DocumentEmptyError)}
    fetch(ledger, batch, {"c": TEXTS["b"]}, errors)
    extract(ledger, batch)
    assert states(ledger) == {"a": "failed", "b": "failed", "c": "extracted"}

    list_source(ledger, source, found("a", "b", "c"))
    assert states(ledger) == {"a": "listed", "b": "failed", "c": "extracted"}

    fetch(ledger, batch, {}, errors)
    list_source(ledger, source, [*found("a", "c"), *found("b", fingerprint="2")])
    assert states(ledger) == {"a": "listed", "b": "listed", "c": "extracted"}


def test_an_empty_listing_of_a_source_that_could_be_read_marks_all_gone(ledger: Engine, source: Source) -> None:
    batch = ready(ledger, source, TEXTS)
    sql(ledger, "UPDATE waybill.extractions SET embedding_id = id, embedding_model = 'm', embedded_at = now()")

    assert list_source(ledger, source, []).gone == 2

    assert set(states(ledger).values()) == {"gone"}
    with ledger.begin() as connection:
        assert batches.live_partition_keys(connection) == {batch.partition_key}, "its points still stand"
        assert [found.id for found in batches.with_work(connection, source.id)] == [batch.id]
    sql(ledger, "UPDATE waybill.extractions SET embedding_id = NULL")
    list_source(ledger, source, [])
    with ledger.begin() as connection:
        assert batches.live_partition_keys(connection) == set()
        assert batches.with_work(connection, source.id) == batches.of_source(connection, source.id) == []


def test_a_retired_batch_lives_again_when_a_document_returns(ledger: Engine, source: Source) -> None:
    batch = ready(ledger, source, TEXTS)
    list_source(ledger, source, [])
    list_source(ledger, source, found("a"))
    with ledger.begin() as connection:
        assert batches.live_partition_keys(connection) == {batch.partition_key}


def test_a_claimed_batch_is_retired_only_after_its_run(ledger: Engine, source: Source) -> None:
    batch = ready(ledger, source, TEXTS)
    sql(ledger, "UPDATE waybill.documents SET gone_at = now()")
    with claimed(ledger, batch):
        assert retire_empty(ledger) == {batch.partition_key}
    assert retire_empty(ledger) == set()


def test_a_batch_that_is_being_written_is_not_waited_for(ledger: Engine, source: Source) -> None:
    batch = ready(ledger, source, TEXTS)
    sql(ledger, "UPDATE waybill.documents SET gone_at = now()")
    with ledger.begin() as busy:
        busy.execute(text("SELECT FROM waybill.batches FOR NO KEY UPDATE"))
        assert retire_empty(ledger) == {batch.partition_key}
    assert retire_empty(ledger) == set()


def test_a_retired_batch_whose_points_turn_up_is_a_partition_again(ledger: Engine, source: Source) -> None:
    batch = ready(ledger, source, TEXTS)
    list_source(ledger, source, [])
    sql(ledger, "UPDATE waybill.extractions SET embedding_id = id, embedding_model = 'm', embedded_at = now()")
    assert retire_empty(ledger) == {batch.partition_key}


def test_another_extractor_extracts_every_document_again(ledger: Engine, source: Source) -> None:
    ready(ledger, source, TEXTS)
    list_source(ledger, source, found("a", "b"), extractor="offline-0")
    assert set(states(ledger).values()) == {"fetched"}


def test_a_listing_is_read_as_it_comes(ledger: Engine, ledger_url: str) -> None:
    source = registered(ledger, batch_documents=1000)
    copied = "SELECT tuples_processed FROM pg_stat_progress_copy WHERE datname = current_database()"
    stored_meanwhile = None

    def many() -> Iterator[ListedDocument]:
        nonlocal stored_meanwhile
        yield from found(*(f"{number:05d}" for number in range(19_999)))
        with psycopg.connect(ledger_url) as superuser:
            stored_meanwhile = superuser.execute(copied).fetchone()
        yield from found("last")

    assert list_source(ledger, source, many()).new == 20_000
    assert stored_meanwhile is not None
    assert stored_meanwhile[0] > 10_000, "the rows went to the server while the listing went on"
    assert sql(ledger, "SELECT count(*), max(ordinal) FROM waybill.batches") == [(20, 19)]


def test_a_listing_whose_lease_was_taken_over_changes_nothing(ledger: Engine, source: Source) -> None:
    list_source(ledger, source, found("a"))
    with leases.held(ledger, "sources", source.id, owner=OWNER, length=LISTING) as lease:
        sql(ledger, "UPDATE waybill.sources SET version = version + 1")
        with pytest.raises(LeaseLostError), ledger.begin() as connection:
            record(connection, lease, source, found("b"), extractor="offline-1")
    assert states(ledger) == {"a": "listed"}
    assert source.client == ACME
