"""What was fetched, what could not be, and what a listing says meanwhile."""

import pytest
from sqlalchemy import Engine

from resources.domain.documents import DocumentEmptyError, content_hash
from resources.domain.ids import derived
from resources.ledger import documents
from resources.ledger.batches import Batch
from resources.ledger.documents import DocumentToExtract, DocumentToFetch, FailedDocument, FetchedDocument
from resources.ledger.leases import LeaseLostError
from resources.ledger.sources import Source
from resources.sources.errors import DocumentForbiddenError
from tests.resources.ledger.making import batch_of, claimed, extract, fetch, found, list_source, registered, sql

ONE = "The Ridgeline pack weighs 1,240 grams and costs 189 pounds."
TWO = "The Leeds store opens on 16 May 2026 with 14 people."
FORBIDDEN = DocumentForbiddenError("/data/site/a.txt", expected="a file", found="EACCES", remedy="Let us read it.")
EMPTY = DocumentEmptyError("/data/site/a.txt", expected="text", found="none", remedy="Write some.")


@pytest.fixture
def source(ledger: Engine) -> Source:
    return registered(ledger)


@pytest.fixture
def batch(ledger: Engine, source: Source) -> Batch:
    list_source(ledger, source, found("a", "b"))
    return batch_of(ledger, source)


def todo(engine: Engine, batch: Batch) -> list[DocumentToFetch]:
    with engine.begin() as connection:
        listed = documents.to_fetch(connection, batch.id, after=documents.FIRST, at_most=100)
    return sorted(listed, key=lambda document: document.uri)


def to_extract(engine: Engine, batch: Batch, *, at_most_bytes: int = 1_000_000) -> list[DocumentToExtract]:
    with engine.begin() as connection:
        return documents.to_extract(
            connection, batch.id, after=documents.FIRST, at_most=100, at_most_bytes=at_most_bytes
        )


def record(
    engine: Engine, batch: Batch, good: list[FetchedDocument] | None = None, bad: list[FailedDocument] | None = None
) -> None:
    with claimed(engine, batch) as lease, engine.begin() as connection:
        documents.record_fetched(connection, lease, good or [], bad or [])


def read(document: DocumentToFetch, content: str, *, fingerprint: str | None = None) -> FetchedDocument:
    listed = document.fingerprint
    return FetchedDocument(document.id, listed, fingerprint or listed, content_hash(content), "A title", content)


def state_of_a(engine: Engine) -> tuple[object, ...]:
    return sql(engine, "SELECT state, fingerprint FROM waybill.documents WHERE uri LIKE '%/a.txt'")[0]


def relist(engine: Engine, source: Source, fingerprint: str) -> None:
    list_source(engine, source, [*found("a", fingerprint=fingerprint), *found("b")])


def test_the_same_content_twice_makes_no_second_version(ledger: Engine, source: Source, batch: Batch) -> None:
    fetch(ledger, batch, {"a": ONE, "b": TWO})
    extract(ledger, batch)
    relist(ledger, source, "2")
    fetch(ledger, batch, {"a": ONE})
    assert sql(ledger, "SELECT count(*) FROM waybill.document_versions") == [(2,)]
    assert state_of_a(ledger) == ("extracted", "2")


def test_a_document_that_goes_back_to_an_old_text_uses_the_old_version_and_extractions(
    ledger: Engine, source: Source, batch: Batch
) -> None:
    rows = "SELECT id, version_id FROM waybill.extractions WHERE retired_at IS NULL ORDER BY id"
    fetch(ledger, batch, {"a": ONE, "b": TWO})
    extract(ledger, batch)
    before = sql(ledger, rows)
    for fingerprint, content in (("2", TWO), ("3", ONE)):
        relist(ledger, source, fingerprint)
        fetch(ledger, batch, {"a": content})
        extract(ledger, batch)
    assert sql(ledger, rows) == before
    assert sql(ledger, "SELECT count(*) FROM waybill.document_versions") == [(3,)]


def test_a_failure_is_recorded_by_type_and_the_others_go_on(ledger: Engine, source: Source, batch: Batch) -> None:
    fetch(ledger, batch, {"b": TWO}, {"a": FORBIDDEN})
    assert sql(ledger, "SELECT state FROM waybill.documents ORDER BY uri") == [("failed",), ("fetched",)]
    with ledger.begin() as connection:
        (uri, failure), *others = documents.failures(connection, source.id)
    assert (uri, others) == ("file:///data/site/a.txt", [])
    assert failure == {"error": "DocumentForbiddenError", "reason": str(FORBIDDEN), "retry_helps": True}


