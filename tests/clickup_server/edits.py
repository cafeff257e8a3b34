"""What one key of an edit does: the task after it, the specific event beside taskUpdated, and the history item."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tests.clickup_server.errors import bad_date, bad_input, name_missing, unknown_status
from tests.clickup_server.history import PRIORITIES, Item, item, place, priority_value, status_item
from tests.clickup_server.model import Stay, TaskState, User
from tests.clickup_server.values import person
from tests.clickup_server.world import World

SNAP_HOUR = 4
Edited = tuple[TaskState, str | None, Item | None]


@dataclass(frozen=True)
class Edit:
    """A request that edits ``state``, as far as it is applied by now."""

    world: World
    state: TaskState
    user: User
    request: Mapping[str, object]

    def item(self, field: str, **more: object) -> Item:
        return item(self.world, self.state, self.user, field, **more)


def _name(edit: Edit, value: object) -> Edited:
    if not isinstance(value, str) or not value.strip():
        raise name_missing()
    if value == edit.state.name:
        return edit.state, None, None
    return replace(edit.state, name=value), None, edit.item("name", before=edit.state.name, after=value)


def _description(edit: Edit, value: object) -> Edited:
    text = "" if value is None else value
    if not isinstance(text, str):
        raise bad_input("Description")
    if text == edit.state.description:
        return edit.state, None, None
    content = json.dumps({"ops": [{"insert": text}, {"insert": "\n", "attributes": {"block-id": "block-1"}}]})
    return replace(edit.state, description=text), None, edit.item("content", after=content)


def _status(edit: Edit, value: object) -> Edited:
    found = edit.world.lists[edit.state.list_id].status(value) if isinstance(value, str) else None
    if found is None:
        raise unknown_status()
    before = edit.state.status
    if found == before:
        return edit.state, None, None
    stays = (*edit.state.stays, Stay(found, edit.world.now_ms(), edit.user))
    told = status_item(edit.world, edit.state, edit.user, before, found)
    return replace(edit.state, stays=stays), "taskStatusUpdated", told


def _priority(edit: Edit, value: object) -> Edited:
    if value is not None and (not isinstance(value, int) or value not in PRIORITIES):
        raise bad_input("Priority")
    if value == edit.state.priority:
        return edit.state, None, None
    was, became = priority_value(edit.state.priority), priority_value(value)
    told = edit.item("priority", before=was, after=became)
    return replace(edit.state, priority=value), "taskPriorityUpdated", told


def _due_date(edit: Edit, value: object) -> Edited:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise bad_date()
    with_time = edit.request.get("due_date_time") is True
    due = value if value is None or with_time else snapped_ms(edit.world, value)
    if (due, with_time) == (edit.state.due_ms, edit.state.due_time):
        return edit.state, None, None
    was, became = (None if part is None else str(part) for part in (edit.state.due_ms, due))
    data = {"due_date_time": with_time, "old_due_date_time": edit.state.due_time}
    told = edit.item("due_date", before=was, after=became, data=data)
    return replace(edit.state, due_ms=due, due_time=with_time), "taskDueDateUpdated", told


def snapped_ms(world: World, instant_ms: int) -> int:
    """04:00 in the user's zone on the day that holds the instant there."""
    local = datetime.fromtimestamp(instant_ms / 1000, tz=UTC).astimezone(world.zone)
    snapped = local.replace(hour=SNAP_HOUR, minute=0, second=0, microsecond=0, fold=0)
    return round(snapped.timestamp() * 1000)


def _start_date(edit: Edit, value: object) -> Edited:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise bad_date()
    if value == edit.state.start_ms:
        return edit.state, None, None
    was, became = (None if part is None else str(part) for part in (edit.state.start_ms, value))
    return replace(edit.state, start_ms=value), None, edit.item("start_date", before=was, after=became)


def _assignees(edit: Edit, value: object) -> Edited:
    """A list in a new task, ``{"add": [], "rem": []}`` in an edit. One event tells of the first who was added."""
    parts = value if isinstance(value, dict) else {"add": value or []}
    added = [edit.world.user_by_id(user_id) for user_id in parts.get("add", [])]
    if None in added:
        raise bad_input("Assignee")
    gone = set(parts.get("rem", []))
    kept = {user.id: user for user in (*edit.state.assignees, *added) if user is not None and user.id not in gone}
    after = replace(edit.state, assignees=tuple(kept.values()))
    if after == edit.state:
        return edit.state, None, None
    new = [user for user in after.assignees if user not in edit.state.assignees]
    lost = [user for user in edit.state.assignees if user not in after.assignees]
    told = edit.item("assignee_add" if new else "assignee_rem", after=person(edit.world, (new or lost)[0]))
    del told["before"]
    return after, "taskAssigneeUpdated", told


def _tags(edit: Edit, value: object) -> Edited:
    """Not an edit of ClickUp's for tasks that exist: the control's, since tags have routes of their own there."""
    tags = tuple(str(tag) for tag in value) if isinstance(value, list | tuple) else ()
    if tags == edit.state.tags:
        return edit.state, None, None
    after = [{"name": tag, "tag_fg": "#FF4081", "tag_bg": "#FF4081", "creator": edit.user.id} for tag in tags]
    return replace(edit.state, tags=tags), "taskTagUpdated", edit.item("tag", after=after)


def _parent(edit: Edit, value: object) -> Edited:
    if value is not None and value not in edit.world.tasks:
        raise bad_input("Parent")
    parent = None if value is None else str(value)
    return replace(edit.state, parent=parent), None, edit.item("parent", before=edit.state.parent, after=parent)


def _archived(edit: Edit, value: object) -> Edited:
    if bool(value) == edit.state.archived:
        return edit.state, None, None
    told = edit.item("archived", before=edit.state.archived, after=bool(value))
    return replace(edit.state, archived=bool(value)), None, told


def _list_id(edit: Edit, value: object) -> Edited:
    """The control's: a person drags the task elsewhere. Its status stays if the list has it, else becomes the first."""
    before, after = edit.world.lists[edit.state.list_id], edit.world.lists[str(value)]
    if before is after:
        return edit.state, None, None
    status = after.status(edit.state.status.name) or after.statuses[0]
    stays = (*edit.state.stays, Stay(status, edit.world.now_ms(), edit.user))
    data = {"mute_notifications": True}
    told = edit.item("section_moved", before=place(before), after=place(after), data=data)
    return replace(edit.state, list_id=after.id, stays=stays), "taskMoved", told


EDITS: dict[str, Callable[[Edit, object], Edited]] = {
    "name": _name,
    "description": _description,
    "markdown_content": _description,
    "status": _status,
    "priority": _priority,
    "due_date": _due_date,
    "start_date": _start_date,
    "assignees": _assignees,
    "tags": _tags,
    "parent": _parent,
    "archived": _archived,
    "list_id": _list_id,
}
"""Custom fields are not here: ``PUT /task`` cannot set them, and ClickUp passes over what it does not know."""
