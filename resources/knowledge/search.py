"""Search: points by meaning and by words, shown only as the ledger's live extractions."""

from dataclasses import dataclass
from itertools import groupby
from typing import Final

from sqlalchemy import Connection, Engine

from resources.domain.ids import ClientSlug, DocumentId, ExtractionId
from resources.domain.spans import Span, overlap_groups
from resources.embedder.embedder import Embedder
from resources.ledger import hits
from resources.ledger.hits import LiveExtraction
from resources.vectors.bm25 import embed_query
from resources.vectors.store import Mode, VectorStore

CANDIDATES_A_HIT: Final = 5
"""Points asked for a hit wanted: passages and statements of one document overlap and are merged into one hit."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A stretch of a document. ``text`` is ``span`` of the stored version; ``extraction_id`` is its best extraction."""

    score: float
    text: str
    uri: str
    title: str
    span: Span
    extraction_id: ExtractionId
    document_id: DocumentId

    def as_json(self) -> dict[str, object]:
        """The hit for programs; ``span`` as ``[start, end]``, half-open, in code points."""
        return {
            "score": self.score,
            "text": self.text,
            "uri": self.uri,
            "title": self.title,
            "span": [self.span.start, self.span.end],
            "extraction_id": str(self.extraction_id),
            "document_id": str(self.document_id),
        }


@dataclass(frozen=True, slots=True)
class _Scored:
    score: float
    extraction: LiveExtraction


def search(
    engine: Engine,
    store: VectorStore,
    embedder: Embedder,
    words: str,
    *,
    client: ClientSlug,
    k: int = 10,
    mode: Mode = "hybrid",
) -> list[Hit]:
    """The ``k`` best hits of the client for ``words``, best first. Overlapping spans of a document are one hit.

    The store only proposes: what is retired, gone, being removed or another client's is left out here (design §4).
    """
    scored = store.search(
        client=client,
        dense=embedder.embed([words])[0],
        sparse=embed_query(words),
        k=k * CANDIDATES_A_HIT,
        mode=mode,
    )
    # Of one moment, so that a removal meanwhile cannot take a text away between the look and the quotation.
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        live = hits.live(connection, client, [point.extraction for point in scored])
        found = [_Scored(point.score, live[point.extraction]) for point in scored if point.extraction in live]
        return _quoted(connection, _merged(found)[:k])


def _merged(found: list[_Scored]) -> list[tuple[_Scored, Span]]:
    """The best of each group of overlapping spans, with the span that covers the group; best first."""
    best: list[tuple[_Scored, Span]] = []
    ordered = sorted(found, key=lambda scored: scored.extraction.document_id)
    for _, of_document in groupby(ordered, key=lambda scored: scored.extraction.document_id):
        for span, group in overlap_groups(of_document, lambda scored: scored.extraction.span):
            best.append((max(group, key=lambda scored: scored.score), span))
    return sorted(best, key=lambda pair: (-pair[0].score, str(pair[0].extraction.id)))


def _quoted(connection: Connection, best: list[tuple[_Scored, Span]]) -> list[Hit]:
    texts = hits.quotes(connection, [(scored.extraction.version_id, span) for scored, span in best])
    return [
        Hit(
            scored.score,
            text,
            scored.extraction.uri,
            scored.extraction.title,
            span,
            scored.extraction.id,
            scored.extraction.document_id,
        )
        for (scored, span), text in zip(best, texts, strict=True)
    ]
