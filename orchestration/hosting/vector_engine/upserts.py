"""Reading upserts, the hot path: by hand, every point checked before the first one is stored.

``qdrant_edge`` stores the points before a wrong one and then raises, and it takes NaN, infinities and repeated sparse
indices in silence; so a request is checked whole, and refused whole with the point's id and the field's name.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from math import hypot
from typing import Any, NamedTuple

import orjson
import qdrant_edge as edge

from orchestration.hosting.vector_engine.errors import RequestRefusedError
from orchestration.hosting.vector_engine.requests import CreateCollection

_FLOAT32_MAX = 3.4e38
_BATCH_FIELDS = {"ids", "vectors", "payloads"}
_POINT_FIELDS = {"id", "vector", "payload"}


class Upsert(NamedTuple):
    """An operation that is ready to apply, and how many points it carries."""

    operation: Any
    points: int


class _Row(NamedTuple):
    id: Any
    vectors: Mapping[str, Any]
    payload: Any


def upsert(body: bytes | bytearray, collection: CreateCollection) -> Upsert:
    """Read the column form (``batch``) or the list form (``points``).

    Raises:
        RequestRefusedError: not JSON, an unknown field, or a point that the collection cannot hold.
    """
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _wrong("body", "JSON", str(error)) from None
    rows = list(_rows(request))
    dimensions = {name: params.size for name, params in collection.vectors.items()}
    points = [_point(row, dimensions, collection.sparse_vectors) for row in rows]
    return Upsert(edge.UpdateOperation.upsert_points(points), len(points))


def _rows(request: Any) -> Iterable[_Row]:
    if not isinstance(request, dict):
        raise _wrong("body", "an object", type(request).__name__)
    _only(request, {"batch"} if "batch" in request else {"points"}, "body")
    if "batch" in request:
        return _columns(request["batch"])
    points = request.get("points")
    if not isinstance(points, list):
        raise _wrong("points", "a list of points, or a field 'batch'", type(points).__name__)
    return (_listed(point, f"points[{position}]") for position, point in enumerate(points))


def _listed(point: Any, where: str) -> _Row:
    _only(point, _POINT_FIELDS, where)
    return _Row(point.get("id"), _named(point.get("vector"), where), point.get("payload"))


def _columns(batch: Any) -> Iterator[_Row]:
    _only(batch, _BATCH_FIELDS, "batch")
    ids, payloads = batch.get("ids"), batch.get("payloads")
    if not isinstance(ids, list):
        raise _wrong("batch.ids", "a list of point ids", type(ids).__name__)
    named = _named(batch.get("vectors"), "batch")
    for name, column in [("payloads", payloads), *((f"vectors.{name}", column) for name, column in named.items())]:
        if column is not None and (not isinstance(column, list) or len(column) != len(ids)):
            found = len(column) if isinstance(column, list) else type(column).__name__
            raise _wrong(f"batch.{name}", f"a list of {len(ids)}, as there are ids", str(found))
    vectors = (dict(zip(named, row, strict=True)) for row in zip(*named.values(), strict=True))
    return (_Row(*row) for row in zip(ids, vectors, repeat(None) if payloads is None else payloads, strict=False))


def _named(vectors: Any, where: str) -> dict[str, Any]:
    if not isinstance(vectors, dict) or not vectors:
        raise _wrong(f"{where}.vector", "vectors by name", type(vectors).__name__)
    return vectors


def _point(row: _Row, dimensions: Mapping[str, int], sparse: Iterable[str]) -> Any:
    vectors: dict[str, Any] = {}
    for name, vector in row.vectors.items():
        if name in dimensions:
            vectors[name] = _dense(vector, dimensions[name], row.id, name)
        elif name in sparse:
            vectors[name] = _sparse(vector, row.id, name)
        else:
            raise _wrong(f"point {row.id}", f"one of the vectors {', '.join([*dimensions, *sparse])}", f"'{name}'")
    if row.payload is not None and not isinstance(row.payload, dict):
        raise _wrong(f"point {row.id}, payload", "an object", type(row.payload).__name__)
    try:
        return edge.Point(row.id, vectors, row.payload)
    except (TypeError, ValueError) as error:
        raise _wrong(f"point {row.id}", "an id that is a UUID or a natural number", str(error)) from None


def _dense(vector: Any, dimensions: int, point: Any, name: str) -> list[float]:
    if not isinstance(vector, list) or len(vector) != dimensions:
        found = len(vector) if isinstance(vector, list) else type(vector).__name__
        raise _wrong(f"point {point}, vector '{name}'", f"{dimensions} numbers", str(found))
    _finite(vector, point, name)
    return vector


def _sparse(vector: Any, point: Any, name: str) -> Any:
    where = f"point {point}, vector '{name}'"
    _only(vector, {"indices", "values"}, where)
    indices, values = vector.get("indices"), vector.get("values")
    if not isinstance(indices, list) or not isinstance(values, list) or len(indices) != len(values):
        raise _wrong(where, "as many values as indices", "lists of different lengths")
    _finite(values, point, name)
    try:
        repeated = len(set(indices)) != len(indices)
        made = edge.SparseVector(indices, values)
    except (TypeError, ValueError, OverflowError) as error:
        raise _wrong(where, "indices from 0 to 2^32 - 1", str(error)) from None
    if repeated:
        raise _wrong(where, "each index once", "a repeated index")
    return made


def _finite(values: list[Any], point: Any, name: str) -> None:
    try:
        norm = hypot(*values)
    except TypeError as error:
        raise _wrong(f"point {point}, vector '{name}'", "numbers", str(error)) from None
    if not norm < _FLOAT32_MAX:
        raise _wrong(f"point {point}, vector '{name}'", "finite 32-bit numbers", f"a vector of length {norm}")


def _only(value: Any, known: set[str], where: str) -> None:
    if not isinstance(value, dict):
        raise _wrong(where, "an object", type(value).__name__)
    if unknown := value.keys() - known:
        raise _wrong(where, f"only {', '.join(sorted(known))}", f"unknown field '{min(unknown)}'")


def _wrong(where: str, expected: str, found: str) -> RequestRefusedError:
    return RequestRefusedError(where, expected=expected, found=found, remedy="Nothing of the request was stored.")
