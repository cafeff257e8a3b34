"""A document's extractions change all or none; what still stands keeps its embedding; spans quote to the code point."""

import dataclasses
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from resources.domain.extractions import Changes, diff
from resources.domain.ids import DocumentId, ExtractionId, derived
from resources.domain.spans import Span
from resources.extractors.offline import MODEL
from resources.extractors.offline import extract as drafts
from resources.ledger import documents, extractions
from resources.ledger.batches import Batch
from resources.ledger.extractions import DocumentExtractions
from resources.ledger.leases import LeaseLostError
from resources.ledger.sources import Source
from tests.resources.ledger.making import batch_of, claimed, extract, fetch, found, list_source, ready, registered, sql

PACK = "The Ridgeline pack weighs 1,240 grams and costs 189 pounds."
STORE = "The Leeds store opens on 16 May 2026 with 14 people."
TEXTS = {"a": PACK, "b": STORE}
STATEMENTS = """
SELECT e.text, e.span_start, e.embedding_id, e.retired_at IS NOT NULL FROM waybill.extractions e
JOIN waybill.documents d ON d.id = e.document_id WHERE e.template = 'statement' AND d.uri LIKE '%/a.txt' ORDER BY 1
"""


@pytest.fixture
def source(ledger: Engine) -> Source:
    return registered(ledger)


@pytest.fixture
def batch(ledger: Engine, source: Source) -> Batch:
    list_source(ledger, source, found(*TEXTS))
    batch = batch_of(ledger, source)
    fetch(ledger, batch, TEXTS)
    return batch


def drafted(engine: Engine, batch: Batch) -> list[DocumentExtractions]:
    with engine.begin() as connection:
        page = documents.to_extract(connection, batch.id, after=documents.FIRST, at_most=100, at_most_bytes=1_000_000)
        known = extractions.stored(connection, batch.id, [document.id for document in page])
    return [DocumentExtractions(d.id, d.version_id, diff(known[d.id], drafts(d.id, d.text))) for d in page]


def record(engine: Engine, batch: Batch, extracted: list[DocumentExtractions], *, extractor: str = MODEL) -> int:
    with claimed(engine, batch) as lease, engine.begin() as connection:
        return len(extractions.record(connection, lease, extracted, extractor=extractor))


def rewrite_a(engine: Engine, source: Source, batch: Batch, content: str, fingerprint: str) -> None:
    list_source(engine, source, [*found("a", fingerprint=fingerprint), *found("b")])
    fetch(engine, batch, {"a": content})
    extract(engine, batch)


def link_all(engine: Engine) -> None:
    sql(engine, "UPDATE waybill.extractions SET embedding_id = id, embedding_model = 'm', embedded_at = now()")


@pytest.mark.parametrize("wrong", ["confidence", "duplicate"])
def test_KX_7_a_chunk_that_fails_in_the_middle_leaves_nothing(ledger: Engine, batch: Batch, wrong: str) -> None:
    first, second = drafted(ledger, batch)
    good = second.changes.added[0]
    bad = dataclasses.replace(good, confidence=2.0, id=ExtractionId(uuid4())) if wrong == "confidence" else good
    broken = dataclasses.replace(second, changes=Changes((), (*second.changes.added, bad), ()))

    error = psycopg.errors.CheckViolation if wrong == "confidence" else psycopg.errors.UniqueViolation
    with pytest.raises(error):
        record(ledger, batch, [first, broken])

    assert sql(ledger, "SELECT count(*) FROM waybill.extractions") == [(0,)]
    assert sql(ledger, "SELECT DISTINCT state FROM waybill.documents") == [("fetched",)]
    assert record(ledger, batch, [first, second]) == 2


def test_KX_7_a_failure_after_the_copy_takes_the_copy_back(ledger: Engine, source: Source, batch: Batch) -> None:
    extract(ledger, batch)
    list_source(ledger, source, found("a", "b", fingerprint="2"))
    fetch(ledger, batch, {"a": f"New: 5 of them. {PACK}", "b": f"New: 6 of them. {STORE}"})
    before = sql(ledger, "SELECT * FROM waybill.extractions ORDER BY id")
    first, second = drafted(ledger, batch)
    kept = dataclasses.replace(second.changes.kept[0], confidence=2.0)
    broken = dataclasses.replace(second, changes=dataclasses.replace(second.changes, kept=(kept,)))
    with pytest.raises(IntegrityError):
        record(ledger, batch, [first, broken])
    assert sql(ledger, "SELECT * FROM waybill.extractions ORDER BY id") == before


def test_what_still_stands_keeps_its_embedding_and_moves_its_span(ledger: Engine, source: Source, batch: Batch) -> None:
    extract(ledger, batch)
    link_all(ledger)
    ((_, start, point, _),) = sql(ledger, STATEMENTS)
    rewrite_a(ledger, source, batch, f"{STORE}\n\n{PACK}", "2")
    store, pack = sql(ledger, STATEMENTS)
    assert pack == (PACK, start + len(STORE) + 2, point, False)
    assert store == (STORE, 0, None, False)
    with ledger.begin() as connection:
        assert extractions.misquoting(connection, batch.id) == []


def test_what_stands_no_more_is_retired_and_comes_back_with_its_id(
    ledger: Engine, source: Source, batch: Batch
) -> None:
    ids = "SELECT id FROM waybill.extractions WHERE retired_at IS NULL ORDER BY id"
    extract(ledger, batch)
    before = sql(ledger, ids)
    rewrite_a(ledger, source, batch, STORE, "2")
    assert sql(ledger, STATEMENTS) == [(STORE, 0, None, False), (PACK, 0, None, True)]
    rewrite_a(ledger, source, batch, PACK, "3")
    assert sql(ledger, ids) == before


