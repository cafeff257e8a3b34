"""A drainer over the stand-in, with short times: what it sends, and what is really there."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.clickup.client import ClickUpClient
from resources.ledger import outbox, outcomes
from resources.ledger.call_budget import CallBudget
from resources.ledger.outbox import Effect
from resources.ledger.outcomes import Hooks
from resources.work.drainer import Drainer, Pace
from resources.work.effects import clickup_handlers
from resources.work.sending import Backoff, Handler
from tests.clickup_server.host import ClickUpHost
from tests.resources.ledger.making import sql
from tests.waiting import wait_until

SETTLE_S = 1.2
ATTEMPTS = 6
TIMEOUT = httpx.Timeout(0.6)
NOTE = b"# What was found\n"
ENDS = ("sent", "dead", "withdrawn", "held")


@dataclass
class Connected:
    """As ClickUpResource, with the short times of tests."""

    client: ClickUpClient


@dataclass
class Desk:
    """The ledger, the stand-in and a drainer's parts in one hand."""

    ledger: Engine
    ledger_url: str
    host: ClickUpHost
    artefacts: ArtefactStore
    clickup: Connected
    settle_s: float = SETTLE_S
    attempts: int = ATTEMPTS
    hooks: Hooks = outcomes.NO_HOOKS
    more_handlers: Mapping[str, Handler] = field(default_factory=dict)

    def task(self, name: str = "A task") -> str:
        """The id of a new task, there and here."""
        made = self.host.create_task(name)
        sql(
            self.ledger,
            "WITH said AS (SELECT set_config('waybill.actor', 'a', true), set_config('waybill.reason', 'r', true),"
            " set_config('waybill.event', 'seen', true))"
            " INSERT INTO waybill.tasks (id, origin, name, state) SELECT :id, 'clickup', 'n', 'ready' FROM said",
            id=made,
        )
        return made

    def attachment(self, task: str, version: int = 1, **more: Any) -> Effect:
        stored = self.artefacts.put(NOTE)
        name = f"note v{version} {stored.content_hash[:8]}.md"
        payload = {"task_id": task, "name": name, "content_hash": stored.content_hash,
                   "size_bytes": stored.size_bytes, "media_type": "text/markdown"}  # fmt: skip
        return Effect(f"attachment:{task}:{version}", task, "attachment", payload, task_id=task, **more)

    def comment(self, task: str, words: str = "It is attached.", **more: Any) -> Effect:
        payload = {"task_id": task, "text": words}
        return Effect(f"comment:{task}:{words}", task, "comment", payload, task_id=task, **more)

    def status(self, task: str, status: str, expected: tuple[str, ...] = ("to do",), **more: Any) -> Effect:
        payload = {"task_id": task, "status": status, "expected": list(expected)}
        return Effect(f"status:{task}:{status}", task, "status", payload, task_id=task, **more)

    def publication(self, task: str, version: int = 1) -> list[Effect]:
        """A set, in the order in which it is published."""
        of = {"set_key": f"{task}:v{version}"}
        return [
            self.attachment(task, version, **of),
            self.comment(task, f"Version {version} is attached.", **of),
            self.status(task, "in review", **of),
        ]

    def enqueue(self, *effects: Effect) -> None:
        with self.ledger.begin() as connection:
            outbox.enqueue(connection, effects)

    def drainer(self, **pace: Any) -> Drainer:
        handlers = clickup_handlers(self.clickup, self.artefacts, timedelta(seconds=self.settle_s))
        backoff = Backoff(self.attempts, first=timedelta(milliseconds=50), longest=timedelta(milliseconds=200))
        return Drainer(
            self.ledger,
            handlers | dict(self.more_handlers),
            backoff,
            hooks=self.hooks,
            channels=list(self.more_handlers),
            pace=Pace(**{"poll": timedelta(milliseconds=300), "parallelism": 4, **pace}),
        )

    def drained(self, within_s: float = 30, **pace: Any) -> dict[str, str]:
        """The state of each row once all have ended, by key."""
        with running(self.drainer(**pace), self.ledger_url):
            wait_until(lambda: set(self.states().values()) <= set(ENDS), within_s, "an end of every effect")
        return self.states()

    def states(self) -> dict[str, str]:
        return dict(sql(self.ledger, "SELECT key, state FROM waybill.outbox ORDER BY id"))

    def error(self, key: str) -> str:
        ((error,),) = sql(self.ledger, "SELECT error FROM waybill.outbox WHERE key = :key", key=key)
        return error

    def comments(self, task: str) -> list[str]:
        """What we said there; people's words are left out."""
        return [one["text"] for one in self.host.task(task)["comments"] if "[wb-" in one["text"]]

    def attachments(self, task: str) -> list[str]:
        found = self.host.task(task)["attachments"]
        assert all(one["sha256"] == hashlib.sha256(NOTE).hexdigest() for one in found)
        return [one["title"] for one in found]

    def writes(self, task: str | None = None) -> list[tuple[str, str]]:
        """The calls that change something, in the order in which they came."""
        return [
            (call["method"], call["path"].rpartition("/")[2])
            for call in self.host.requests()
            if call["method"] != "GET" and (task is None or task in call["path"])
        ]


@contextmanager
def running(drainer: Drainer, url: str) -> Iterator[threading.Thread]:
    """The drainer, draining in a thread as long as the block runs."""
    thread = threading.Thread(target=drainer.run, args=(url,), name="drainer")
    thread.start()
    try:
        yield thread
    finally:
        drainer.stop()
        thread.join(20)
        assert not thread.is_alive()


@contextmanager
def desk_at(
    ledger: Engine, ledger_url: str, host: ClickUpHost, folder: Path, *, timeout: httpx.Timeout = TIMEOUT
) -> Iterator[Desk]:
    budget = CallBudget(ledger, host.token, calls_a_window=10_000, window_s=1.0)
    client = ClickUpClient(host.url, host.token, budget=budget, timeout=timeout, deadline_s=3, first_wait_s=0.05)
    try:
        yield Desk(ledger, ledger_url, host, ArtefactStore(folder / "artefacts"), Connected(client))
    finally:
        client.close()


Change = Callable[[Desk], None]
