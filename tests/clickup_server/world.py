"""One workspace in memory: who and what is in it, and the clock and counters by which it lives."""

import random
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from tests.clickup_server.errors import deleted_task, not_authorized
from tests.clickup_server.model import Field, Folder, Option, Space, Status, Task, TaskList, TaskState, User

COLORS = {"open": "#87909e", "custom": "#1090e0", "done": "#aa8d80", "closed": "#008844"}
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
FIRST_TASK = 36**6


@dataclass
class Quirks:
    """What ClickUp does in some workspaces, or what the documents leave open. Set by ``/_control/quirks``.

    ``option_ids``: drop-downs read as the option's id, not its orderindex. ``comments_update`` and
    ``attachments_update``: whether these raise date_updated. A comment fires taskUpdated, so it does; an attachment
    fires nothing, so it does not: the harder case for a reader that looks at date_updated only.
    """

    option_ids: bool = False
    comments_update: bool = True
    attachments_update: bool = False
    storage_bytes: int | None = None
    read_lag_ms: int = 0
    delay_ms: int = 0


Publish = Callable[[str, TaskState, list[dict[str, object]]], None]


class World:
    """The workspace. ``publish`` is told of every event: its name, the task after it, its history items."""

    def __init__(self, *, zone: str, seed: int = 0) -> None:
        self.zone = ZoneInfo(zone)
        self.quirks = Quirks()
        self.url = ""
        self.team = ("9017000001", "Acme agency")
        self.users: dict[str, User] = {}
        self.spaces: dict[str, Space] = {}
        self.folders: dict[str, Folder] = {}
        self.lists: dict[str, TaskList] = {}
        self.fields: dict[str, Field] = {}
        self.tasks: dict[str, Task] = {}
        self.publish: Publish = lambda _event, _state, _items: None
        self.stored_bytes = 0
        self._random = random.Random(seed)
        self._counters: dict[str, int] = {}
        self._base_ms = time.time() * 1000 - time.monotonic() * 1000

    def now_ms(self) -> int:
        """Unix milliseconds that never go back."""
        return int(self._base_ms + time.monotonic() * 1000)

    def number(self, kind: str, first: int = 1) -> int:
        self._counters[kind] = self._counters.get(kind, first - 1) + 1
        return self._counters[kind]

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def task_id(self) -> str:
        """Like ClickUp's: lower-case letters and digits."""
        number, letters = self.number("task", FIRST_TASK), ""
        while number:
            number, digit = divmod(number, 36)
            letters = DIGITS[digit] + letters
        return f"86{letters}"

    def user(self, name: str) -> User:
        """Whoever is called so; a new member when nobody is."""
        if name not in self.users:
            self.users[name] = User(self.number("user", 183), name)
        return self.users[name]

    def user_by_id(self, user_id: object) -> User | None:
        return next((user for user in self.users.values() if user.id == user_id), None)

    def add_space(self, name: str) -> Space:
        space = Space(str(self.number("space", 90170000101)), name)
        self.spaces[space.id] = space
        return space

    def add_folder(self, name: str, space: Space, *, hidden: bool = False) -> Folder:
        folder = Folder(str(self.number("folder", 90170000201)), name, space.id, hidden)
        self.folders[folder.id] = folder
        return folder

    def add_list(self, name: str, folder: Folder, statuses: list[tuple[str, str]]) -> TaskList:
        space = self.spaces[folder.space_id]
        made = TaskList(str(self.number("list", 901700000301)), name, folder, space, self.make_statuses(statuses))
        self.lists[made.id] = made
        return made

    def make_statuses(self, named: list[tuple[str, str]]) -> tuple[Status, ...]:
        """Statuses in order, from pairs of name and type."""
        return tuple(
            Status(f"p{self.number('status', 7002367)}_{name[:2]}", name, kind, COLORS[kind], index)
            for index, (name, kind) in enumerate(named)
        )

    def add_field(self, name: str, kind: str, options: list[str], lists: frozenset[str] | None = None) -> Field:
        made = tuple(Option(self.uuid(), option, index) for index, option in enumerate(options))
        field = Field(self.uuid(), name, kind, self.now_ms(), made, lists)
        self.fields[field.id] = field
        return field

    def fields_of(self, state: TaskState) -> Iterator[Field]:
        """Only the fields that apply to the task."""
        return (field for field in self.fields.values() if field.applies(state.list_id, state.custom_item_id))

    def put(self, before: TaskState, after: TaskState, *, updates: bool = True) -> TaskState:
        """Store the next state of a task; date_updated rises by 1 ms at least."""
        now = self.now_ms()
        if updates:
            after = replace(after, updated_ms=max(now, before.updated_ms + 1))
        self.tasks[before.id].put(after, now)
        return after

    def truth(self, task_id: str) -> TaskState:
        """The newest state of a task that exists and is reachable; for writes."""
        if task_id not in self.tasks:
            raise not_authorized()
        state = self.tasks[task_id].state
        if not self.lists[state.list_id].reachable:
            raise not_authorized()
        if state.deleted:
            raise deleted_task()
        return state

    def seen(self, task_id: str) -> TaskState:
        """The state that a read shows, which may lag."""
        if task_id not in self.tasks:
            raise not_authorized()
        state = self._lagging(self.tasks[task_id])
        if state is None or state.deleted:
            raise deleted_task()
        if not self.lists[state.list_id].reachable:
            raise not_authorized()
        return state

    def all_seen(self) -> list[TaskState]:
        """Every task as reads show it, deleted ones left out."""
        if not self.quirks.read_lag_ms:
            return [task.state for task in self.tasks.values() if not task.state.deleted]
        states = (self._lagging(task) for task in self.tasks.values())
        return [state for state in states if state is not None and not state.deleted]

    def _lagging(self, task: Task) -> TaskState | None:
        return task.at(self.now_ms() - self.quirks.read_lag_ms) if self.quirks.read_lag_ms else task.state

    def reachable_list(self, list_id: str) -> TaskList:
        found = self.lists.get(list_id)
        if found is None or not found.reachable:
            raise not_authorized()
        return found