def test_another_extractor_renews_labels_confidence_and_model_of_what_it_keeps(
    ledger: Engine, source: Source, batch: Batch
) -> None:
    extract(ledger, batch)
    link_all(ledger)
    list_source(ledger, source, found("a", "b"), extractor="offline-2")
    renewed = [
        dataclasses.replace(
            document,
            changes=dataclasses.replace(
                document.changes,
                kept=tuple(
                    dataclasses.replace(e, labels=('da"te', "näme"), confidence=0.25) for e in document.changes.kept
                ),
            ),
        )
        for document in drafted(ledger, batch)
    ]
    assert record(ledger, batch, renewed, extractor="offline-2") == 2
    assert sql(ledger, "SELECT DISTINCT labels, confidence, model, embedding_id = id FROM waybill.extractions") == [
        (['da"te', "näme"], 0.25, "offline-2", True)
    ]
    assert sql(ledger, "SELECT DISTINCT state FROM waybill.documents") == [("extracted",)]


def test_kept_extractions_may_have_no_label(ledger: Engine, source: Source, batch: Batch) -> None:
    extract(ledger, batch)
    rewrite_a(ledger, source, batch, f"{PACK} ", "2")
    list_source(ledger, source, found("a", "b"), extractor="offline-0")
    extract(ledger, batch)
    assert sql(ledger, "SELECT DISTINCT labels FROM waybill.extractions WHERE template = 'passage'") == [([],)]


def test_a_version_that_moved_on_meanwhile_is_left_to_its_next_turn(
    ledger: Engine, source: Source, batch: Batch
) -> None:
    old = drafted(ledger, batch)
    list_source(ledger, source, [*found("a", fingerprint="2"), *found("b")])
    fetch(ledger, batch, {"a": STORE})
    assert record(ledger, batch, old) == 1
    assert sql(ledger, STATEMENTS) == []
    assert sql(ledger, "SELECT state FROM waybill.documents ORDER BY uri") == [("fetched",), ("extracted",)]


def test_a_document_gone_while_it_was_extracted_is_not_resurrected(
    ledger: Engine, source: Source, batch: Batch
) -> None:
    read_before = drafted(ledger, batch)
    list_source(ledger, source, found("b"))
    assert record(ledger, batch, read_before) == 1
    assert sql(ledger, STATEMENTS) == []
    assert sql(ledger, "SELECT state FROM waybill.documents ORDER BY uri") == [("gone",), ("extracted",)]


def test_CB_16_a_former_owner_records_nothing(ledger: Engine, batch: Batch) -> None:
    extracted = drafted(ledger, batch)
    with claimed(ledger, batch) as lease:
        sql(ledger, "UPDATE waybill.batches SET version = version + 1")
        with pytest.raises(LeaseLostError), ledger.begin() as connection:
            extractions.record(connection, lease, extracted, extractor=MODEL)
    assert sql(ledger, "SELECT count(*) FROM waybill.extractions") == [(0,)]


def test_a_tampered_row_is_found_misquoting(ledger: Engine, batch: Batch) -> None:
    extract(ledger, batch)
    (tampered, document), *_ = sql(ledger, "SELECT id, document_id FROM waybill.extractions ORDER BY id")
    for change in (
        "text = text || 'x'",
        "text = left(text, -1), span_start = span_start + 1",
        "text = left(text, -1), span_end = span_end + 1000000",
    ):
        sql(ledger, f"UPDATE waybill.extractions SET {change} WHERE id = :id", id=tampered)
        with ledger.begin() as connection:
            assert extractions.misquoting(connection, batch.id) == [(tampered, document)]
    sql(ledger, "UPDATE waybill.extractions SET retired_at = now() WHERE id = :id", id=tampered)
    with ledger.begin() as connection:
        assert extractions.misquoting(connection, batch.id) == [], "retired rows quote nothing any more"


def test_python_and_postgres_count_the_same_code_points(ledger: Engine, source: Source) -> None:
    strange = "👩‍👩‍👧 Ω̃ e\u0301 \U0001d11e \U0001f1ec\U0001f1e7 ﷽ 한국어 עברית\u0301"
    text = f"{strange} 1. {strange} opened 3 shops in Leeds for {strange} people. {PACK}\n\n{strange}"
    batch = ready(ledger, source, {"a": text})
    rows = sql(ledger, "SELECT text, span_start, span_end FROM waybill.extractions")
    assert len(rows) >= 2
    assert all(text[start:end] == quoted for quoted, start, end in rows)
    with ledger.begin() as connection:
        assert extractions.misquoting(connection, batch.id) == []


def test_stored_counts_and_samples(ledger: Engine, batch: Batch) -> None:
    extract(ledger, batch)
    nowhere = DocumentId(derived("document", "nowhere"))
    ((a,),) = sql(ledger, "SELECT id FROM waybill.documents WHERE uri LIKE '%/a.txt'")
    with ledger.begin() as connection:
        assert extractions.count_by_template(connection, batch.id) == {"passage": 2, "statement": 2}
        assert len(extractions.sample(connection, batch.id, at_most=3)) == 3
        stored = extractions.stored(connection, batch.id, [a, nowhere])
    assert stored[nowhere] == []
    assert {extraction.span for extraction in stored[a]} == {Span(0, len(PACK))}
    assert not any(extraction.retired for extraction in stored[a])
