"""`waybill` as its users have it: a process with a home of its own, and what it leaves behind."""

import fcntl
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import psycopg
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.hosting.backends import open_backends
from orchestration.settings import load_settings
from resources.embedder.wordllama import MODEL
from resources.vectors.store import VectorStore, open_store
from tests.orchestration.hosting.running import kill_all, living
from tests.sessions import unchanged_environment, write

WAYBILL: Final = Path(sys.executable).with_name("waybill")
ENDS_WITHIN_S: Final = 120
DIMENSIONS: Final = 256
_SAID_BYTES: Final = 1_000_000


@dataclass(frozen=True)
class Ended:
    """What a command said, and its exit code."""

    code: int
    out: str
    said: str

    def json(self) -> Any:
        """Standard output, which has to be one JSON document and nothing else."""
        return json.loads(self.out)

    def refused(self) -> str:
        """What it says on ending with exit code 1: an explanation, no traceback."""
        assert self.code == 1, self
        assert "Traceback" not in self.said, self.said
        return self.said


@dataclass(frozen=True)
class Running:
    """A command that still runs; its standard error goes into ``errors``."""

    process: subprocess.Popen[str]
    errors: IO[bytes]

    def end(self) -> Ended:
        """Wait until it ends by itself."""
        out, _ = self.process.communicate(timeout=ENDS_WITHIN_S)
        return Ended(self.process.returncode, out, self.said())

    def said(self) -> str:
        """What it wrote on standard error so far."""
        return os.pread(self.errors.fileno(), _SAID_BYTES, 0).decode()

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        assert self.process.wait(ENDS_WITHIN_S) == -signal.SIGKILL, self.said()

    def interrupt(self) -> Ended:
        """What Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        return self.end()


@dataclass(frozen=True)
class Waybill:
    """An installation: a home, and further settings by their full names."""

    home: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str | Path, **settings: str) -> Ended:
        """Run a command to its end."""
        with self.start(*arguments, **settings) as running:
            return running.end()

    def made(self, *arguments: str | Path, **settings: str) -> Ended:
        """Run a command that has to succeed."""
        ended = self.run(*arguments, **settings)
        assert ended.code == 0, ended
        return ended

    @contextmanager
    def start(self, *arguments: str | Path, **settings: str) -> Iterator[Running]:
        """Start a command; killed with -9 at the end of the block if it still runs."""
        with tempfile.TemporaryFile() as stderr:  # not in the home's file system, which may be full
            process = subprocess.Popen(
                [WAYBILL, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env=self.environment() | settings,
                cwd="/",
            )
            with process:
                try:
                    yield Running(process, stderr)
                finally:
                    if process.poll() is None:
                        process.kill()

    def within(self, *arguments: str | Path) -> Ended:
        """Run a command to its end in this very process, which takes a fifth of the time."""
        level = logging.getLogger().level
        with unchanged_environment():
            result = CliRunner().invoke(app, [str(word) for word in arguments], env=self.environment())
        logging.getLogger().setLevel(level)  # of this process, which the command takes for its own
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    def environment(self) -> dict[str, str]:
        """What its processes get."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("WAYBILL_", "DAGSTER_"))}
        ports = {"WAYBILL_PORT": "0", "WAYBILL_WEBHOOK_PORT": "0"}
        return {**inherited, "WAYBILL_HOME": str(self.home), **ports, **self.settings}

    @contextmanager
    def held(self) -> Iterator["Addresses"]:
        """Hold the embedded servers, as a command does, so that others find them running."""
        settings = load_settings(home=self.home)
        with open_backends(settings) as backends:
            yield Addresses(
                backends.database_url, backends.dagster_database_url, backends.qdrant_url, backends.qdrant_api_key
            )

    def left_behind(self) -> list[str]:
        """What still runs for the home, and which of its locks are held: nothing, after the last command."""
        return [*living(self.home).values(), *(path.name for path in self.home.glob("run/*.lock") if _is_held(path))]

    def kill_all(self) -> int:
        """kill -9 of everything that runs for the home; how many processes there were."""
        return kill_all(self.home)


@dataclass(frozen=True)
class Addresses:
    """Where an installation's stores are while something holds them open."""

    ledger: str
    dagster: str
    vectors: str
    key: str | None

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of ``statement`` in the ledger, as the login of its URL."""
        return _rows(self.ledger, statement, values)

    def dagster_sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of ``statement`` in Dagster's storage."""
        return _rows(self.dagster, statement, values)

    @contextmanager
    def store(self) -> Iterator[VectorStore]:
        """The collection that the embedder's points are in."""
        store = open_store(self.vectors, self.key, MODEL, DIMENSIONS)
        try:
            yield store
        finally:
            store.close()

    def points(self) -> int:
        """How many points there are, of everybody."""
        with self.store() as store:
            return store.count()


@contextmanager
def with_a_client(folder: Path, toml: str, client: str) -> Iterator[Waybill]:
    """One with this waybill.toml, that knows a client by a document; its servers are held meanwhile."""
    (folder / "waybill.toml").write_text(toml)
    made = Waybill(folder / "home", {"WAYBILL_CONFIG": str(folder / "waybill.toml")})
    site = write(folder / "site", one="The Leeds store opens on 16 May 2026.")
    with made.held():
        assert made.within("ingest", site, "--client", client).code == 0
        yield made
    made.kill_all()


def _rows(url: str, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


def _is_held(path: Path) -> bool:
    with path.open() as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
