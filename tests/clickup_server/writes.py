"""The routes that change tasks. The token's owner is who does it."""

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.clickup_server import changes, rendering
from tests.clickup_server.answers import Json
from tests.clickup_server.errors import bad_input, no_attachment, no_comment, unknown_field
from tests.clickup_server.model import User
from tests.clickup_server.reads import list_of, world_of

EDITABLE = frozenset(
    {"name", "description", "markdown_content", "status", "priority", "due_date", "due_date_time", "start_date"}
    | {"assignees", "parent", "archived"}
)


def owner(request: Request) -> User:
    found: User = request.app.state.owner
    return found


async def body_of(request: Request) -> dict[str, object]:
    """The JSON object that was sent."""
    try:
        body = await request.json()
    except ValueError:
        raise bad_input("JSON") from None
    if not isinstance(body, dict):
        raise bad_input("JSON")
    return body


async def create_task(request: Request) -> Response:
    found, world = list_of(request), world_of(request)
    body = {key: value for key, value in (await body_of(request)).items() if key != "list_id"}
    return Json(rendering.task(world, changes.create(world, found, owner(request), body)))


async def update_task(request: Request) -> Response:
    """Passes over what it cannot set, custom fields among it, and answers 200 as if all were well."""
    world = world_of(request)
    body = {key: value for key, value in (await body_of(request)).items() if key in EDITABLE}
    state = changes.update(world, request.path_params["task_id"], owner(request), body)
    return Json(rendering.task_alone(world, state))


async def delete_task(request: Request) -> Response:
    changes.delete(world_of(request), request.path_params["task_id"])
    return Response(status_code=204)


async def set_field(request: Request) -> Response:
    world, body = world_of(request), await body_of(request)
    field = world.fields.get(request.path_params["field_id"])
    if field is None:
        raise unknown_field()
    changes.set_field(world, request.path_params["task_id"], owner(request), field, body.get("value"))
    return Json({})


async def add_comment(request: Request) -> Response:
    body = await body_of(request)
    parts = body.get("comment")
    text = body.get("comment_text") or "".join(str(part.get("text", "")) for part in parts or [])
    if not isinstance(text, str) or not text.strip():
        raise no_comment()
    made, history_id = changes.comment(world_of(request), request.path_params["task_id"], owner(request), text)
    return Json({"id": made.id, "hist_id": history_id, "date": made.date_ms})


async def add_attachment(request: Request) -> Response:
    """The part ``attachment``; a form field ``filename`` names the file instead of the part's own name."""
    world = world_of(request)
    state = world.truth(request.path_params["task_id"])
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise no_attachment()
    async with request.form() as form:
        part = form.get("attachment") or form.get("attachment[0]")
        if not isinstance(part, UploadFile):
            raise no_attachment()
        title = str(form.get("filename") or part.filename or "attachment")
        made = changes.attach(world, state.id, owner(request), title, await part.read())
    return Json(rendering.uploaded(world, state, made))


ROUTES = [
    Route("/list/{list_id}/task", create_task, methods=["POST"]),
    Route("/task/{task_id}", update_task, methods=["PUT"]),
    Route("/task/{task_id}", delete_task, methods=["DELETE"]),
    Route("/task/{task_id}/field/{field_id}", set_field, methods=["POST"]),
    Route("/task/{task_id}/comment", add_comment, methods=["POST"]),
    Route("/task/{task_id}/attachment", add_attachment, methods=["POST"]),
]
