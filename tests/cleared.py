"""One ledger for many tests of tasks, emptied after each: a database of its own for each costs half a second."""

from collections.abc import Iterator
from typing import Final

import psycopg
import pytest
from sqlalchemy import Engine

from resources.ledger.engine import open_ledger
from tests.hosts import PostgresHost

_NAME: Final = "cleared"
_POOL: Final = 12
# In the order in which they refer to one another.
_TABLES: Final = (
    *("citations", "deliverable_files", "reviews", "deliverable_versions", "deliverables", "task_attempts"),
    *("task_events", "alerts", "outbox", "dead_letters", "inbox", "polls", "recurrences", "call_slots", "webhooks"),
    *("task_steps", "watched_files", "tasks", "clients", "artefact_looks"),
)
_CLEAR: Final = "; ".join(f"DELETE FROM waybill.{table}" for table in _TABLES)


@pytest.fixture(scope="session")
def cleared_url(postgres: PostgresHost) -> Iterator[str]:
    with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {_NAME} TEMPLATE waybill")
        yield postgres.url_of(_NAME)
        admin.execute(f"DROP DATABASE {_NAME} WITH (FORCE)")


@pytest.fixture(scope="session")
def cleared_engine(cleared_url: str) -> Iterator[Engine]:
    engine = open_ledger(cleared_url, pool_size=_POOL, lock_timeout_s=5)
    yield engine
    engine.dispose()


@pytest.fixture
def cleared(cleared_url: str, cleared_engine: Engine) -> Iterator[Engine]:
    """An empty ledger."""
    yield cleared_engine
    with psycopg.connect(cleared_url, autocommit=True) as superuser:
        superuser.execute(_CLEAR)
