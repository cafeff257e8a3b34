"""The HTTP side: routes, the key, and errors in Qdrant's shape."""

import hmac
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orchestration.hosting.vector_engine import handlers
from orchestration.hosting.vector_engine.errors import EngineFailedError, RequestRefusedError
from orchestration.hosting.vector_engine.registry import Registry

Handler = Callable[[Request, Registry], Awaitable[Any]]

_LOG = logging.getLogger(__name__)
_QDRANT_API = "1.20.0"
"""The version of Qdrant's REST API that the served part follows; clients compare it with their own."""
_MAX_BODY_BYTES = 32 << 20
"""As a Qdrant server's default ``max_request_size_mb``."""
_OPEN_PATHS = frozenset({"/", "/healthz", "/readyz", "/livez"})
_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/collections", handlers.list_collections),
    ("PUT", "/collections/{name}", handlers.create_collection),
    ("GET", "/collections/{name}", handlers.describe_collection),
    ("DELETE", "/collections/{name}", handlers.delete_collection),
    ("GET", "/collections/{name}/exists", handlers.collection_exists),
    ("PUT", "/collections/{name}/index", handlers.create_index),
    ("PUT", "/collections/{name}/points", handlers.upsert),
    ("POST", "/collections/{name}/points", handlers.retrieve),
    ("POST", "/collections/{name}/points/delete", handlers.delete_points),
    ("POST", "/collections/{name}/points/count", handlers.count),
    ("POST", "/collections/{name}/points/scroll", handlers.scroll),
    ("POST", "/collections/{name}/points/query", handlers.query),
    ("POST", "/collections/{name}/facet", handlers.facet),
)


def application(registry: Registry, key: str, *, started: Callable[[], None]) -> Starlette:
    """The server of ``registry`` for whoever knows ``key``; its shards are flushed and closed when it ends.

    ``started`` is called when it is about to answer, and can be stopped by a signal in good order.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        started()
        yield
        registry.close()

    return Starlette(
        routes=[
            Route("/", _root, methods=["GET"]),
            *(Route(path, _health, methods=["GET"]) for path in ("/healthz", "/readyz", "/livez")),
            *(Route(path, _endpoint(handler, registry, key), methods=[method]) for method, path, handler in _ROUTES),
        ],
        exception_handlers={HTTPException: _no_route, Exception: _failed},
        lifespan=lifespan,
    )


async def _root(_: Request) -> Response:
    engine = f"qdrant-edge-py {version('qdrant-edge-py')}"
    return _json(HTTPStatus.OK, {"title": "waybill vector engine", "version": _QDRANT_API, "engine": engine})


async def _health(_: Request) -> Response:
    return Response("healthz check passed", media_type="text/plain")


def _endpoint(handler: Handler, registry: Registry, key: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        started = time.perf_counter()
        try:
            _check(request, key)
            result = await handler(request, registry)
        except (RequestRefusedError, EngineFailedError) as error:
            if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                _LOG.error("%s %s: %s", request.method, request.url.path, error)
            text = f"{error.where}: {error.reason}. {error.remedy}"
            return _error(error.status, text, time.perf_counter() - started)
        return _json(HTTPStatus.OK, {"result": result, "status": "ok", "time": time.perf_counter() - started})

    return answer


def _check(request: Request, key: str) -> None:
    where = f"{request.method} {request.url.path}"
    if not hmac.compare_digest(request.headers.get("api-key", "").encode(), key.encode()):
        raise RequestRefusedError(
            where,
            expected="the engine's key in the header 'api-key'",
            found="no key, or a wrong one",
            remedy="Send the key that the engine was started with.",
            status=HTTPStatus.UNAUTHORIZED,
        )
    for name, value in request.query_params.multi_items():
        if (name, value) != ("wait", "true"):
            raise RequestRefusedError(
                where,
                expected="no parameter but wait=true",
                found=f"unknown parameter {name}={value}",
                remedy="Drop it.",
            )
    length = request.headers.get("content-length", "0")
    if "transfer-encoding" in request.headers or int(length) > _MAX_BODY_BYTES:
        raise RequestRefusedError(
            where,
            expected=f"a body of known length, at most {_MAX_BODY_BYTES} bytes",
            found="chunks" if "transfer-encoding" in request.headers else f"{length} bytes",
            remedy="Send fewer points at once.",
            status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )


async def _no_route(request: Request, _: Exception) -> Response:
    text = f"{request.method} {request.url.path}: expected a route of the embedded engine; found one that it lacks."
    return _error(HTTPStatus.NOT_FOUND, text, 0.0)


async def _failed(_: Request, error: Exception) -> Response:
    """The server logs it, with where it came from."""
    return _error(HTTPStatus.INTERNAL_SERVER_ERROR, f"Service internal error: {type(error).__name__}: {error}", 0.0)


def _error(status: HTTPStatus, text: str, seconds: float) -> Response:
    return _json(status, {"status": {"error": text}, "time": seconds})


def _json(status: HTTPStatus, content: Any) -> Response:
    return Response(orjson.dumps(content), status_code=status, media_type="application/json")
