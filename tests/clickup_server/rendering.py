"""Answers about the workspace: instants are strings of milliseconds, and what is not set is null."""

from tests.clickup_server.history import priority_value
from tests.clickup_server.model import Attachment, Comment, Field, Folder, Space, Status, TaskList, TaskState, User
from tests.clickup_server.values import person, shown
from tests.clickup_server.world import World

Json = dict[str, object]
PUBLIC_FIELDS = (
    *("assignees", "priority", "due_date", "content", "comments", "attachments", "customFields", "subtasks"),
    *("tags", "checklists", "coverimage"),
)


def instant(value_ms: int | None) -> str | None:
    return None if value_ms is None else str(value_ms)


def me(world: World, user: User) -> Json:
    more = {"week_start_day": 0, "global_font_support": False, "timezone": str(world.zone)}
    return {"user": person(world, user) | more}


def team(world: World) -> Json:
    members = [{"user": person(world, user)} for user in world.users.values()]
    avatar = f"{world.url}/people/team.png"
    return {"id": world.team[0], "name": world.team[1], "color": "#000000", "avatar": avatar, "members": members}


def status(value: Status) -> Json:
    return {
        "id": value.id,
        "status": value.name,
        "color": value.color,
        "orderindex": value.orderindex,
        "type": value.kind,
    }


def space(world: World, value: Space) -> Json:
    statuses = next((found.statuses for found in world.lists.values() if found.space is value), ())
    off: Json = {"enabled": False}
    dates: Json = {"enabled": True, "start_date": True, "remap_due_dates": False, "remap_closed_due_date": False}
    features: Json = {"due_dates": dates, "time_tracking": off, "tags": {"enabled": True}, "time_estimates": off}
    more: Json = {"checklists": {"enabled": True}, "custom_fields": {"enabled": True}, "remap_dependencies": off}
    return {
        "id": value.id,
        "name": value.name,
        "color": None,
        "private": False,
        "avatar": None,
        "admin_can_manage": None,
        "statuses": [status(one) for one in statuses],
        "multiple_assignees": False,
        "features": features | more | {"dependency_warning": off, "portfolios": off},
        "archived": False,
    }


def folder(world: World, value: Folder) -> Json:
    lists = [found for found in world.lists.values() if found.folder is value and found.reachable]
    return {
        "id": value.id,
        "name": value.name,
        "orderindex": 0,
        "override_statuses": False,
        "hidden": value.hidden,
        "space": {"id": value.space_id, "name": world.spaces[value.space_id].name, "access": True},
        "task_count": str(sum(task_count(world, found) for found in lists)),
        "lists": [list_in_lists(found) for found in lists],
    }


def task_count(world: World, value: TaskList) -> int:
    states = (task.state for task in world.tasks.values())
    return sum(1 for state in states if state.list_id == value.id and not state.deleted)


def folder_of(value: TaskList) -> Json:
    return {"id": value.folder.id, "name": value.folder.name, "hidden": value.folder.hidden, "access": True}


def list_in_lists(value: TaskList) -> Json:
    """A list among others: without its statuses and its count of tasks, which only its own route gives."""
    return {
        "id": value.id,
        "name": value.name,
        "orderindex": 1,
        "content": "",
        "status": None,
        "priority": None,
        "assignee": None,
        "task_count": None,
        "due_date": None,
        "start_date": None,
        "folder": folder_of(value),
        "space": {"id": value.space.id, "name": value.space.name, "access": True},
        "archived": False,
        "override_statuses": False,
        "permission_level": "create",
    }


def list_alone(world: World, value: TaskList) -> Json:
    group = f"proj_{value.space.id}"
    statuses = [status(one) | {"status_group": group} for one in value.statuses]
    inbound = f"a.t.{value.id}@tasks.clickup.example"
    made = list_in_lists(value) | {"deleted": False, "inbound_address": inbound, "statuses": statuses}
    del made["status"]
    return made | {"task_count": task_count(world, value)}


def field(value: Field) -> Json:
    made: Json = {
        "id": value.id,
        "name": value.name,
        "type": value.kind,
        "type_config": _config(value),
        "date_created": str(value.created_ms),
        "hide_from_guests": False,
    }
    if value.custom_items:
        made["applied_objects"] = [{"object_type": 19, "object_id": item} for item in value.custom_items]
    return made


