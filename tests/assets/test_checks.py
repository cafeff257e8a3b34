"""Each check sees its own damage, names it, and raises when it cannot read: a failed look is never an empty result."""

from contextlib import closing
from uuid import uuid4

import dagster as dg
import numpy as np
import psycopg
import pytest

from orchestration.session import Session
from resources.domain.ids import PointId
from resources.vectors.bm25 import embed_documents
from resources.vectors.connection import connect
from sensors.jobs import CHECK_BATCH
from tests.sensors.ticks import batch_id
from tests.sessions import check_results, run, sql
from tests.whole import FIRST

EMBEDDED, POINTED, QUOTING = (
    "every_extraction_is_embedded",
    "every_point_has_an_extraction",
    "every_span_quotes_its_document",
)
ONE = "(SELECT id FROM waybill.extractions WHERE batch_id = :batch AND template = 'statement' ORDER BY id LIMIT 1)"


def evaluate(session: Session) -> dict[str, dg.AssetCheckEvaluation]:
    """The evaluation of every check of the batch, by the check's name, from one run of `check_batch`."""
    result = run(session, CHECK_BATCH, FIRST)
    assert result.success
    return {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()}


def failed(session: Session) -> dict[str, dict[str, object]]:
    """The metadata of the checks that failed."""
    return {
        name: {key: value.value for key, value in evaluation.metadata.items()}
        for name, evaluation in evaluate(session).items()
        if not evaluation.passed
    }


def test_checks_alone_of_one_partition_pass_and_change_nothing(whole: Session) -> None:
    before = sql(whole, "SELECT id, version, repairs FROM waybill.batches")
    evaluations = evaluate(whole)
    assert {(name, e.passed, e.partition) for name, e in evaluations.items()} == {
        (name, True, FIRST) for name in (EMBEDDED, POINTED, QUOTING)
    }
    assert sql(whole, "SELECT id, version, repairs FROM waybill.batches") == before
    assert check_results(whole, EMBEDDED, FIRST)[0]


def test_KX_1_an_orphan_fails_the_check_of_embeddings_and_no_other(whole: Session) -> None:
    orphan = sql(
        whole,
        f"UPDATE waybill.extractions SET embedding_id = NULL WHERE id IN {ONE} RETURNING id",
        batch=batch_id(whole, FIRST),
    )[0][0]
    found = failed(whole)
    assert found.keys() == {EMBEDDED}
    assert found[EMBEDDED]["orphans"] == 1
    assert str(orphan) in str(found[EMBEDDED]["sample"])


def test_a_lost_point_fails_the_check_of_points_and_no_other(whole: Session) -> None:
    batch = batch_id(whole, FIRST)
    point = next(whole.index.store.scroll_ids(batch=batch))
    extraction = whole.index.store.extractions_of([point])[point]
    whole.index.store.delete([point])
    found = failed(whole)
    assert found.keys() == {POINTED}
    assert (found[POINTED]["rows_whose_point_is_gone"], found[POINTED]["points_without_a_row"]) == (1, 0)
    assert str(extraction) in str(found[POINTED]["sample"])


def test_a_stray_point_fails_the_check_of_points_and_no_other(whole: Session) -> None:
    store, stray = whole.index.store, PointId(uuid4())
    about = {"client": "acme", "template": "statement", "batch": str(batch_id(whole, FIRST))}
    payload = about | {name: str(uuid4()) for name in ("source", "document", "extraction")}
    store.upsert([stray], np.ones((1, store.dimensions), dtype=np.float32), embed_documents(["x"]), [payload])
    found = failed(whole)
    assert found.keys() == {POINTED}
    assert (found[POINTED]["rows_whose_point_is_gone"], found[POINTED]["points_without_a_row"]) == (0, 1)
    assert str(stray) in str(found[POINTED]["sample"])


@pytest.mark.parametrize("damage", ["span_start = span_start + 1, span_end = span_end + 1", "text = text || '.'"])
def test_a_tampered_span_or_text_fails_the_check_of_quotes_and_no_other(whole: Session, damage: str) -> None:
    tampered = sql(
        whole,
        f"UPDATE waybill.extractions SET {damage} WHERE id IN {ONE} RETURNING id",
        batch=batch_id(whole, FIRST),
    )[0][0]
    found = failed(whole)
    assert found.keys() == {QUOTING}
    assert found[QUOTING]["misquoting"] == 1
    assert str(tampered) in str(found[QUOTING]["sample"])


@pytest.mark.parametrize(
    ("table", "broken"),
    [("extractions", {EMBEDDED, POINTED, QUOTING}), ("document_versions", {QUOTING}), ("documents", {EMBEDDED})],
)
def test_a_check_that_cannot_read_the_ledger_raises(whole: Session, table: str, broken: set[str]) -> None:
    with psycopg.connect(whole.backends.database_url, autocommit=True) as admin:
        admin.execute(f"REVOKE SELECT ON waybill.{table} FROM waybill_app")
    result = run(whole, CHECK_BATCH, FIRST)
    assert not result.success
    assert {event.step_key for event in result.get_step_failure_events()} == {
        f"{'extractions' if name == QUOTING else 'embeddings'}_{name}" for name in broken
    }
    assert {e.check_name for e in result.get_asset_check_evaluations() if not e.passed} == set(), "no false failure"


def test_the_check_of_points_raises_when_the_store_cannot_be_read(whole: Session) -> None:
    store = whole.index.store
    with closing(connect(whole.backends.qdrant_url, whole.backends.qdrant_api_key)) as client:
        client.delete_collection(store.collection)
    result = run(whole, CHECK_BATCH, FIRST)
    assert {event.step_key for event in result.get_step_failure_events()} == {f"embeddings_{POINTED}"}
    assert {e.check_name for e in result.get_asset_check_evaluations()} == {EMBEDDED, QUOTING}
