"""Supervises children from one thread that lives as long as they do, while the main thread does something else."""

import queue
import threading
from types import TracebackType
from typing import Self

from orchestration.hosting.children import TICK_S, Child, ChildSpec, stop


class Supervisor:
    """Keeps children running inside a ``with`` block and ends them all on leaving it.

    Its thread forks them, so that the kernel ends them even if this process is killed (see ``leash``).
    """

    def __init__(self) -> None:
        self._wanted: queue.SimpleQueue[Child] = queue.SimpleQueue()
        self._children: list[Child] = []
        self._ending = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join()

    def add(self, spec: ChildSpec) -> Child:
        """Run ``spec`` from now on, within a tick. Watch the child, but leave its methods to the supervisor."""
        child = Child(spec)
        self._wanted.put(child)
        return child

    def check(self) -> None:
        """Raises RuntimeError: supervision itself failed, and its children have ended with it."""
        if self._failure is not None:
            raise RuntimeError("the supervisor ended") from self._failure

    def _run(self) -> None:
        try:
            while not self._ending.wait(TICK_S):
                self._take_new()
                for child in self._children:
                    child.tick()
        except BaseException as error:
            self._failure = error
            raise
        finally:
            self._take_new()
            stop(self._children)

    def _take_new(self) -> None:
        while not self._wanted.empty():
            self._children.append(self._wanted.get())
