"""Plain text: what stands there. The title is a short first line that stands alone."""

from typing import Final

from resources.domain.documents import ParsedDocument, normalised, title_from
from resources.sources.decoding import decode
from resources.sources.locations import name_of

MAX_TITLE_LINE_CHARS: Final = 120


def parse_plain(content: bytes, uri: str) -> ParsedDocument:
    """The text of ``content`` in whatever character set it is.

    Raises:
        DocumentUnreadableError: binary data.
    """
    text = normalised(decode(content, uri))
    return ParsedDocument(title_from(_title_line(text), name_of(uri)), text)


def _title_line(text: str) -> str | None:
    first, _, rest = text.partition("\n")
    stands_alone = not rest or rest.startswith("\n")
    return first if stands_alone and len(first) <= MAX_TITLE_LINE_CHARS else None
