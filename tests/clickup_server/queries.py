"""Which tasks a request asks for: filters with strict bounds, an order, and pages of a hundred."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from tests.clickup_server.errors import bad_date, bad_input, bad_order
from tests.clickup_server.model import Comment, TaskState
from tests.clickup_server.world import World

PAGE_TASKS = 100
PAGE_COMMENTS = 25
INSTANTS: dict[str, Callable[[TaskState], int | None]] = {
    "date_updated": lambda state: state.updated_ms,
    "date_created": lambda state: state.created_ms,
    "due_date": lambda state: state.due_ms,
    "date_done": lambda state: state.done_ms,
}
ORDERS: dict[str, Callable[[TaskState], tuple[object, ...]]] = {
    "id": lambda state: (state.id,),
    "created": lambda state: (state.created_ms, state.id),
    "updated": lambda state: (state.updated_ms, state.id),
    "due_date": lambda state: (state.due_ms or 0, state.id),
}
Test = Callable[[TaskState], bool]


@dataclass(frozen=True)
class Page:
    tasks: list[TaskState]
    last: bool


def several(query: QueryParams, name: str) -> list[str]:
    """``name[]`` as documented; ``name`` is what some clients send."""
    return [*query.getlist(f"{name}[]"), *query.getlist(name)]


def switched_on(query: QueryParams, name: str) -> bool:
    return query.get(name, "false").lower() == "true"


def number(query: QueryParams, name: str, default: int) -> int:
    value = query.get(name, str(default))
    if not value.isdecimal():
        raise bad_input(name)
    return int(value)


def find(world: World, query: QueryParams) -> Page:
    """The page of tasks that ``query`` asks for. ``limit`` and ``query`` in it are passed over, as ClickUp does."""
    tests = [*_when(query), *_whose(world, query), *_which(query)]  # instants leave the fewest
    found = world.all_seen()
    for test in tests:
        found = [state for state in found if test(state)]
    name = query.get("order_by", "created")
    if name not in ORDERS:
        raise bad_order()
    # Newest first; ``reverse`` gives the oldest first. No page says so: this is what clients see.
    found.sort(key=ORDERS[name], reverse=not switched_on(query, "reverse"))
    start = number(query, "page", 0) * PAGE_TASKS
    return Page(found[start : start + PAGE_TASKS], start + PAGE_TASKS >= len(found))


def _whose(world: World, query: QueryParams) -> list[Test]:
    """Lists that the token reaches, and of these the ones that were named, by list, folder or space."""
    wanted = {key: set(several(query, key)) for key in ("list_ids", "project_ids", "space_ids")}
    lists = {
        found.id
        for found in world.lists.values()
        if found.reachable
        and (not wanted["list_ids"] or found.id in wanted["list_ids"])
        and (not wanted["project_ids"] or found.folder.id in wanted["project_ids"])
        and (not wanted["space_ids"] or found.space.id in wanted["space_ids"])
    }
    return [] if len(lists) == len(world.lists) else [lambda state: state.list_id in lists]


def _which(query: QueryParams) -> list[Test]:
    tests: list[Test] = []
    archived = switched_on(query, "archived")
    tests.append(lambda state: state.archived is archived)
    if statuses := set(several(query, "statuses")):
        tests.append(lambda state: state.status.name in statuses)  # a closed one that is named comes too
    elif not switched_on(query, "include_closed"):
        tests.append(lambda state: state.status.kind != "closed")
    if not switched_on(query, "subtasks"):
        tests.append(lambda state: state.parent is None)
    if assignees := set(several(query, "assignees")):
        tests.append(lambda state: any(str(user.id) in assignees for user in state.assignees))
    if tags := set(several(query, "tags")):
        tests.append(lambda state: not tags.isdisjoint(state.tags))
    if items := set(several(query, "custom_items")):
        tests.append(lambda state: str(state.custom_item_id) in items)
    return tests


def _when(query: QueryParams) -> list[Test]:
    """Bounds are strict. What has no such date is within no bound."""
    tests: list[Test] = []
    for name, read in INSTANTS.items():
        if f"{name}_gt" in query:
            tests.append(_after(read, _instant(query[f"{name}_gt"])))
        if f"{name}_lt" in query:
            tests.append(_before(read, _instant(query[f"{name}_lt"])))
    return tests


def _instant(text: str) -> int:
    if not text.removeprefix("-").isdecimal():
        raise bad_date()
    return int(text)


def _after(read: Callable[[TaskState], int | None], bound_ms: int) -> Test:
    return lambda state: (value := read(state)) is not None and value > bound_ms


def _before(read: Callable[[TaskState], int | None], bound_ms: int) -> Test:
    return lambda state: (value := read(state)) is not None and value < bound_ms


def comments(state: TaskState, query: QueryParams) -> list[Comment]:
    """The newest 25 first. With ``start`` and ``start_id``, those of the oldest known, the 25 that are older."""
    newest = sorted(state.comments, key=lambda one: (one.date_ms, int(one.id)), reverse=True)
    if "start" in query and "start_id" in query:
        bound = (_instant(query["start"]), number(query, "start_id", 0))
        newest = [one for one in newest if (one.date_ms, int(one.id)) < bound]
    return newest[:PAGE_COMMENTS]
