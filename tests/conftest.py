"""Real parts for every test: an embedded Postgres for the session, and a migrated ledger of its own for each test."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psycopg
import pytest
from sqlalchemy import Engine

from resources.ledger.engine import open_ledger
from resources.ledger.migrate import migrate
from tests.hosts import PostgresHost, embedded_postgres

pytest_plugins = [
    "tests.browser",
    "tests.cleared",
    "tests.debian_postgres",
    "tests.sessions",
    "tests.watching",
    "tests.whole",
]

LOCK_TIMEOUT_S: Final = 5
"""A lost SKIP LOCKED or a forgotten transaction fails a test in seconds instead of hanging it."""

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresHost]:
    # Not below pytest's own folder: another session of pytest as root shuts that to the server's user.
    with TemporaryDirectory(prefix="waybill-tests-") as folder, embedded_postgres(Path(folder) / "home") as host:
        with psycopg.connect(host.url_of("postgres"), autocommit=True) as admin:  # no test cuts the power
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute("SELECT pg_reload_conf()")
        migrate(host.url_of("waybill"), host.url_of("waybill_dagster"))
        yield host


@pytest.fixture
def ledger_url(postgres: PostgresHost) -> Iterator[str]:
    """A database of its own, copied from the migrated one."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE waybill')
        yield postgres.url_of(name)
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Engine]:
    engine = open_ledger(ledger_url, lock_timeout_s=LOCK_TIMEOUT_S)
    yield engine
    engine.dispose()
