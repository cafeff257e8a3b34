"""A folder into which people drop files: what lies there and is whole, and where it goes when it was taken.

A file counts once its size and time have stood still for a while; `watchfiles` tells of changes meanwhile, and looking
again finds what it missed. Nothing is ever overwritten or deleted.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final, Literal

from watchfiles import watch

from resources.domain.errors import TransientError

ENDING: Final = ".xlsx"
SETTLE_S: Final = 2.0
NOTE: Final = ".txt"
Away = Literal["processed", "failed"]


class WatchFolderUnavailableError(TransientError):
    """The folder cannot be read or written; nothing was taken."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file as it was seen: ``path`` is an entry of the folder itself."""

    path: Path
    size_bytes: int
    changed_ns: int
    inode: int


def dropped(folder: Path) -> list[Dropped]:
    """The workbooks that lie in ``folder`` now, the oldest first; no links, no hidden files, no locks of Office.

    Raises:
        WatchFolderUnavailableError: a failed look is never an empty one.
    """
    try:
        with os.scandir(folder) as entries:
            found = [each for entry in entries if (each := _seen(entry)) is not None]
    except OSError as error:
        raise _unavailable(folder, error) from error
    return sorted(found, key=lambda each: (each.changed_ns, each.path.name))


def settled(folder: Path, *, within_s: float, settle_s: float = SETTLE_S) -> list[Dropped]:
    """The workbooks that stood still for ``settle_s``; at once when there is none, after ``within_s`` at the latest.

    Raises:
        WatchFolderUnavailableError.
    """
    before = dropped(folder)
    deadline_s = monotonic() + within_s
    while before:
        quiet = _is_quiet(folder, settle_s)
        after = dropped(folder)
        still = [each for each in after if each in before]
        if (quiet and still == after) or monotonic() >= deadline_s:
            return still if quiet else []
        before = after
    return []


def put_away(file: Dropped, into: Away, note: str, content_hash: str) -> Path:
    """Rename the file into ``processed/`` or ``failed/`` with a note beside it; return where it is.

    The note is there first. A repeat after a crash gives the same; a file that is gone already is left at that.

    Raises:
        WatchFolderUnavailableError: it stays where it is.
    """
    target = _target(file.path.parent / into, file.path.name, content_hash)
    try:
        target.parent.mkdir(exist_ok=True)
        written = target.parent / f".{target.name}{NOTE}"
        written.write_text(note, encoding="utf-8")
        written.replace(target.parent / f"{target.name}{NOTE}")
        with suppress(FileNotFoundError):  # another look has put it away
            file.path.rename(target)
    except OSError as error:
        raise _unavailable(file.path, error) from error
    return target


def _seen(entry: os.DirEntry[str]) -> Dropped | None:
    if not entry.name.lower().endswith(ENDING) or entry.name.startswith((".", "~$")):
        return None
    with suppress(FileNotFoundError):  # moved while we look
        if entry.is_file(follow_symlinks=False):
            stat = entry.stat(follow_symlinks=False)
            return Dropped(Path(entry.path), stat.st_size, stat.st_mtime_ns, stat.st_ino)
    return None


def _is_quiet(folder: Path, settle_s: float) -> bool:
    """Whether nothing changed in the folder for ``settle_s``; False as soon as something does."""
    wait_ms = max(1, round(1000 * settle_s))
    for changes in watch(
        folder, watch_filter=None, debounce=100, rust_timeout=wait_ms, yield_on_timeout=True, recursive=False
    ):
        return not changes
    return False


def _target(folder: Path, name: str, content_hash: str) -> Path:
    """Where it goes: under its own name, or with its content's first figures in it, or with a number."""
    return next(path for path in _names(folder, name, content_hash) if not path.exists())


def _names(folder: Path, name: str, content_hash: str) -> Iterator[Path]:
    stem, ending = name[: -len(ENDING)], name[-len(ENDING) :]
    yield folder / name
    yield folder / f"{stem} {content_hash[:8]}{ending}"
    number = 2
    while True:
        yield folder / f"{stem} {content_hash[:8]} {number}{ending}"
        number += 1


def _unavailable(where: Path, error: OSError) -> WatchFolderUnavailableError:
    return WatchFolderUnavailableError(
        f"watch folder, {where}",
        expected="a folder that can be read and written",
        found=error.strerror or type(error).__name__,
        remedy="Check WAYBILL_WATCH_FOLDER and who owns the folder.",
    )
