"""The control: what a person does in ClickUp's own windows, what a test switches on, and the truth about it all."""

from collections.abc import Mapping
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.clickup_server import changes
from tests.clickup_server.answers import Json
from tests.clickup_server.errors import ApiError
from tests.clickup_server.faults import Rule
from tests.clickup_server.model import Field, TaskState
from tests.clickup_server.reads import world_of
from tests.clickup_server.values import KINDS, by_name
from tests.clickup_server.webhooks import Fates
from tests.clickup_server.world import World
from tests.clickup_server.writes import body_of


def named_field(world: World, name: str, list_id: str) -> Field:
    fields = (one for one in world.fields.values() if one.lists is None or list_id in one.lists)
    found = next((one for one in fields if one.name == name), None)
    if found is None:
        raise ApiError(400, f"the list has no field {name!r}", "STAND_IN_400")
    return found


def _sent_fields(world: World, list_id: str, named: Mapping[str, object]) -> list[dict[str, object]]:
    found = ((named_field(world, name, list_id), value) for name, value in named.items())
    return [{"id": field.id, "value": by_name(field, value)} for field, value in found]


def _edits(body: dict[str, object]) -> dict[str, object]:
    """The keys of a request to the API, from those of the control. A person's due date has a time."""
    made = {key: value for key, value in body.items() if key not in ("due_at_ms", "fields", "user")}
    return made | ({"due_date": body["due_at_ms"], "due_date_time": True} if "due_at_ms" in body else {})


async def create_task(request: Request) -> Response:
    world, body = world_of(request), await body_of(request)
    found = world.lists[str(body.pop("list_id", None) or next(iter(world.lists)))]
    fields = _sent_fields(world, found.id, body.pop("fields", None) or {})
    user = world.user(str(body.pop("user", None) or "Anna"))
    sent = {key: value for key, value in _edits(body).items() if value is not None}
    return Json({"id": changes.create(world, found, user, sent | {"custom_fields": fields}).id})


async def create_many(request: Request) -> Response:
    """Tasks without events: a workspace that was there before anybody listened."""
    world, body = world_of(request), await body_of(request)
    found = world.lists[str(body.get("list_id") or next(iter(world.lists)))]
    fields = _sent_fields(world, found.id, body.get("fields") or {})
    made, user = [], world.user("Anna")
    for number in range(int(str(body["n"]))):
        name = f"{body.get('name') or 'Task'} {number + 1}"
        sent = {"name": name, "status": body.get("status"), "custom_fields": fields}
        made.append(changes.new_task(world, found, user, sent).id)
    return Json({"ids": made})


async def edit_task(request: Request) -> Response:
    """``fields`` by name, ``status``, ``list_id`` (dragged to another list), and what else ``edits`` knows."""
    world, body = world_of(request), await body_of(request)
    task_id, user = request.path_params["task_id"], world.user(str(body.get("user") or "Anna"))
    changes.update(world, task_id, user, _edits(body))
    named = body.get("fields")
    for name, value in named.items() if isinstance(named, dict) else ():
        field = named_field(world, name, world.truth(task_id).list_id)
        changes.set_field(world, task_id, user, field, by_name(field, value))
    return Json({})


async def say(request: Request) -> Response:
    world, body = world_of(request), await body_of(request)
    user = world.user(str(body.get("user") or "Anna"))
    made, _ = changes.comment(world, request.path_params["task_id"], user, str(body["text"]))
    return Json({"id": made.id})


async def delete_task(request: Request) -> Response:
    changes.delete(world_of(request), request.path_params["task_id"])
    return Json({})


async def truth(request: Request) -> Response:
    """A task as it is now, deleted or not, whatever reads show."""
    world = world_of(request)
    return Json(described(world, world.tasks[request.path_params["task_id"]].state))


def described(world: World, state: TaskState) -> dict[str, object]:
    return {
        "id": state.id,
        "name": state.name,
        "description": state.description,
        "list_id": state.list_id,
        "status": state.status.name,
        "deleted": state.deleted,
        "priority": state.priority,
        "due_at_ms": state.due_ms,
        "updated_at_ms": state.updated_ms,
        "fields": {field.name: plain(field, state.fields.get(field.id)) for field in world.fields_of(state)},
        "history": [
            {"status": stay.status.name, "at_ms": stay.since_ms, "user": stay.user.name} for stay in state.stays
        ],
        "comments": [
            {"id": one.id, "text": one.text, "user": one.user.name, "date": one.date_ms} for one in state.comments
        ],
        "attachments": [
            {"id": one.id, "title": one.title, "size": len(one.data), "sha256": one.sha256, "user": one.user.name}
            for one in state.attachments
        ],
    }


def plain(field: Field, value: object) -> object:
    """Options by name, users by name."""
    names = {option.id: option.name for option in field.options}
    if isinstance(value, tuple):
        return [names.get(str(part), getattr(part, "name", part)) for part in value]
    return names.get(value, value) if isinstance(value, str) else value


