"""Is the ledger whole? Looked at before anything starts (DT-9, CB-6): its indexes, by Postgres's own amcheck."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from resources.domain.errors import PermanentError

LARGEST_BYTES: Final = 500_000_000
"""A larger index is left to the operator's own `pg_amcheck`: a start has to be quick."""
WITHIN_S: Final = 60

_AVAILABLE: Final = text("""
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'amcheck') AS installed,
       EXISTS (SELECT FROM pg_available_extensions WHERE name = 'amcheck') AS available,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser
""")
_INDEXES: Final = text("""
SELECT c.oid, c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am a ON a.oid = c.relam JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'waybill' AND a.amname = 'btree' AND i.indisvalid AND pg_relation_size(c.oid) <= :largest
  AND has_function_privilege('bt_index_check(regclass)', 'EXECUTE') ORDER BY c.relname
""")
_CHECK: Final = text("SELECT bt_index_check(CAST(CAST(:index AS oid) AS regclass))")


class LedgerDamagedError(PermanentError):
    """An index of the ledger contradicts its table: nothing is started on it."""


@dataclass(frozen=True, slots=True)
class Looked:
    """How many indexes were looked at; ``why_not`` when none could be."""

    indexes: int
    why_not: str | None = None


def check_indexes(url: str) -> Looked:
    """Look at every B-tree of the schema through amcheck, where the server has it and the login may use it.

    Raises:
        LedgerDamagedError: an index is damaged; the message names it.
    """
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{WITHIN_S}s'")
            return _looked(connection)
    finally:
        engine.dispose()


def _looked(connection: Connection) -> Looked:
    there = connection.execute(_AVAILABLE).one()
    if not there.installed:
        if not (there.available and there.superuser):
            return Looked(0, "amcheck is not installed in this database")
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS amcheck")
    indexes = connection.execute(_INDEXES, {"largest": LARGEST_BYTES}).all()
    for index in indexes:
        try:
            connection.execute(_CHECK, {"index": index.oid})
        except DatabaseError as error:
            raise LedgerDamagedError(
                f"index waybill.{index.name}",
                expected="an index that agrees with its table",
                found=str(error.orig).strip(),
                remedy="Restore the last backup, or `REINDEX` it if its table is sound; then start again.",
            ) from error
    return Looked(len(indexes), None if indexes else "the login may not use amcheck")
