"""Where a file goes when it was taken: into ``processed/`` or ``failed/``, by rename, with a note beside it.

Nothing is ever overwritten or deleted. The note is there before the file is, so that a repeat after a crash between
the two finds its own note and ends in the same.
"""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final, Literal

from resources.watching.errors import DroppedFileChangedError, failures_of_file
from resources.watching.folder import ENDING, Dropped

NOTE: Final = ".txt"
NAME_BYTES: Final = 255
"""What Linux takes for a name."""
_NOTE_BYTES: Final = 1 << 16
Away = Literal["processed", "failed"]


def put_away(file: Dropped, into: Away, note: str, content_hash: str) -> Path:
    """Rename the file that was seen into ``processed/`` or ``failed/``, its note first; return where it is.

    One caller at a time for a content. A name that is taken gets the content's first figures, or a number.

    Raises:
        DroppedFileChangedError: it is another file by now, or gone; that one is left where it is.
        DroppedFileUnavailableError: it cannot be moved; it stays where it is.
    """
    with failures_of_file(file.path):
        file.require(file.path.lstat())
        folder = file.path.parent / into
        folder.mkdir(exist_ok=True)
        target = next(path for path in _names(folder, file.path.name, content_hash) if _is_free(path, content_hash))
        _write(target, f"{note}\nSHA-256 {content_hash}\n")
        file.path.rename(target)
        _require_ours(file, target)
    return target


def _require_ours(file: Dropped, target: Path) -> None:
    """Another file may have taken the name just before the rename: it goes back, and is seen by the next look."""
    try:
        file.require(target.lstat())
    except DroppedFileChangedError:
        target.rename(next(path for path in _names(file.path.parent, file.path.name, "") if not os.path.lexists(path)))
        raise


def _names(folder: Path, name: str, content_hash: str) -> Iterator[Path]:
    """Its own name, then with its content's first figures in it, then with a number."""
    stem, ending = name[: -len(ENDING)], name[-len(ENDING) :]
    figures = f" {content_hash[:8]}" if content_hash else ""
    yield folder / _fitting(stem, ending)
    if figures:
        yield folder / _fitting(stem, f"{figures}{ending}")
    yield from (folder / _fitting(stem, f"{figures} {number}{ending}") for number in count(2))


def _fitting(stem: str, rest: str) -> str:
    """The name, cut so that its note's name fits too."""
    room = NAME_BYTES - len(os.fsencode(f".{rest}{NOTE}"))
    raw = os.fsencode(stem)
    return f"{stem if len(raw) <= room else raw[:room].decode(errors='ignore')}{rest}"


def _is_free(target: Path, content_hash: str) -> bool:
    """Whether nothing lies there, or just the note that a broken-off move of this content left."""
    note = _note_of(target)
    if os.path.lexists(target):
        return False
    return not os.path.lexists(note) or (note.is_file() and not note.is_symlink() and _tells_of(note, content_hash))


def _tells_of(note: Path, content_hash: str) -> bool:
    with note.open("rb") as stream:
        return content_hash.encode() in stream.read(_NOTE_BYTES)


def _note_of(target: Path) -> Path:
    return target.with_name(f"{target.name}{NOTE}")


def _write(target: Path, note: str) -> None:
    unfinished = target.with_name(f".{target.name}{NOTE}")
    unfinished.unlink(missing_ok=True)  # left by a crash
    with unfinished.open("x", encoding="utf-8") as stream:
        stream.write(note)
    unfinished.replace(_note_of(target))
