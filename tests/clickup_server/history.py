"""History items: what changed, in the form that webhooks carry. Paired events share an item and so its id."""

from tests.clickup_server.model import Comment, Field, Status, TaskList, TaskState, User
from tests.clickup_server.values import person
from tests.clickup_server.world import World

FIRST_ITEM = 2_800_763_136_717_140_857
PRIORITIES = {1: ("urgent", "#f50000"), 2: ("high", "#f8ae00"), 3: ("normal", "#6fddff"), 4: ("low", "#d8d8d8")}

Item = dict[str, object]


def item(world: World, state: TaskState, user: User, field: str, **more: object) -> Item:
    """An item of a task's history; ``more`` holds before, after, data and what the kind has beside."""
    made: Item = {
        "id": str(world.number("history", FIRST_ITEM)),
        "type": 1,
        "date": str(world.now_ms()),
        "field": field,
        "parent_id": state.list_id,
        "data": more.pop("data", {}),
        "source": None,
        "user": person(world, user),
        "before": more.pop("before", None),
        "after": more.pop("after", None),
    }
    return made | more


def status_item(world: World, state: TaskState, user: User, before: Status | None, after: Status) -> Item:
    """``before`` None is the status of a task that did not exist."""
    removed = {"status": None, "color": "#000000", "type": "removed", "orderindex": -1}
    was = removed if before is None else status_value(before)
    data = {"status_type": after.kind}
    return item(world, state, user, "status", before=was, after=status_value(after), data=data)


def status_value(status: Status) -> dict[str, object]:
    return {"status": status.name, "color": status.color, "orderindex": status.orderindex, "type": status.kind}


def priority_value(priority: int | None) -> dict[str, object] | None:
    if priority is None:
        return None
    name, color = PRIORITIES[priority]
    return {"id": str(priority), "priority": name, "color": color, "orderindex": str(priority)}


def place(found: TaskList) -> dict[str, object]:
    """A list as taskMoved shows it: ClickUp's older words for folder and space."""
    category = {"id": found.folder.id, "name": found.folder.name, "hidden": found.folder.hidden}
    return {
        "id": found.id,
        "name": found.name,
        "category": category,
        "project": {"id": found.space.id, "name": found.space.name},
    }


def comment_value(world: World, state: TaskState, comment: Comment) -> dict[str, object]:
    """A comment as webhooks show it, which is not as answers do."""
    block = {"block-id": f"block-{world.uuid()}"}
    nothing = ("x", "y", "image_y", "image_x", "page", "comment_number", "page_id", "page_name")
    return {
        "id": comment.id,
        "date": str(comment.date_ms),
        "parent": state.id,
        "type": 1,
        "comment": [{"text": comment.text, "attributes": {}}, {"text": "\n", "attributes": block}],
        "text_content": f"{comment.text}\n",
        **dict.fromkeys((*nothing, "view_id", "view_name", "team")),
        "user": person(world, comment.user),
        "new_thread_count": 0,
        "new_mentioned_thread_count": 0,
        "email_attachments": [],
        "threaded_users": [],
        "threaded_replies": 0,
        "threaded_assignees": 0,
        "threaded_assignees_members": [],
        "threaded_unresolved_count": 0,
        "thread_followers": [person(world, comment.user)],
        "group_thread_followers": [],
        "reactions": [],
        "emails": [],
    }


def field_value(world: World, field: Field, user: User) -> dict[str, object]:
    """A custom field as webhooks show it."""
    options = [
        {"id": option.id, "name": option.name, "value": option.name, "type": "text", "color": None}
        | {"orderindex": option.orderindex}
        for option in field.options
    ]
    config = {"default": 0, "placeholder": None, "new_drop_down": True, "options": options} if options else {}
    return {
        "id": field.id,
        "name": field.name,
        "type": field.kind,
        "type_config": config,
        "values_set": None,
        "userid": str(user.id),
        "date_created": str(field.created_ms),
        "hide_from_guests": False,
        "team_id": world.team[0],
        "deleted": False,
        "deleted_by": None,
        "pinned": True,
        "required": False,
        "required_on_subtasks": False,
        "linked_subcategory": None,
    }
