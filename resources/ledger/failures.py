"""What a database says when it cannot do its part, as an error of ours: for whoever shows errors to people.

Both databases are meant: the ledger, over psycopg, and Dagster's storage, over psycopg2.
"""

from collections.abc import Iterator
from typing import Final

import psycopg
import psycopg2

from resources.domain.errors import TransientError

# SQLSTATE (or its class, the first two characters): what was expected, and what to do.
_KNOWN: Final = {
    "53100": ("room on the database's disk", "Free disk space and start again."),
    "53": ("a database with resources left", "Wait or give it more, and start again."),
    "08": ("a database that answers", "See that it runs, and start again."),
    "57P": ("a database that keeps running", "See that it runs, and start again."),
    "57014": ("an answer in time", "Wait until the database is less busy, and start again."),
    "55P03": ("a lock in time", "Wait until whoever holds it ends, and start again."),
    "40": ("to come first", "Start again."),
}
_CONNECTION_LOST: Final = "08006"


class DatabaseFailedError(TransientError):
    """The database is full, away or too busy. What was committed stays and is whole; the rest was not begun."""


def database_failure(error: BaseException) -> DatabaseFailedError | None:
    """The failure of a database that ``error`` comes from; None when it comes from none, or from a wrong statement.

    The most telling one of all that led to it: a full disk is often followed by a lost connection.
    """
    found = [(code, each) for each in _causes(error) if (code := _sqlstate(each))]
    for prefix, (expected, remedy) in _KNOWN.items():
        for code, each in found:
            if code.startswith(prefix):
                said = " ".join(str(each).split())
                return DatabaseFailedError("database", expected=expected, found=f"{said} ({code})", remedy=remedy)
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all that it came from, once each."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [each.__context__, each.__cause__]


def _sqlstate(error: BaseException) -> str | None:
    """Five characters; a connection that broke off has none of its own."""
    if isinstance(error, psycopg.Error):
        return error.sqlstate or (_CONNECTION_LOST if isinstance(error, psycopg.OperationalError) else None)
    if isinstance(error, psycopg2.Error):
        return error.pgcode or (_CONNECTION_LOST if isinstance(error, psycopg2.OperationalError) else None)
    return None
