"""Somebody's own Postgres, with a login that may make roles and with one that may not; and migrations that fail."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Final

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from resources.ledger.engine import open_ledger
from resources.ledger.migrate import LedgerBehindError, current, head, migrate, require_head
from resources.ledger.provisioning import ROLES, ProvisioningError, provision
from tests.debian_postgres import DebianPostgres
from tests.hosts import PostgresHost

_numbers = count(1)
TABLES: Final = "SELECT count(*) FROM pg_tables WHERE schemaname = 'waybill'"


@dataclass(frozen=True)
class Own:
    """A new database of the server, owned by ``login``, and the name of Dagster's, which nobody made yet."""

    server: DebianPostgres
    login: str
    number: int

    @property
    def name(self) -> str:
        return f"own_{self.number}"

    @property
    def url(self) -> str:
        return self.server.url(self.login, self.name)

    @property
    def dagster_url(self) -> str:
        return self.server.url(self.login, f"{self.name}_dagster")

    @property
    def admin_url(self) -> str:
        return self.server.url("postgres", self.name)

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """As the administrator."""
        with psycopg.connect(self.admin_url) as connection:
            return connection.execute(query.encode()).fetchall()


@pytest.fixture(params=["creator", "plain"])
def login(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def own(untouched_debian_postgres: DebianPostgres, login: str) -> Iterator[Own]:
    """Without the roles, which are the whole server's: the last test's are dropped."""
    number = next(_numbers)
    with psycopg.connect(untouched_debian_postgres.superuser_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE own_{number} OWNER {'creator' if login == 'creator' else 'postgres'}")
        yield Own(untouched_debian_postgres, login, number)
        for name in (f"own_{number}", f"own_{number}_dagster"):
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        for role in ROLES:
            admin.execute(f"DROP ROLE IF EXISTS {role}")


def run_as_administrator(own: Own, error: ProvisioningError) -> list[str]:
    """The statements of the error's remedy, and nothing else."""
    assert "Have an administrator run these statements" in error.remedy
    statements = [line.strip() for line in error.remedy.split(":\n", 1)[1].split(";\n") if line.strip()]
    with psycopg.connect(own.admin_url, autocommit=True) as admin:
        for statement in statements:
            admin.execute(statement.encode())
    return statements


@pytest.mark.parametrize("login", ["creator"])
def test_a_login_that_may_create_roles_makes_all_that_is_missing(own: Own) -> None:
    assert migrate(own.url, own.dagster_url) == head()
    assert provision(own.url, own.dagster_url) == [], "all stands now"
    roles = own.ask(
        "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE rolname ~ '^waybill' ORDER BY 1"
    )
    assert roles == [(role, False, False, False) for role in sorted(ROLES)]
    with psycopg.connect(own.dagster_url) as dagster:
        dagster.execute("CREATE TABLE runs (id int)")


@pytest.mark.parametrize("login", ["plain"])
def test_a_login_that_may_not_is_told_every_statement_that_an_administrator_has_to_run(own: Own) -> None:
    with pytest.raises(ProvisioningError, match="permission denied to create role") as refused:
        migrate(own.url, own.dagster_url)
    assert own.ask("SELECT count(*) FROM pg_roles WHERE rolname ~ '^waybill'") == [(0,)]

    statements = run_as_administrator(own, refused.value)

    assert len(statements) == 6
    assert provision(own.url, own.dagster_url) == []
    assert migrate(own.url, own.dagster_url) == head()
    ledger = open_ledger(own.url)
    require_head(ledger)
    ledger.dispose()
    with psycopg.connect(own.dagster_url) as dagster:
        dagster.execute("CREATE TABLE runs (id int)")


@pytest.mark.parametrize("login", ["plain"])
def test_what_stands_already_is_not_asked_for_again(own: Own) -> None:
    with psycopg.connect(own.admin_url, autocommit=True) as admin:
        for role in ROLES:
            admin.execute(f"CREATE ROLE {role}".encode())
        admin.execute("GRANT waybill_owner TO plain")
    with pytest.raises(ProvisioningError) as refused:
        provision(own.url, own.dagster_url)
    assert run_as_administrator(own, refused.value) == [
        "GRANT waybill_app TO plain",
        "CREATE SCHEMA waybill AUTHORIZATION waybill_owner",
        f'CREATE DATABASE "{own.name}_dagster" OWNER plain',
    ]
    assert migrate(own.url, own.dagster_url) == head()


@pytest.mark.parametrize("login", ["creator"])
def test_many_may_migrate_at_once(own: Own) -> None:
    with ThreadPoolExecutor(4) as pool:
        heads = list(pool.map(lambda _: migrate(own.url, own.dagster_url), range(4)))
    assert heads == [head()] * 4
    assert own.ask("SELECT version_num FROM waybill.alembic_version") == [(head(),)]


@pytest.mark.parametrize("login", ["creator"])
def test_a_database_that_nobody_migrated_is_behind(own: Own) -> None:
    ledger = open_ledger(own.url)
    with pytest.raises(LedgerBehindError, match='role "waybill_app" does not exist'):
        require_head(ledger)
    ledger.dispose()


@pytest.mark.parametrize("login", ["creator"])
def test_a_failing_migration_stops_and_leaves_no_half(own: Own) -> None:
    provision(own.url, own.dagster_url)
    with psycopg.connect(own.url) as connection:
        connection.execute("SET ROLE waybill_owner")
        connection.execute("CREATE TABLE waybill.dead_letters (in_the_way int)")
    before = own.ask(TABLES)

    with pytest.raises(DBAPIError, match=r'relation "dead_letters" already exists'):
        migrate(own.url, own.dagster_url)

    assert own.ask(TABLES) == before == [(1,)]
    with psycopg.connect(own.url) as connection:
        connection.execute("SET ROLE waybill_owner")
        connection.execute("DROP TABLE waybill.dead_letters")
    assert migrate(own.url, own.dagster_url) == head(), "no lock is left behind"


def test_a_ledger_of_another_version_is_refused(postgres: PostgresHost, ledger_url: str) -> None:
    with psycopg.connect(ledger_url) as connection:
        connection.execute("UPDATE waybill.alembic_version SET version_num = '9999'")
    ledger = open_ledger(ledger_url)
    assert current(ledger) == "9999"
    with pytest.raises(LedgerBehindError, match="found 9999"):
        require_head(ledger)
    ledger.dispose()