async def tasks(request: Request) -> Response:
    """The ids of all tasks, deleted ones too, in the order of their making."""
    return Json({"ids": list(world_of(request).tasks)})


async def requests(request: Request) -> Response:
    """The log from entry ``since`` on, counted from 0."""
    return Json({"requests": request.app.state.log[int(request.query_params.get("since", "0")) :]})


async def fail(request: Request) -> Response:
    body = await body_of(request)
    rules = body["rules"]
    assert isinstance(rules, list)
    request.app.state.faults.rules = [Rule(**rule) for rule in rules]
    return Json({})


async def limit(request: Request) -> Response:
    body = await body_of(request)
    request.app.state.limits.set(int(str(body["per_minute"])), float(str(body["window_s"])))
    return Json({})


async def quirks(request: Request) -> Response:
    """Any of ``world.Quirks``; the others stay."""
    world = world_of(request)
    world.quirks = replace(world.quirks, **await body_of(request))
    return Json({})


async def tokens(request: Request) -> Response:
    """Revoke the personal token, or make it valid again."""
    known, body = request.app.state.tokens, await body_of(request)
    known.revoked = {known.personal, known.oauth} if body["revoked"] else set()
    return Json({})


async def add_list(request: Request) -> Response:
    """In a folder when one is named, which is made when it is new; with the statuses of the first list by default."""
    world, body = world_of(request), await body_of(request)
    first = next(iter(world.lists.values()))
    wanted = body.get("folder")
    folder = first.folder
    if wanted:
        known = (one for one in world.folders.values() if one.name == wanted and not one.hidden)
        folder = next(known, None) or world.add_folder(str(wanted), first.space)
    statuses = body.get("statuses") or [(one.name, one.kind) for one in first.statuses]
    assert isinstance(statuses, list)
    made = world.add_list(str(body["name"]), folder, [tuple(one) for one in statuses])
    made.reachable = body.get("reachable", True) is True
    return Json({"id": made.id})


async def change_list(request: Request) -> Response:
    """``statuses`` (pairs of name and type) replace all; tasks keep the status that they have. ``reachable``."""
    world, body = world_of(request), await body_of(request)
    found = world.lists[request.path_params["list_id"]]
    statuses = body.get("statuses")
    if isinstance(statuses, list):
        found.statuses = world.make_statuses([tuple(one) for one in statuses])
    found.reachable = body.get("reachable", found.reachable) is True
    return Json({})


async def add_field(request: Request) -> Response:
    world, body = world_of(request), await body_of(request)
    if body["kind"] not in KINDS:
        raise ApiError(400, f"kinds of fields: {', '.join(sorted(KINDS))}", "STAND_IN_400")
    lists = None if body.get("list_id") is None else frozenset({str(body["list_id"])})
    options = body.get("options") or []
    assert isinstance(options, list)
    made = world.add_field(str(body["name"]), str(body["kind"]), options, lists)
    items = body.get("custom_items") or []
    assert isinstance(items, list)
    world.fields[made.id] = replace(made, custom_items=tuple(items))
    return Json({"id": made.id})


async def webhook_faults(request: Request) -> Response:
    request.app.state.deliveries.fates = Fates(**await body_of(request))
    return Json({})


async def deliveries(request: Request) -> Response:
    """Of all webhooks from number ``since`` on, counted from 0."""
    since = int(request.query_params.get("since", "0"))
    return Json({"deliveries": request.app.state.deliveries.told(since)})


async def webhooks(request: Request) -> Response:
    hooks = request.app.state.hooks
    return Json({"webhooks": [hooks.shown(hook) for hook in hooks.known.values()]})


ROUTES = [
    Route("/tasks", create_task, methods=["POST"]),
    Route("/tasks", tasks),
    Route("/tasks/many", create_many, methods=["POST"]),
    Route("/tasks/{task_id}", truth),
    Route("/tasks/{task_id}", edit_task, methods=["PUT"]),
    Route("/tasks/{task_id}", delete_task, methods=["DELETE"]),
    Route("/tasks/{task_id}/comments", say, methods=["POST"]),
    Route("/lists", add_list, methods=["POST"]),
    Route("/lists/{list_id}", change_list, methods=["PUT"]),
    Route("/fields", add_field, methods=["POST"]),
    Route("/requests", requests),
    Route("/faults", fail, methods=["PUT"]),
    Route("/limit", limit, methods=["PUT"]),
    Route("/quirks", quirks, methods=["PUT"]),
    Route("/tokens", tokens, methods=["PUT"]),
    Route("/webhooks", webhooks),
    Route("/webhooks/faults", webhook_faults, methods=["PUT"]),
    Route("/webhooks/deliveries", deliveries),
]
