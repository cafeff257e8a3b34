"""Extraction with no language model: every passage, and every sentence that states something. Deterministic."""

import re
from collections.abc import Iterator
from typing import Final

from semantic_text_splitter import TextSplitter

from resources.domain.extractions import Drafting, Extraction, Template
from resources.domain.ids import DocumentId
from resources.domain.spans import Span
from resources.domain.statements import statements

# To be raised with every change of the rules below or in domain.statements: what another model drafted is drafted anew.
MODEL: Final = "offline-1"
# A press release or an abstract of 200 to 300 words is one passage; longer texts are cut.
MAX_PASSAGE_CHARS: Final = 2_000
# The splitter's time grows with the square of the longest line; it is given no more than this at once.
MAX_SECTION_CHARS: Final = 20_000
PASSAGE_CONFIDENCE: Final = 1.0
# Ours: one label is more often a coincidence than two. It ranks statements and is no probability.
STATEMENT_CONFIDENCE: Final = {1: 0.6, 2: 0.7, 3: 0.8, 4: 0.9}

_SPLITTER: Final = TextSplitter(MAX_PASSAGE_CHARS)
_NOT_SPACE = re.compile(r"\S")


def extract(document: DocumentId, text: str) -> list[Extraction]:
    """The passages of ``text``, then its statements, each in order.

    Args:
        document: whose current text this is.
        text: normalised (``domain.documents.normalised``): in particular without lone surrogates.

    Returns:
        Extractions whose ``text`` is ``text[span.start:span.end]``. Every character that is not a space is in exactly
        one passage; a blank text has none.
    """
    drafting = Drafting(document, text)
    found = [drafting.add(Template.PASSAGE, span, (), PASSAGE_CONFIDENCE) for span in passages(text)]
    for statement in statements(text):
        confidence = STATEMENT_CONFIDENCE[len(statement.labels)]
        found.append(drafting.add(Template.STATEMENT, statement.span, statement.labels, confidence))
    return found


def passages(text: str) -> Iterator[Span]:
    """Cut ``text`` into passages of at most ``MAX_PASSAGE_CHARS``, at a paragraph, line or sentence.

    They do not overlap, and hold everything but the space between them.
    """
    for start, end in _sections(text):
        if end - start <= MAX_PASSAGE_CHARS:
            yield from _trimmed(text, start, end)
            continue
        for offset, chunk in _SPLITTER.chunk_indices(text[start:end]):
            yield from _trimmed(text, start + offset, start + offset + len(chunk))


def _sections(text: str) -> Iterator[tuple[int, int]]:
    start, length = 0, len(text)
    while length - start > MAX_SECTION_CHARS:
        middle, limit = start + MAX_SECTION_CHARS // 2, start + MAX_SECTION_CHARS
        found = (text.rfind(boundary, middle, limit) for boundary in ("\n\n", "\n", ". ", " "))
        end = next((at + 1 for at in found if at >= 0), limit)
        yield start, end
        start = end
    yield start, length


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    first = _NOT_SPACE.search(text, start, end)
    if first:
        yield Span(first.start(), start + len(text[start:end].rstrip()))
