"""The ledger's connections: pooled, bounded in time, and in the role that they need, no more."""

import sys
from functools import partial
from typing import Final, Literal

from pydantic_core import from_json
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from resources.ledger import driver

Role = Literal["waybill_app", "waybill_owner"]
STATEMENT_TIMEOUT_S: Final = 300
LOCK_TIMEOUT_S: Final = 30
CONNECT_TIMEOUT_S: Final = 10
RECYCLE_S: Final = 300
"""A connection is not taken again when it is older: with it end the plans that were made while a table was small."""
_NEVER_UNASKED: Final = sys.maxsize
"""The driver prepares nothing by how often it was executed, only what asks for it (`resources/ledger/driver.py`)."""


def open_ledger(
    url: str,
    *,
    role: Role = "waybill_app",
    pool_size: int = 5,
    lock_timeout_s: int = LOCK_TIMEOUT_S,
    behind_pooler: bool = False,
) -> Engine:
    """An engine whose every transaction runs as ``role``.

    The role is set with ``SET LOCAL`` at each begin, so one login serves both roles and a pooler between us and the
    server does no harm. ``pool_size`` connections at most (AP-13, KX-10): one more waits 30 s and then fails.

    A transaction's begin is one round trip: the driver, which would send a BEGIN of its own before it, begins nothing
    by itself, and no connection is tried first. One that died meanwhile is noticed at the begin, where nothing is lost.

    ``behind_pooler``: a transaction may find another connection than the last one had, so no statement is prepared.
    """
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=30,
        pool_recycle=RECYCLE_S,
        isolation_level="AUTOCOMMIT",
        json_deserializer=from_json,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "waybill",
            "prepare_threshold": None if behind_pooler else _NEVER_UNASKED,
        },
    )
    preamble = (
        f"SET LOCAL ROLE {role}; SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT_S}s';"
        f" SET LOCAL lock_timeout = '{lock_timeout_s}s'; SET LOCAL timezone = 'UTC'"
    )
    event.listen(engine, "begin", partial(_begin_as, preamble))
    return engine


def _begin_as(preamble: str, connection: Connection) -> None:
    try:
        _begin(connection, preamble)
    except DBAPIError as lost:
        if not lost.connection_invalidated:
            raise
        _begin(connection, preamble)  # on a new connection


def _begin(connection: Connection, preamble: str) -> None:
    """Begin a transaction; not where another isolation was asked for, which the driver's own BEGIN names."""
    opened = connection.connection.driver_connection
    if opened is None or opened.autocommit:
        level = connection.get_execution_options().get("isolation_level")
        begin = f"BEGIN ISOLATION LEVEL {level}" if level else "BEGIN"
        driver.command(connection, f"{begin}; {preamble}")
    else:
        driver.execute(connection, preamble)
