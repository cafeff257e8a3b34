"""Embedded Postgres survives what machines do to it, and refuses what it cannot do in words."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from orchestration.hosting.home import Home
from orchestration.hosting.postgres import EmbeddedPostgres, PostgresUnusableError, open_the_way
from resources.processes import working_in
from tests.hosts import embedded_postgres
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a stopped server's data in it; tests that change it copy it."""
    home = tmp_path_factory.mktemp("made") / "home"
    with embedded_postgres(home) as host, psycopg.connect(host.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    subprocess.run(["cp", "-a", str(made), str(tmp_path / "home")], check=True)
    return tmp_path / "home"


def kept(home: Path) -> bool:
    with embedded_postgres(home) as host, psycopg.connect(host.url) as connection:
        return connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_commits_are_durable_and_pages_are_checked(made: Path) -> None:
    with embedded_postgres(made) as host, psycopg.connect(host.url) as connection:
        names = ("synchronous_commit", "fsync", "full_page_writes", "data_checksums", "listen_addresses", "TimeZone")
        found = {name: connection.execute(f"SHOW {name}").fetchone() for name in names}
    on = ("on",)
    assert found == dict.fromkeys(names[:4], on) | {"listen_addresses": ("",), "TimeZone": ("UTC",)}


def test_a_server_that_was_killed_with_its_keeper_is_ended_before_the_next_starts(home: Path) -> None:
    """The leash sends SIGINT, but a server that is busy may outlive its keeper for a while."""
    with embedded_postgres(home) as former:
        server = former.child.pid
        assert server is not None
        assert kept(home)  # a second start on the same data
        assert server not in working_in(home / "postgres" / "data")


def test_a_killed_server_leaves_nothing_that_stops_the_next(home: Path) -> None:
    with embedded_postgres(home) as host:
        pid = host.child.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not working_in(home / "postgres" / "data"))
    assert (home / "postgres" / "data" / "postmaster.pid").exists()
    assert kept(home)


def test_a_pid_file_whose_number_now_belongs_to_another_program_does_not_stop_the_start(home: Path) -> None:
    data = home / "postgres" / "data"
    server_user = data.stat().st_uid if os.geteuid() == 0 else None  # of another user's process Postgres knows better
    with subprocess.Popen(["sleep", "60"], user=server_user, cwd="/") as stranger:
        for lock in (data / "postmaster.pid", home / "postgres" / "s" / ".s.PGSQL.5432.lock"):
            lock.write_text(f"{stranger.pid}\n{data}\n1\n5432\n{home / 'postgres' / 's'}\n\n\n")
        assert kept(home)
        assert stranger.poll() is None
        stranger.kill()


def test_a_kill_during_initdb_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home").make()
    unfinished = home.postgres / "data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    with embedded_postgres(home.path) as host, psycopg.connect(host.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not unfinished.exists()


def test_data_of_another_major_version_is_refused_and_left_alone(home: Path) -> None:
    version = home / "postgres" / "data" / "PG_VERSION"
    version.write_text("15\n")
    with pytest.raises(PostgresUnusableError, match="data of Postgres 15"), embedded_postgres(home):
        pytest.fail("it started")
    assert version.read_text() == "15\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user to let in")
def test_folders_above_the_home_are_opened_for_passing_through_only() -> None:
    closed = Path(tempfile.mkdtemp(prefix="closed-"))
    try:
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        with embedded_postgres(closed / "home") as host, psycopg.connect(host.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o701
        assert stat.S_IMODE((closed / "home").stat().st_mode) == 0o710
    finally:
        shutil.rmtree(closed)


def test_a_way_that_is_open_is_not_touched(tmp_path: Path) -> None:
    folder = tmp_path / "open" / "to" / "all"
    folder.mkdir(parents=True)
    for each in (tmp_path / "open", tmp_path / "open" / "to"):
        each.chmod(0o755)
    before = (tmp_path / "open").stat()
    open_the_way(folder, (os.geteuid(), os.getegid()))
    assert (tmp_path / "open").stat().st_ctime_ns == before.st_ctime_ns


@pytest.fixture
def full_disk() -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk takes root")
    disk = Path(tempfile.mkdtemp(prefix="disk-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], check=False)
    if mounted.returncode != 0:
        disk.rmdir()
        pytest.skip("this machine lets nobody mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
    disk.rmdir()


def test_a_full_disk_is_named_and_nothing_half_stays(full_disk: Path) -> None:
    home = Home.at(full_disk / "home").make()
    with pytest.raises(PostgresUnusableError, match="No space left on device"):
        EmbeddedPostgres(home, {"PATH": os.defpath}).prepare()
    assert list(home.postgres.iterdir()) in ([], [home.postgres / "s"])
