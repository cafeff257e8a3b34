"""Real servers for tests: started once, ended for sure."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from orchestration.hosting.children import Child, stop
from orchestration.hosting.home import Home
from orchestration.hosting.postgres import DAGSTER_DATABASE, LEDGER_DATABASE, EmbeddedPostgres
from tests.waiting import wait_until


@dataclass(frozen=True)
class PostgresHost:
    """A running embedded Postgres. ``url`` and ``dagster_url`` are libpq URLs of superuser ``postgres``."""

    server: EmbeddedPostgres
    child: Child

    @property
    def url(self) -> str:
        return self.server.url(LEDGER_DATABASE)

    @property
    def dagster_url(self) -> str:
        return self.server.url(DAGSTER_DATABASE)

    def url_of(self, database: str) -> str:
        return self.server.url(database)


@contextmanager
def embedded_postgres(folder: Path, *, timeout_s: float = 60) -> Iterator[PostgresHost]:
    """Embedded Postgres with its home in ``folder``, ended on leaving. Starts in about a second."""
    home = Home.at(folder).make()
    server = EmbeddedPostgres(home, {"PATH": os.defpath})
    child = Child(server.child())
    child.start()

    def answers() -> bool:
        assert child.alive, server.log_tail()
        try:
            server.make_databases()
        except psycopg.OperationalError:
            return False
        return True

    try:
        wait_until(answers, timeout_s, "an answer of embedded Postgres")
        yield PostgresHost(server, child)
    finally:
        stop([child])
