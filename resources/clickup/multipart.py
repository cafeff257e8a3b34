"""A file as the body of an upload: read piece by piece, so that memory does not grow with the file."""

import time
import uuid
from collections.abc import Iterator
from typing import BinaryIO, Final

from resources.domain.errors import PermanentError

PIECE_BYTES: Final = 65_536
SLOWEST_BYTES_A_S: Final = 250_000
"""A slower upload is given up."""
GRACE_S: Final = 30.0


def upload_limit_s(size_bytes: int) -> float:
    """How long the bytes of an upload may take to leave."""
    return GRACE_S + size_bytes / SLOWEST_BYTES_A_S


class FileChangedError(PermanentError):
    """The file has not the size that was told: the upload was broken off, so ClickUp keeps nothing of it."""


class UploadSlowError(TimeoutError):
    """The bytes of an upload left too slowly."""


class Upload:
    """One file in a form, as ``multipart/form-data``. ``pieces`` may be asked for again where ``content`` can seek."""

    def __init__(self, name: str, content: BinaryIO, size_bytes: int, media_type: str) -> None:
        """``content`` is read from where it stands. What cannot be printed becomes a space in ``name``."""
        self._name = "".join(each if each.isprintable() else " " for each in name)
        self._content, self._size_bytes = content, size_bytes
        self._start = content.tell() if content.seekable() else None
        self.limit_s = upload_limit_s(size_bytes)
        boundary = uuid.uuid4().hex
        quoted = self._name.replace("\\", "_").replace('"', "%22")
        media_type = media_type if media_type.isprintable() else "application/octet-stream"
        self._head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="filename"\r\n\r\n{self._name}\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="attachment"; filename="{quoted}"\r\n'
            f"Content-Type: {media_type}\r\n\r\n"
        ).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self.headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(self._head) + size_bytes + len(self._tail)),
        }

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent once more."""
        return self._start is not None

    def pieces(self) -> Iterator[bytes]:
        """The whole body.

        Raises:
            FileChangedError: ``content`` ends before ``size_bytes`` or goes on behind; the last bytes are held back.
            UploadSlowError: it takes longer than ``limit_s``.
        """
        if self._start is not None:
            self._content.seek(self._start)
        ends_at_s = time.monotonic() + self.limit_s
        yield self._head
        sent = 0
        while piece := self._content.read(PIECE_BYTES):
            sent += len(piece)
            if sent > self._size_bytes:
                raise self._changed(f"at least {sent}")
            if time.monotonic() > ends_at_s:
                raise UploadSlowError(f"{sent} of {self._size_bytes} bytes in {self.limit_s:.0f} s")
            yield piece
        if sent < self._size_bytes:
            raise self._changed(str(sent))
        yield self._tail

    def _changed(self, found: str) -> FileChangedError:
        return FileChangedError(
            f"file {self._name}",
            expected=f"{self._size_bytes} bytes",
            found=found,
            remedy="See what wrote to it; it has to stay as it was recorded.",
        )
