"""From bytes to text: a byte order mark decides, then UTF-8, then what the document declares, then a guess."""

import codecs
import re
from typing import Final

from charset_normalizer import from_bytes

from resources.domain.documents import DocumentUnreadableError
from resources.sources.locations import shown

# Longest first: the mark of UTF-32 begins with that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Only what documents are written in: Python also has codecs for compression, escapes and host names.
_CHARACTER_SET: Final = re.compile(
    r"utf-?8|us-ascii|latin-?[19]|iso-?8859-\d{1,2}|windows-\d{3,4}|cp\d{3,4}|koi8-[ru]|macintosh|shift[_-]jis|sjis"
    r"|euc-(?:jp|kr)|gbk|gb2312|gb18030|big5"
)
# As browsers do (WHATWG Encoding Standard): pages that declare these use the Windows form of them.
_WINDOWS_FORM: Final = {"us-ascii": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "iso-8859-1": "cp1252"}
GUESSED_FROM_BYTES: Final = 64_000
"""The guess looks at no more; it costs some milliseconds and a second look finds nothing new."""
# Above this share of bytes beyond ASCII the script is not Latin, and Western European is no likely guess.
_MOST_ACCENTS: Final = 0.2
_BEYOND_ASCII: Final = bytes(range(0x80, 0x100))
_BINARY_SIGNATURES: Final = (
    b"%PDF-",
    b"PK\x03\x04",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"\x1f\x8b",
    b"\x7fELF",
    b"Rar!",
)
_CONTROLS: Final = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROLS: Final = 0.02
_LOOKED_AT_BYTES: Final = 8_192


def decode(content: bytes, uri: str, *, declared: str | None = None) -> str:
    """``content`` as text; never fails for text in a character set that is in use.

    Args:
        content: a whole document.
        uri: for errors.
        declared: the character set that the document itself names, if any.

    Raises:
        DocumentUnreadableError: it is binary data, or not what its byte order mark says.
    """
    for mark, character_set in _MARKS:
        if content.startswith(mark):
            return _strictly(content, character_set, uri)
    _refuse_binary(content, uri)
    try:
        return content.decode()
    except UnicodeDecodeError:
        return _guessed(content, (declared or "").strip().lower())


def _strictly(content: bytes, character_set: str, uri: str) -> str:
    try:
        return content.decode(character_set)
    except UnicodeDecodeError as error:
        if character_set == "utf-8-sig":
            return content.decode(character_set, errors="replace")
        raise _unreadable(uri, f"text in {character_set.upper()}, as its byte order mark says", error.reason) from error


def _refuse_binary(content: bytes, uri: str) -> None:
    looked_at = content[:_LOOKED_AT_BYTES]
    controls = len(_CONTROLS.findall(looked_at))
    if looked_at.startswith(_BINARY_SIGNATURES) or b"\0" in looked_at or controls > _MOST_CONTROLS * len(looked_at):
        raise _unreadable(uri, "text", "binary data")


def _guessed(content: bytes, declared: str) -> str:
    looked_at = content[:GUESSED_FROM_BYTES]
    accents = 1 - len(looked_at.translate(None, _BEYOND_ASCII)) / len(looked_at)
    candidates = [_WINDOWS_FORM.get(declared, declared)] if _CHARACTER_SET.fullmatch(declared) else []
    if accents > _MOST_ACCENTS:
        best = from_bytes(looked_at).best()
        candidates += [best.encoding] if best else []
    for candidate in (*candidates, "cp1252"):
        try:
            return content.decode(candidate)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("latin-1")


def _unreadable(uri: str, expected: str, found: str) -> DocumentUnreadableError:
    remedy = "Save it as UTF-8 text, or give it the suffix of what it is."
    return DocumentUnreadableError(shown(uri), expected=expected, found=found, remedy=remedy)
