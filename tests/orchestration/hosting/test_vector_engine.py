"""The embedded engine as a process: what it refuses, what it keeps, and how it ends."""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import disk_usage

import pytest

from resources.vectors.errors import VectorStoreUnavailableError
from resources.vectors.store import VectorStore
from tests.engines import engine_command, running_engine
from tests.orchestration.hosting.engine_asking import ask, opened, points, segments
from tests.resources.vectors.samples import ACME, Sample, axis, batch, search, store_samples
from tests.waiting import wait_until

SEAL_POINTS = 16_384
START_S = 30


def test_kill_9_loses_no_acknowledged_point(tmp_path: Path) -> None:
    """Killed while it seals: the segment is half turned into files, and the log holds the rest."""
    acknowledged = 0
    with running_engine(tmp_path / "vectors") as engine:
        store = opened(engine)
        store.ensure_collection()
        for start in range(0, SEAL_POINTS, 1_024):
            store_samples(store, [Sample(start + n, "cargo", axis=n % 8, batch=start // 1_024) for n in range(1_024)])
            acknowledged = start + 1_024
        engine.kill()
        with pytest.raises(VectorStoreUnavailableError):
            store.count()
        store.close()
    with running_engine(tmp_path / "vectors") as engine:
        store = opened(engine)
        everything = list(store.scroll_ids())
        assert store.extractions_of(everything) == {Sample(n).id: Sample(n).extraction for n in range(acknowledged)}
        assert store.counts_by_batch() == {batch(n): 1_024 for n in range(acknowledged // 1_024)}
        assert len(search(store, "cargo", near=3, k=50)) == 50
        store.close()


def test_a_sealed_segment_is_searched_exactly_and_rewritten_in_place(tmp_path: Path) -> None:
    with running_engine(tmp_path / "vectors") as engine:
        store = opened(engine)
        store.ensure_collection()
        store_samples(store, [Sample(n, "cargo", axis=n % 7) for n in range(SEAL_POINTS)])
        wait_until(lambda: segments(engine) > 1, what="the seal")
        store_samples(store, [Sample(5, "vessel", axis=7), Sample(6, "vessel", axis=7)])
        store.delete([Sample(6).id])
        assert store.count() == SEAL_POINTS - 1
        [best] = search(store, "", near=7, mode="dense", k=1)
        assert (best.id, round(best.score, 5)) == (Sample(5).id, 1.0)
        assert [found.id for found in search(store, "vessel", mode="bm25")] == [Sample(5).id]
        store.close()


def test_sigterm_answers_what_was_asked_then_ends_with_0(tmp_path: Path) -> None:
    with running_engine(tmp_path / "vectors") as engine:
        store = opened(engine)
        store.ensure_collection()
        store_samples(store, [Sample(n, "cargo") for n in range(500)])
        assert engine.terminate() == 0
        store.close()
    with running_engine(tmp_path / "vectors") as engine:
        assert points(engine) == 500


def test_a_second_engine_on_the_folder_is_refused_with_the_first_ones_pid(tmp_path: Path) -> None:
    folder = tmp_path / "vectors"
    with running_engine(folder) as engine:
        second = subprocess.run(engine_command(folder), capture_output=True, text=True, timeout=START_S, check=False)
    assert second.returncode == 1
    assert str(folder) in second.stderr
    assert f"process {engine.process.pid}" in second.stderr


def test_a_collection_that_another_process_has_open_is_named(tmp_path: Path) -> None:
    """The engine's own lock on a shard (WouldBlock), seen when the lock on the folder is gone."""
    folder = tmp_path / "vectors"
    with running_engine(folder) as engine:
        store = opened(engine)
        store.ensure_collection()
        (folder / "engine.lock").unlink()
        second = subprocess.run(engine_command(folder), capture_output=True, text=True, timeout=START_S, check=False)
        store.close()
    assert second.returncode == 1
    assert str(folder / "collections" / "points") in second.stderr


def test_a_taken_port_is_named_with_its_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = engine_command(tmp_path / "vectors", port=port)
        second = subprocess.run(command, capture_output=True, text=True, timeout=START_S, check=False)
    assert second.returncode == 1
    assert f"port {port}" in second.stderr
    assert "WAYBILL_VECTOR_PORT" in second.stderr


def test_searches_are_answered_during_upserts(tmp_path: Path) -> None:
    with running_engine(tmp_path / "vectors") as engine:
        store = opened(engine)
        store.ensure_collection()
        store_samples(store, [Sample(10**6, "vessel", axis=7)])
        done, answered = threading.Event(), 0
        with ThreadPoolExecutor(2) as pool:
            writers = [pool.submit(fill, store, first) for first in (0, 100_000)]
            pool_ended = threading.Thread(target=lambda: ([w.result() for w in writers], done.set()))
            pool_ended.start()
            while not done.is_set():
                assert search(store, "vessel", near=7)[0].id == Sample(10**6).id
                assert store.search(ACME, axis(7), ([], []), 1, "dense")[0].id == Sample(10**6).id
                answered += 1
            pool_ended.join()
        assert answered > 5
        assert store.count() == 10_001
        store.close()


def fill(store: VectorStore, first: int) -> None:
    for start in range(first, first + 5_000, 500):
        store_samples(store, [Sample(start + n, "cargo", axis=n % 7) for n in range(500)])


def test_a_deleted_collection_leaves_nothing_and_can_be_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "vectors"
    with running_engine(folder) as engine:
        store = opened(engine)
        store.ensure_collection()
        store_samples(store, [Sample(1)])
        assert ask(engine, "DELETE", "/collections/points").json()["result"] is True
        assert ask(engine, "DELETE", "/collections/points").json()["result"] is False
        assert list((folder / "collections").iterdir()) == []
        assert ask(engine, "GET", "/collections/points/exists").json()["result"] == {"exists": False}
        store.ensure_collection()
        assert store.count() == 0
        assert ask(engine, "GET", "/collections").json()["result"] == {"collections": [{"name": "points"}]}
        store.close()


def test_what_a_crash_left_half_made_is_cleared_at_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "vectors"
    for left in (".creating-a", ".deleting-b"):
        (folder / "collections" / left / "shard").mkdir(parents=True)
    with running_engine(folder) as engine:
        assert ask(engine, "GET", "/collections").json()["result"] == {"collections": []}
    assert list((folder / "collections").iterdir()) == []


def test_a_full_disk_is_a_507_and_stores_nothing(small_disk: Path) -> None:
    with running_engine(small_disk / "vectors") as engine:
        store = opened(engine)
        store.ensure_collection()
        store_samples(store, [Sample(1), Sample(2)])
        ballast = small_disk / "ballast"
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, disk_usage(small_disk).free - (200 << 20))
        with pytest.raises(VectorStoreUnavailableError, match=r"507.*MiB free"):
            store_samples(store, [Sample(3), Sample(4)])
        assert (
            ask(engine, "PUT", "/collections/more", {"vectors": {"a": {"size": 4, "distance": "Dot"}}}).status_code
            == 507
        )
        assert (store.count(), [found.id for found in search(store, "", mode="dense", k=1)] != []) == (2, True)
        store.delete([Sample(2).id])
        ballast.unlink()
        store_samples(store, [Sample(3)])
        assert store.existing([Sample(n).id for n in (1, 2, 3, 4)]) == {Sample(1).id, Sample(3).id}
        store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=500m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"this user may not mount a small disk: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)
