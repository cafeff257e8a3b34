"""Where a file is: its uri, the path that a uri names, and how a path is shown to people."""

import os
from pathlib import PurePath
from stat import S_ISREG
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from resources.sources.errors import UriUnsupportedError

FILE_SCHEME: Final = "file://"

MEDIA_TYPES: Final = {
    ".htm": "text/html",
    ".html": "text/html",
    ".xhtml": "text/html",
    ".markdown": "text/markdown",
    ".md": "text/markdown",
    ".text": "text/plain",
    ".txt": "text/plain",
}
"""The media type of each suffix, in lower case, that can be parsed."""


def media_type_of(name: str) -> str | None:
    """The media type by the file name's suffix; None when it is not one that can be parsed."""
    return MEDIA_TYPES.get(suffix_of(name))


def suffix_of(name: str) -> str:
    """The suffix in lower case with its dot, ``.html``; empty when there is none."""
    return PurePath(name).suffix.lower()


def uri_of(path: str | os.PathLike[str]) -> str:
    """The ``file://`` uri of ``path``, absolute and percent-encoded byte by byte, so that any file name survives.

    Links on the way are kept as named: a source that is reached through a link keeps its identity when that moves.
    """
    return FILE_SCHEME + quote(os.fsencode(os.path.abspath(path)))  # noqa: PTH100  Path.resolve would follow links


def path_of(uri: str) -> str:
    """The path that a ``file://`` uri names, as the operating system takes it.

    Raises:
        UriUnsupportedError: another scheme, a host, or a relative path.
    """
    path = unquote_to_bytes(uri.removeprefix(FILE_SCHEME))
    if not uri.startswith(FILE_SCHEME + "/") or b"\0" in path:
        raise UriUnsupportedError(
            shown(uri),
            expected="a uri of the form file:///absolute/path",
            found="another form",
            remedy="Register the folder or file as a source.",
        )
    return os.fsdecode(path)


def shown(path: str | os.PathLike[str]) -> str:
    """``path`` for people: what no character set can show becomes U+FFFD, so that it can be stored and printed."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def name_of(uri: str) -> str:
    """The last part of the uri without its suffix, as a person would say it: the title of a document without one."""
    last = os.fsdecode(unquote_to_bytes(uri.rsplit("/", 1)[-1]))
    return shown(PurePath(last).stem).replace("_", " ")


def fingerprint(status: os.stat_result) -> str:
    """Size, instants of change in nanoseconds, and inode: equal while the content is, and read without the content.

    The kernel's clock ticks every few milliseconds: a change in place within the tick of the read, to the same
    size, is not seen.

    Raises:
        ValueError: not a regular file.
    """
    if not S_ISREG(status.st_mode):
        raise ValueError("only regular files have a fingerprint")
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_ino}"
