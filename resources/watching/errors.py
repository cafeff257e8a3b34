"""What can go wrong with a folder into which people drop files, and with one file of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resources.domain.errors import TransientError
from resources.sources.locations import shown


class WatchFolderUnavailableError(TransientError):
    """The folder cannot be read; nothing was taken."""


class DroppedFileUnavailableError(TransientError):
    """One file cannot be read or moved; it stays where it is, and the others can be taken."""


class DroppedFileChangedError(TransientError):
    """The file was changed, replaced or taken away since it was seen; the next look sees what is there then."""


def folder_unavailable(folder: Path, error: OSError) -> WatchFolderUnavailableError:
    """The error of a failed look."""
    return WatchFolderUnavailableError(
        f"watch folder, {shown(folder)}",
        expected="a folder that can be read",
        found=error.strerror or type(error).__name__,
        remedy="Check WAYBILL_WATCH_FOLDER and who owns the folder.",
    )


def file_changed(path: Path, found: str) -> DroppedFileChangedError:
    """The error of a file that is not the one that was seen."""
    return DroppedFileChangedError(
        f"watch folder, {shown(path.name)}",
        expected="the file as it was seen",
        found=found,
        remedy="The next look sees it as it is then.",
    )


@contextmanager
def failures_of_file(path: Path) -> Iterator[None]:
    """What the file system says of one file, as an error of ours."""
    try:
        yield
    except FileNotFoundError as error:
        if os.path.lexists(path):
            raise _unavailable(path, error) from error
        raise file_changed(path, "that it is gone") from error
    except OSError as error:
        raise _unavailable(path, error) from error


def _unavailable(path: Path, error: OSError) -> DroppedFileUnavailableError:
    return DroppedFileUnavailableError(
        f"watch folder, {shown(path.name)}",
        expected="a file that can be read, and moved into processed/ or failed/",
        found=error.strerror or type(error).__name__,
        remedy="Check who owns the file and these two folders.",
    )
