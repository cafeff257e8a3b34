"""The artefact store: what it holds is whole, named by its content, and nothing half is left by whoever fails."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from resources.artefacts.store import (
    ArtefactMissingError,
    ArtefactStore,
    ArtefactStoreFullError,
    ArtefactStoreUnavailableError,
)
from resources.domain.deliverables import Artefact
from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]
NOTE = b"# A note\n"
NOTE_HASH = hashlib.sha256(NOTE).hexdigest()
WRITER = """
import sys, time
from pathlib import Path
from resources.artefacts.store import ArtefactStore
def blocks():
    yield b"begun"
    print("writing", flush=True)
    time.sleep(60)
    yield b"never"
ArtefactStore(Path(sys.argv[1])).put(blocks())
"""


@pytest.fixture
def store(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "artefacts")


def files(store: ArtefactStore) -> list[Path]:
    """Every file in the store's folder, unfinished ones too."""
    return sorted(path for path in store.folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("content", [NOTE, [b"# A ", b"", b"note\n"], BytesIO(NOTE)], ids=["bytes", "blocks", "stream"])
def test_whatever_way_it_comes_a_content_is_stored_under_its_hash(
    store: ArtefactStore, content: bytes | list[bytes] | BytesIO
) -> None:
    assert store.put(content) == Artefact(NOTE_HASH, len(NOTE))
    assert files(store) == [store.folder / NOTE_HASH[:2] / NOTE_HASH[2:4] / NOTE_HASH]
    with store.open(NOTE_HASH) as stream:
        assert stream.read() == NOTE
    assert store.verify(NOTE_HASH)


def test_nothing_is_made_before_the_first_put(store: ArtefactStore) -> None:
    assert store.sweep_unfinished(0) == 0
    assert not store.verify(NOTE_HASH)
    assert not store.folder.exists()


def test_an_empty_file_is_a_file(store: ArtefactStore) -> None:
    assert store.put(b"").size_bytes == 0
    assert store.verify(hashlib.sha256().hexdigest())


def test_the_same_content_twice_is_one_file_even_at_once(store: ArtefactStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        stored = set(pool.map(lambda _: store.put([NOTE] * 1000), range(32)))
    (artefact,) = stored
    assert artefact.size_bytes == 1000 * len(NOTE)
    assert len(files(store)) == 1
    assert store.verify(artefact.content_hash)


def test_CB_10_a_file_that_was_cut_is_seen_and_storing_it_again_mends_it(store: ArtefactStore) -> None:
    store.put(NOTE)
    os.truncate(files(store)[0], 3)
    assert not store.verify(NOTE_HASH)
    store.put(NOTE)
    assert store.verify(NOTE_HASH)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", NOTE_HASH.upper(), f"{NOTE_HASH}/../{NOTE_HASH}", "0" * 64])
def test_what_is_not_there_or_no_hash_is_refused(store: ArtefactStore, name: str) -> None:
    store.put(NOTE)
    with pytest.raises(ArtefactMissingError):
        store.open(name)
    assert not store.verify(name)


def test_a_content_that_fails_half_way_leaves_nothing_and_its_own_error(store: ArtefactStore) -> None:
    def failing() -> Iterator[bytes]:
        yield NOTE
        raise OSError("the source went away")

    with pytest.raises(OSError, match="the source went away"):
        store.put(failing())
    assert files(store) == []


def test_a_killed_writer_leaves_nothing_under_a_hash_and_is_swept(store: ArtefactStore) -> None:
    command = [sys.executable, "-c", WRITER, str(store.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"writing\n"
        assert store.sweep_unfinished(0) == 0, "it still writes"
        writer.send_signal(signal.SIGKILL)
    assert [path.parent.name for path in files(store)] == ["unfinished"]
    assert store.sweep_unfinished(3600) == 0, "it is not old enough"
    assert store.sweep_unfinished(0) == 1
    assert files(store) == []


def test_a_sweep_leaves_what_is_stored(store: ArtefactStore) -> None:
    store.put(NOTE)
    os.utime(files(store)[0], (time.time() - 9999,) * 2)
    assert store.sweep_unfinished(0) == 0
    assert store.verify(NOTE_HASH)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB, which only root can mount; skipped where that is refused, with CI=true it fails."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    refused = subprocess.run(mount, capture_output=True, text=True, check=False)
    if refused.returncode != 0:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no small disk: {refused.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_a_transient_error_and_leaves_room_for_what_fits(small_disk: Path) -> None:
    store = ArtefactStore(small_disk / "artefacts")
    with pytest.raises(ArtefactStoreFullError, match="No space left on device") as raised:
        store.put([bytes(64_000)] * 40)
    assert raised.value.retry_helps
    assert files(store) == []
    assert store.verify(store.put(bytes(500_000)).content_hash)


def test_a_folder_that_cannot_be_one_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "artefacts").write_text("a file")
    with pytest.raises(ArtefactStoreUnavailableError, match=r"artefacts in .*: expected a folder that can be written"):
        ArtefactStore(tmp_path / "artefacts").put(NOTE)


def test_many_processes_store_the_same_at_once(store: ArtefactStore) -> None:
    code = "import sys; from pathlib import Path; from resources.artefacts.store import ArtefactStore\n"
    code += "for _ in range(20): ArtefactStore(Path(sys.argv[1])).put(b'x' * 100_000)"
    writers = [subprocess.Popen([sys.executable, "-c", code, str(store.folder)], cwd=ROOT) for _ in range(4)]
    assert wait_until(lambda: all(writer.poll() is not None for writer in writers))
    assert [writer.returncode for writer in writers] == [0, 0, 0, 0]
    assert len(files(store)) == 1
    assert store.verify(files(store)[0].name)
