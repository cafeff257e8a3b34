"""Dagster's connections to its storage, kept open by a process that runs steps itself.

By itself Dagster opens one for every event that it writes, 60 a run, each for 3 ms of CPU on both sides together.
"""

from typing import Any, Final

import dagster as dg
from psycopg2 import InterfaceError, OperationalError
from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

STATEMENT_TIMEOUT_MS: Final = 300_000
RECYCLE_S: Final = 300
MORE: Final = 8
"""Connections beside the one of each storage, for threads; those are closed after use."""


def keep_open(instance: dg.DagsterInstance) -> None:
    """Keep a connection of each storage open, as the webserver does, until ``close``.

    A kept connection may have died with a server that was started anew: each is tried before it is used.
    """
    instance.optimize_for_webserver(STATEMENT_TIMEOUT_MS, pool_recycle=RECYCLE_S, max_overflow=MORE)
    for engine in engines(instance):
        event.listen(engine, "checkout", _try)


def close(instance: dg.DagsterInstance) -> None:
    """Dispose of the instance and of the connections kept for it, which its own ``dispose`` leaves open."""
    kept = engines(instance)
    instance.dispose()
    for engine in kept:
        engine.dispose()


def engines(instance: dg.DagsterInstance) -> list[Engine]:
    """The engines of the storages of runs, events and schedules, which dagster-postgres does not hand out."""
    runs: Any = instance.run_storage
    events: Any = instance.event_log_storage
    schedules: Any = instance.schedule_storage
    found: list[Engine] = []
    for opened in (runs.connect(), events.index_connection(), schedules.connect()):
        with opened as connection:
            found.append(connection.engine)
    return found


def _try(connection: Any, *_: object) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (OperationalError, InterfaceError) as lost:
        raise DisconnectionError from lost  # the pool takes a new one
