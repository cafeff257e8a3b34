"""What goes to Postgres and is waited for, as libpq itself notes it down."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
from sqlalchemy import Engine

_SENT: Final = re.compile(r'\tF\t\d+\t(?:(?:Query|Parse)\t (?:"[^"]*" (?="))?"|Bind\t "" "_pg\d)\s*(\w+)')
_ANSWERED: Final = "\tReadyForQuery\t"


@contextmanager
def round_trips(engine: Engine, notes: Path) -> Iterator[list[str]]:
    """What each round trip of the engine's idle connection began with, known when the block is left.

    The first words of statements that went together are one entry, with spaces between them.
    """
    trips: list[str] = []
    raw = engine.raw_connection()
    driver = raw.driver_connection
    assert isinstance(driver, psycopg.Connection)
    libpq = driver.pgconn
    raw.close()
    with notes.open("wb") as file:
        libpq.trace(file.fileno())
        try:
            yield trips
        finally:
            libpq.untrace()
    sent: list[str] = []
    for line in notes.read_text().splitlines():
        sent += _SENT.findall(line)
        if _ANSWERED in line:
            trips.append(" ".join(sent))
            sent.clear()
