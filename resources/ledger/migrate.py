"""Bring the ledger's schema to its head, one migrator at a time; a failed migration stops the start."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, ProgrammingError

from resources.domain.errors import PermanentError
from resources.ledger.engine import open_ledger
from resources.ledger.provisioning import ADVISORY_LOCK, provision


class LedgerBehindError(PermanentError):
    """The schema is not the one that this code was written for."""


def migrate(url: str, dagster_url: str) -> str:
    """Provision what is missing, run every migration, return the head's revision. Safe to call by many at once.

    ``url`` leads past a pooler: locks of a session hold here.

    Raises:
        ProvisioningError: the login may not make what is missing.
        LedgerBehindError: the database is newer than this code.
    """
    provision(url, dagster_url)
    engine = open_ledger(url, role="waybill_owner", pool_size=2)
    try:
        with engine.connect() as guard, guard.begin():
            guard.execute(ADVISORY_LOCK)
            try:
                with engine.begin() as connection:
                    config = _config()
                    _refuse_newer(connection)
                    config.attributes["connection"] = connection
                    command.upgrade(config, "head")
            finally:
                guard.exec_driver_sql("SELECT pg_advisory_unlock_all()")
        return head()
    finally:
        engine.dispose()


def _refuse_newer(connection: Connection) -> None:
    context = MigrationContext.configure(connection, opts={"version_table_schema": "waybill"})
    found = context.get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        raise _behind(found)


def head() -> str:
    """The newest revision that this code knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(engine: Engine) -> str | None:
    """The revision that the database stands at; None before the first migration.

    Raises:
        LedgerBehindError: nothing was provisioned there, so that the role itself is missing.
    """
    try:
        with engine.connect() as connection, connection.begin():
            context = MigrationContext.configure(connection, opts={"version_table_schema": "waybill"})
            return context.get_current_revision()
    except (DataError, ProgrammingError) as refused:
        raise _behind(str(refused.orig).strip()) from refused


def require_head(engine: Engine) -> None:
    """Raises LedgerBehindError: the database is at another revision than this code."""
    if (found := current(engine)) != head():
        raise _behind(str(found))


def _behind(found: str) -> LedgerBehindError:
    return LedgerBehindError(
        "ledger",
        expected=f"schema revision {head()}",
        found=found,
        remedy="Run `waybill migrate`; if the database is newer, use the Waybill version that migrated it.",
    )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
