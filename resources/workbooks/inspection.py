"""A look at a workbook before calamine sees it: sound, inflating to a bounded size, and of bounded sheets.

calamine allocates the rectangle around all values of a sheet, and ends the process when there is not enough memory: so
no error could be caught. Inflated bytes are counted as they come; what the archive says of its sizes is not trusted.
"""

import zlib
from collections.abc import Iterator
from errno import EINVAL
from pathlib import Path
from typing import IO, Final
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from resources.sources.locations import shown
from resources.workbooks.errors import WorkbookTooLargeError, WorkbookUnreadableError
from resources.workbooks.limits import WorkbookLimits
from resources.workbooks.parts import Part, UnsoundPartError

CHUNK_BYTES: Final = 1 << 16
_HEADER_BYTES: Final = 30
_ENCRYPTED: Final = 0x1
_OLE: Final = b"\xd0\xcf\x11\xe0"
"""The beginning of an .xls, and of an .xlsx with a password."""
_UNINSPECTED: Final = (".png", ".jpg", ".jpeg", ".gif", ".emf", ".wmf", ".bin")
_REMEDY: Final = "Export the report again as .xlsx, without a password, and drop the new file."


def inspect(path: Path, limits: WorkbookLimits) -> None:
    """Refuse what calamine must not be given. Memory: one chunk; time: linear in the inflated size.

    Raises:
        WorkbookUnreadableError: no archive, encrypted, damaged, not well-formed, or with a document type declaration.
        WorkbookTooLargeError: beyond ``limits``.
        OSError: the file cannot be read.
    """
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise _too_large(path, f"a file of at most {limits.file_bytes:,} bytes", f"{size:,} bytes")
    with path.open("rb") as file:
        if file.read(len(_OLE)) == _OLE:
            raise unreadable(path, "an .xlsx workbook", "an .xls file, or a workbook with a password")
        try:
            with ZipFile(file) as archive:
                _inspect_parts(path, file, archive.infolist(), limits)
        except (BadZipFile, NotImplementedError, ValueError, OverflowError, zlib.error) as error:
            raise unreadable(path, "an .xlsx workbook, which is a zip archive", str(error)) from error
        except OSError as error:
            if error.errno != EINVAL:
                raise
            raise unreadable(path, "an .xlsx workbook, which is a zip archive", "a part outside the file") from error


def unreadable(path: Path, expected: str, found: str) -> WorkbookUnreadableError:
    """The error of a file that is not what its suffix says; ``found`` is cut to 300 characters."""
    return WorkbookUnreadableError(shown(path), expected=expected, found=found[:300], remedy=_REMEDY)


def _too_large(path: Path, expected: str, found: str) -> WorkbookTooLargeError:
    remedy = "Take out the sheets and cells that the report does not need, and drop the new file."
    return WorkbookTooLargeError(shown(path), expected=expected, found=found, remedy=remedy)


def _inspect_parts(path: Path, file: IO[bytes], parts: list[ZipInfo], limits: WorkbookLimits) -> None:
    if len(parts) > limits.parts:
        raise _too_large(path, f"at most {limits.parts:,} parts", f"{len(parts):,}")
    expanded = 0
    for info in parts:
        part = None if info.filename.lower().endswith(_UNINSPECTED) else Part(info.filename, _UNINSPECTED)
        size = 0
        for chunk in _inflated(path, file, info):
            size += len(chunk)
            expanded += len(chunk)
            if size > limits.part_bytes or expanded > limits.expanded_bytes:
                bounds = f"{limits.part_bytes:,} bytes a part and {limits.expanded_bytes:,} in all"
                raise _too_large(path, f"at most {bounds}", f"more when {info.filename} is inflated")
            if part is not None:
                _feed(path, part, chunk, last=False)
        if part is not None and size:
            _feed(path, part, b"", last=True)
            if part.cells > limits.cells:
                found = f"{part.cells:,} in {info.filename}, with the empty ones between"
                raise _too_large(path, f"at most {limits.cells:,} cells a sheet", found)


def _feed(path: Path, part: Part, chunk: bytes, *, last: bool) -> None:
    try:
        part.feed(chunk, last=last)
    except (expat.ExpatError, UnsoundPartError) as error:
        raise unreadable(path, "a workbook of well-formed parts", f"{part.name}: {error}") from error


def _inflated(path: Path, file: IO[bytes], info: ZipInfo) -> Iterator[bytes]:
    """The bytes of a part as any reader would inflate them, to the end of its stream and not as far as it says."""
    if info.flag_bits & _ENCRYPTED or info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise unreadable(path, "parts that are stored or deflated, without a password", f"{info.filename} otherwise")
    file.seek(info.header_offset)
    header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or not header.startswith(b"PK\x03\x04"):
        raise BadZipFile(f"no local header of {info.filename!r}")
    file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS) if info.compress_type == ZIP_DEFLATED else None
    left = info.compress_size
    while left and (raw := file.read(min(CHUNK_BYTES, left))):
        left -= len(raw)
        if inflater is None:
            yield raw
            continue
        while raw and not inflater.eof:
            yield inflater.decompress(raw, CHUNK_BYTES)
            raw = inflater.unconsumed_tail
    if left or (inflater is not None and not inflater.eof):
        raise BadZipFile(f"{info.filename!r} ends too early")
