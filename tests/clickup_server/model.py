"""What a workspace holds. Values are frozen: a task's state is replaced, never changed, so old ones can be read."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

KEPT_MS = 60_000
"""How long replaced states stay readable: reads can lag by this much."""


@dataclass(frozen=True)
class User:
    id: int
    name: str

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.name.split()).upper()


@dataclass(frozen=True)
class Status:
    """``kind`` is ClickUp's type: open, custom, done or closed."""

    id: str
    name: str
    kind: str
    color: str
    orderindex: int


@dataclass(frozen=True)
class Option:
    """A choice of a drop-down or a label."""

    id: str
    name: str
    orderindex: int


@dataclass(frozen=True)
class Field:
    """A custom field. ``lists`` None: on each list; ``custom_items`` empty: for tasks of every kind."""

    id: str
    name: str
    kind: str
    created_ms: int
    options: tuple[Option, ...] = ()
    lists: frozenset[str] | None = None
    custom_items: tuple[int, ...] = ()

    def applies(self, list_id: str, custom_item_id: int) -> bool:
        of_list = self.lists is None or list_id in self.lists
        return of_list and (not self.custom_items or custom_item_id in self.custom_items)


@dataclass(frozen=True)
class Space:
    id: str
    name: str


@dataclass(frozen=True)
class Folder:
    """``hidden`` is the folder that ClickUp shows around lists outside folders."""

    id: str
    name: str
    space_id: str
    hidden: bool = False


@dataclass
class TaskList:
    id: str
    name: str
    folder: Folder
    space: Space
    statuses: tuple[Status, ...]
    reachable: bool = True

    def status(self, name: str) -> Status | None:
        """Exactly as it is spelled."""
        return next((status for status in self.statuses if status.name == name), None)


@dataclass(frozen=True)
class Comment:
    id: str
    text: str
    user: User
    date_ms: int


@dataclass(frozen=True)
class Attachment:
    id: str
    title: str
    data: bytes
    sha256: str
    mimetype: str
    user: User
    date_ms: int

    @property
    def extension(self) -> str:
        return self.title.rpartition(".")[2] if "." in self.title else ""


@dataclass(frozen=True)
class Stay:
    """Since when a task has a status, and who gave it."""

    status: Status
    since_ms: int
    user: User


@dataclass(frozen=True)
class TaskState:
    """A task between two changes. ``fields`` holds values by field id, in the form of ``values.stored``."""

    id: str
    name: str
    list_id: str
    creator: User
    created_ms: int
    updated_ms: int
    stays: tuple[Stay, ...]
    description: str = ""
    assignees: tuple[User, ...] = ()
    tags: tuple[str, ...] = ()
    parent: str | None = None
    priority: int | None = None
    due_ms: int | None = None
    due_time: bool = False
    start_ms: int | None = None
    archived: bool = False
    custom_item_id: int = 0
    fields: Mapping[str, object] = field(default_factory=dict)
    comments: tuple[Comment, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    deleted: bool = False

    @property
    def status(self) -> Status:
        return self.stays[-1].status

    @property
    def closed_ms(self) -> int | None:
        return self.stays[-1].since_ms if self.status.kind == "closed" else None

    @property
    def done_ms(self) -> int | None:
        return self.stays[-1].since_ms if self.status.kind in ("done", "closed") else None


class Task:
    """The states of one task with the instants from which they held."""

    def __init__(self, state: TaskState, at_ms: int) -> None:
        self.versions: deque[tuple[int, TaskState]] = deque([(at_ms, state)])

    @property
    def state(self) -> TaskState:
        return self.versions[-1][1]

    def put(self, state: TaskState, at_ms: int) -> None:
        self.versions.append((at_ms, state))
        while len(self.versions) > 1 and self.versions[1][0] < at_ms - KEPT_MS:
            self.versions.popleft()

    def at(self, instant_ms: int) -> TaskState | None:
        """The state that held at the instant; None before its creation."""
        return next((state for since_ms, state in reversed(self.versions) if since_ms <= instant_ms), None)
