"""The watch folder's files: whole ones only, none overwritten, none lost."""

import threading
from pathlib import Path
from time import monotonic

import pytest

from resources.watching.folder import Dropped, WatchFolderUnavailableError, dropped, put_away, settled

HASH = "ab" * 32


def drop(folder: Path, name: str = "acme.xlsx", content: bytes = b"x") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def only(folder: Path) -> Dropped:
    (found,) = dropped(folder)
    return found


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
    assert settled(tmp_path / "..", within_s=0.5, settle_s=0.1) == []


def test_cb2_a_file_that_grows_is_left_until_it_is_whole(tmp_path: Path) -> None:
    path, stop = drop(tmp_path), threading.Event()

    def grow() -> None:
        while not stop.wait(0.05):
            with path.open("ab") as stream:
                stream.write(b"x" * 100)

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        begun = monotonic()
        assert settled(tmp_path, within_s=1, settle_s=0.4) == []
        assert monotonic() - begun < 10
    finally:
        stop.set()
        thread.join()
    (file,) = settled(tmp_path, within_s=5, settle_s=0.2)
    assert file.size_bytes == path.stat().st_size


def test_it_is_put_away_by_rename_with_its_note(tmp_path: Path) -> None:
    inode = drop(tmp_path, content=b"content").stat().st_ino
    target = put_away(only(tmp_path), "processed", "taken", HASH)
    assert target == tmp_path / "processed" / "acme.xlsx"
    assert (target.read_bytes(), target.stat().st_ino) == (b"content", inode)
    assert (tmp_path / "processed" / "acme.xlsx.txt").read_text() == "taken"
    assert sorted(path.name for path in (tmp_path / "processed").iterdir()) == ["acme.xlsx", "acme.xlsx.txt"]


def test_nothing_is_overwritten_however_often_the_name_comes(tmp_path: Path) -> None:
    for number in range(4):
        drop(tmp_path, content=str(number).encode())
        put_away(only(tmp_path), "failed", f"note {number}", HASH)
    names = ["acme.xlsx", "acme abababab.xlsx", "acme abababab 2.xlsx", "acme abababab 3.xlsx"]
    for number, name in enumerate(names):
        assert (tmp_path / "failed" / name).read_text() == str(number)
        assert (tmp_path / "failed" / f"{name}.txt").read_text() == f"note {number}"


def test_a_note_that_was_left_by_a_crash_is_written_again(tmp_path: Path) -> None:
    drop(tmp_path)
    (tmp_path / "processed").mkdir()
    (tmp_path / "processed" / "acme.xlsx.txt").write_text("half")
    target = put_away(only(tmp_path), "processed", "whole", HASH)
    assert target.name == "acme.xlsx"
    assert (tmp_path / "processed" / "acme.xlsx.txt").read_text() == "whole"


def test_a_file_that_another_look_put_away_is_left_at_that(tmp_path: Path) -> None:
    path = drop(tmp_path)
    file = only(tmp_path)
    path.unlink()
    put_away(file, "processed", "taken", HASH)
    assert not path.exists()


def test_a_place_that_cannot_be_written_leaves_the_file(tmp_path: Path) -> None:
    path = drop(tmp_path)
    (tmp_path / "processed").write_text("a file, not a folder")
    with pytest.raises(WatchFolderUnavailableError):
        put_away(only(tmp_path), "processed", "taken", HASH)
    assert path.exists()
