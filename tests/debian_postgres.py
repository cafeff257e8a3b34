"""A PostgreSQL that is not ours: Debian's server, started for the tests, with passwords and roles that may do little.

It is the road of somebody who sets ``WAYBILL_DATABASE_URL``. Nothing is replaced: ``initdb`` makes the cluster, every
connection authenticates by scram-sha-256, over loopback as over the socket, and the roles are ordinary login roles.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.waiting import wait_until

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
PASSWORD = "only-on-loopback"
# Tests kill clients, never the machine, so nothing has to reach the disk.
SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60", "shared_buffers=32MB")


@dataclass(frozen=True)
class DebianPostgres:
    """A running server. URLs begin with ``postgresql://`` and name a role, its password and a database."""

    folder: Path
    port: int

    def url(self, role: str, database: str = "postgres") -> str:
        """Over loopback TCP."""
        return f"postgresql://{role}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def socket_url(self, role: str, database: str = "postgres") -> str:
        """Over the Unix socket, with the same password."""
        return f"postgresql://{role}:{PASSWORD}@/{database}?host={self.folder}&port={self.port}"

    @property
    def superuser_url(self) -> str:
        """The administrator, for a test that plays one."""
        return self.url("postgres")

    @property
    def creator_url(self) -> str:
        """A login role that may create roles and databases, and is no superuser."""
        return self.url("creator")

    @property
    def plain_url(self) -> str:
        """A login role with no attribute and no membership."""
        return self.url("plain")


def server_binaries() -> Path | None:
    """The folder of the newest server that Debian installed; None when there is none."""
    found = [
        path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb") if (path.parent / "postgres").exists()
    ]
    return max(found, key=lambda folder: int(folder.parent.name), default=None)


def _as_user() -> tuple[pwd.struct_passwd | None, list[str]]:
    """PostgreSQL refuses to run as root: whom to run it as, and the command's beginning that makes it so.

    The server gets SIGINT (a fast shutdown) when the tests' process dies, however it dies.
    """
    command = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() != 0:
        return None, command
    users = {user.pw_name: user for user in pwd.getpwall()}
    user = users.get("postgres") or users["nobody"]
    return user, [*command, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _make_cluster(binaries: Path, folder: Path, prefix: list[str]) -> None:
    password = folder / "password"
    command = [*prefix, str(binaries / "initdb"), "--pgdata", str(folder / "data"), "--username", "postgres"]
    options = ["--auth", "scram-sha-256", "--pwfile", str(password), "--encoding", "UTF8", "--locale", "C.UTF-8"]
    made = subprocess.run([*command, *options, "--no-sync"], capture_output=True, text=True, check=False, cwd=folder)
    assert made.returncode == 0, made.stderr


def _accepts(server: DebianPostgres, process: subprocess.Popen[bytes]) -> bool:
    log = (server.folder / "log").read_text(encoding="utf-8", errors="replace")
    assert process.poll() is None, f"the server ended with {process.returncode}:\n{log}"
    try:
        psycopg.connect(server.superuser_url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _make_roles(server: DebianPostgres) -> None:
    with psycopg.connect(server.superuser_url) as connection:
        for role, may in (("creator", "CREATEROLE CREATEDB"), ("plain", "NOCREATEROLE NOCREATEDB")):
            statement = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER {} PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(role), sql.SQL(may), sql.Literal(PASSWORD)))


@contextmanager
def running_postgres(binaries: Path) -> Iterator[DebianPostgres]:
    """A new cluster in a folder of its own, gone afterwards with its server."""
    # Not pytest's folder: that one is closed to the user the server runs as, and too long for a socket's path.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    user, prefix = _as_user()
    (folder / "password").write_text(PASSWORD, encoding="utf-8")
    if user:
        for path in (folder, folder / "password"):
            os.chown(path, user.pw_uid, user.pw_gid)
    try:
        _make_cluster(binaries, folder, prefix)
        server = DebianPostgres(folder, _free_port())
        where = (f"unix_socket_directories={folder}", "listen_addresses=127.0.0.1", f"port={server.port}")
        options = [word for setting in (*where, *SETTINGS) for word in ("-c", setting)]
        command = [*prefix, str(binaries / "postgres"), "-D", str(folder / "data"), *options]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(command, stdout=log, stderr=log, cwd=folder) as process,
        ):
            try:
                wait_until(
                    lambda: _accepts(server, process), START_TIMEOUT_S, "Debian's PostgreSQL accepting connections"
                )
                _make_roles(server)
                yield server
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(STOP_TIMEOUT_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def debian_postgres() -> Iterator[DebianPostgres]:
    """Debian's server for the whole session; a test makes databases of its own in it. Skipped where it is absent.

    With CI=true its absence fails: the road with one's own server has to be tested there.
    """
    with running_postgres(_installed()) as server:
        yield server


@pytest.fixture(scope="module")
def untouched_debian_postgres() -> Iterator[DebianPostgres]:
    """A server for one module alone, where nobody made Waybill's roles: they are the whole server's."""
    with running_postgres(_installed()) as server:
        yield server


def _installed() -> Path:
    binaries = server_binaries()
    if binaries is None:
        absent = "Debian's PostgreSQL is not installed: sh tests/setup.sh says how to get it"
        if os.environ.get("CI") == "true":
            pytest.fail(absent)
        pytest.skip(absent)
    return binaries
