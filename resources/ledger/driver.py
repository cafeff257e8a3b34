"""Straight to the driver, for what every transaction does and for the hottest path: a claim and its ending.

Those move one row, which they find by its key. To parse and plan one costs the server more than to execute it, so they
are prepared; and SQLAlchemy's part in it costs this process more than the driver's, half of it for a task's 35 columns.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import psycopg
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

_DIALECT: Final = make_url("postgresql+psycopg://").get_dialect()()


def execute(
    connection: Connection, sql: str, values: Mapping[str, object] | None = None, *, prepare: bool = False
) -> psycopg.Cursor[Any]:
    """Execute ``sql``, with the driver's placeholders, on the connection's own driver.

    Raises:
        DBAPIError: as SQLAlchemy itself would raise it; a connection that died is not used again.
    """
    opened = _opened(connection)
    try:
        return opened.execute(sql.encode(), values, prepare=prepare)
    except psycopg.Error as error:
        raise _raised(connection, sql, error) from error


def command(connection: Connection, sql: str) -> None:
    """Execute ``sql``, which waits for nothing and returns nothing, by one call of libpq: half the time of ``execute``.

    Raises as ``execute``.
    """
    opened = _opened(connection)
    said = None if opened.closed else opened.pgconn.exec_(sql.encode())
    if said is None or said.status != ExecStatus.COMMAND_OK:
        error = _refusal(said) if said else psycopg.OperationalError("the connection is closed")
        raise _raised(connection, sql, error) from error


def _refusal(said: PGresult) -> psycopg.Error:
    code = said.error_field(DiagnosticField.SQLSTATE)
    named = psycopg.errors.lookup(code.decode()) if code else psycopg.OperationalError
    return named(said.get_error_message())


def _opened(connection: Connection) -> psycopg.Connection[Any]:
    opened = connection.connection.driver_connection
    if not isinstance(opened, psycopg.Connection):
        raise TypeError(f"expected psycopg 3; this connection is {type(opened).__name__}")
    return opened


def _raised(connection: Connection, sql: str, error: psycopg.Error) -> Exception:
    """The error as SQLAlchemy would raise it; a connection that died is not used again."""
    closed = _opened(connection).closed
    if closed:
        connection.invalidate(error)
    return DBAPIError.instance(
        sql, None, error, psycopg.Error, connection_invalidated=closed, dialect=connection.dialect
    )  # fmt: skip


def one_or_none(connection: Connection, sql: str, values: Mapping[str, object]) -> tuple[Any, ...] | None:
    """The row of ``sql``, with ``:name`` for each of ``values``; None: there is none. Raises as ``execute``.

    It is parsed and planned once a connection, unless that is one behind a pooler. For rows by their key alone: a plan
    is kept while its tables grow. One that was made when the table had a page or two reads all of it, as do the plans
    by which Postgres itself checks references, until it is analysed (autovacuum looks each minute) or the connection
    is recycled.
    """
    found: list[tuple[Any, ...]] = execute(connection, _for_driver(sql), values, prepare=True).fetchmany(2)
    if len(found) > 1:
        raise ValueError(f"several rows of {sql}")
    return found[0] if found else None


@cache
def _for_driver(sql: str) -> str:
    return str(text(sql).compile(dialect=_DIALECT))
