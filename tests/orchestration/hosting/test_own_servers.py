"""One's own Postgres and vector store take the embedded ones' place: nothing is started that is not needed."""

import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from orchestration.hosting.backends import Backend, BackendUnreachableError, open_backends
from orchestration.settings import load_settings
from tests.debian_postgres import DebianPostgres
from tests.engines import running_engine
from tests.orchestration.hosting.graphql import counted, launch
from tests.orchestration.hosting.running import command, kill_all, living
from tests.orchestration.hosting.toy_location import GATE
from tests.waiting import wait_until


@pytest.fixture
def databases(debian_postgres: DebianPostgres) -> Iterator[tuple[str, str]]:
    """A ledger's database and one for Dagster, named as the settings derive it; both gone afterwards."""
    names = ("hosted", "hosted_dagster")
    with psycopg.connect(debian_postgres.superuser_url, autocommit=True) as administrator:
        for name in names:
            administrator.execute(sql.SQL("CREATE DATABASE {} OWNER creator").format(sql.Identifier(name)))
        yield debian_postgres.url("creator", "hosted"), debian_postgres.socket_url("creator", "hosted")
        for name in names:
            administrator.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.mark.parametrize("road", [0, 1], ids=["loopback", "socket"])
def test_with_both_own_no_keeper_starts(tmp_path: Path, databases: tuple[str, str], road: int) -> None:
    home = tmp_path / "home"
    with running_engine(tmp_path / "store") as engine:
        settings = load_settings(
            home=home, database_url=databases[road], qdrant_url=engine.url, qdrant_api_key=engine.key
        )
        with open_backends(settings) as backends:
            assert living(home) == {}
            assert backends.database_url == databases[road]
            assert backends.dagster_database_url == databases[road].replace("/hosted", "/hosted_dagster")
            assert (backends.qdrant_url, backends.qdrant_api_key) == (engine.url, engine.key)
            assert (backends.database.whose, backends.vectors.whose) == ("own", "own")
            assert "only-on-loopback" not in repr(backends)


def test_with_an_own_database_only_the_engine_is_embedded(tmp_path: Path, databases: tuple[str, str]) -> None:
    home = tmp_path / "home"
    with open_backends(load_settings(home=home, database_url=databases[0])) as backends:
        assert backends.vectors.whose == "embedded"
        assert not any("bin/postgres" in words for words in living(home).values())
        assert not (home / "postgres").exists()
    assert living(home) == {}


def test_a_backend_is_described_without_its_secrets(tmp_path: Path, databases: tuple[str, str]) -> None:
    with (
        running_engine(tmp_path / "store") as engine,
        open_backends(
            load_settings(
                home=tmp_path / "home", database_url=databases[0], qdrant_url=engine.url, qdrant_api_key=engine.key
            )
        ) as backends,
    ):
        host = databases[0].partition("@")[2]
        assert backends.database == Backend("Postgres", "own", host, backends.database.version)
        assert backends.database.version[0].isdigit()


def test_a_database_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    settings = load_settings(
        home=tmp_path / "home",
        database_url="postgresql://u:hunter2@127.0.0.1:1/db",
        qdrant_url="http://127.0.0.1:1",
        start_deadline_s=0.5,
    )
    with pytest.raises(BackendUnreachableError) as caught, open_backends(settings):
        pytest.fail("it was reached")
    assert "WAYBILL_DATABASE_URL (127.0.0.1:1/db)" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_wrong_key_is_not_waited_for(tmp_path: Path, databases: tuple[str, str]) -> None:
    with running_engine(tmp_path / "store") as engine:
        settings = load_settings(
            home=tmp_path / "home", database_url=databases[0], qdrant_url=engine.url, qdrant_api_key="wrong"
        )
        with pytest.raises(BackendUnreachableError, match="HTTP 401"), open_backends(settings):
            pytest.fail("it let us in")


@pytest.mark.slow
def test_up_serves_and_runs_on_own_servers(tmp_path: Path, databases: tuple[str, str]) -> None:
    home = tmp_path / "home"
    (tmp_path / "gate").touch()
    with running_engine(tmp_path / "store") as engine:
        own = {
            "WAYBILL_DATABASE_URL": databases[0],
            "WAYBILL_QDRANT_URL": engine.url,
            "WAYBILL_QDRANT_API_KEY": engine.key,
            GATE: str(tmp_path / "gate"),
        }
        try:
            with command("up", home, **own) as serving:
                url = next(word for word in serving.ready().split() if word.startswith("http"))
                assert not any("keeper" in words for words in living(home).values())
                launch(url, "gated")
                wait_until(lambda: counted(url) == {"SUCCESS": 1}, 60)
                assert serving.signal(signal.SIGTERM) == 0
            assert living(home) == {}
        finally:
            kill_all(home)
