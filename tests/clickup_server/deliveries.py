"""Delivery of webhooks: signed, in order, tried up to five times; later events overtake one that is tried again."""

import asyncio
from collections.abc import Coroutine
from dataclasses import asdict, dataclass, field

import httpx
import orjson

from tests.clickup_server.model import TaskState
from tests.clickup_server.webhooks import Fates, Hook
from tests.clickup_server.world import World

ATTEMPTS = 5
REORDERED_WITHIN_S = 0.5
"""An event that waits to be overtaken goes out after this long when no other comes."""
SUSPENDING = frozenset({401, 410})


@dataclass
class Delivery:
    """One event for one webhook. ``outcome`` is pending, delivered, failed, lost or dropped."""

    number: int
    at_ms: int
    webhook_id: str
    event: str
    task_id: str
    body: str
    signature: str
    fate: str = ""
    outcome: str = "pending"
    attempts: list[dict[str, object]] = field(default_factory=list)


class Deliveries:
    """A queue for each webhook, emptied by a task of its own. Lives in the server's event loop."""

    def __init__(self, world: World, *, timeout_s: float, pause_s: float) -> None:
        self._world, self._timeout_s, self._pause_s = world, timeout_s, pause_s
        self.fates = Fates()
        self.log: list[Delivery] = []
        self._queues: dict[str, asyncio.Queue[Delivery]] = {}
        self._held: dict[str, Delivery] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._client = httpx.AsyncClient(trust_env=False)

    def told(self, since: int) -> list[dict[str, object]]:
        return [asdict(delivery) for delivery in self.log[since:]]

    def send(self, hook: Hook, event: str, state: TaskState, items: list[dict[str, object]]) -> None:
        """Put an event into the webhook's queue, or let chance have its way with it."""
        history = {"history_items": items} if items else {}
        told = {"event": event, **history, "task_id": state.id, "webhook_id": hook.id}
        body = orjson.dumps(told)
        drawn = self.fates.draw()
        for fate in (", ".join(sorted(drawn)), "copy") if "doubled" in drawn else (", ".join(drawn),):
            now, signature = self._world.now_ms(), hook.signature(body)
            made = Delivery(len(self.log), now, hook.id, event, state.id, body.decode(), signature, fate)
            self.log.append(made)
            if "lost" in drawn:
                made.outcome = "lost"
            elif "reordered" in drawn and hook.id not in self._held and fate != "copy":
                self._held[hook.id] = made
                asyncio.get_running_loop().call_later(REORDERED_WITHIN_S, self._let_go, hook, made)
            else:
                self._enqueue(hook, made)

    def _let_go(self, hook: Hook, made: Delivery) -> None:
        if self._held.get(hook.id) is made:
            self._queue(hook).put_nowait(self._held.pop(hook.id))

    def _enqueue(self, hook: Hook, made: Delivery) -> None:
        """After it goes what waited to be overtaken."""
        self._queue(hook).put_nowait(made)
        if hook.id in self._held:
            self._queue(hook).put_nowait(self._held.pop(hook.id))

    def _queue(self, hook: Hook) -> asyncio.Queue[Delivery]:
        if hook.id not in self._queues:
            self._queues[hook.id] = asyncio.Queue()
            self._start(self._empty(hook, self._queues[hook.id]))
        return self._queues[hook.id]

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _empty(self, hook: Hook, queue: "asyncio.Queue[Delivery]") -> None:
        while True:
            made = await queue.get()
            if not await self._attempt(hook, made):
                self._start(self._try_again(hook, made))

    async def _try_again(self, hook: Hook, made: Delivery) -> None:
        for _ in range(ATTEMPTS - 1):
            await asyncio.sleep(self._pause_s)
            if await self._attempt(hook, made):
                return
        made.outcome = "failed"
        hook.failed()

    async def _attempt(self, hook: Hook, made: Delivery) -> bool:
        """Whether the event needs no more attempts."""
        if hook.status == "suspended":
            made.outcome = "dropped"
            return True
        tried: dict[str, object] = {"at_ms": self._world.now_ms(), "status": None, "error": None}
        made.attempts.append(tried)
        headers = {"content-type": "application/json", "x-signature": made.signature}
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._client.post(hook.endpoint, content=made.body, headers=headers, timeout=None)
        except (httpx.HTTPError, TimeoutError) as error:
            tried["error"] = type(error).__name__
            return False
        tried["status"] = answer.status_code
        if answer.is_success:
            made.outcome = "delivered"
            hook.succeeded()
        elif answer.status_code in SUSPENDING:
            made.outcome, hook.status = "failed", "suspended"
        return made.outcome != "pending"

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()
