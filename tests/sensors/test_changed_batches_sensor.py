"""Changed batches are asked for once each, when nobody works on them; dead claims are released, partitions aligned."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from orchestration.session import Session
from resources.ledger.leases import KNOWLEDGE, held
from sensors.jobs import MAKE_KNOWLEDGE
from tests.sensors.ticks import Tick, batch_id, make_due, tick
from tests.sessions import run, sql
from tests.whole import FIRST, SECOND

CLAIM_AND_WAIT = """
import sys
from resources.ledger.engine import open_ledger
from resources.ledger.leases import KNOWLEDGE, held
from uuid import UUID
engine = open_ledger(sys.argv[1], pool_size=2)
with held(engine, "batches", UUID(sys.argv[2]), owner="run of a process", length=KNOWLEDGE):
    print("claimed", flush=True)
    sys.stdin.read()
"""


def look(session: Session) -> Tick:
    return tick(session, "changed_batches_sensor")


def change(session: Session, partition_key: str) -> None:
    """One document of the batch has to be extracted again."""
    sql(
        session,
        """UPDATE waybill.documents SET extracted_version_id = NULL WHERE id = (
           SELECT d.id FROM waybill.documents d JOIN waybill.batches b ON b.id = d.batch_id
           WHERE b.partition_key = :key AND d.gone_at IS NULL LIMIT 1)""",
        key=partition_key,
    )


@pytest.fixture
def killed(whole: Session) -> Session:
    """The first batch is claimed by a process that was killed with -9."""
    command = [sys.executable, "-c", CLAIM_AND_WAIT, whole.backends.database_url, str(batch_id(whole, FIRST))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "claimed\n"
        process.kill()
    return whole


def test_each_changed_batch_is_asked_for_and_no_other(whole: Session) -> None:
    assert look(whole).requested == []
    change(whole, SECOND)
    seen = look(whole)
    assert seen.requested == [SECOND]
    assert seen.failed_checks == []
    assert run(whole, MAKE_KNOWLEDGE, SECOND).success
    assert look(whole).requested == []


def test_an_attempt_that_failed_is_repeated_at_a_pace_and_never_by_the_same_run_key(whole: Session) -> None:
    change(whole, FIRST)
    first = look(whole)
    assert look(whole).requested == []
    make_due(whole)
    assert look(whole).run_keys != first.run_keys


def test_CB_1_the_claim_of_a_killed_process_is_released_and_its_work_asked_for(killed: Session) -> None:
    change(killed, FIRST)
    claimed = "SELECT count(*) FROM waybill.batches WHERE lease_owner IS NOT NULL"
    assert sql(killed, claimed) == [(1,)]
    assert look(killed).requested == [FIRST]
    assert sql(killed, claimed) == [(0,)]


def test_a_batch_that_somebody_works_on_or_that_is_on_its_way_is_left_alone(whole: Session) -> None:
    change(whole, FIRST)
    change(whole, SECOND)
    whole.instance.create_run_for_job(
        whole.definitions.resolve_job_def(MAKE_KNOWLEDGE),
        status=dg.DagsterRunStatus.NOT_STARTED,
        tags={"dagster/partition": SECOND},
    )
    batch = batch_id(whole, FIRST)
    with held(whole.ledger.engine, "batches", batch, owner="run 1", length=KNOWLEDGE):
        assert look(whole).requested == []
    assert look(whole).requested == [FIRST]


@pytest.mark.parametrize("how", ["removing_at = now()", "lease_owner = 'i', lease_expires_at = now() + interval '1m'"])
def test_a_source_that_is_held_or_being_removed_is_left_alone(whole: Session, how: str) -> None:
    change(whole, FIRST)
    sql(whole, f"UPDATE waybill.sources SET {how}, lease_process = 'another machine/1/2/3'")
    assert look(whole).requested == []


def test_partitions_become_those_of_the_ledger_again(whole: Session) -> None:
    whole.instance.delete_dynamic_partition("batches", FIRST)
    whole.instance.add_dynamic_partitions("batches", ["acme:gone:0000"])
    whole.instance.add_dynamic_partitions("sources", ["acme:gone"])
    look(whole)
    assert set(whole.instance.get_dynamic_partitions("batches")) == {FIRST, SECOND}
    assert whole.instance.get_dynamic_partitions("sources") == ["acme:site"]


def test_a_batch_with_nothing_left_is_no_partition_until_a_document_returns(whole: Session, tmp_path: Path) -> None:
    in_second = "batch_id = (SELECT id FROM waybill.batches WHERE ordinal = 1)"
    sql(whole, f"UPDATE waybill.documents SET gone_at = now() WHERE {in_second}")
    sql(whole, f"UPDATE waybill.extractions SET retired_at = now(), embedding_id = NULL WHERE {in_second}")
    look(whole)
    assert whole.instance.get_dynamic_partitions("batches") == [FIRST]
    sql(whole, f"UPDATE waybill.documents SET gone_at = NULL WHERE {in_second}")
    look(whole)
    assert set(whole.instance.get_dynamic_partitions("batches")) == {FIRST, SECOND}
