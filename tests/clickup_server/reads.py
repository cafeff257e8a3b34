"""The routes that read. Tasks and comments are read as ``World.seen`` shows them, which may lag behind writes."""

from starlette.requests import Request
from starlette.routing import Route

from tests.clickup_server import queries, rendering
from tests.clickup_server.answers import Json
from tests.clickup_server.errors import bad_list_id, not_authorized
from tests.clickup_server.model import Space, Stay, TaskList, TaskState
from tests.clickup_server.world import World

MINUTE_MS = 60_000


def world_of(request: Request) -> World:
    found: World = request.app.state.world
    return found


def list_of(request: Request) -> TaskList:
    list_id = request.path_params["list_id"]
    if not list_id.isdigit():
        raise bad_list_id()
    return world_of(request).reachable_list(list_id)


def in_team(request: Request) -> None:
    if request.path_params["team_id"] != world_of(request).team[0]:
        raise not_authorized()


def _space_of(request: Request) -> Space:
    found = world_of(request).spaces.get(request.path_params["space_id"])
    if found is None:
        raise not_authorized()
    return found


async def user(request: Request) -> Json:
    return Json(rendering.me(world_of(request), request.app.state.owner))


async def teams(request: Request) -> Json:
    return Json({"teams": [rendering.team(world_of(request))]})


async def spaces(request: Request) -> Json:
    in_team(request)
    world = world_of(request)
    return Json({"spaces": [rendering.space(world, one) for one in world.spaces.values()]})


async def folders(request: Request) -> Json:
    """Without the hidden folder around lists that are in none."""
    world, space = world_of(request), _space_of(request)
    shown = (one for one in world.folders.values() if one.space_id == space.id and not one.hidden)
    return Json({"folders": [rendering.folder(world, one) for one in shown]})


async def space_lists(request: Request) -> Json:
    """The lists outside folders."""
    world, space = world_of(request), _space_of(request)
    shown = (one for one in world.lists.values() if one.space is space and one.folder.hidden and one.reachable)
    return Json({"lists": [rendering.list_in_lists(one) for one in shown]})


async def folder_lists(request: Request) -> Json:
    world = world_of(request)
    folder = world.folders.get(request.path_params["folder_id"])
    if folder is None:
        raise not_authorized()
    shown = (one for one in world.lists.values() if one.folder is folder and one.reachable)
    return Json({"lists": [rendering.list_in_lists(one) for one in shown]})


async def one_list(request: Request) -> Json:
    return Json(rendering.list_alone(world_of(request), list_of(request)))


async def list_fields(request: Request) -> Json:
    found = list_of(request)
    fields = (one for one in world_of(request).fields.values() if one.lists is None or found.id in one.lists)
    return Json({"fields": [rendering.field(one) for one in fields]})


async def list_tasks(request: Request) -> Json:
    world, found = world_of(request), list_of(request)
    sent = request.query_params.multi_items()
    query = [*((key, value) for key, value in sent if not key.startswith("list_ids")), ("list_ids[]", found.id)]
    page = queries.find(world, queries.QueryParams(query))
    shown = [_described(request, state, rendering.task(world, state)) for state in page.tasks]
    return Json({"tasks": shown, "last_page": page.last})


async def team_tasks(request: Request) -> Json:
    in_team(request)
    world = world_of(request)
    page = queries.find(world, request.query_params)
    shown = [_described(request, state, rendering.task_in_team(world, state)) for state in page.tasks]
    return Json({"tasks": shown, "last_page": page.last})


def _described(request: Request, state: TaskState, shown: dict[str, object]) -> dict[str, object]:
    if queries.switched_on(request.query_params, "include_markdown_description"):
        shown["markdown_description"] = state.description
    return shown


async def one_task(request: Request) -> Json:
    world = world_of(request)
    state = world.seen(request.path_params["task_id"])
    return Json(_described(request, state, rendering.task_alone(world, state)))


async def task_comments(request: Request) -> Json:
    world = world_of(request)
    state = world.seen(request.path_params["task_id"])
    found = queries.comments(state, request.query_params)
    return Json({"comments": [rendering.comment(world, one) for one in found]})


async def time_in_status(request: Request) -> Json:
    world = world_of(request)
    state = world.seen(request.path_params["task_id"])
    ends = [*(stay.since_ms for stay in state.stays[1:]), world.now_ms()]
    history = [_stay(stay, end_ms) for stay, end_ms in zip(state.stays, ends, strict=True)]
    now = {key: history[-1][key] for key in ("status", "color", "total_time")}
    return Json({"current_status": now, "status_history": history})


def _stay(stay: Stay, end_ms: int) -> dict[str, object]:
    time = {"by_minute": (end_ms - stay.since_ms) // MINUTE_MS, "since": str(stay.since_ms)}
    shown = rendering.status(stay.status) | {"total_time": time}
    del shown["id"]
    return shown


ROUTES = [
    Route("/user", user),
    Route("/team", teams),
    Route("/team/{team_id}/space", spaces),
    Route("/team/{team_id}/task", team_tasks),
    Route("/space/{space_id}/folder", folders),
    Route("/space/{space_id}/list", space_lists),
    Route("/folder/{folder_id}/list", folder_lists),
    Route("/list/{list_id}", one_list),
    Route("/list/{list_id}/field", list_fields),
    Route("/list/{list_id}/task", list_tasks),
    Route("/task/{task_id}", one_task),
    Route("/task/{task_id}/comment", task_comments),
    Route("/task/{task_id}/time_in_status", time_in_status),
]
