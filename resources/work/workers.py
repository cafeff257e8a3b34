"""A few threads that carry rows out while the main thread alone keeps the books."""

import queue
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

from resources.ledger.outbox import Row
from resources.work.sending import Ended


class Workers:
    """``number`` threads inside a ``with`` block. All methods are for the thread that made it.

    As many rows again lie ready for whoever is free next, so that none waits for the books. The threads are daemons:
    one that hangs in a call keeps no process from ending.
    """

    def __init__(self, number: int, work: Callable[[Row], Ended], on_end: Callable[[], None]) -> None:
        """``work`` must not raise; ``on_end`` is called by a worker after each row."""
        self._work, self._on_end = work, on_end
        self._room = 2 * number
        self._given: queue.SimpleQueue[Row | None] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[Ended] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._run, name=f"outbox {n}", daemon=True) for n in range(number)]
        self.under_way: set[int] = set()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in self._threads:
            self._given.put(None)
        if not self.under_way:
            for thread in self._threads:
                thread.join()

    @property
    def room(self) -> int:
        """How many rows they can be given now."""
        return self._room - len(self.under_way)

    @property
    def ready(self) -> int:
        """How many rows lie ready for whoever is free next."""
        return self._given.qsize()

    def give(self, rows: Iterable[Row]) -> None:
        """Begin with ``rows``, of which there are no more than there is ``room`` for."""
        for row in rows:
            self.under_way.add(row.id)
            self._given.put(row)

    def take_ended(self) -> list[Ended]:
        """What ended since the last time."""
        ended = []
        while not self._ended.empty():
            each = self._ended.get()
            self.under_way.discard(each.outcome.row.id)
            ended.append(each)
        return ended

    def take_back(self) -> None:
        """Begin nothing any more: what lies ready is under way no longer."""
        with suppress(queue.Empty):
            while True:
                row = self._given.get_nowait()
                if row is not None:
                    self.under_way.discard(row.id)

    def _run(self) -> None:
        while (row := self._given.get()) is not None:
            self._ended.put(self._work(row))
            self._on_end()