def test_a_document_that_can_be_read_again_has_no_failure_any_more(
    ledger: Engine, source: Source, batch: Batch
) -> None:
    fetch(ledger, batch, {"b": TWO}, {"a": EMPTY})
    relist(ledger, source, "2")
    fetch(ledger, batch, {"a": ONE})
    with ledger.begin() as connection:
        assert documents.failures(connection, source.id) == []
    assert state_of_a(ledger) == ("fetched", "2")


def test_a_document_that_fails_after_it_was_extracted_keeps_what_was_extracted(
    ledger: Engine, source: Source, batch: Batch
) -> None:
    fetch(ledger, batch, {"a": ONE, "b": TWO})
    extract(ledger, batch)
    relist(ledger, source, "2")
    fetch(ledger, batch, {}, {"a": EMPTY})
    assert state_of_a(ledger)[0] == "failed"
    assert sql(ledger, "SELECT count(*) FROM waybill.extractions WHERE retired_at IS NOT NULL") == [(0,)]


def test_a_document_gone_while_it_was_fetched_is_not_resurrected(ledger: Engine, source: Source, batch: Batch) -> None:
    a, b = todo(ledger, batch)
    list_source(ledger, source, [])
    record(ledger, batch, [read(a, ONE)], [FailedDocument(b.id, b.fingerprint, EMPTY)])
    assert sql(ledger, "SELECT state, failure FROM waybill.documents") == [("gone", None)] * 2
    assert to_extract(ledger, batch) == []


def test_CB_16_what_a_listing_saw_while_a_document_was_fetched_is_fetched_after(
    ledger: Engine, source: Source, batch: Batch
) -> None:
    a, _ = todo(ledger, batch)
    relist(ledger, source, "2")
    record(ledger, batch, [read(a, ONE)])
    assert state_of_a(ledger) == ("listed", "2")


def test_CB_16_a_failure_of_old_bytes_says_nothing_of_the_newer_ones(
    ledger: Engine, source: Source, batch: Batch
) -> None:
    a, _ = todo(ledger, batch)
    relist(ledger, source, "2")
    record(ledger, batch, bad=[FailedDocument(a.id, a.fingerprint, EMPTY)])
    assert state_of_a(ledger) == ("listed", "2")


def test_bytes_newer_than_the_listing_count_as_listed(ledger: Engine, source: Source, batch: Batch) -> None:
    a, b = todo(ledger, batch)
    record(ledger, batch, [read(a, ONE, fingerprint="2"), read(b, TWO)])
    assert state_of_a(ledger) == ("fetched", "2")
    relist(ledger, source, "2")
    assert state_of_a(ledger) == ("fetched", "2")


def test_CB_16_a_former_owner_records_nothing(ledger: Engine, batch: Batch) -> None:
    a, _ = todo(ledger, batch)
    with claimed(ledger, batch) as lease:
        sql(ledger, "UPDATE waybill.batches SET version = version + 1")
        with pytest.raises(LeaseLostError), ledger.begin() as connection:
            documents.record_fetched(connection, lease, [read(a, ONE)], [])
    assert sql(ledger, "SELECT count(*) FROM waybill.document_versions") == [(0,)]
    assert state_of_a(ledger)[0] == "listed"


def test_pages_of_documents_to_extract_end_by_size(ledger: Engine, source: Source) -> None:
    list_source(ledger, source, found("a", "b", "c"))
    batch = batch_of(ledger, source)
    fetch(ledger, batch, {"a": "ä" * 100, "b": "ö" * 100, "c": "ü" * 100})
    assert [len(to_extract(ledger, batch, at_most_bytes=limit)) for limit in (1, 200, 201, 401)] == [1, 1, 2, 3]


def test_counts_and_samples_show_what_there_is(ledger: Engine, batch: Batch) -> None:
    fetch(ledger, batch, {"b": TWO}, {"a": EMPTY})
    with ledger.begin() as connection:
        assert documents.count_by_state(connection, batch.id) == {"failed": 1, "fetched": 1}
        first, second = documents.sample(connection, batch.id, chars=9)
    assert (first.state, first.chars, first.failure["error"]) == ("failed", None, "DocumentEmptyError")
    assert (second.title, second.chars, second.head) == ("b", len(TWO), TWO[:9])
    version = derived("version", str(derived("document", str(batch.source_id), second.uri)), content_hash(TWO))
    assert sql(ledger, "SELECT id FROM waybill.document_versions") == [(version,)]
