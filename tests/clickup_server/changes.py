"""Everything that changes a task: creation, comments, attachments, fields, removal. Edits are in ``edits``."""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import replace

from tests.clickup_server.edits import EDITS, Edit
from tests.clickup_server.errors import name_missing, not_authorized, storage_full, unknown_field, unknown_status
from tests.clickup_server.history import comment_value, field_value, item, status_item
from tests.clickup_server.model import Attachment, Comment, Field, Stay, Task, TaskList, TaskState, User
from tests.clickup_server.values import in_webhook, stored
from tests.clickup_server.world import World

FIRST_COMMENT = 90_170_000_458


def new_task(world: World, found: TaskList, user: User, request: Mapping[str, object]) -> TaskState:
    """Make a task from the body of a request, and tell nobody. Refused as a whole when a part of it is wrong."""
    name = request.get("name")
    if not isinstance(name, str) or not name.strip():
        raise name_missing()
    status = found.statuses[0] if request.get("status") is None else found.status(str(request["status"]))
    if status is None:
        raise unknown_status()
    now = world.now_ms()
    state = TaskState(world.task_id(), name, found.id, user, now, now, (Stay(status, now, user),))
    if isinstance(item_id := request.get("custom_item_id"), int):
        state = replace(state, custom_item_id=item_id)
    for key in EDITS.keys() - {"name", "status"} & request.keys():
        state = EDITS[key](Edit(world, state, user, request), request[key])[0]
    state = replace(state, fields=_fields_of(world, state, request))
    world.tasks[state.id] = Task(state, world.now_ms())
    return state


def _fields_of(world: World, state: TaskState, request: Mapping[str, object]) -> dict[str, object]:
    """Values for fields that do not apply to the task are left out, as ClickUp does."""
    made: dict[str, object] = {}
    sent = request.get("custom_fields") or []
    for part in sent if isinstance(sent, list) else []:
        field = world.fields.get(str(part.get("id")))
        if field is None:
            raise unknown_field()
        if field.applies(state.list_id, state.custom_item_id):
            made[field.id] = stored(world, field, part.get("value"))
    return made


def create(world: World, found: TaskList, user: User, request: Mapping[str, object]) -> TaskState:
    """As ``new_task``, and fire taskCreated and taskStatusUpdated, which share the status item."""
    state = new_task(world, found, user, request)
    status = status_item(world, state, user, None, state.status)
    world.publish("taskCreated", state, [status, item(world, state, user, "task_creation")])
    world.publish("taskStatusUpdated", state, [status])
    return state


def update(world: World, task_id: str, user: User, request: Mapping[str, object]) -> TaskState:
    """Apply every key that is known, all or none. What equals the present changes nothing and fires nothing."""
    before = after = world.truth(task_id)
    told = []
    for key in (key for key in EDITS if key in request):
        after, event, made = EDITS[key](Edit(world, after, user, request), request[key])
        if made is not None:
            told.append((event, made))
    if after == before:
        return before
    after = world.put(before, after)
    for event, made in told:
        _publish_pair(world, event, after, made)
    return after


def set_field(world: World, task_id: str, user: User, field: Field, value: object) -> TaskState:
    """Fires taskUpdated alone. A value that equals the present changes nothing."""
    state = world.truth(task_id)
    if not field.applies(state.list_id, state.custom_item_id):
        raise unknown_field()
    before = state.fields.get(field.id)
    kept = stored(world, field, value, before)
    if kept == before:
        return state
    after = world.put(state, replace(state, fields={**state.fields, field.id: kept}))
    was, became = (in_webhook(world, field, part) for part in (before, kept))
    more = {"before": was, "after": became, "custom_field": field_value(world, field, user)}
    world.publish("taskUpdated", after, [item(world, after, user, "custom_field", **more)])
    return after


def comment(world: World, task_id: str, user: User, text: str) -> tuple[Comment, str]:
    """Add a comment; its id and the id of its history item. Fires taskCommentPosted and taskUpdated."""
    state = world.truth(task_id)
    latest = state.comments[-1].date_ms if state.comments else 0
    # Dates differ within a task, so that pages by date leave nothing out.
    made = Comment(str(world.number("comment", FIRST_COMMENT)), text, user, max(world.now_ms(), latest + 1))
    after = replace(state, comments=(*state.comments, made))
    after = world.put(state, after, updates=world.quirks.comments_update)
    told = item(world, after, user, "comment", after=made.id, comment=comment_value(world, after, made))
    _publish_pair(world, "taskCommentPosted", after, told)
    return made, str(told["id"])


def attach(world: World, task_id: str, user: User, title: str, data: bytes) -> Attachment:
    """Add a file. Fires no event."""
    state = world.truth(task_id)
    limit = world.quirks.storage_bytes
    if limit is not None and world.stored_bytes + len(data) > limit:
        raise storage_full()
    world.stored_bytes += len(data)
    extension = title.rpartition(".")[2] if "." in title else ""
    made_id = f"{world.uuid()}.{extension}" if extension else world.uuid()
    kind = mimetypes.guess_type(title)[0] or "application/octet-stream"
    made = Attachment(made_id, title, data, hashlib.sha256(data).hexdigest(), kind, user, world.now_ms())
    world.put(state, replace(state, attachments=(*state.attachments, made)), updates=world.quirks.attachments_update)
    return made


def delete(world: World, task_id: str) -> None:
    """Fires taskDeleted, without items. A task that is deleted already stays so, in silence."""
    if task_id not in world.tasks:
        raise not_authorized()
    state = world.tasks[task_id].state
    world.reachable_list(state.list_id)
    if not state.deleted:
        world.publish("taskDeleted", world.put(state, replace(state, deleted=True)), [])


def _publish_pair(world: World, event: str | None, state: TaskState, made: dict[str, object]) -> None:
    if event is not None:
        world.publish(event, state, [made])
    world.publish("taskUpdated", state, [made])
