"""The store beside the ledger: what was lost or left over is reported, asked for, or deleted; never guessed."""

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from orchestration.session import Session
from resources.domain.ids import PointId
from resources.ledger import embeddings as links
from resources.ledger.leases import KNOWLEDGE, held
from resources.vectors.bm25 import embed_documents
from resources.vectors.errors import VectorStoreUnavailableError
from sensors.jobs import EMBED_BATCH
from tests.engines import running_engine
from tests.hosts import PostgresHost
from tests.sensors.ticks import Tick, batch_id, make_due, orphan, tick
from tests.sessions import check_results, ingested, new_session, run, sql, write
from tests.whole import FIRST, SECOND

CHECK = "every_point_has_an_extraction"


def look(session: Session, cursor: str | None = None) -> Tick:
    return tick(session, "points_sensor", cursor)


def points(session: Session, partition_key: str) -> list[PointId]:
    batch = batch_id(session, partition_key)
    return list(session.index.store.scroll_ids(batch=batch))


def lose(session: Session, partition_key: str, number: int) -> None:
    session.index.store.delete(points(session, partition_key)[:number])


def leave_behind(session: Session, batch: object, number: int) -> None:
    """Points of the batch that no extraction has."""
    store = session.index.store
    about = {"client": "acme", "template": "statement"} | dict.fromkeys(("source", "document"), str(uuid4()))
    payloads = [{**about, "batch": str(batch), "extraction": str(uuid4())} for _ in range(number)]
    dense = np.ones((number, store.dimensions), dtype=np.float32)
    store.upsert([PointId(uuid4()) for _ in range(number)], dense, embed_documents(["x"] * number), payloads)


def test_where_points_and_rows_agree_nothing_is_asked_for(whole: Session) -> None:
    seen = look(whole)
    assert (seen.requested, seen.failed_checks) == ([], [])
    assert "2 of them compared point by point" in str(seen.skipped)


def test_lost_points_fail_the_check_of_just_their_partition_and_a_run_brings_them_back(whole: Session) -> None:
    before = points(whole, SECOND)
    lose(whole, SECOND, 3)

    seen = look(whole)

    assert (seen.requested, seen.failed_checks) == ([SECOND], [(CHECK, SECOND)])
    assert seen.numbers == [{"rows_whose_point_is_gone": 3, "found_by": "points_sensor"}]
    assert look(whole).requested == [], "paced"
    assert run(whole, EMBED_BATCH, SECOND).success
    assert points(whole, SECOND) == before
    assert check_results(whole, CHECK, SECOND)[0]


def test_points_that_nobody_has_fail_the_check_of_just_their_partition_and_a_run_takes_them_out(whole: Session) -> None:
    before = points(whole, SECOND)
    leave_behind(whole, batch_id(whole, SECOND), 3)

    seen = look(whole)

    assert (seen.requested, seen.failed_checks) == ([SECOND], [(CHECK, SECOND)])
    assert seen.numbers == [{"rows_whose_point_is_gone": 0, "points_without_a_row": 3, "found_by": "points_sensor"}]
    assert run(whole, EMBED_BATCH, SECOND).success
    assert points(whole, SECOND) == before


def test_points_of_orphans_are_no_damage_here_as_they_are_linked_by_the_other_sensors_run(whole: Session) -> None:
    orphan(whole, FIRST)
    assert look(whole).requested == []


def test_a_batch_that_the_other_sensor_asked_for_a_moment_ago_gets_no_second_run(whole: Session) -> None:
    both = [SECOND, FIRST]
    with whole.ledger.engine.begin() as connection:
        assert links.pace_repairs(connection, [FIRST]).keys() == {FIRST}
        assert links.pace_repairs(connection, both).keys() == {SECOND}


def test_the_right_number_of_wrong_points_is_found_too_as_an_old_copy_of_the_store_may_have(whole: Session) -> None:
    before = points(whole, FIRST)
    lose(whole, FIRST, 2)
    leave_behind(whole, batch_id(whole, FIRST), 2)

    seen = look(whole)

    assert (seen.requested, seen.failed_checks) == ([FIRST], [(CHECK, FIRST)])
    assert seen.numbers[0]["rows_whose_point_is_gone"] == seen.numbers[0]["points_without_a_row"] == 2
    assert run(whole, EMBED_BATCH, FIRST).success
    assert points(whole, FIRST) == before


def test_comparing_goes_on_behind_the_batch_that_was_compared_last(whole: Session) -> None:
    assert look(whole).cursor == SECOND
    assert look(whole, cursor=FIRST).cursor == FIRST, "second first, then from the beginning"


def test_an_attempt_never_reuses_a_run_key(whole: Session) -> None:
    lose(whole, FIRST, 1)
    first = look(whole)
    make_due(whole)
    assert look(whole).run_keys != first.run_keys


def test_points_of_a_batch_that_the_ledger_does_not_know_are_deleted(whole: Session) -> None:
    stranger = uuid4()
    leave_behind(whole, stranger, 3)
    known = len(points(whole, FIRST)) + len(points(whole, SECOND))

    seen = look(whole)

    assert seen.requested == []
    assert whole.index.store.count() == known


def test_a_batch_that_is_claimed_or_whose_source_is_being_removed_is_left_alone(whole: Session) -> None:
    lose(whole, FIRST, 1)
    batch = batch_id(whole, FIRST)
    with held(whole.ledger.engine, "batches", batch, owner="run 1", length=KNOWLEDGE):
        assert look(whole).requested == []
    sql(whole, "UPDATE waybill.sources SET removing_at = now()")
    assert look(whole).requested == []
    assert batch in whole.index.store.counts_by_batch(), "the removal deletes its points, not this sensor"


def test_a_store_that_cannot_be_read_raises_instead_of_finding_nothing(
    postgres: PostgresHost, ledger_url: str, tmp_path: Path
) -> None:
    with (
        running_engine(tmp_path / "vectors") as engine,
        new_session(postgres, ledger_url, engine, tmp_path / "home") as session,
    ):
        ingested(session, write(tmp_path / "site", one="The Leeds store opens on 16 May 2026."))
        engine.kill()
        with pytest.raises(VectorStoreUnavailableError):
            look(session)
        assert sql(session, "SELECT max(repairs) FROM waybill.batches") == [(0,)], "nothing was asked for"
