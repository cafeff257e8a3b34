"""The two ways to ask, as arguments of Qdrant's query endpoint; `resources.domain.fusion` makes one of both."""

from typing import Any, Final, Literal

from qdrant_client import models

from resources.domain.ids import ClientSlug
from resources.vectors.points import DENSE, SPARSE, SparseVector

Mode = Literal["dense", "bm25", "hybrid"]
"""Which vectors a search compares: meaning, words, or both."""

CANDIDATES: Final = 100
"""How deep each list goes into the fusion, or k if that is more; 50 and 300 made no difference on cranfield."""


def filtered_by(**fields: object) -> models.Filter:
    """All of ``fields`` equal; those that are None do not count."""
    return models.Filter(
        must=[
            models.FieldCondition(key=key, match=models.MatchValue(value=str(value)))
            for key, value in fields.items()
            if value is not None
        ]
    )


def by_meaning(client: ClientSlug, dense: list[float], limit: int) -> dict[str, Any]:
    """The arguments of ``QdrantClient.query_points`` for the ``limit`` points of ``client`` nearest to ``dense``."""
    return {"query": dense, "using": DENSE, "query_filter": filtered_by(client=client), "limit": limit}


def by_words(client: ClientSlug, sparse: SparseVector, limit: int) -> dict[str, Any]:
    """The same for BM25. How rare a word is counts among the client's own points: no other client moves its ranking."""
    mine = filtered_by(client=client)
    return {
        "query": models.SparseVector(indices=sparse.indices, values=sparse.values),
        "using": SPARSE,
        "query_filter": mine,
        "search_params": models.SearchParams(idf=models.IdfCorpusParams(corpus=mine)),
        "limit": limit,
    }
