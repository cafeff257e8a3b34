"""The listener for webhooks: checks, keeps, answers at once. Health of the process beside it (CB-20)."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import anyio.to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from resources.domain.errors import WaybillError
from resources.ledger.failures import database_failure
from resources.webhooks.routes import ROUTE
from resources.work.reception import Outcome, Reception

MAX_BODY_BYTES: Final = 1 << 20
"""A delivery of ClickUp holds a task's description before and after; its own limit is not known."""
BODY_DEADLINE_S: Final = 5.0
"""ClickUp itself gives up after 7 s."""
RETRY_AFTER_S: Final = 10
LOG: Final = logging.getLogger("waybill.desk")
"""One line a delivery: route, outcome, size, time. Nothing of what it says, and no header."""
# Unsigned is 403 and never 401 or 410: at either of these ClickUp suspends the webhook at once, so that anybody who can
# reach us, or a secret that we lost, would end it. Whatever is no 2xx is tried again up to five times.
_ANSWERS: Final = MappingProxyType(
    {
        Outcome.STORED: HTTPStatus.OK,
        Outcome.REPEATED: HTTPStatus.OK,
        Outcome.UNSIGNED: HTTPStatus.FORBIDDEN,
        Outcome.UNREADABLE: HTTPStatus.BAD_REQUEST,
        Outcome.NO_ROUTE: HTTPStatus.NOT_FOUND,
    }
)


def application(
    reception: Reception, *, ready: Callable[[], object], threads: int, started: Callable[[], None] = lambda: None
) -> Starlette:
    """The app. ``ready`` raises when the ledger does not answer; the ledger is called from ``threads`` at most.

    ``started`` is called when it is about to answer, and can be stopped by a signal in good order.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = threads
        started()
        yield

    async def deliver(request: Request) -> Response:
        return await _delivered(request, reception)

    async def readiness(_: Request) -> Response:
        async def ask() -> Response:
            await run_in_threadpool(ready)
            return PlainTextResponse("ready")

        return await _answered("readyz", ask)

    return Starlette(
        routes=[
            Route("/webhooks/{route:path}", deliver, methods=["POST"]),
            Route("/healthz", _alive, methods=["GET"]),
            Route("/readyz", readiness, methods=["GET"]),
        ],
        lifespan=lifespan,
    )


async def _alive(_: Request) -> Response:
    return PlainTextResponse("alive")


async def _delivered(request: Request, reception: Reception) -> Response:
    route, began = request.path_params["route"], time.perf_counter()
    if not ROUTE.fullmatch(route):  # no adapter can ever have it, and it must not get into logs or letters
        return _status(HTTPStatus.NOT_FOUND)
    body = await _body(request)
    if not isinstance(body, bytes):
        return _status(body, {"Connection": "close"})  # else the rest of it would still be read

    async def receive() -> Response:
        outcome = await run_in_threadpool(reception.receive, route, request.headers, body)
        level = logging.INFO if outcome in (Outcome.STORED, Outcome.REPEATED) else logging.WARNING
        took_ms = (time.perf_counter() - began) * 1000
        LOG.log(level, "route=%s outcome=%r bytes=%d ms=%.1f", route, outcome.value, len(body), took_ms)
        return _status(_ANSWERS[outcome])

    return await _answered(f"route={route}", receive)


async def _answered(what: str, work: Callable[[], Awaitable[Response]]) -> Response:
    """What ``work`` answers; 503 when we could not do our part, so that the sender tries again."""
    try:
        return await work()
    except Exception as error:
        failure = error if isinstance(error, WaybillError) else database_failure(error)
        if failure is None:
            raise
        LOG.error("%s: %s", what, failure)  # noqa: TRY400 - the message says all; a traceback would hide it
        return _status(HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": str(RETRY_AFTER_S)})


async def _body(request: Request) -> bytes | HTTPStatus:
    """The body, or why it is not taken. Never more of it is held than may be taken."""
    taken = bytearray()
    try:
        if int(request.headers.get("content-length", "0")) > MAX_BODY_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        async with asyncio.timeout(BODY_DEADLINE_S):
            async for chunk in request.stream():
                taken += chunk
                if len(taken) > MAX_BODY_BYTES:
                    return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    except TimeoutError:
        return HTTPStatus.REQUEST_TIMEOUT
    except (ClientDisconnect, ValueError):
        return HTTPStatus.BAD_REQUEST
    return bytes(taken)


def _status(status: HTTPStatus, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(status.phrase, status, headers)
