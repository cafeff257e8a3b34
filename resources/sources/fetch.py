"""Reads a document's bytes, together with the fingerprint that belongs to just these bytes."""

import os
from dataclasses import dataclass
from errno import EACCES, ELOOP, ENOENT, ENOTDIR, EPERM
from stat import S_ISREG
from typing import Final

from resources.domain.errors import WaybillError
from resources.sources.errors import (
    DocumentChangingError,
    DocumentForbiddenError,
    DocumentTooLargeError,
    DocumentVanishedError,
    NotADocumentError,
    SourceUnavailableError,
)
from resources.sources.locations import fingerprint, path_of, shown

ATTEMPTS: Final = 3
"""How often a file that is written to meanwhile is read anew."""
CHUNK_BYTES: Final = 1 << 20
# Without O_NONBLOCK the opening of a pipe waits for its writer; with O_NOFOLLOW a file that was listed and then
# replaced by a link leads nowhere else.
_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY


@dataclass(frozen=True, slots=True)
class Fetched:
    """The bytes of a document and the fingerprint that it had while they were read."""

    content: bytes
    fingerprint: str


def fetch(uri: str, *, max_bytes: int) -> Fetched:
    """Read the document at ``uri``, a ``file://`` uri as listed, of at most ``max_bytes`` bytes.

    Raises:
        UriUnsupportedError: no ``file://`` uri.
        NotADocumentError: a folder, a pipe, a device or a link; none of them is opened for longer than a look.
        DocumentTooLargeError: more than ``max_bytes``; at most one byte more than these is read.
        DocumentVanishedError: it is not there any more.
        DocumentForbiddenError: it may not be read.
        DocumentChangingError: it was written to during each of ``ATTEMPTS`` reads.
        SourceUnavailableError: the storage failed.
    """
    path = path_of(uri)
    try:
        descriptor = os.open(path, _FLAGS)
        try:
            return _read_unchanging(descriptor, shown(path), max_bytes)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _typed(error, shown(path)) from error


def _read_unchanging(descriptor: int, where: str, max_bytes: int) -> Fetched:
    before = os.fstat(descriptor)
    if not S_ISREG(before.st_mode):
        raise _not_a_document(where, "a folder, a pipe or a device")
    for _ in range(ATTEMPTS):
        content = _read(descriptor, where, before.st_size, max_bytes)
        after = os.fstat(descriptor)
        if fingerprint(before) == fingerprint(after) and len(content) == after.st_size:
            return Fetched(content, fingerprint(after))
        before = after
    raise DocumentChangingError(
        where,
        expected="a file that stands still while it is read",
        found=f"changes during {ATTEMPTS} reads",
        remedy="Ingest again when it is written.",
    )


def _read(descriptor: int, where: str, size_bytes: int, max_bytes: int) -> bytes:
    content = bytearray()
    os.lseek(descriptor, 0, os.SEEK_SET)
    while size_bytes <= max_bytes and len(content) <= max_bytes:
        chunk = os.read(descriptor, min(CHUNK_BYTES, max_bytes + 1 - len(content)))
        if not chunk:
            return bytes(content)
        content += chunk
    raise DocumentTooLargeError(
        where,
        expected=f"at most {max_bytes} bytes",
        found=f"{max(size_bytes, len(content))} bytes",
        remedy="Split the document, or raise WAYBILL_MAX_DOCUMENT_BYTES.",
    )


def _not_a_document(where: str, found: str) -> NotADocumentError:
    return NotADocumentError(where, expected="a regular file", found=found, remedy="Put a plain file there.")


def _typed(error: OSError, where: str) -> WaybillError:
    found = error.strerror or type(error).__name__
    if error.errno == ELOOP:
        return _not_a_document(where, "a link")
    if error.errno in (ENOENT, ENOTDIR):
        remedy = "List the source again: it is marked gone if it is."
        return DocumentVanishedError(where, expected="the file that was listed", found=found, remedy=remedy)
    if error.errno in (EACCES, EPERM):
        remedy = "Let the user that runs Waybill read it."
        return DocumentForbiddenError(where, expected="a file that may be read", found=found, remedy=remedy)
    remedy = "Check the disk or the share."
    return SourceUnavailableError(where, expected="a file that can be read", found=found, remedy=remedy)
