"""The two embedded servers as the keeper sees them: how each is run, when it is ready, and what a client must know."""

import json
import secrets
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final, Protocol

import psycopg

from orchestration.hosting.children import Child, ChildSpec, tail
from orchestration.hosting.home import Home
from orchestration.hosting.postgres import DAGSTER_DATABASE, LEDGER_DATABASE, EmbeddedPostgres
from resources.domain.errors import PermanentError, TransientError, WaybillError

POSTGRES: Final = "postgres"
VECTORS: Final = "vectors"
ENGINE_COMMAND: Final = (sys.executable, "-P", "-m", "orchestration.hosting.vector_engine")
LOOPBACK: Final = "127.0.0.1"
_STARTS_BEFORE_GIVING_UP: Final = 4
_HEALTH_TIMEOUT_S: Final = 2.0


class PartNotReadyError(TransientError):
    """An embedded server did not come up."""


class PortTakenError(PermanentError):
    """Another program listens on a port that was asked for."""


class Server(Protocol):
    """What the keeper needs of an embedded server."""

    @property
    def name(self) -> str:
        """What clients ask for."""

    def child(self) -> ChildSpec:
        """How to run it."""

    def endpoints(self) -> Mapping[str, str] | None:
        """What a client has to know, once the server answers; None before."""


@dataclass(frozen=True)
class PostgresServer:
    """Embedded Postgres with both databases made."""

    postgres: EmbeddedPostgres
    name: str = POSTGRES

    def child(self) -> ChildSpec:
        """How to run it."""
        return self.postgres.child()

    def endpoints(self) -> Mapping[str, str] | None:
        """Libpq URLs of the two databases."""
        try:
            self.postgres.make_databases()
        except psycopg.OperationalError:
            return None
        url = self.postgres.url
        return {"database_url": url(LEDGER_DATABASE), "dagster_database_url": url(DAGSTER_DATABASE)}


@dataclass(frozen=True)
class VectorServer:
    """The embedded vector engine: port and key are chosen once a home, so that a restart keeps both.

    ``port`` 0 takes a free one. ``command`` is completed with --path, --port and --key-file.
    """

    home: Home
    environment: Mapping[str, str]
    port: int = 0
    command: Sequence[str] = ENGINE_COMMAND
    name: str = VECTORS

    @property
    def _key_file(self) -> Path:
        return self.home.run / "vectors.key"

    @property
    def _port_file(self) -> Path:
        return self.home.run / "vectors.port"

    def child(self) -> ChildSpec:
        """How to run it.

        Raises:
            PortTakenError: the configured port is in use.
        """
        if not self._key_file.exists():
            _write_private(self._key_file, secrets.token_urlsafe(32))
        port = self._choose_port()
        place = ["--path", str(self.home.vectors), "--port", str(port), "--key-file", str(self._key_file)]
        return ChildSpec(
            name="vector engine",
            command=[*self.command, *place],
            log=self.home.logs / "vector_engine.log",
            environment=self.environment,
            folder=Path("/"),
            orphan_signal=signal.SIGKILL,
            grace_s=25.0,
        )

    def _choose_port(self) -> int:
        if self.port:
            refuse_taken_port(LOOPBACK, self.port, "WAYBILL_VECTOR_PORT")
            chosen = self.port
        else:
            with suppress(OSError, ValueError):
                former = int(self._port_file.read_text())
                if port_is_free(LOOPBACK, former):
                    return former
            chosen = free_port(LOOPBACK)
        _write_private(self._port_file, str(chosen))
        return chosen

    def endpoints(self) -> Mapping[str, str] | None:
        """Its URL and key."""
        port = int(self._port_file.read_text())
        connection = HTTPConnection(LOOPBACK, port, timeout=_HEALTH_TIMEOUT_S)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status != 200:  # noqa: PLR2004 - 200 is OK
                return None
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()
        return {"qdrant_url": f"http://{LOOPBACK}:{port}", "qdrant_api_key": self._key_file.read_text()}


class Part:
    """An embedded server under supervision: started when first needed, its readiness asked anew after each restart."""

    def __init__(self, server: Server, *, ready_within_s: float) -> None:
        self.name = server.name
        self._server = server
        self._ready_within_s = ready_within_s
        self.child: Child | None = None
        self._endpoints: Mapping[str, str] = {}
        self._ready_start = 0
        self._since_s = 0.0

    def need(self) -> None:
        """Start it, unless that was done.

        Raises:
            WaybillError: it cannot be run at all, such as when its port is taken.
        """
        if self.child is None:
            self.child = Child(self._server.child())
            self._since_s = time.monotonic()

    def tick(self) -> None:
        """Keep it running, and find out whether it answers."""
        if self.child is None:
            return
        self.child.tick()
        if self.ready:
            self._since_s = time.monotonic()
        if self.child.pid is None or self._ready_start == self.child.starts:
            return
        if endpoints := self._server.endpoints():
            self._endpoints, self._ready_start = endpoints, self.child.starts

    @property
    def ready(self) -> bool:
        """Whether it runs and has answered since its last start."""
        return self.child is not None and self.child.pid is not None and self._ready_start == self.child.starts

    def answer(self) -> dict[str, str]:
        """What a client has to know; only when ``ready``."""
        return dict(self._endpoints)

    def failure(self) -> WaybillError | None:
        """Why waiting for it is in vain: it ended several times in a row, refused its start, or is too slow."""
        if self.child is None or self.ready:
            return None
        if self.child.refusal is not None:
            return self.child.refusal
        waited_s = time.monotonic() - self._since_s
        ended_often = self._ready_start == 0 and self.child.starts >= _STARTS_BEFORE_GIVING_UP
        if not ended_often and waited_s < self._ready_within_s:
            return None
        return PartNotReadyError(
            f"embedded {self.child.spec.name}",
            expected=f"an answer within {self._ready_within_s:.0f} s",
            found=f"none ({self.child.last_end or 'it is running'}). {tail(self.child.spec.log)}\n",
            remedy="The log says why.",
        )


def refuse_taken_port(host: str, port: int, key: str) -> None:
    """Raises PortTakenError, naming the setting ``key``: another program listens on ``port``."""
    if not port_is_free(host, port):
        raise PortTakenError(
            key,
            expected=f"a port on {host} that nobody else uses",
            found=f"port {port}, which is taken",
            remedy=f"Stop the program that listens there, or set {key} to another port.",
        )


def port_is_free(host: str, port: int) -> bool:
    """Whether ``port`` can be listened on now. Plain bind: no SO_REUSEPORT, which would share it in silence."""
    try:
        socket.create_server((host, port), family=_family(host)).close()
    except OSError:
        return False
    return True


def free_port(host: str) -> int:
    """A port that is free now."""
    with socket.create_server((host, 0), family=_family(host)) as listener:
        return int(listener.getsockname()[1])


def _family(host: str) -> socket.AddressFamily:
    return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0]


def _write_private(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.rename(path)


def encoded(message: Mapping[str, object]) -> bytes:
    """One line of the keeper's protocol."""
    return json.dumps(message).encode() + b"\n"