def _config(value: Field) -> Json:
    named = "label" if value.kind == "labels" else "name"
    options = [{"id": option.id, named: option.name, "color": None} for option in value.options]
    if value.kind == "drop_down":
        indexed = [one | {"orderindex": option.orderindex} for one, option in zip(options, value.options, strict=True)]
        return {"sorting": "manual", "new_drop_down": True, "options": indexed}
    return {"options": options} if options else {}


def task_field(world: World, value: Field, kept: object) -> Json:
    """A field of a task: without a ``value`` when none is set."""
    made = field(value) | {"required": False}
    return made if kept is None else made | {"value": shown(world, value, kept), "value_richtext": ""}


def task(world: World, state: TaskState) -> Json:
    """A task among others. Alone it has attachments beside."""
    return {
        "id": state.id,
        "custom_id": None,
        "custom_item_id": state.custom_item_id,
        "name": state.name,
        "text_content": state.description,
        "description": state.description,
        "status": status(state.status),
        "orderindex": "1.00000000000000000000000000000000",
        "date_created": instant(state.created_ms),
        "date_updated": instant(state.updated_ms),
        "date_closed": instant(state.closed_ms),
        "date_done": instant(state.done_ms),
        "archived": state.archived,
        "creator": person(world, state.creator),
        "assignees": [person(world, user) for user in state.assignees],
        **{name: [] for name in ("group_assignees", "watchers", "checklists")},
        "tags": [{"name": tag, "tag_fg": "#EA80FC", "tag_bg": "#EA80FC"} for tag in state.tags],
        "parent": state.parent,
        "top_level_parent": state.parent,
        "priority": priority_value(state.priority),
        "due_date": instant(state.due_ms),
        "start_date": instant(state.start_ms),
        **dict.fromkeys(("points", "time_estimate")),
        "time_spent": 0,
        "custom_fields": [task_field(world, one, state.fields.get(one.id)) for one in world.fields_of(state)],
        **{name: [] for name in ("dependencies", "linked_tasks", "locations")},
        "team_id": world.team[0],
        "url": f"{world.url}/t/{state.id}",
        "sharing": {"public": False, "public_share_expires_on": None, "public_fields": list(PUBLIC_FIELDS)}
        | {"token": None, "seo_optimized": False},
        "permission_level": "create",
        **_places(world.lists[state.list_id]),
    }


def _places(found: TaskList) -> Json:
    """Where a task is. ``project`` is the folder's older name; outside folders both are called hidden."""
    place = folder_of(found)
    of_list = {"id": found.id, "name": found.name, "access": True}
    return {"list": of_list, "project": place, "folder": place, "space": {"id": found.space.id}}


def task_alone(world: World, state: TaskState) -> Json:
    return task(world, state) | {"attachments": [attachment(world, state, one) for one in state.attachments]}


def task_in_team(world: World, state: TaskState) -> Json:
    """Across a workspace the priority is a number: document and sample agree on it, and on an object elsewhere."""
    return task(world, state) | {"priority": state.priority}


def attachment(world: World, state: TaskState, value: Attachment) -> Json:
    url = f"{world.url}/attachments/{state.id}/{value.id}"
    return {
        "id": value.id,
        "date": value.date_ms,
        "title": value.title,
        **dict.fromkeys(("type", "source"), 1),
        "version": 0,
        "extension": value.extension,
        **dict.fromkeys(("thumbnail_small", "thumbnail_medium", "thumbnail_large", "is_folder")),
        "mimetype": value.mimetype,
        "hidden": False,
        "parent_id": state.id,
        "size": len(value.data),
        **dict.fromkeys(("total_comments", "resolved_comments"), 0),
        "user": person(world, value.user),
        "deleted": False,
        "orientation": None,
        "url": url,
        "email_data": None,
        "url_w_query": f"{url}?view=open",
        "url_w_host": url,
    }


def uploaded(world: World, state: TaskState, value: Attachment) -> Json:
    """The answer to an upload, which differs from the attachment in a task: here version is a string."""
    url = f"{world.url}/attachments/{state.id}/{value.id}"
    made: Json = {"id": value.id, "version": "0", "date": value.date_ms, "title": value.title}
    return made | {"extension": value.extension, "thumbnail_small": url, "thumbnail_large": url, "url": url}


def comment(world: World, value: Comment) -> Json:
    return {
        "id": value.id,
        "comment": [{"text": value.text}],
        "comment_text": value.text,
        "user": person(world, value.user),
        "resolved": False,
        "assignee": None,
        "assigned_by": None,
        "reactions": [],
        "date": str(value.date_ms),
        "reply_count": "0",
    }
