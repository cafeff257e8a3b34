"""Stops a writer of a table from outside, at a place that is known: a lock lets readers pass and holds writers back.

The writer's transaction waits with its statement visible in ``pg_stat_activity``; what it did before in that
transaction is not committed, and what it committed before is. ``let_one_through`` frees just that transaction: the next
lock queues behind it, and locks are given out in order.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from tests.waiting import wait_until

# The first statement in a source's removal, listing or run starts a second or more after its process does.
COMES_WITHIN_S: Final = 90
_WAITING: Final = """
SELECT pid, query FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND %s = ANY(pg_blocking_pids(pid))
"""


@dataclass(frozen=True)
class Writer:
    """Who waits: the server process that serves it, and the statement that it wants to run."""

    pid: int
    query: str


class Turnstile:
    """Before ``table`` of the database at ``url``, closed. ``open`` lets everybody pass and cannot be taken back."""

    def __init__(self, url: str, table: str) -> None:
        self._url, self._table = url, table
        self._lock = psycopg.connect(url)
        self._take(self._lock)

    def waiting(self) -> Writer | None:
        """Who stands at the turnstile; None while nobody does."""
        with psycopg.connect(self._url) as connection:
            row = connection.execute(_WAITING, (self._lock.info.backend_pid,)).fetchone()
        return None if row is None else Writer(*row)

    def stop_at(self, words: str) -> Writer:
        """The first writer whose statement has ``words`` in it, stopped; all before it are let through."""
        while True:
            writer = wait_until(self.waiting, COMES_WITHIN_S, f"a writer of {self._table} ({words})")
            assert isinstance(writer, Writer)
            if words in " ".join(writer.query.split()):
                return writer
            self.let_one_through()

    def let_one_through(self) -> None:
        """Free whoever waits, and stop who comes next."""
        behind = psycopg.connect(self._url)
        taking = threading.Thread(target=self._take, args=(behind,))
        taking.start()
        wait_until(lambda: self._queues(behind.info.backend_pid), what="the lock that queues behind the writer")
        self._lock.close()
        self._lock = behind
        taking.join()

    def open(self) -> None:
        """Let everybody pass."""
        self._lock.close()

    def _take(self, lock: psycopg.Connection[Any]) -> None:
        lock.execute(f"LOCK TABLE {self._table} IN SHARE MODE".encode())

    def _queues(self, pid: int) -> bool:
        with psycopg.connect(self._url) as connection:
            asked = connection.execute("SELECT count(*) FROM pg_locks WHERE pid = %s AND NOT granted", (pid,))
            return asked.fetchone() == (1,)


@contextmanager
def closed(url: str, *tables: str) -> Iterator[list[Turnstile]]:
    """A turnstile before each of ``tables``, open at the end of the block."""
    with ExitStack() as stack:
        made = []
        for table in tables:
            made.append(Turnstile(url, table))
            stack.callback(made[-1].open)
        yield made


def wait_until_its_servers_are_gone(url: str, application: str = "waybill") -> None:
    """Return when no server process of a killed client is left: until then its transactions hold their locks."""
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
    with psycopg.connect(url, autocommit=True) as connection:
        wait_until(lambda: connection.execute(count, (application,)).fetchone() == (0,), what="the end of its sessions")
