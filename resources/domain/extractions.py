"""Extractions: the pieces of a document that can be found and cited, and what a new version changes about them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from resources.domain.ids import DocumentId, ExtractionId, extraction_id
from resources.domain.spans import Span


class Template(StrEnum):
    """The kinds of extraction. Every letter of a document is in a passage; a statement is one sentence of note."""

    PASSAGE = "passage"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True)
class Extraction:
    """A piece of one version of a document.

    Attributes:
        id: derives from document, template, text and occurrence, never from the position.
        labels: sorted as their extractor lists them; empty for a passage.
        text: equals ``quote(version.text, span)``.
        confidence: 0 to 1; 1 where nothing was judged.
    """

    id: ExtractionId
    template: Template
    labels: tuple[str, ...]
    text: str
    span: Span
    confidence: float


@dataclass(frozen=True, slots=True)
class StoredExtraction:
    """What ``diff`` has to know of an extraction that the ledger holds."""

    id: ExtractionId
    span: Span
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What a new draft changes. ``kept`` and ``retired`` are together all that was stored and live.

    Attributes:
        kept: stored and still standing word for word, with the span in the new version; keeps its embedding. Beside
            the live ones, those which an earlier version retired and which stand again.
        added: not stored.
        retired: live, and standing in the document no longer.
    """

    kept: tuple[Extraction, ...]
    added: tuple[Extraction, ...]
    retired: tuple[ExtractionId, ...]


class Drafting:
    """Makes the extractions of one version of one document, counting how often each text occurs.

    One instance per document and version; ``add`` is to be called in the order of the text, as the n-th occurrence
    of a text keeps its identity only if it is again the n-th.
    """

    def __init__(self, document: DocumentId, text: str) -> None:
        self._document = document
        self._text = text
        self._seen: Counter[tuple[Template, str]] = Counter()

    def add(self, template: Template, span: Span, labels: tuple[str, ...], confidence: float) -> Extraction:
        """The extraction that ``span`` quotes; ``confidence`` from 0 to 1."""
        text = self._text[span.start : span.end]
        occurrence = self._seen[template, text]
        self._seen[template, text] = occurrence + 1
        identity = extraction_id(self._document, template, text, occurrence)
        return Extraction(identity, template, labels, text, span, confidence)


def diff(stored: Iterable[StoredExtraction], drafted: Iterable[Extraction]) -> Changes:
    """What ``drafted`` changes about ``stored``, by identity; both of one document. Pure.

    A version whose text is as before adds nothing and retires nothing.
    """
    before = {extraction.id: extraction for extraction in stored}
    kept: list[Extraction] = []
    added: list[Extraction] = []
    for draft in drafted:
        (added if before.pop(draft.id, None) is None else kept).append(draft)
    retired = tuple(extraction.id for extraction in before.values() if not extraction.retired)
    return Changes(tuple(kept), tuple(added), retired)
