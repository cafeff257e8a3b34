"""A folder into which people drop files: what lies there, what of it is whole, and the bytes of it.

A file counts once its size and time have stood still for a while; `watchfiles` tells of changes meanwhile, and looking
again finds what it missed. Where a file goes when it was taken is `resources/watching/away.py`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Final

from watchfiles import watch

from resources.sources.locations import shown
from resources.watching.errors import failures_of_file, file_changed, folder_unavailable

ENDING: Final = ".xlsx"
SETTLE_S: Final = 2.0
_DEBOUNCE_MS: Final = 100


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file as it was seen: ``path`` is an entry of the folder itself."""

    path: Path
    size_bytes: int
    changed_ns: int
    inode: int

    @property
    def name(self) -> str:
        """Its name for people, the ledger and notes."""
        return shown(self.path.name)

    def require(self, status: os.stat_result) -> None:
        """Raise DroppedFileChangedError: ``status`` is of another file, or of this one as it is now."""
        if (status.st_size, status.st_mtime_ns, status.st_ino) != (self.size_bytes, self.changed_ns, self.inode):
            raise file_changed(self.path, "that it was changed or replaced")


def make(folder: Path) -> None:
    """Make the folder if it is not there. Raises WatchFolderUnavailableError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise folder_unavailable(folder, error) from error


def dropped(folder: Path) -> list[Dropped]:
    """The workbooks that lie in ``folder`` now, the oldest first; no links, no hidden files, no locks of Office.

    Raises:
        WatchFolderUnavailableError: a failed look is never an empty one.
    """
    try:
        with os.scandir(folder) as entries:
            found = [each for entry in entries if (each := _seen(entry)) is not None]
    except OSError as error:
        raise folder_unavailable(folder, error) from error
    return sorted(found, key=lambda each: (each.changed_ns, each.path.name))


def settled(folder: Path, *, within_s: float, settle_s: float = SETTLE_S) -> list[Dropped]:
    """The workbooks that stood still for ``settle_s`` between two looks; the oldest first.

    Returns at once when there is none, as soon as all of them stand still, and after ``within_s`` with those that do:
    one that grows for an hour holds up no other.

    Raises:
        WatchFolderUnavailableError.
    """
    since_s: dict[Dropped, float] = {}
    deadline_s = monotonic() + within_s
    while True:
        files, now_s = dropped(folder), monotonic()
        since_s = {file: since_s.get(file, now_s) for file in files}
        whole = [file for file in files if now_s - since_s[file] >= settle_s]
        if len(whole) == len(files) or now_s >= deadline_s:
            return whole
        next_s = min(begun_s + settle_s for file, begun_s in since_s.items() if file not in whole)
        _wait_for_change(folder, min(next_s, deadline_s) - now_s)


@contextmanager
def opened(file: Dropped) -> Iterator[BinaryIO]:
    """The bytes of the file that was seen, and of no other that took its place.

    Raises:
        DroppedFileChangedError: it is another one, at the beginning or at the end of the block.
        DroppedFileUnavailableError: it cannot be read.
    """
    with failures_of_file(file.path):
        descriptor = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            file.require(os.fstat(descriptor))
            yield stream
            file.require(os.fstat(descriptor))
            file.require(file.path.lstat())


def _seen(entry: os.DirEntry[str]) -> Dropped | None:
    if not entry.name.lower().endswith(ENDING) or entry.name.startswith((".", "~$")):
        return None
    with suppress(FileNotFoundError):  # moved while we look
        if entry.is_file(follow_symlinks=False):
            status = entry.stat(follow_symlinks=False)
            return Dropped(Path(entry.path), status.st_size, status.st_mtime_ns, status.st_ino)
    return None


def _wait_for_change(folder: Path, at_most_s: float) -> None:
    """Return when something in the folder changes, after ``at_most_s`` at the latest."""
    wait_ms = max(1, round(1000 * at_most_s))
    changes = watch(
        folder,
        watch_filter=None,
        debounce=min(_DEBOUNCE_MS, wait_ms),
        rust_timeout=wait_ms,
        yield_on_timeout=True,
        recursive=False,
    )
    try:
        next(changes)
    except OSError as error:
        raise folder_unavailable(folder, error) from error
    finally:
        changes.close()
