"""What a folder holds, without reading the files: every document that can be parsed, in an order that never varies."""

import os
from collections import Counter
from collections.abc import Iterator
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Final

from resources.domain.documents import ListedDocument
from resources.sources.errors import ListingFailedError, NotADocumentError
from resources.sources.locations import MEDIA_TYPES, fingerprint, media_type_of, shown, suffix_of, uri_of

MAX_REASONS: Final = 50
"""So that a folder of endless different suffixes cannot fill the memory."""


class Skipped:
    """What a listing left out, by reason: ``hidden``, ``link``, ``not a file``, ``.png``, ``no suffix``."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, reason: str) -> None:
        """Count one more; after ``MAX_REASONS`` reasons, new ones count as ``other``."""
        known = reason in self._counts or len(self._counts) < MAX_REASONS
        self._counts[reason if known else "other"] += 1

    @property
    def by_reason(self) -> dict[str, int]:
        """How many files and folders were left out for each reason, most first."""
        return dict(self._counts.most_common())


def list_folder(root: str | os.PathLike[str], *, skipped: Skipped | None = None) -> Iterator[ListedDocument]:
    """Every document under ``root``, at any depth, folder by folder and by name.

    Streams: memory holds the entries of the folders on the way down. Hidden files and folders are left out, as
    are files of unknown media type; each is counted in ``skipped``. Links are never followed: what is inside the root
    is found where it is, and what is outside is not part of the source.

    Raises:
        ListingFailedError: at the call when ``root`` cannot be read, later when a folder below cannot; what was
            listed until then is not whole and must not be taken for the source.
    """
    path = os.path.abspath(root)  # noqa: PTH100  Path.resolve would follow links
    return _walk(_entries(path), skipped if skipped is not None else Skipped())


def list_file(path: str | os.PathLike[str]) -> ListedDocument:
    """The one document that is the file at ``path``. A link is followed: the user named this very file.

    Raises:
        ListingFailedError: it is not there, or cannot be looked at.
        NotADocumentError: it is not a regular file, or of a media type that cannot be parsed.
    """
    real = os.path.realpath(path)
    try:
        status = os.stat(real)  # noqa: PTH116  a path that is no valid text stays a str
    except OSError as error:
        raise _failed(real, "a file that can be looked at", error) from error
    media_type = media_type_of(real)
    if not S_ISREG(status.st_mode) or media_type is None:
        found = "something else" if not S_ISREG(status.st_mode) else f"the suffix {suffix_of(real)!r}"
        expected = "a file with one of the suffixes " + " ".join(MEDIA_TYPES)
        raise NotADocumentError(shown(real), expected=expected, found=found, remedy="Give a file of a known kind.")
    return _listed(real, status, media_type)


def _walk(entries: list[os.DirEntry[str]], skipped: Skipped) -> Iterator[ListedDocument]:
    waiting = [iter(entries)]
    while waiting:
        entry = next(waiting[-1], None)
        if entry is None:
            waiting.pop()
            continue
        status = _status(entry)
        if status is None:
            continue
        media_type = media_type_of(entry.name)
        reason = _reason_to_skip(entry.name, status, media_type)
        if reason is not None:
            skipped.add(reason)
        elif S_ISDIR(status.st_mode):
            waiting.append(iter(_entries(entry.path)))
        elif media_type is not None:
            yield _listed(entry.path, status, media_type)


def _reason_to_skip(name: str, status: os.stat_result, media_type: str | None) -> str | None:
    if name.startswith("."):
        return "hidden"
    if S_ISLNK(status.st_mode):
        return "link"
    if S_ISDIR(status.st_mode):
        return None
    if not S_ISREG(status.st_mode):
        return "not a file"
    return (suffix_of(name) or "no suffix") if media_type is None else None


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        raise _failed(folder, "a folder that can be listed", error) from error


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    """The entry's own status, a link's too; None when it went away since its folder was read."""
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _failed(entry.path, "an entry that can be looked at", error) from error


def _listed(path: str, status: os.stat_result, media_type: str) -> ListedDocument:
    return ListedDocument(uri_of(path), fingerprint(status), status.st_size, media_type)


def _failed(path: str, expected: str, error: OSError) -> ListingFailedError:
    return ListingFailedError(
        shown(path),
        expected=expected,
        found=error.strerror or type(error).__name__,
        remedy="Nothing was changed. Check that it exists, is mounted and may be read.",
    )
