"""Where a taken file goes: nothing is overwritten, nothing is lost, and each has its note."""

import os
import sys
from pathlib import Path
from types import FrameType

import pytest

from resources.watching.away import NAME_BYTES, put_away
from resources.watching.errors import DroppedFileChangedError, DroppedFileUnavailableError
from tests.resources.watching.dropping import drop, only

HASH = "ab" * 32


def told(note: str) -> str:
    return f"{note}\nSHA-256 {HASH}\n"


def test_it_is_put_away_by_rename_with_its_note(tmp_path: Path) -> None:
    inode = drop(tmp_path, content=b"content").stat().st_ino
    target = put_away(only(tmp_path), "processed", "taken", HASH)
    assert target == tmp_path / "processed" / "acme.xlsx"
    assert (target.read_bytes(), target.stat().st_ino) == (b"content", inode)
    assert (tmp_path / "processed" / "acme.xlsx.txt").read_text() == told("taken")
    assert sorted(path.name for path in (tmp_path / "processed").iterdir()) == ["acme.xlsx", "acme.xlsx.txt"]


def test_nothing_is_overwritten_however_often_the_name_comes(tmp_path: Path) -> None:
    for number in range(4):
        drop(tmp_path, content=str(number).encode())
        put_away(only(tmp_path), "failed", f"note {number}", HASH)
    names = ["acme.xlsx", "acme abababab.xlsx", "acme abababab 2.xlsx", "acme abababab 3.xlsx"]
    for number, name in enumerate(names):
        assert (tmp_path / "failed" / name).read_text() == str(number)
        assert (tmp_path / "failed" / f"{name}.txt").read_text() == told(f"note {number}")


def test_a_note_that_was_left_by_a_crash_is_written_again(tmp_path: Path) -> None:
    drop(tmp_path)
    (tmp_path / "processed").mkdir()
    (tmp_path / "processed" / "acme.xlsx.txt").write_text(f"the first\nSHA-256 {HASH}\n")
    (tmp_path / "processed" / ".acme.xlsx.txt").write_text("half")
    target = put_away(only(tmp_path), "processed", "whole", HASH)
    assert target.name == "acme.xlsx"
    assert (tmp_path / "processed" / "acme.xlsx.txt").read_text() == told("whole")


def test_a_note_of_somebody_else_is_left_as_it_is(tmp_path: Path) -> None:
    drop(tmp_path)
    (tmp_path / "processed").mkdir()
    (tmp_path / "processed" / "acme.xlsx.txt").write_text("mine")
    target = put_away(only(tmp_path), "processed", "taken", HASH)
    assert target.name == "acme abababab.xlsx"
    assert (tmp_path / "processed" / "acme.xlsx.txt").read_text() == "mine"


def test_links_that_lead_nowhere_are_not_written_over(tmp_path: Path) -> None:
    drop(tmp_path)
    (tmp_path / "processed").mkdir()
    for name in ("acme.xlsx", "acme abababab.xlsx.txt"):
        (tmp_path / "processed" / name).symlink_to(tmp_path / "nowhere")
    (tmp_path / "processed" / ".acme abababab 2.xlsx.txt").symlink_to(tmp_path / "nowhere")
    assert put_away(only(tmp_path), "processed", "taken", HASH).name == "acme abababab 2.xlsx"
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_another_look_put_away_is_left_at_that(tmp_path: Path) -> None:
    drop(tmp_path)
    file = only(tmp_path)
    put_away(file, "processed", "taken", HASH)
    with pytest.raises(DroppedFileChangedError):
        put_away(file, "processed", "again", HASH)
    assert sorted(path.name for path in (tmp_path / "processed").iterdir()) == ["acme.xlsx", "acme.xlsx.txt"]


def test_cb2_a_file_that_took_the_place_of_the_one_that_was_read_is_left_to_be_seen(tmp_path: Path) -> None:
    path = drop(tmp_path, content=b"first")
    file = only(tmp_path)
    path.write_bytes(b"second, dropped under the same name")
    with pytest.raises(DroppedFileChangedError):
        put_away(file, "processed", "taken", HASH)
    assert only(tmp_path).size_bytes == len(b"second, dropped under the same name")
    assert not (tmp_path / "processed").exists()


def test_cb2_even_one_that_took_its_place_in_the_last_moment_is_seen_again(tmp_path: Path) -> None:
    path = drop(tmp_path, content=b"first")
    file = only(tmp_path)

    def replace(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_name == "rename":
            sys.setprofile(None)
            path.write_bytes(b"second")

    sys.setprofile(replace)
    try:
        with pytest.raises(DroppedFileChangedError):
            put_away(file, "processed", "taken", HASH)
    finally:
        sys.setprofile(None)
    assert only(tmp_path).path.read_bytes() == b"second"
    assert not (tmp_path / "processed" / "acme.xlsx").exists()


@pytest.mark.parametrize("letter", ["x", "ü", "\udcff"])
def test_names_of_any_length_have_room_for_their_note(tmp_path: Path, letter: str) -> None:
    stem = letter * (NAME_BYTES // len(os.fsencode(letter)) - len(".xlsx"))
    for number in range(3):
        drop(tmp_path, f"{stem}.xlsx", content=str(number).encode())
        target = put_away(only(tmp_path), "processed", f"note {number}", HASH)
        assert target.read_bytes() == str(number).encode()
        assert target.with_name(f"{target.name}.txt").read_text() == told(f"note {number}")
    assert len(list((tmp_path / "processed").iterdir())) == 6


def test_a_place_that_cannot_be_written_leaves_the_file(tmp_path: Path) -> None:
    path = drop(tmp_path)
    (tmp_path / "processed").write_text("a file, not a folder")
    with pytest.raises(DroppedFileUnavailableError, match=r"acme\.xlsx"):
        put_away(only(tmp_path), "processed", "taken", HASH)
    assert path.exists()
