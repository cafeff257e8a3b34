"""A disk that fills up while an ingest writes: a clear error, nothing half, and a second ingest that completes it."""

import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from tests.acceptance.end_state import assert_same, end_state
from tests.acceptance.turnstile import closed
from tests.acceptance.twins import BATCH_DOCUMENTS, CLIENT, Beginning
from tests.acceptance.waybill_process import Addresses, Ended, Waybill
from tests.hosts import PostgresHost
from tests.sessions import write
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

DISK_BYTES: Final = 600 << 20
BELOW_THE_RESERVE_BYTES: Final = 100 << 20
"""The vector engine stores nothing when less than 256 MiB are free; Postgres has room enough then."""
TEXTS: Final = {
    f"n{number}": f"Item {number} weighs {number} grams. It was made in 20{number}." for number in range(10, 16)
}
EXTRACTED: Final = "SELECT uri FROM waybill.documents WHERE state = 'extracted'"


@dataclass(frozen=True)
class Disk:
    """A file system of its own, of DISK_BYTES."""

    folder: Path

    def fill(self, *, leaving_bytes: int = 0) -> None:
        """Take all room but ``leaving_bytes``."""
        with self._ballast.open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, shutil.disk_usage(self.folder).free - leaving_bytes)

    def free(self) -> None:
        """Give it back."""
        self._ballast.unlink()

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A tmpfs, which only root can mount. Skipped where that is refused; with CI=true it fails."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    refused = subprocess.run(mount, capture_output=True, text=True, check=False)
    if refused.returncode != 0:
        absent = f"a small disk cannot be mounted here, which takes root and CAP_SYS_ADMIN: {refused.stderr.strip()}"
        if os.environ.get("CI") == "true":
            pytest.fail(absent)
        pytest.skip(absent)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def waybill(disk: Disk) -> Iterator[Waybill]:
    """An installation whose home is on the small disk, with nothing in it but migrated databases."""
    made = Waybill(disk.folder / "home", {"WAYBILL_BATCH_SIZE_DOCUMENTS": str(BATCH_DOCUMENTS)})
    yield made
    made.kill_all()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("source") / "site", **TEXTS)


@pytest.fixture(scope="module")
def undisturbed(postgres: PostgresHost, source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an ingest makes where there is room."""
    with Beginning.empty(postgres).twin(tmp_path_factory.mktemp("undisturbed")) as twin:
        assert not twin.ingest(source).failures
        return end_state(twin.at)


def test_KX_7_a_disk_that_is_full_for_the_database_leaves_nothing_half(
    waybill: Waybill, disk: Disk, source: Path, undisturbed: dict[str, Any]
) -> None:
    with waybill.held() as at:
        failed = ingest_while_the_disk_fills(waybill, at, source, disk)

        assert "room on the database's disk" in failed.refused()
        assert "Free disk space" in failed.said
        assert at.sql(EXTRACTED) == []
        assert_nothing_half(at, undisturbed)
        disk.free()
        assert_completes(waybill, at, source, undisturbed)


def test_KX_7_a_database_that_dies_of_a_full_disk_comes_back_with_nothing_half(
    waybill: Waybill, disk: Disk, source: Path, undisturbed: dict[str, Any]
) -> None:
    with waybill.held() as at:
        failed = ingest_while_the_disk_fills(waybill, at, source, disk, until_the_server_dies=True)

        assert "a database that answers" in failed.refused()
        wait_until(lambda: answers(at), 60, "the server's return")
        assert_nothing_half(at, undisturbed)
        assert_completes(waybill, at, source, undisturbed)


def test_KX_1_a_disk_that_is_full_for_the_vectors_leaves_whole_extractions_that_wait(
    waybill: Waybill, disk: Disk, source: Path, undisturbed: dict[str, Any]
) -> None:
    with waybill.held() as at:
        waybill.within("ingest", write(source.parent / "before", one="It has 1 leg."), "--client", "other")
        disk.fill(leaving_bytes=BELOW_THE_RESERVE_BYTES)
        failed = waybill.within("ingest", source, "--client", CLIENT)

        assert "room on the disk" in failed.refused()
        status = waybill.within("status", "--json").json()
        assert (status["points"], status["dead_letters"]) == (1, 0), "an outage makes no dead letter"
        assert status["orphans"] == status["extractions"] - 1 > 0
        disk.free()
        waybill.within("sources", "remove", "before", "--client", "other")
        assert waybill.within("ingest", source, "--client", CLIENT).code == 0
        assert_same(own(end_state(at)), own(undisturbed))


def ingest_while_the_disk_fills(
    waybill: Waybill, at: Addresses, source: Path, disk: Disk, *, until_the_server_dies: bool = False
) -> Ended:
    """An ingest whose first extractions are about to be written when the last byte of the disk is taken.

    The server dies when it cannot write its log; then there is room again.
    """
    assert waybill.within("migrate").code == 0
    with (
        closed(at.ledger, "waybill.extractions") as (turnstile,),
        waybill.start("ingest", source, "--client", CLIENT) as running,
    ):
        turnstile.stop_at("COPY waybill.extractions")
        disk.fill()
        if until_the_server_dies:
            use_up_the_log(at)
            disk.free()  # Dagster asks for its storage again for twenty seconds, which need not be in vain
        turnstile.open()
        return running.end()


def use_up_the_log(at: Addresses) -> None:
    """Postgres made some segments of its log ahead; the one after them finds no room, and that ends the server."""
    with suppress(psycopg.OperationalError), psycopg.connect(at.ledger, autocommit=True) as connection:
        while True:
            connection.execute("SELECT pg_logical_emit_message(true, 'filler', 'x'), pg_switch_wal()")


def answers(at: Addresses) -> bool:
    try:
        return at.sql("SELECT 1") == [(1,)]
    except psycopg.OperationalError:
        return False


def assert_nothing_half(at: Addresses, whole: dict[str, Any]) -> None:
    """Each document has all of its extractions or none."""
    wanted = by_document(whole["extractions"])
    found = by_document(
        [{"id": i, "document_id": d} for i, d in at.sql("SELECT id::text, document_id::text FROM waybill.extractions")]
    )
    assert all(found[document] == wanted[document] for document in found)


def by_document(rows: list[dict[str, Any]]) -> dict[str, set[str]]:
    found = defaultdict(set)
    for row in rows:
        found[row["document_id"]].add(row["id"])
    return found


def assert_completes(waybill: Waybill, at: Addresses, source: Path, undisturbed: dict[str, Any]) -> None:
    assert waybill.within("ingest", source, "--client", CLIENT).code == 0
    assert_same(end_state(at), undisturbed)


def own(state: dict[str, Any]) -> dict[str, Any]:
    """Without the traces of the other client: its name, and the events of what is not there any more."""
    return {
        **state,
        "clients": [row for row in state["clients"] if row["slug"] == CLIENT],
        "materialized": [row for row in state["materialized"] if row[1].startswith(f"{CLIENT}:")],
    }
