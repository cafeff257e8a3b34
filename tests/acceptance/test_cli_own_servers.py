"""The same commands over one's own servers: Debian's PostgreSQL with logins that may do little, and a Qdrant URL."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest
from psycopg import sql

from tests.acceptance.waybill_process import Addresses, Waybill
from tests.debian_postgres import DebianPostgres
from tests.engines import RunningEngine, running_engine
from tests.sessions import write

pytestmark = pytest.mark.slow

TEXTS: Final = {"opening": "The Leeds store opens on 16 May 2026.", "pack": "The Ridgeline pack weighs 1,240 grams."}
CLIENT: Final = ("--client", "acme")
LINKED: Final = "SELECT count(embedding_id) FROM waybill.extractions"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    """What serves at the Qdrant URL."""
    with running_engine(tmp_path_factory.mktemp("qdrant") / "vectors") as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "site", **TEXTS)


def installation(home: Path, database_url: str, engine: RunningEngine) -> Waybill:
    settings = {"WAYBILL_DATABASE_URL": database_url, "WAYBILL_QDRANT_URL": engine.url}
    return Waybill(home, {**settings, "WAYBILL_QDRANT_API_KEY": engine.key})


def make_database(server: DebianPostgres, name: str, owner: str) -> None:
    with psycopg.connect(server.superuser_url, autocommit=True) as administrator:
        statement = sql.SQL("CREATE DATABASE {} OWNER {}")
        administrator.execute(statement.format(sql.Identifier(name), sql.Identifier(owner)))


def test_a_login_that_may_create_roles_needs_nothing_by_hand(
    debian_postgres: DebianPostgres, engine: RunningEngine, folder: Path, tmp_path: Path
) -> None:
    make_database(debian_postgres, "of_creator", "creator")
    url = debian_postgres.url("creator", "of_creator")
    waybill = installation(tmp_path / "home", url, engine)
    at = Addresses(url, f"{url}_dagster", engine.url, engine.key)

    waybill.made("ingest", folder, *CLIENT)

    status = waybill.within("status", "--json").json()
    assert status["documents"] == {"extracted": 2}
    assert status["orphans"] == 0
    assert at.sql(LINKED) == [(status["extractions"],)]
    assert all("(own)" in backend for backend in status["backends"].values())
    assert waybill.within("doctor", "--json").code == 0
    (hit, *_) = waybill.within("search", "When does the Leeds store open?", *CLIENT, "--json").json()["hits"]
    assert hit["uri"].endswith("opening.txt")
    assert waybill.within("sources", "remove", "site", *CLIENT).code == 0
    assert at.points() == status["points"] - status["extractions"]
    assert list(waybill.home.glob("postgres/*")) == []
    assert waybill.left_behind() == []


def test_a_login_that_may_not_is_told_what_an_administrator_has_to_run(
    debian_postgres: DebianPostgres, engine: RunningEngine, folder: Path, tmp_path: Path
) -> None:
    """Where another installation has made the roles already, as here, the statements are fewer; where not, these."""
    make_database(debian_postgres, "of_plain", "postgres")
    url = debian_postgres.url("plain", "of_plain")
    waybill = installation(tmp_path / "home", url, engine)

    refused = waybill.within("migrate").refused()
    assert "Have an administrator run these statements" in refused
    with psycopg.connect(debian_postgres.url("postgres", "of_plain"), autocommit=True) as administrator:
        for statement in re.findall(r"^  ((?:CREATE|GRANT) .+);$", refused, re.MULTILINE):
            administrator.execute(statement.encode())

    assert waybill.within("ingest", folder, *CLIENT).code == 0
    (hit, *_) = waybill.within("search", "How heavy is the Ridgeline pack?", *CLIENT, "--json").json()["hits"]
    assert hit["uri"].endswith("pack.txt")
    assert waybill.left_behind() == []


@pytest.mark.parametrize("setting", ["WAYBILL_DATABASE_URL", "WAYBILL_QDRANT_URL"])
def test_a_server_that_is_not_there_is_named_with_its_setting(
    debian_postgres: DebianPostgres, engine: RunningEngine, tmp_path: Path, setting: str
) -> None:
    absent = {"WAYBILL_DATABASE_URL": "postgresql://me@127.0.0.1:9/absent", "WAYBILL_QDRANT_URL": "http://127.0.0.1:9"}
    waybill = installation(tmp_path / "home", debian_postgres.creator_url, engine)
    settings = {**waybill.settings, setting: absent[setting], "WAYBILL_START_DEADLINE_S": "1"}

    said = Waybill(waybill.home, settings).within("status").refused()

    assert setting in said
    assert "127.0.0.1:9" in said
