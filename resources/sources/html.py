"""HTML: the main text by trafilatura; of a page too small to have a main part, all that a reader sees."""

import re
from itertools import pairwise
from typing import Final

from lxml import html as lxml_html
from lxml.etree import ParserError
from trafilatura import extract

from resources.domain.documents import ParsedDocument, normalised, title_from
from resources.sources.decoding import decode
from resources.sources.locations import name_of

DECLARATION_BYTES: Final = 4_096
"""How far into the page a declaration of its character set is looked for; browsers look at 1,024 bytes."""
SMALL_CHARS: Final = 500
"""Below this much visible text, navigation cannot be told from content, and nothing is left out but what is marked up
as navigation."""

_DECLARED = re.compile(rb"(?i)(?:charset|encoding)\s{0,9}=\s{0,9}[\"']?([\w:.-]{1,40})")
_TABLE_RULE = re.compile(r"\|?[\s|:-]*-[\s|:-]*")
_LINE_OF_BLOCK = re.compile(r"[-*|] ?|\d+\. ")
_SPACES = re.compile(r"\s+")
_UNSEEN: Final = ("script", "style", "noscript", "template", "head", "svg", "math", "iframe", "object", "select")
_BESIDE: Final = ("nav", "footer", "aside", "form", "button", "dialog")
_INLINE: Final = frozenset(
    {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins"}
    | {"kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u"}
    | {"var", "wbr"}
)


def parse_html(content: bytes, uri: str) -> ParsedDocument:
    """The title and the main text of a page, one paragraph, heading, list item or table row a line.

    Raises:
        DocumentUnreadableError: binary data.
    """
    declared = _DECLARED.search(content, 0, DECLARATION_BYTES)
    source = decode(content, uri, declared=declared[1].decode("ascii", "ignore") if declared else None)
    tree = _tree(source)
    if tree is None:
        return ParsedDocument(title_from(name_of(uri)), "")
    title = title_from(_text_of(tree, ".//title"), _text_of(tree, ".//h1"), name_of(uri))
    visible = visible_text(tree)
    main = extract(_tree(source), fast=True, include_comments=False, include_tables=True, deduplicate=False)
    text = visible if not main or len(visible) <= SMALL_CHARS else _with_paragraphs(main)
    return ParsedDocument(title, normalised(text))


def visible_text(tree: lxml_html.HtmlElement) -> str:
    """All that a reader sees but what is marked up as navigation; a block of the page a paragraph. Changes the tree."""
    for element in list(tree.iter(*_UNSEEN)):
        element.drop_tree() if element.getparent() is not None else element.clear()
    whole = _blocks(tree)
    for element in list(tree.iter(*_BESIDE)):
        if element.getparent() is not None:
            element.drop_tree()
    return _blocks(tree) or whole


def fragment_text(fragment: str) -> str:
    """What a reader sees of a piece of HTML within another format."""
    tree = _tree(fragment)
    return "" if tree is None else visible_text(tree)


def _tree(source: str) -> lxml_html.HtmlElement | None:
    """None when there is nothing in it. A fresh tree each time: extraction changes the one that it is given."""
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
    markup = source.replace("\0", "").encode("utf-8", "replace")
    try:
        return lxml_html.document_fromstring(markup, parser=parser)
    except ParserError:
        return None


def _text_of(tree: lxml_html.HtmlElement, path: str) -> str | None:
    element = tree.find(path)
    return None if element is None else element.text_content()


def _blocks(tree: lxml_html.HtmlElement) -> str:
    blocks: list[list[str]] = [[]]
    for step, element in lxml_html.etree.iterwalk(tree, events=("start", "end")):
        if element.tag not in _INLINE:
            blocks.append([])
        if step == "start" and element.tag == "li":
            blocks[-1].append("- ")
        blocks[-1].append((element.text if step == "start" else element.tail) or "")
    lines = (_SPACES.sub(" ", "".join(block)).strip() for block in blocks)
    return "\n\n".join(line for line in lines if line)


def _with_paragraphs(main: str) -> str:
    """Each line of trafilatura is a block: a blank line keeps two paragraphs from being read as one."""
    lines = [line for line in main.split("\n") if not _TABLE_RULE.fullmatch(line)]
    parts = lines[:1]
    for above, line in pairwise(lines):
        same_block = _LINE_OF_BLOCK.match(above) and _LINE_OF_BLOCK.match(line)
        parts += ["\n" if same_block else "\n\n", line]
    return "".join(parts)
