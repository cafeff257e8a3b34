"""COPY: the fast way in for many rows."""

from collections.abc import Iterable, Sequence
from typing import Final

from psycopg import Connection as PsycopgConnection
from sqlalchemy import Connection

_CANCEL_TIMEOUT_S: Final = 5.0


def copy_rows(connection: Connection, statement: str, rows: Iterable[Sequence[object]]) -> None:
    """Stream ``rows`` into ``statement`` (``COPY … FROM STDIN``) within the transaction of ``connection``.

    An interruption ends the connection as well: amid a COPY it cannot roll back, and the server would keep its locks.
    """
    driver = connection.connection.driver_connection
    if not isinstance(driver, PsycopgConnection):
        raise TypeError(f"COPY needs psycopg 3; this connection is {type(driver).__name__}")
    try:
        with driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for row in rows:
                copy.write_row(row)
    except Exception:
        raise
    except BaseException:
        driver.cancel_safe(timeout=_CANCEL_TIMEOUT_S)
        connection.invalidate()
        raise
