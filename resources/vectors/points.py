"""What a point is: its vectors' names, its sparse vector, its payload, and how a search shows it."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from resources.domain.ids import DocumentId, ExtractionId, PointId

DENSE: Final = "dense"
"""The name of the vector that the embedding model makes; cosine."""
SPARSE: Final = "bm25"
"""The name of the sparse vector; its query is weighted by inverse document frequency."""
PAYLOAD_KEYS: Final = frozenset({"client", "source", "batch", "document", "extraction", "template"})
"""What stands beside a point's vectors: a client's slug, four UUIDs and a template's name; no text, nothing secret."""


class SparseVector(NamedTuple):
    """Weights at the non-zero dimensions: each index once, as many values as indices."""

    indices: list[int]
    values: list[float]


@dataclass(frozen=True, slots=True)
class FoundPoint:
    """A point that a search found. ``score``: higher is better, comparable only within one answer."""

    id: PointId
    score: float
    extraction: ExtractionId
    document: DocumentId
    template: str


def point_id_of(plain: Any) -> PointId:
    """The id of a point of ours, as the store writes it.

    Raises:
        ValueError: something else wrote the point.
    """
    return PointId(UUID(str(plain)))
