"""Markdown as readable text: marks of emphasis and links go, headings, list items and table rows stay as lines."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from resources.domain.documents import ParsedDocument, normalised, title_from
from resources.sources.decoding import decode
from resources.sources.html import fragment_text
from resources.sources.locations import name_of

_MARKDOWN: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# YAML between lines of ---, or TOML between lines of +++, at the very beginning.
_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n((?:(?!\1[ \t]*$).*\n){0,500}?)\1[ \t]*(?:\n|\Z)", re.MULTILINE)
_FRONT_TITLE = re.compile(r"^title[ \t]*[:=][ \t]*(.+)$", re.MULTILINE | re.IGNORECASE)
_GAP = re.compile(r"\n{3,}")
_BREAKS: Final = {"softbreak": " ", "hardbreak": "\n"}
_LISTS: Final = ("bullet_list_open", "ordered_list_open")
_LIST_ENDS: Final = ("bullet_list_close", "ordered_list_close")
_WITHIN_ITEMS: Final = ("paragraph_close", *_LIST_ENDS)
_CODE: Final = ("fence", "code_block")
_AFTER: Final = {
    "heading_close": "\n\n",
    "paragraph_close": "\n\n",
    "bullet_list_close": "\n\n",
    "ordered_list_close": "\n\n",
    "table_close": "\n",
    "fence": "\n\n",
    "code_block": "\n\n",
    "html_block": "\n\n",
    "tr_open": "| ",
    "th_close": " | ",
    "td_close": " | ",
    "tr_close": "\n",
}


def parse_markdown(content: bytes, uri: str) -> ParsedDocument:
    """The title and the readable text.

    The title is that of the front matter, else the first heading of the highest level in use.

    Raises:
        DocumentUnreadableError: binary data.
    """
    source = decode(content, uri).replace("\r\n", "\n")
    front = _FRONT_MATTER.match(source)
    front_title = _FRONT_TITLE.search(front[2]) if front else None
    tokens = _MARKDOWN.parse(source[front.end() :] if front else source)
    title = title_from(front_title[1].strip().strip("\"'") if front_title else None, _heading(tokens), name_of(uri))
    return ParsedDocument(title, normalised(_GAP.sub("\n\n", "".join(_pieces(tokens)))))


def _heading(tokens: list[Token]) -> str | None:
    headings = [(token.tag, _inline(inner)) for token, inner in pairwise(tokens) if token.type == "heading_open"]
    return min(headings, key=lambda heading: heading[0])[1] if headings else None


def _pieces(tokens: list[Token]) -> Iterator[str]:
    """Blocks with blank lines between them; the items of a list and the rows of a table on a line each."""
    numbers: list[int | None] = []  # the next number of each list around, None where it has bullets
    for token in tokens:
        if token.type in _LISTS:
            numbers.append(int(token.attrGet("start") or 1) if token.type == "ordered_list_open" else None)
        elif token.type in _LIST_ENDS:
            numbers.pop()
        elif token.type == "list_item_open":
            yield _marker(numbers)
        yield _content(token)
        if not (numbers and token.type in _WITHIN_ITEMS):
            yield _AFTER.get(token.type, "")


def _content(token: Token) -> str:
    if token.type == "inline":
        return _inline(token)
    if token.type == "html_block":
        return fragment_text(token.content)
    return token.content if token.type in _CODE else ""


def _marker(numbers: list[int | None]) -> str:
    indent = "\n" + "  " * (len(numbers) - 1)
    number = numbers[-1]
    if number is None:
        return f"{indent}- "
    numbers[-1] = number + 1
    return f"{indent}{number}. "


def _inline(token: Token) -> str:
    parts = []
    for child in token.children or []:
        if child.type in _BREAKS:
            parts.append(_BREAKS[child.type])
        elif child.type != "html_inline":
            parts.append(child.content)
        elif child.content.lower().startswith("<br"):
            parts.append("\n")
    return "".join(parts)
