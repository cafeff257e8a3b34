"""What a request may hold: one strict model for each. A field that is not here is refused by its name.

The shapes are those of Qdrant's REST API, narrowed to what ``resources.vectors`` sends. Upserts are too hot for
models; ``upserts.py`` reads them by hand.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

PointIdField = int | UUID
Limit = Annotated[int, Field(ge=1)]


class Strict(BaseModel):
    """No unknown fields, ever."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _by_key(*known: str) -> Callable[[Any], str]:
    """Tell the members of a union apart by the key that only they have; an unknown key names itself in the error."""

    def kind(value: Any) -> str:
        if isinstance(value, list):
            return "list"
        if not isinstance(value, dict):
            return type(value).__name__
        return next((key for key in known if key in value), next(iter(value), "nothing"))

    return kind


class MatchValue(Strict):
    """The field equals ``value``."""

    value: str | int | bool


class MatchAny(Strict):
    """The field equals one of ``any``."""

    any: list[str] | list[int]


Match = Annotated[
    Annotated[MatchValue, Tag("value")] | Annotated[MatchAny, Tag("any")], Discriminator(_by_key("value", "any"))
]


class FieldCondition(Strict):
    """A condition on one payload field."""

    key: str
    match: Match


class HasId(Strict):
    """The point is one of these."""

    has_id: list[PointIdField]


Condition = Annotated[
    Annotated[FieldCondition, Tag("key")] | Annotated[HasId, Tag("has_id")], Discriminator(_by_key("key", "has_id"))
]


class Filter(Strict):
    """All of ``must``, at least one of ``should``, none of ``must_not``."""

    must: list[Condition] | None = None
    should: list[Condition] | None = None
    must_not: list[Condition] | None = None


class SparseVector(Strict):
    """Weights at the non-zero dimensions."""

    indices: list[Annotated[int, Field(ge=0, lt=2**32)]]
    values: list[float]


Vector = Annotated[
    Annotated[list[float], Tag("list")] | Annotated[SparseVector, Tag("indices")], Discriminator(_by_key("indices"))
]


class Nearest(Strict):
    """The points nearest to a dense or sparse vector."""

    nearest: Vector


Query = Annotated[
    Annotated[list[float], Tag("list")] | Annotated[SparseVector, Tag("indices")] | Annotated[Nearest, Tag("nearest")],
    Discriminator(_by_key("indices", "nearest")),
]


class IdfCorpus(Strict):
    """The points over which a sparse vector's document frequencies are counted."""

    corpus: Filter


class SearchParams(Strict):
    """``exact`` is always so here: the engine builds no graph."""

    exact: bool = False
    idf: IdfCorpus | Literal["global"] | None = None


class QueryRequest(Strict):
    """``POST /collections/{name}/points/query``."""

    query: Query
    using: str | None = None
    filter: Filter | None = None
    params: SearchParams | None = None
    limit: Limit = 10
    with_payload: bool | list[str] = False
    with_vector: bool | list[str] = False


class CountRequest(Strict):
    """``POST /collections/{name}/points/count``."""

    filter: Filter | None = None
    exact: bool = True


class ScrollRequest(Strict):
    """``POST /collections/{name}/points/scroll``, by ascending point id."""

    offset: PointIdField | None = None
    limit: Limit = 10
    filter: Filter | None = None
    with_payload: bool | list[str] = True
    with_vector: bool | list[str] = False


class RetrieveRequest(Strict):
    """``POST /collections/{name}/points``."""

    ids: list[PointIdField]
    with_payload: bool | list[str] = True
    with_vector: bool | list[str] = False


class FacetRequest(Strict):
    """``POST /collections/{name}/facet``."""

    key: str
    limit: Limit = 10
    filter: Filter | None = None
    exact: bool = False


class DeleteByIds(Strict):
    """Delete these points; one that is not there is no error."""

    points: list[PointIdField]


class DeleteByFilter(Strict):
    """Delete every point that matches."""

    filter: Filter


DeleteRequest = Annotated[
    Annotated[DeleteByIds, Tag("points")] | Annotated[DeleteByFilter, Tag("filter")],
    Discriminator(_by_key("points", "filter")),
]


class IndexSchema(Strict):
    """A payload index; ``is_tenant`` says that every query filters by this field."""

    type: Literal["keyword", "uuid"]
    is_tenant: bool = False


class IndexRequest(Strict):
    """``PUT /collections/{name}/index``."""

    field_name: str
    field_schema: Literal["keyword", "uuid"] | IndexSchema


class DenseParams(Strict):
    """A named dense vector."""

    size: Annotated[int, Field(ge=1, le=65_536)]
    distance: Literal["Cosine", "Dot", "Euclid", "Manhattan"]


class SparseParams(Strict):
    """A named sparse vector; ``idf`` weighs its query by how rare each dimension is."""

    modifier: Literal["none", "idf"] = "none"


class CreateCollection(Strict):
    """``PUT /collections/{name}``."""

    vectors: dict[str, DenseParams]
    sparse_vectors: dict[str, SparseParams] = {}
