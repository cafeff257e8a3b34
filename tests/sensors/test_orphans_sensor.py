"""What has no embedding is reported and asked for: just that, paced, and never for nothing."""

from datetime import timedelta

import dagster as dg
import psycopg
import pytest
from sqlalchemy.exc import ProgrammingError

from orchestration.definitions import build_definitions
from orchestration.session import Session
from resources.ledger.leases import KNOWLEDGE, held
from sensors.jobs import EMBED_BATCH
from tests.sensors.ticks import Tick, batch_id, make_due, orphan, tick
from tests.sessions import check_results, run, sql
from tests.whole import FIRST, SECOND

CHECK = "every_extraction_is_embedded"


def look(session: Session) -> Tick:
    return tick(session, "orphans_sensor")


def test_KX_1_just_the_orphaned_partition_is_reported_as_failed_and_asked_for(whole: Session) -> None:
    orphans = orphan(whole, SECOND)

    seen = look(whole)

    assert seen.requested == [SECOND]
    assert seen.failed_checks == [(CHECK, SECOND)]
    assert seen.numbers == [{"orphans": orphans, "found_by": "orphans_sensor"}]


def test_where_nothing_is_orphaned_nothing_is_asked_for(whole: Session) -> None:
    seen = look(whole)
    assert (seen.requested, seen.failed_checks) == ([], [])
    assert seen.skipped is not None


def test_a_repair_that_was_asked_for_is_paced_and_its_next_attempt_has_a_new_run_key(whole: Session) -> None:
    orphan(whole, FIRST)
    first = look(whole)
    assert look(whole).requested == [], "it was asked for a moment ago"
    make_due(whole)

    second = look(whole)

    assert second.requested == first.requested == [FIRST]
    assert second.run_keys != first.run_keys
    pauses = sql(whole, "SELECT next_repair_at - now() FROM waybill.batches WHERE partition_key = :key", key=FIRST)
    assert timedelta(seconds=90) < pauses[0][0] <= timedelta(seconds=120)


def test_after_a_whole_repair_the_next_orphan_is_asked_for_at_once_by_a_run_key_that_was_never_used(
    whole: Session,
) -> None:
    keys = []
    for _ in range(3):
        orphan(whole, FIRST, 1)
        seen = look(whole)
        assert seen.requested == [FIRST]
        keys += seen.run_keys
        assert run(whole, EMBED_BATCH, FIRST).success
        assert check_results(whole, CHECK, FIRST)[0]
    assert len(set(keys)) == 3


def test_beside_a_dead_letter_a_whole_repair_resets_the_pace_too(whole: Session) -> None:
    orphan(whole, FIRST, 1)
    sql(whole, "UPDATE waybill.extractions SET embedding_failures = 3 WHERE embedding_id IS NULL")
    orphan(whole, FIRST)
    sql(whole, "UPDATE waybill.batches SET repairs = 6")
    assert run(whole, EMBED_BATCH, FIRST).success
    assert sql(whole, "SELECT DISTINCT repairs, next_repair_at FROM waybill.batches WHERE ordinal = 0") == [(0, None)]


def test_dead_letters_alone_are_not_asked_for_again(whole: Session) -> None:
    orphan(whole, FIRST)
    sql(whole, "UPDATE waybill.extractions SET embedding_failures = 3 WHERE embedding_id IS NULL")
    seen = look(whole)
    assert (seen.requested, seen.failed_checks) == ([], [])
    assert "orphans in 1 batches wait" in str(seen.skipped)


def test_CB_4_a_batch_that_somebody_works_on_is_left_alone(whole: Session) -> None:
    orphan(whole, FIRST)
    batch = batch_id(whole, FIRST)
    with held(whole.ledger.engine, "batches", batch, owner="run 1", length=KNOWLEDGE):
        assert look(whole).requested == []
    assert look(whole).requested == [FIRST]


def test_a_source_that_is_held_or_being_removed_is_left_alone(whole: Session) -> None:
    orphan(whole, FIRST)
    source = sql(whole, "SELECT id FROM waybill.sources")[0][0]
    with held(whole.ledger.engine, "sources", source, owner="ingest 1", length=KNOWLEDGE):
        assert look(whole).requested == []
    sql(whole, "UPDATE waybill.sources SET removing_at = now()")
    assert look(whole).requested == []


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED])
def test_a_batch_that_a_run_is_on_its_way_for_is_left_alone(whole: Session, status: dg.DagsterRunStatus) -> None:
    orphan(whole, FIRST)
    orphan(whole, SECOND)
    whole.instance.create_run_for_job(
        whole.definitions.resolve_job_def(EMBED_BATCH), status=status, tags={"dagster/partition": FIRST}
    )
    assert look(whole).requested == [SECOND]


def test_a_ledger_that_cannot_be_read_raises_instead_of_finding_nothing(whole: Session) -> None:
    orphan(whole, FIRST)
    with psycopg.connect(whole.backends.database_url, autocommit=True) as admin:
        admin.execute("REVOKE SELECT ON waybill.extractions FROM waybill_app")
    with pytest.raises(ProgrammingError, match="permission denied"):
        look(whole)
    assert sql(whole, "SELECT max(repairs) FROM waybill.batches") == [(0,)], "nothing was asked for"


def test_the_setting_drives_how_often_both_sensors_look(whole: Session) -> None:
    faster = whole.settings.model_copy(update={"orphan_check_interval_s": 7})
    repository = build_definitions(faster, whole.resources).get_repository_def()
    for name in ("orphans_sensor", "points_sensor"):
        sensor = repository.get_sensor_def(name)
        assert (sensor.minimum_interval_seconds, sensor.default_status) == (7, dg.DefaultSensorStatus.RUNNING)
