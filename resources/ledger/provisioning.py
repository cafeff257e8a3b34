"""What must stand in the server before the first migration: two roles, the schema, and Dagster's own database.

With a login that may create roles this is done here; with less, the error holds the statements for an administrator.
"""

from typing import Final

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ProgrammingError

from resources.domain.errors import PermanentError

ROLES: Final = ("waybill_owner", "waybill_app")
_LOCK: Final = 0x57415942  # "WAYB": one provisioner or migrator at a time
_ROLE_EXISTS: Final = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")
_MAY_SET_ROLE: Final = text(
    "SELECT pg_has_role(current_user, CAST(:role AS name),"
    " CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)"
)
_SCHEMA_EXISTS: Final = text("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'waybill')")
_DATABASE_EXISTS: Final = text("SELECT EXISTS (SELECT FROM pg_database WHERE datname = :name)")
_QUOTED: Final = text("SELECT quote_ident(coalesce(CAST(:name AS text), current_user))")
ADVISORY_LOCK: Final = text(f"SELECT pg_advisory_lock({_LOCK})")


class ProvisioningError(PermanentError):
    """The login may not make the roles, the schema or the database that Waybill needs."""


def provision(url: str, dagster_url: str) -> list[str]:
    """Make what is missing; return the statements that were run, none when all stood already.

    Raises:
        ProvisioningError: the login of ``url`` may not; the remedy holds every missing statement.
    """
    target, dagster = make_url(url), make_url(dagster_url)
    engine = create_engine(target.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(ADVISORY_LOCK)
            try:
                missing = _missing(connection, target, dagster)
                for done, statement in enumerate(missing):
                    _run(connection, statement, missing[done:])
            finally:
                connection.exec_driver_sql("SELECT pg_advisory_unlock_all()")
            return missing
    finally:
        engine.dispose()


def _missing(connection: Connection, target: URL, dagster: URL) -> list[str]:
    login = connection.exec_driver_sql("SELECT quote_ident(current_user)").scalar_one()
    statements: list[str] = []
    for role in ROLES:
        exists = connection.execute(_ROLE_EXISTS, {"role": role}).scalar_one()
        if not exists:
            statements.append(f"CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS")
        if not exists or not connection.execute(_MAY_SET_ROLE, {"role": role}).scalar_one():
            statements.append(f"GRANT {role} TO {login}")
    if not connection.execute(_SCHEMA_EXISTS).scalar_one():
        statements.append("CREATE SCHEMA waybill AUTHORIZATION waybill_owner")
    same_server = (target.host, target.port, target.query.get("host")) == (
        dagster.host,
        dagster.port,
        dagster.query.get("host"),
    )
    if same_server and not connection.execute(_DATABASE_EXISTS, {"name": dagster.database}).scalar_one():
        owner = connection.execute(_QUOTED, {"name": dagster.username}).scalar_one()
        statements.append(f'CREATE DATABASE "{dagster.database}" OWNER {owner}')
    return statements


def _run(connection: Connection, statement: str, remaining: list[str]) -> None:
    try:
        connection.exec_driver_sql(statement)
    except ProgrammingError as refused:
        raise ProvisioningError(
            f"database {connection.engine.url.database}",
            expected=f"a login that may run: {statement}",
            found=str(refused.orig).strip(),
            remedy="Have an administrator run these statements, then start again:\n  "
            + ";\n  ".join(remaining)
            + ";\n",
        ) from refused
