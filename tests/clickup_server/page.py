"""The plain page on which a person plays the account manager: see tasks, make one, move it, comment on it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.clickup_server import changes
from tests.clickup_server.control import described, plain
from tests.clickup_server.errors import ApiError
from tests.clickup_server.model import Field, TaskState
from tests.clickup_server.reads import world_of
from tests.clickup_server.world import World

SHOWN_TASKS = 200
PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .35rem .6rem .35rem 0 }
th, td { border-bottom: 1px solid #ddd; vertical-align: top } pre { white-space: pre-wrap; margin: 0; font: inherit }
form { display: grid; gap: .6rem; max-width: 34rem } label { display: grid; gap: .2rem } .line { display: flex }
input, select, textarea, button { font: inherit; padding: .3rem } button { justify-self: start } small { color: #666 }
</style>
</head>
<body>
<p><a href="/">Acme agency</a> <small>a stand-in for ClickUp, in memory</small></p>
<h1>$title</h1>
$body
</body>
</html>
""")


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(PAGE.substitute(title=escape(title), body=body), status)


def _time(instant_ms: int) -> str:
    return datetime.fromtimestamp(instant_ms / 1000, tz=UTC).strftime("%d %b %H:%M:%S UTC")


def _select(name: str, choices: Iterable[str], chosen: str | None = None) -> str:
    options = (f"<option{' selected' if one == chosen else ''}>{escape(one)}</option>" for one in choices)
    return f'<select name="{escape(name)}" id="{escape(name)}">{"".join(options)}</select>'


def _field_input(field: Field) -> str:
    """What the form of a new task has for a custom field. Named by id, since names can be the form's own."""
    name = escape(field.name)
    if field.kind == "drop_down":
        return f"<label>{name} {_select(field.id, ['', *(option.name for option in field.options)])}</label>"
    if field.kind == "checkbox":
        return f'<label class="line"><input type="checkbox" name="{field.id}" value="true"> {name}</label>'
    return f'<label>{name} <input name="{field.id}"></label>' if field.kind in ("text", "short_text", "url") else ""


def _row(world: World, state: TaskState) -> str:
    fields = ", ".join(str(plain(field, value)) for field in world.fields_of(state) if (value := _kept(state, field)))
    cells = (escape(state.status.name), escape(fields), str(len(state.comments)), str(len(state.attachments)))
    told = "".join(f"<td>{cell}</td>" for cell in (*cells, _time(state.updated_ms)))
    return f'<tr><td><a href="/t/{state.id}">{escape(state.name)}</a></td>{told}</tr>'


def _kept(state: TaskState, field: Field) -> object:
    """A checkbox shows by its field's name, when it is ticked."""
    value = state.fields.get(field.id)
    return field.name if field.kind == "checkbox" and value else value


def _words(value: object) -> str:
    return "" if value is None else escape(("yes" if value else "no") if isinstance(value, bool) else str(value))


async def overview(request: Request) -> Response:
    world = world_of(request)
    states = [task.state for task in world.tasks.values() if not task.state.deleted]
    states.sort(key=lambda state: state.updated_ms, reverse=True)
    heads = "".join(f"<th>{head}</th>" for head in ("Task", "Status", "Fields", "Comments", "Files", "Updated"))
    rows = "".join(_row(world, state) for state in states[:SHOWN_TASKS])
    table = f"<table><tr>{heads}</tr>{rows}</table>" if rows else "<p>No task yet.</p>"
    more = f"<p><small>The newest {SHOWN_TASKS} of {len(states)}.</small></p>" if len(states) > SHOWN_TASKS else ""
    return _page("Tasks", f"{table}{more}<h2>New task</h2>{_new_task(world)}")


def _new_task(world: World) -> str:
    lists = _select("list_id", (f"{one.id} {one.name}" for one in world.lists.values()))
    return (
        '<form method="post" action="/tasks">'
        '<label>Name <input name="name" required></label>'
        '<label>Description <textarea name="description" rows="5"></textarea></label>'
        f"<label>List {lists}</label>{''.join(_field_input(field) for field in world.fields.values())}"
        "<button>Create task</button></form>"
    )


async def create(request: Request) -> Response:
    world = world_of(request)
    async with request.form() as form:
        found = world.lists[str(form["list_id"]).split(" ", 1)[0]]
        sent = [_picked(field, str(form[field.id])) for field in world.fields.values() if form.get(field.id)]
        task = {"name": form["name"], "description": _lines(form["description"]), "custom_fields": sent}
        state = changes.create(world, found, world.user("Anna"), task)
    return RedirectResponse(f"/t/{state.id}", 303)


def _lines(text: object) -> str:
    """Browsers send CR LF."""
    return str(text).replace("\r\n", "\n")


def _picked(field: Field, value: str) -> dict[str, object]:
    chosen = next((option.id for option in field.options if option.name == value), value)
    return {"id": field.id, "value": chosen}


async def one(request: Request) -> Response:
    world = world_of(request)
    task = world.tasks.get(request.path_params["task_id"])
    if task is None:
        return _page("No such task", "", 404)
    state = task.state
    fields = described(world, state)["fields"]
    assert isinstance(fields, dict)
    shown = "".join(f"<tr><th>{escape(key)}</th><td>{_words(value)}</td></tr>" for key, value in fields.items())
    files = "".join(
        f'<li><a href="/attachments/{state.id}/{file.id}">{escape(file.title)}</a> '
        f"<small>{len(file.data)} bytes, {escape(file.user.name)}, {_time(file.date_ms)}</small></li>"
        for file in state.attachments
    )
    said = "".join(
        f"<tr><td>{escape(note.user.name)}<br><small>{_time(note.date_ms)}</small></td>"
        f"<td><pre>{escape(note.text)}</pre></td></tr>"
        for note in state.comments
    )
    statuses = _select("status", (status.name for status in world.lists[state.list_id].statuses), state.status.name)
    post = f'<form method="post" action="/t/{state.id}'
    gone = "<p><strong>Deleted.</strong></p>" if state.deleted else ""
    body = (
        f"{gone}<pre>{escape(state.description)}</pre><table>{shown}</table><h2>Status</h2>"
        f'{post}/status"><label>Status {statuses}</label><button>Move</button></form>'
        f"<h2>Files</h2><ul>{files}</ul><h2>Comments</h2><table>{said}</table>"
        f'{post}/comments"><label>Comment <textarea name="text" rows="3" required></textarea></label>'
        "<button>Comment as Anna</button></form>"
    )
    return _page(f"{state.name} ({state.status.name})", body)


async def move(request: Request) -> Response:
    async with request.form() as form:
        return _acted(request, {"status": str(form["status"])})


async def say(request: Request) -> Response:
    async with request.form() as form:
        return _acted(request, {"text": _lines(form["text"])})


def _acted(request: Request, what: dict[str, object]) -> Response:
    """Do it as Anna, and show the task again."""
    world, task_id = world_of(request), request.path_params["task_id"]
    try:
        if "text" in what:
            changes.comment(world, task_id, world.user("Anna"), str(what["text"]))
        else:
            changes.update(world, task_id, world.user("Anna"), what)
    except ApiError as error:
        return _page(error.err, f'<p><a href="/t/{escape(task_id)}">Back</a></p>', error.status)
    return RedirectResponse(f"/t/{task_id}", 303)


ROUTES = [
    Route("/", overview),
    Route("/tasks", create, methods=["POST"]),
    Route("/t/{task_id}", one),
    Route("/t/{task_id}/status", move, methods=["POST"]),
    Route("/t/{task_id}/comments", say, methods=["POST"]),
]
