"""Webhooks: who registered for what, and the state of health that five failed attempts at an event change."""

import hashlib
import hmac
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.clickup_server.errors import bad_input, unknown_webhook, webhook_exists
from tests.clickup_server.model import TaskState, User
from tests.clickup_server.world import World

FAILS_ALLOWED = 100
TASK_EVENTS = (
    *("taskCreated", "taskUpdated", "taskDeleted", "taskPriorityUpdated", "taskStatusUpdated"),
    *("taskAssigneeUpdated", "taskDueDateUpdated", "taskTagUpdated", "taskMoved", "taskCommentPosted"),
    *("taskCommentUpdated", "taskTimeEstimateUpdated", "taskTimeTrackedUpdated"),
)
EVENTS = (
    *TASK_EVENTS,
    *(f"{thing}{change}" for thing in ("list", "folder", "space") for change in ("Created", "Updated", "Deleted")),
    *(f"{thing}{change}" for thing in ("goal", "keyResult") for change in ("Created", "Updated", "Deleted")),
)
PLACES = ("task_id", "list_id", "folder_id", "space_id")


@dataclass
class Hook:
    """A registered webhook. ``status`` is active, failing or suspended; a suspended one is told nothing."""

    id: str
    endpoint: str
    events: tuple[str, ...]
    places: dict[str, str | None]
    secret: str
    user: User
    status: str = "active"
    fail_count: int = 0

    def signature(self, body: bytes) -> str:
        return hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()

    def wants(self, event: str, where: Mapping[str, str]) -> bool:
        if self.status == "suspended" or event not in self.events:
            return False
        return all(wanted is None or where[place] == wanted for place, wanted in self.places.items())

    def failed(self) -> None:
        """Five attempts at one event were in vain."""
        self.fail_count += 1
        self.status = "suspended" if self.fail_count >= FAILS_ALLOWED else "failing"

    def succeeded(self) -> None:
        """The count stays: no page says that a success forgives."""
        if self.status == "failing":
            self.status = "active"


@dataclass
class Fates:
    """The chances that an event is lost, doubled or overtaken by the next one. One draw of each per event."""

    lost: float = 0.0
    doubled: float = 0.0
    reordered: float = 0.0
    seed: int = 0
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def draw(self) -> set[str]:
        chances = {"lost": self.lost, "doubled": self.doubled, "reordered": self.reordered}
        drawn = {name for name, chance in chances.items() if self._random.random() < chance}
        return {"lost"} if "lost" in drawn else drawn


class Hooks:
    """The registered webhooks, and what an event means for each."""

    def __init__(self, world: World, send: Callable[[Hook, str, TaskState, list[dict[str, object]]], None]) -> None:
        self._world, self._send = world, send
        self.known: dict[str, Hook] = {}

    def publish(self, event: str, state: TaskState, items: list[dict[str, object]]) -> None:
        found = self._world.lists[state.list_id]
        where = {"task_id": state.id, "list_id": found.id, "folder_id": found.folder.id, "space_id": found.space.id}
        for hook in self.known.values():
            if hook.wants(event, where):
                self._send(hook, event, state, items)

    def add(self, request: Mapping[str, object], user: User) -> Hook:
        """Refused when the endpoint is registered for the same place."""
        places = {place: _text(request.get(place)) for place in PLACES}
        endpoint = _endpoint(request.get("endpoint"))
        if any(hook.endpoint == endpoint and hook.places == places for hook in self.known.values()):
            raise webhook_exists()
        secret = (self._world.uuid() + self._world.uuid()).replace("-", "").upper()
        hook = Hook(self._world.uuid(), endpoint, _events(request.get("events")), places, secret, user)
        self.known[hook.id] = hook
        return hook

    def get(self, hook_id: str) -> Hook:
        if hook_id not in self.known:
            raise unknown_webhook()
        return self.known[hook_id]

    def change(self, hook_id: str, request: Mapping[str, object]) -> Hook:
        """``status`` active wakes a suspended webhook and forgets its failures."""
        hook = self.get(hook_id)
        hook.endpoint = _endpoint(request.get("endpoint", hook.endpoint))
        hook.events = _events(request.get("events", list(hook.events)))
        if request.get("status") == "active":
            hook.status, hook.fail_count = "active", 0
        return hook

    def remove(self, hook_id: str) -> None:
        """What is still on its way to it is dropped."""
        self.get(hook_id).status = "suspended"
        del self.known[hook_id]

    def shown(self, hook: Hook) -> dict[str, object]:
        """A webhook as answers show it: here team_id is a number."""
        return {
            "id": hook.id,
            "userid": hook.user.id,
            "team_id": int(self._world.team[0]),
            "endpoint": hook.endpoint,
            "client_id": "STANDIN0CLIENT0ID",
            "events": list(hook.events),
            **hook.places,
            "health": {"status": hook.status, "fail_count": hook.fail_count},
            "secret": hook.secret,
        }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _endpoint(value: object) -> str:
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        raise bad_input("Endpoint")
    return value


def _events(value: object) -> tuple[str, ...]:
    """``*``, alone or in a list, is every event."""
    named = [value] if isinstance(value, str) else value
    if not isinstance(named, list) or not named:
        raise bad_input("Events")
    if "*" in named:
        return EVENTS
    if not set(named) <= set(EVENTS):
        raise bad_input("Events")
    return tuple(named)
