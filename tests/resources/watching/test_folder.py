"""What lies in the watch folder: whole workbooks and nothing else, and their bytes as they were seen."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from resources.watching.errors import DroppedFileChangedError, DroppedFileUnavailableError, WatchFolderUnavailableError
from resources.watching.folder import dropped, opened, settled
from tests.resources.sources.permissions import as_nobody
from tests.resources.watching.dropping import drop, only
from tests.waiting import wait_until


def test_workbooks_are_seen_and_nothing_else(tmp_path: Path) -> None:
    for name in ("a.xlsx", "B.XLSX", "~$a.xlsx", ".b.xlsx", "c.xls", "d.txt"):
        drop(tmp_path, name)
    (tmp_path / "folder.xlsx").mkdir()
    (tmp_path / "link.xlsx").symlink_to("/etc/passwd")
    (tmp_path / "processed").mkdir()
    drop(tmp_path / "processed", "e.xlsx")
    assert [each.path.name for each in dropped(tmp_path)] == ["a.xlsx", "B.XLSX"]


def test_a_folder_that_cannot_be_read_is_no_empty_one(tmp_path: Path) -> None:
    with pytest.raises(WatchFolderUnavailableError, match="WAYBILL_WATCH_FOLDER"):
        dropped(tmp_path / "gone")


def test_a_file_counts_once_it_stands_still(tmp_path: Path) -> None:
    drop(tmp_path)
    assert [each.path.name for each in settled(tmp_path, within_s=5, settle_s=0.2)] == ["acme.xlsx"]


@contextmanager
def growing(path: Path) -> Iterator[None]:
    """The file grows as long as the block lasts."""
    stop = threading.Event()

    def grow() -> None:
        while not stop.wait(0.05):
            with path.open("ab") as stream:
                stream.write(b"x" * 100)

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        wait_until(path.exists, 5, "the file that grows")
        yield
    finally:
        stop.set()
        thread.join()


def test_cb2_a_file_that_grows_is_left_until_it_is_whole(tmp_path: Path) -> None:
    path = drop(tmp_path)
    with growing(path):
        assert settled(tmp_path, within_s=1, settle_s=0.4) == []
    (file,) = settled(tmp_path, within_s=5, settle_s=0.2)
    assert file.size_bytes == path.stat().st_size


def test_one_that_grows_holds_up_no_other(tmp_path: Path) -> None:
    drop(tmp_path, "whole.xlsx")
    with growing(tmp_path / "grows.xlsx"):
        found = settled(tmp_path, within_s=1.5, settle_s=0.3)
    assert [each.path.name for each in found] == ["whole.xlsx"]


def test_it_waits_no_longer_than_until_all_stand_still(tmp_path: Path) -> None:
    assert _lasts_s(tmp_path) < 0.3, "nothing is there to wait for"
    drop(tmp_path)
    assert 0.4 <= _lasts_s(tmp_path) < 5


def _lasts_s(folder: Path) -> float:
    begun_s = monotonic()
    settled(folder, within_s=30, settle_s=0.4)
    return monotonic() - begun_s


def test_the_bytes_are_those_of_the_file_that_was_seen(tmp_path: Path) -> None:
    drop(tmp_path, content=b"content")
    with opened(only(tmp_path)) as stream:
        assert stream.read() == b"content"


def test_cb2_a_file_that_grows_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = drop(tmp_path)
    with pytest.raises(DroppedFileChangedError, match="changed or replaced"), opened(only(tmp_path)) as stream:
        stream.read()
        path.write_bytes(b"more")


def test_cb2_a_file_that_is_replaced_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path, other = drop(tmp_path, content=b"1"), drop(tmp_path, "other", content=b"2")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    with pytest.raises(DroppedFileChangedError), opened(only(tmp_path)):
        other.replace(path)


def test_a_link_that_took_the_files_place_is_not_followed(tmp_path: Path) -> None:
    path = drop(tmp_path)
    file = only(tmp_path)
    path.unlink()
    path.symlink_to("/etc/passwd")
    with pytest.raises(DroppedFileUnavailableError), opened(file):
        pytest.fail("it was opened")


def test_a_file_that_may_not_be_read_is_said_to_be(tmp_path: Path) -> None:
    drop(tmp_path).chmod(0)
    file = only(tmp_path)

    def read() -> None:
        with opened(file):
            pytest.fail("it was opened")

    with pytest.raises(DroppedFileUnavailableError, match="Permission denied"):
        as_nobody(read)


def test_a_file_that_vanished_is_said_to_be_gone(tmp_path: Path) -> None:
    path = drop(tmp_path)
    file = only(tmp_path)
    path.unlink()
    with pytest.raises(DroppedFileChangedError, match="gone"), opened(file):
        pytest.fail("it was opened")


def test_names_that_nothing_can_show_are_shown(tmp_path: Path) -> None:
    drop(tmp_path, os.fsdecode(b"a\xff\nb.xlsx"))
    assert only(tmp_path).name == "a\ufffd\ufffdb.xlsx"
