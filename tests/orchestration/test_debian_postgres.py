"""The server that stands for somebody's own: it authenticates, and its roles may do what they say, no more."""

import psycopg
import pytest
from psycopg import sql

from tests.debian_postgres import PASSWORD, DebianPostgres

ATTRIBUTES = "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"


def test_every_road_asks_for_the_password(debian_postgres: DebianPostgres) -> None:
    for url in (debian_postgres.creator_url, debian_postgres.socket_url("creator")):
        psycopg.connect(url).close()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url.replace(PASSWORD, "guessed"))


def test_neither_role_is_superuser_and_only_one_may_create(debian_postgres: DebianPostgres) -> None:
    with psycopg.connect(debian_postgres.creator_url) as creator, psycopg.connect(debian_postgres.plain_url) as plain:
        assert creator.execute(ATTRIBUTES).fetchone() == (False, True, True)
        assert plain.execute(ATTRIBUTES).fetchone() == (False, False, False)


def test_the_creator_makes_a_database_and_the_plain_role_cannot(debian_postgres: DebianPostgres) -> None:
    make = sql.SQL("CREATE DATABASE {}")
    with (
        psycopg.connect(debian_postgres.plain_url, autocommit=True) as plain,
        pytest.raises(psycopg.Error, match="denied"),
    ):
        plain.execute(make.format(sql.Identifier("refused")))
    with psycopg.connect(debian_postgres.creator_url, autocommit=True) as creator:
        creator.execute(make.format(sql.Identifier("made_by_creator")))
        creator.execute("DROP DATABASE made_by_creator")
        assert creator.execute("SELECT count(*) FROM pg_database WHERE datname = 'made_by_creator'").fetchone() == (0,)
