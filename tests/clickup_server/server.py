"""The parts put together: one ASGI application with API, control, page and downloads."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from tests.clickup_server import control, hook_routes, page, reads, writes
from tests.clickup_server.answers import Json
from tests.clickup_server.deliveries import Deliveries
from tests.clickup_server.errors import ApiError, no_route
from tests.clickup_server.faults import Faults
from tests.clickup_server.gate import API, Gate, Tokens
from tests.clickup_server.limits import Limits
from tests.clickup_server.seeding import seed
from tests.clickup_server.webhooks import Hooks
from tests.clickup_server.world import World


@dataclass(frozen=True)
class Options:
    """How the stand-in starts. Times are in seconds."""

    token: str = "pk_183_STANDIN"
    oauth_token: str = "183_standin_oauth"
    zone: str = "America/Los_Angeles"
    per_minute: int = 10_000
    window_s: float = 60.0
    webhook_timeout_s: float = 7.0
    webhook_pause_s: float = 0.05
    seed: int = 0


def build(options: Options, origin: str) -> tuple[Gate, dict[str, str]]:
    """The application, and what a client has to know to use it."""
    world = World(zone=options.zone, seed=options.seed)
    world.url = origin
    found, owner = seed(world)
    deliveries = Deliveries(world, timeout_s=options.webhook_timeout_s, pause_s=options.webhook_pause_s)
    hooks = Hooks(world, deliveries.send)
    world.publish = hooks.publish

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await deliveries.close()

    app = Starlette(
        routes=[
            Mount(API, routes=[*reads.ROUTES, *writes.ROUTES, *hook_routes.ROUTES]),
            Mount("/_control", routes=control.ROUTES),
            *page.ROUTES,
            Route("/attachments/{task_id}/{attachment_id}", download),
        ],
        exception_handlers={ApiError: refused, HTTPException: not_found}
        | dict.fromkeys((AssertionError, KeyError, TypeError, ValueError), misused),
        lifespan=lifespan,
    )
    tokens = Tokens(options.token, options.oauth_token)
    limits = Limits(world.now_ms, options.per_minute, options.window_s)
    gate = Gate(app, world, tokens, limits, faults := Faults())
    parts = {"world": world, "owner": owner, "hooks": hooks, "deliveries": deliveries, "tokens": tokens}
    for name, part in (parts | {"limits": limits, "faults": faults, "log": gate.log}).items():
        setattr(app.state, name, part)
    ids = {"team": world.team[0], "space": found.space.id, "list_id": found.id}
    return gate, {"url": f"{origin}{API}", "token": options.token} | ids


async def refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return Json({"err": error.err, "ECODE": error.ecode}, error.status)


async def not_found(request: Request, _error: Exception) -> Response:
    error = no_route(request.method, request.url.path)
    return Json({"err": error.err, "ECODE": error.ecode}, error.status)


async def misused(request: Request, error: Exception) -> Response:
    """A call of the control that is wrong is told why; in the API, the same would be a fault of the stand-in."""
    if not request.url.path.startswith("/_control"):
        raise error
    return Json({"err": f"{type(error).__name__}: {error}", "ECODE": "STAND_IN_400"}, 400)


async def download(request: Request) -> Response:
    """The bytes of an attachment, as they were sent. Without a token, as ClickUp's links are."""
    world = reads.world_of(request)
    task = world.tasks.get(request.path_params["task_id"])
    wanted = request.path_params["attachment_id"]
    found = next((one for one in task.state.attachments if one.id == wanted), None) if task else None
    if found is None:
        return await not_found(request, HTTPException(404))
    headers = {"content-disposition": "attachment", "x-content-type-options": "nosniff"}
    return Response(found.data, media_type="application/octet-stream", headers=headers)
