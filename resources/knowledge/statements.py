"""Statements of a client's sources that fit some words: sentences with exact spans, to write from and to cite."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from resources.domain.extractions import Template
from resources.domain.ids import ClientSlug, ExtractionId
from resources.domain.spans import Span
from resources.embedder.embedder import Embedder
from resources.ledger import hits
from resources.ledger.hits import LiveExtraction
from resources.vectors.bm25 import embed_query
from resources.vectors.store import VectorStore

CANDIDATES_A_STATEMENT: Final = 4
"""Points asked for a statement wanted: about half of all are passages."""


@dataclass(frozen=True, slots=True)
class FoundStatement:
    """A sentence of a source: ``text`` is ``span`` of the stored version at ``uri``."""

    extraction_id: ExtractionId
    text: str
    uri: str
    title: str
    span: Span


def find_statements(
    engine: Engine, store: VectorStore, embedder: Embedder, words: str, *, client: ClientSlug, k: int
) -> list[FoundStatement]:
    """At most ``k`` live statements of the client, the most fitting first; each text once.

    Raises:
        VectorStoreUnavailableError, EmbedderUnavailableError: a retry can help.
    """
    scored = store.search(
        client=client,
        dense=embedder.embed([words])[0],
        sparse=embed_query(words),
        k=k * CANDIDATES_A_STATEMENT,
    )
    wanted = [point.extraction for point in scored if point.template == Template.STATEMENT]
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        live = hits.live(connection, client, wanted)
        found = [live[each] for each in wanted if each in live]
        texts = hits.quotes(connection, [(each.version_id, each.span) for each in found])
    return _apart(found, texts)[:k]


def _apart(found: Sequence[LiveExtraction], texts: Sequence[str]) -> list[FoundStatement]:
    first: dict[str, FoundStatement] = {}
    for each, text in zip(found, texts, strict=True):
        first.setdefault(" ".join(text.split()), FoundStatement(each.id, text, each.uri, each.title, each.span))
    return list(first.values())
