"""Work broken off by kill -9 goes on under `waybill up`, which may be killed itself, and ends as undisturbed."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from orchestration.removal import finish_removal
from tests.acceptance.end_state import assert_same, end_state
from tests.acceptance.turnstile import closed
from tests.acceptance.twins import BATCH_DOCUMENTS, CLIENT, Beginning
from tests.acceptance.waybill_process import Addresses, Running, Waybill
from tests.hosts import PostgresHost
from tests.sessions import ingested, write
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

TEXTS: Final = {
    f"n{number}": f"Item {number} weighs {number} grams. It was made in 20{number}." for number in range(10, 16)
}
ENDED: Final = {"SUCCESS", "FAILURE", "CANCELED"}
WORKERS: Final = "SELECT lease_process FROM waybill.batches WHERE lease_process IS NOT NULL"
UNFINISHED: Final = "SELECT count(*) FROM waybill.documents WHERE state IN ('listed', 'fetched')"
ORPHANS: Final = "SELECT count(*) FROM waybill.extractions WHERE embedding_id IS NULL"
HEALS_WITHIN_S: Final = 240
"""The first request of a batch is followed by the next after a minute at the earliest; sensors look twice a minute."""


@pytest.fixture
def waybill(tmp_path: Path) -> Iterator[Waybill]:
    settings = {"WAYBILL_BATCH_SIZE_DOCUMENTS": str(BATCH_DOCUMENTS), "PYTHONUNBUFFERED": "1"}
    made = Waybill(tmp_path / "home", settings)
    yield made
    made.kill_all()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "site", **TEXTS)


@pytest.fixture
def leaving(tmp_path: Path) -> Path:
    return write(tmp_path / "leaving", old="It was 12 years old.")


@pytest.fixture
def undisturbed(postgres: PostgresHost, source: Path, leaving: Path, tmp_path: Path) -> dict[str, Any]:
    """What becomes of the sources when nobody disturbs the removal of one and the ingest of the other."""
    with Beginning.empty(postgres).twin(tmp_path / "undisturbed") as twin:
        with twin.session() as session:
            finish_removal(session, ingested(session, leaving).source, owner="the removal")
            ingested(session, source)
        return end_state(twin.at)


def test_CB_1_DT_9_work_that_was_killed_goes_on_under_up_and_ends_as_if_undisturbed(
    waybill: Waybill, source: Path, leaving: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    with waybill.held() as at:
        kill_a_removal_between_points_and_rows(waybill, at, leaving)
        kill_an_ingest_after_its_listing(waybill, at, source)
        with closed(at.ledger, "waybill.extractions") as (turnstile,), waybill.start("up") as serving:
            turnstile.stop_at("SET embedding_id = l.point")  # in the run that a sensor asked for
            assert_up(serving)
            assert at.sql("SELECT name FROM waybill.sources") == [("site",)], "KX-11: up finished the removal"
            assert waybill.made("status", "--json").json()["orphans"] > 0, "a command beside up"
            ((process,), *_) = at.sql(WORKERS)
            os.kill(int(process.split("/")[2]), signal.SIGKILL)
            waybill.kill_all()
    assert waybill.left_behind() == []

    with waybill.start("up") as serving, waybill.held() as at:
        assert_up(serving)
        wait_until(lambda: is_done(at), HEALS_WITHIN_S, "the end of all work")
        assert_same(end_state(at), undisturbed)
        assert waybill.made("ingest", write(tmp_path / "other", one="It has 8 legs."), "--client", "b").said
        ended = serving.interrupt()
    assert ended.code == 0, ended
    assert waybill.left_behind() == []


def kill_a_removal_between_points_and_rows(waybill: Waybill, at: Addresses, folder: Path) -> None:
    assert waybill.within("ingest", folder, "--client", CLIENT).code == 0
    with (
        closed(at.ledger, "waybill.extractions") as (turnstile,),
        waybill.start("sources", "remove", folder.name, "--client", CLIENT) as running,
    ):
        turnstile.stop_at("waybill.purge_documents")
        running.kill()


def kill_an_ingest_after_its_listing(waybill: Waybill, at: Addresses, source: Path) -> None:
    with (
        closed(at.ledger, "waybill.document_versions") as (turnstile,),
        waybill.start("ingest", source, "--client", CLIENT) as running,
    ):
        turnstile.stop_at("INSERT INTO waybill.document_versions")
        running.kill()


def assert_up(serving: Running) -> None:
    """Return when it says that it is."""
    assert serving.process.stdout is not None
    assert serving.process.stdout.readline().startswith("Ledger in order: "), serving.said()
    assert serving.process.stdout.readline().startswith("Waybill is up: http://127.0.0.1:"), serving.said()


def is_done(at: Addresses) -> bool:
    """Nothing is left to do, and every run of Dagster's has ended."""
    try:
        statuses = {status for (status,) in at.dagster_sql("SELECT DISTINCT status FROM runs")}
        idle = at.sql(UNFINISHED) == at.sql(ORPHANS) == [(0,)] and at.sql(WORKERS) == []
    except psycopg.OperationalError:
        return False
    return idle and statuses <= ENDED
