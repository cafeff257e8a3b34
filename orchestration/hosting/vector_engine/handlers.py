"""One function for each route: read the request, let the shard work on a thread, shape the result as Qdrant does."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import qdrant_edge as edge_api
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from orchestration.hosting.vector_engine import edge, requests
from orchestration.hosting.vector_engine.errors import RequestRefusedError
from orchestration.hosting.vector_engine.registry import Registry
from orchestration.hosting.vector_engine.shard import DELETE_RESERVE_BYTES, Shard
from orchestration.hosting.vector_engine.upserts import Upsert
from orchestration.hosting.vector_engine.upserts import upsert as read_upsert

Body = TypeVar("Body")

_CREATE = TypeAdapter(requests.CreateCollection)
_INDEX = TypeAdapter(requests.IndexRequest)
_DELETE: TypeAdapter[requests.DeleteByIds | requests.DeleteByFilter] = TypeAdapter(requests.DeleteRequest)
_COUNT = TypeAdapter(requests.CountRequest)
_SCROLL = TypeAdapter(requests.ScrollRequest)
_RETRIEVE = TypeAdapter(requests.RetrieveRequest)
_QUERY = TypeAdapter(requests.QueryRequest)
_FACET = TypeAdapter(requests.FacetRequest)
_DONE = {"operation_id": 0, "status": "completed"}
_PARSER = ThreadPoolExecutor(1, "parse")
"""One upsert at a time: parsed, 512 points take some 10 MB of small objects. The GIL lets only one be parsed anyway, so
several at once are no faster, and leave the allocator in more pieces."""


async def list_collections(_: Request, registry: Registry) -> dict[str, Any]:
    """``GET /collections``."""
    return {"collections": [{"name": name} for name in registry.names()]}


async def create_collection(request: Request, registry: Registry) -> bool:
    """``PUT /collections/{name}``; 409 when it exists."""
    collection = await _body(request, _CREATE)
    await asyncio.to_thread(registry.create, _name(request), collection)
    return True


async def delete_collection(request: Request, registry: Registry) -> bool:
    """``DELETE /collections/{name}``; false when there is none."""
    return await asyncio.to_thread(registry.delete, _name(request))


async def collection_exists(request: Request, registry: Registry) -> dict[str, bool]:
    """``GET /collections/{name}/exists``."""
    return {"exists": registry.find(_name(request)) is not None}


async def describe_collection(request: Request, registry: Registry) -> dict[str, Any]:
    """``GET /collections/{name}``: what a Qdrant server says, with what this engine always does filled in."""
    shard = registry.get(_name(request))
    info = await asyncio.to_thread(shard.read, lambda opened: opened.info())
    return {
        "status": "green",
        "optimizer_status": "ok",
        "segments_count": info.segments_count,
        "points_count": info.points_count,
        "indexed_vectors_count": info.indexed_vectors_count,
        "config": {
            "params": shard.collection.model_dump(),
            "hnsw_config": {"m": 0, "ef_construct": 4, "full_scan_threshold": 0},
            "optimizer_config": {"default_segment_number": 2, "flush_interval_sec": 0},
        },
        "payload_schema": {
            name: {"data_type": str(field.data_type).rpartition(".")[2].lower(), "points": field.points}
            for name, field in info.payload_schema.items()
        },
    }


async def create_index(request: Request, registry: Registry) -> dict[str, Any]:
    """``PUT /collections/{name}/index``; making it again changes nothing."""
    shard = registry.get(_name(request))
    operation = edge.index(await _body(request, _INDEX))
    return await _written(shard, operation)


async def upsert(request: Request, registry: Registry) -> dict[str, Any]:
    """``PUT /collections/{name}/points``: answered when every point is in the write-ahead log and can be found."""
    shard = registry.get(_name(request))
    wanted = await _parsed(request, shard)
    return await _written(shard, wanted.operation, points=wanted.points)


async def delete_points(request: Request, registry: Registry) -> dict[str, Any]:
    """``POST /collections/{name}/points/delete``, by ids or by filter."""
    shard = registry.get(_name(request))
    wanted = await _body(request, _DELETE)
    if isinstance(wanted, requests.DeleteByIds):
        operation = edge_api.UpdateOperation.delete_points(list(wanted.points))
    else:
        operation = edge_api.UpdateOperation.delete_points_by_filter(edge.filtered(wanted.filter))
    return await _written(shard, operation, reserve_bytes=DELETE_RESERVE_BYTES)


async def retrieve(request: Request, registry: Registry) -> list[dict[str, Any]]:
    """``POST /collections/{name}/points``: those of the ids that are there, in no order."""
    shard = registry.get(_name(request))
    wanted = await _body(request, _RETRIEVE)

    def records(opened: Any) -> list[dict[str, Any]]:
        found = opened.retrieve(wanted.ids, with_payload=wanted.with_payload, with_vector=wanted.with_vector)
        return [edge.record(point) for point in found]

    return await asyncio.to_thread(shard.read, records)


async def count(request: Request, registry: Registry) -> dict[str, int]:
    """``POST /collections/{name}/points/count``."""
    shard = registry.get(_name(request))
    wanted = await _body(request, _COUNT)
    asked = edge_api.CountRequest(exact=wanted.exact, filter=edge.filtered(wanted.filter))
    return {"count": await asyncio.to_thread(shard.read, lambda opened: opened.count(asked))}


async def scroll(request: Request, registry: Registry) -> dict[str, Any]:
    """``POST /collections/{name}/points/scroll``: a page, and where the next one begins."""
    shard = registry.get(_name(request))
    wanted = await _body(request, _SCROLL)
    asked = edge_api.ScrollRequest(
        offset=wanted.offset,
        limit=wanted.limit,
        filter=edge.filtered(wanted.filter),
        with_payload=wanted.with_payload,
        with_vector=wanted.with_vector,
    )

    def page(opened: Any) -> dict[str, Any]:
        points, following = opened.scroll(asked)
        return {"points": [edge.record(point) for point in points], "next_page_offset": following}

    return await asyncio.to_thread(shard.read, page)


async def query(request: Request, registry: Registry) -> dict[str, Any]:
    """``POST /collections/{name}/points/query``: nearest to a dense or sparse vector."""
    shard = registry.get(_name(request))
    asked = edge.query(await _body(request, _QUERY))

    def hits(opened: Any) -> dict[str, Any]:
        return {"points": [edge.scored(point) for point in opened.query(asked)]}

    return await asyncio.to_thread(shard.read, hits)


async def facet(request: Request, registry: Registry) -> dict[str, Any]:
    """``POST /collections/{name}/facet``: how many points have each value of an indexed field."""
    shard = registry.get(_name(request))
    wanted = await _body(request, _FACET)
    asked = edge_api.FacetRequest(
        wanted.key, limit=wanted.limit, exact=wanted.exact, filter=edge.filtered(wanted.filter)
    )

    def hits(opened: Any) -> dict[str, Any]:
        return {"hits": [{"value": hit.value, "count": hit.count} for hit in opened.facet(asked).hits]}

    return await asyncio.to_thread(shard.read, hits)


def _name(request: Request) -> str:
    name: str = request.path_params["name"]
    return name


async def _body(request: Request, model: TypeAdapter[Body]) -> Body:
    try:
        return model.validate_json(await request.body())
    except ValidationError as error:
        # Of several complaints the unknown field is the one to name: a match "is required" where a range was sent.
        first = min(error.errors(include_url=False), key=lambda each: each["type"] != "extra_forbidden")
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise RequestRefusedError(
            f"{request.method} {request.url.path}",
            expected="what the embedded engine knows of Qdrant's API",
            found=f"unknown field '{field}'" if first["type"] == "extra_forbidden" else f"'{field}': {first['msg']}",
            remedy="Correct the request, or use a Qdrant server (WAYBILL_QDRANT_URL).",
        ) from None


async def _parsed(request: Request, shard: Shard) -> Upsert:
    """The upsert alone: unlike ``request.body()``, nothing keeps its text while it waits to be stored."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
    return await asyncio.get_running_loop().run_in_executor(_PARSER, read_upsert, body, shard.collection)


async def _written(shard: Shard, operation: Any, **how: int) -> dict[str, Any]:
    await asyncio.wrap_future(shard.write(operation, **how))
    return _DONE
