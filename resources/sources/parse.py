"""From the bytes of a document to its title and text: one parser a media type, in one table."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from resources.domain.documents import DocumentEmptyError, DocumentUnreadableError, ParsedDocument
from resources.domain.errors import WaybillError
from resources.sources.html import parse_html
from resources.sources.locations import shown
from resources.sources.markdown import parse_markdown
from resources.sources.plain import parse_plain

Parser = Callable[[bytes, str], ParsedDocument]

VERSION: Final = "parser-1"
"""Part of every fingerprint: raise it when the text that a parser makes of the same bytes changes."""

PARSERS: Final[Mapping[str, Parser]] = MappingProxyType(
    {"text/html": parse_html, "text/markdown": parse_markdown, "text/plain": parse_plain}
)
"""A new format is a module of its own and a line here and in ``locations.MEDIA_TYPES``."""


def parse(content: bytes, media_type: str, uri: str) -> ParsedDocument:
    """The title and the normalised text of a document, neither of them empty; ``uri`` names it in errors.

    Raises:
        DocumentUnreadableError: no parser for the media type, or the content is not of it.
        DocumentEmptyError: sound, but without text.
    """
    parser = PARSERS.get(media_type)
    if parser is None:
        raise _unreadable(uri, f"one of {', '.join(PARSERS)}", media_type)
    try:
        parsed = parser(content, uri)
    except (WaybillError, MemoryError):
        raise
    except Exception as error:  # what a parser makes of content from outside is its own secret, and stops only it
        raise _unreadable(uri, f"{media_type} that its parser can read", f"{type(error).__name__}: {error}") from error
    if not parsed.text:
        raise DocumentEmptyError(
            shown(uri),
            expected="some text",
            found=f"none in {len(content)} bytes of {media_type}",
            remedy="Leave it out, or put its text where a reader sees it.",
        )
    return parsed


def _unreadable(uri: str, expected: str, found: str) -> DocumentUnreadableError:
    return DocumentUnreadableError(
        shown(uri), expected=expected, found=found[:300], remedy="Export the document again in its own format."
    )
