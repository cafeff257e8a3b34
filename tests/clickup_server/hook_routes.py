"""The routes of webhooks."""

from starlette.requests import Request
from starlette.routing import Route

from tests.clickup_server.answers import Json
from tests.clickup_server.reads import in_team
from tests.clickup_server.webhooks import Hooks
from tests.clickup_server.writes import body_of, owner


def hooks_of(request: Request) -> Hooks:
    found: Hooks = request.app.state.hooks
    return found


async def webhooks(request: Request) -> Json:
    in_team(request)
    hooks = hooks_of(request)
    return Json({"webhooks": [hooks.shown(hook) for hook in hooks.known.values()]})


async def add_webhook(request: Request) -> Json:
    in_team(request)
    hooks = hooks_of(request)
    hook = hooks.add(await body_of(request), owner(request))
    return Json({"id": hook.id, "webhook": hooks.shown(hook)})


async def change_webhook(request: Request) -> Json:
    hooks = hooks_of(request)
    hook = hooks.change(request.path_params["webhook_id"], await body_of(request))
    return Json({"id": hook.id, "webhook": hooks.shown(hook)})


async def delete_webhook(request: Request) -> Json:
    hooks_of(request).remove(request.path_params["webhook_id"])
    return Json({})


ROUTES = [
    Route("/team/{team_id}/webhook", webhooks),
    Route("/team/{team_id}/webhook", add_webhook, methods=["POST"]),
    Route("/webhook/{webhook_id}", change_webhook, methods=["PUT"]),
    Route("/webhook/{webhook_id}", delete_webhook, methods=["DELETE"]),
]
