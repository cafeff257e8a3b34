"""COPY: the fast way in for many rows."""

from collections.abc import Iterable, Sequence

from psycopg import Connection as PsycopgConnection
from sqlalchemy import Connection


def copy_rows(connection: Connection, statement: str, rows: Iterable[Sequence[object]]) -> None:
    """Stream ``rows`` into ``statement`` (``COPY … FROM STDIN``) within the transaction of ``connection``."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, PsycopgConnection):
        raise TypeError(f"COPY needs psycopg 3; this connection is {type(driver).__name__}")
    with driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for row in rows:
            copy.write_row(row)
