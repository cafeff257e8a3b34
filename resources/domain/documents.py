"""Documents as the ledger knows them: what a listing says of one, and what its text is once parsed."""

import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256

from resources.domain.errors import PermanentError

MAX_TITLE_CHARS = 300
MAX_BLANK_LINES = 2
# The Stream-Safe Text Format of Unicode Standard Annex 15: no language needs more marks on one base character, and
# normalising a longer run takes time quadratic in its length.
MAX_MARKS = 30

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_MAY_HOLD_MARKS = re.compile(f"[^\x00-\u02ff]{{{MAX_MARKS + 1},}}")
_BLANK_LINES = re.compile(f"\n{{{MAX_BLANK_LINES + 2},}}")
_SPACE = re.compile(r"\s+")


class DocumentUnreadableError(PermanentError):
    """The content is not what its media type says, or cannot be made into text; the same content will fail again."""


class DocumentEmptyError(PermanentError):
    """The content is sound, but holds no text that could be found."""


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """What a listing says of a document without reading it.

    Attributes:
        uri: absolute and percent-encoded; with its source, the document's identity.
        fingerprint: changes whenever the content may have changed; equal fingerprints need no read.
        size_bytes: as listed; the content may have changed since.
        media_type: such as ``text/html``; always one that can be parsed.
    """

    uri: str
    fingerprint: str
    size_bytes: int
    media_type: str


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A document as text.

    Attributes:
        title: one line of at most ``MAX_TITLE_CHARS`` characters, never empty.
        text: normalised (see ``normalised``), never empty; every span of the document counts in its code points.
    """

    title: str
    text: str

    @property
    def content_hash(self) -> str:
        """Two versions with one hash have the same text, so that nothing made from it has to be made again."""
        return content_hash(self.text)


def content_hash(text: str) -> str:
    """The SHA-256 of ``text`` as UTF-8, in 64 hexadecimal digits."""
    return sha256(text.encode()).hexdigest()


def normalised(text: str) -> str:
    r"""``text`` in the one form that is stored and quoted; idempotent.

    NFC; lines end with ``\n`` and never with spaces; at most ``MAX_BLANK_LINES`` blank lines in a row; no space at
    either end; no control character but tab and line feed (Postgres refuses NUL); no soft hyphen, zero-width space or
    byte order mark, which would hide words from search; lone surrogates become U+FFFD; no-break spaces become spaces.
    """
    text = _LINE_ENDS.sub("\n", text)
    if _SURROGATES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _UNSEEN.sub("", text).replace("\u00a0", " ").replace("\u202f", " ")
    text = unicodedata.normalize("NFC", _MAY_HOLD_MARKS.sub(_with_few_marks, text))
    text = "\n".join([line.rstrip() for line in text.split("\n")])
    return _BLANK_LINES.sub("\n" * (MAX_BLANK_LINES + 1), text).strip()


def title_from(*candidates: str | None) -> str:
    """The first candidate that holds anything, on one line and cut to ``MAX_TITLE_CHARS``; else "Untitled"."""
    for candidate in candidates:
        title = _SPACE.sub(" ", normalised(candidate or ""))
        if title:
            return title if len(title) <= MAX_TITLE_CHARS else title[: MAX_TITLE_CHARS - 1].rstrip() + "…"
    return "Untitled"


def _with_few_marks(run: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for character in run[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)
