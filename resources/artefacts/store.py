"""Files by their content: what was stored once is never stored otherwise, and a name from outside is never a path.

A file is written under ``unfinished/``, made durable, and renamed to ``ab/cd/abcd…``, so that whoever sees it there
sees all of it (CB-10). Its writer holds a lock on it until then, by which a sweep knows who was killed.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from errno import EDQUOT, ENOSPC
from io import BufferedRandom, BufferedReader
from pathlib import Path
from typing import BinaryIO, Final

from resources.domain.deliverables import Artefact
from resources.domain.errors import PermanentError, TransientError

BLOCK_BYTES: Final = 1 << 20
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_UNFINISHED: Final = "unfinished"


class ArtefactStoreFullError(TransientError):
    """No room is left on the disk of the artefacts; nothing half was kept."""


class ArtefactStoreUnavailableError(TransientError):
    """The artefacts' disk does not do what it should; nothing half was kept."""


class ArtefactMissingError(PermanentError):
    """No file with this content is in the store."""


class ArtefactStore:
    """A folder of files by the SHA-256 of their content. A plain object; nothing is made before the first ``put``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes | Iterable[bytes] | BinaryIO) -> Artefact:
        """Store ``content``, block by block, and return its name and size once it is on the disk.

        Repeats and races of the same content are one file; a file that was damaged is made whole by it.

        Raises:
            ArtefactStoreFullError, ArtefactStoreUnavailableError: nothing half is left.
        """
        unfinished = self.folder / _UNFINISHED
        with _failures_told(self.folder):
            unfinished.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=unfinished)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            artefact = self._written(descriptor, content)
            with _failures_told(self.folder):
                os.fsync(descriptor)
                self._rename(Path(name), artefact.content_hash)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        return artefact

    def open(self, content_hash: str) -> BufferedReader | BufferedRandom:
        """The file's bytes, to be read and closed.

        Raises:
            ArtefactMissingError: there is none, or this is no hash.
        """
        try:
            return self._path(content_hash).open("rb")
        except FileNotFoundError:
            raise missing(content_hash, "no file with this content") from None

    def verify(self, content_hash: str) -> bool:
        """Whether the file is there and its content is still what its name says. Reads it whole."""
        try:
            with self.open(content_hash) as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest() == content_hash
        except ArtefactMissingError:
            return False

    def sweep_unfinished(self, older_than_s: float = 60.0) -> int:
        """Remove what killed writers left and nobody touched for ``older_than_s``; return how many files.

        A writer that lives holds a lock on its file, so that even a slow one loses nothing.
        """
        newest_s = time.time() - older_than_s
        unfinished = self.folder / _UNFINISHED
        return sum(_swept(path, newest_s) for path in (unfinished.iterdir() if unfinished.is_dir() else ()))

    def _written(self, descriptor: int, content: bytes | Iterable[bytes] | BinaryIO) -> Artefact:
        digest, size = hashlib.sha256(), 0
        for block in blocks_of(content):  # its errors are its own: only what the disk says is explained here
            digest.update(block)
            size += len(block)
            with _failures_told(self.folder):
                _write_all(descriptor, block)
        return Artefact(digest.hexdigest(), size)

    def _rename(self, written: Path, content_hash: str) -> None:
        target = self._path(content_hash)
        target.parent.mkdir(parents=True, exist_ok=True)
        written.replace(target)
        for folder in target.parents[:3]:  # whoever made them may not have come so far
            _fsync(folder)

    def _path(self, content_hash: str) -> Path:
        if not is_hash(content_hash):
            raise missing(content_hash, "something else")
        return self.folder / content_hash[:2] / content_hash[2:4] / content_hash


def blocks_of(content: bytes | Iterable[bytes] | BinaryIO) -> Iterator[bytes]:
    """``content`` block by block, whatever way it comes."""
    if isinstance(content, bytes):
        return iter((content,))
    if isinstance(content, Iterable) and not hasattr(content, "read"):
        return iter(content)
    return iter(lambda: content.read(BLOCK_BYTES), b"")


def is_hash(name: str) -> bool:
    """Whether ``name`` is one that a content may have."""
    return _HASH.fullmatch(name) is not None


def _write_all(descriptor: int, block: bytes) -> None:
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _fsync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _swept(path: Path, newest_s: float) -> bool:
    """Whether ``path`` was removed: old, and its writer holds no lock on it any more."""
    with contextlib.suppress(FileNotFoundError, BlockingIOError), path.open("rb") as stream:
        if os.fstat(stream.fileno()).st_mtime <= newest_s:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            return True
    return False


@contextlib.contextmanager
def _failures_told(folder: Path) -> Iterator[None]:
    """What the disk says, as an error of ours."""
    try:
        yield
    except OSError as error:
        found = error.strerror or type(error).__name__
        if error.errno in (ENOSPC, EDQUOT):
            raise ArtefactStoreFullError(
                f"artefacts in {folder}", expected="room on the disk", found=found, remedy="Free some space."
            ) from error
        raise ArtefactStoreUnavailableError(
            f"artefacts in {folder}",
            expected="a folder that can be written to",
            found=found,
            remedy="Check the disk and who owns the folder.",
        ) from error


def missing(content_hash: str, found: str) -> ArtefactMissingError:
    """What is said when a content is not in the store."""
    return ArtefactMissingError(
        f"artefact {content_hash[:80]}",
        expected="a file of the store, named by 64 hex digits",
        found=found,
        remedy="Restore the folder of the artefacts from its backup, or let the task be done again.",
    )
