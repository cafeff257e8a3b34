"""The keeper: one detached process a home that owns the embedded servers for as long as somebody holds a connection.

    python -m orchestration.hosting.keeper --home FOLDER …

A command connects to its Unix socket, writes one JSON line ``{"need": ["postgres", "vectors"]}`` and gets one back:
``{"ready": {…}, "keeper": identity}`` or ``{"error": …}``. It keeps the connection; the kernel closes it however the
command ends. A leaver half-closes: while others stay it is told ``{"stays": true}``; the last one sees the connection
close when the servers are gone and the keeper is too.
"""

import argparse
import fcntl
import json
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final

from orchestration.hosting.children import TICK_S, append_capped, stop
from orchestration.hosting.home import Home
from orchestration.hosting.parts import ENGINE_COMMAND, Part, PostgresServer, VectorServer, encoded
from orchestration.hosting.postgres import EmbeddedPostgres
from orchestration.hosting.waiting import became_true
from orchestration.settings import inherited_environment
from resources.domain.errors import WaybillError
from resources.processes import identity

_FIRST_CLIENT_WITHIN_S: Final = 5.0
_LOCK_WITHIN_S: Final = 90.0
_LOG_BYTES: Final = 1_000_000
_LINE_BYTES: Final = 4096


@dataclass
class _Client:
    """One connection: what came in so far, what it needs, and whether it was answered."""

    connection: socket.socket
    received: bytes = b""
    needs: tuple[str, ...] = ()
    answered: bool = False


class Keeper:
    """Serves ``home`` with ``parts`` until the last client is gone, or SIGTERM."""

    def __init__(self, home: Home, parts: Sequence[Part]) -> None:
        self._home = home
        self._parts = {part.name: part for part in parts}
        self._clients: dict[socket.socket, _Client] = {}
        self._selector = selectors.DefaultSelector()
        self._leavers: list[socket.socket] = []
        self._ending = False
        self._served = False

    def serve(self, listener: socket.socket) -> None:
        """Run the loop, then stop the servers. Leavers' connections close only when this process ends."""
        self._selector.register(listener, selectors.EVENT_READ)
        signal.signal(signal.SIGTERM, self._on_terminate)
        signal.signal(signal.SIGINT, self._on_terminate)
        give_up_s = time.monotonic() + _FIRST_CLIENT_WITHIN_S
        while not self._ending:
            for key, _ in self._selector.select(TICK_S):
                if key.fileobj is listener:
                    self._accept(listener)
                else:
                    self._read(key.data)
            for part in self._parts.values():
                part.tick()
            for client in list(self._clients.values()):
                self._answer(client)
            if self._clients:
                self._dismiss_leavers()
            elif self._served or time.monotonic() > give_up_s:
                break
        self._log("stopping")
        socket_path(self._home).unlink(missing_ok=True)
        listener.close()
        stop(part.child for part in self._parts.values() if part.child is not None)
        self._log("stopped")

    def _on_terminate(self, _signum: int, _frame: FrameType | None) -> None:
        self._ending = True

    def _accept(self, listener: socket.socket) -> None:
        with suppress(BlockingIOError, ConnectionError):
            connection, _ = listener.accept()
            connection.setblocking(False)
            client = self._clients[connection] = _Client(connection)
            self._selector.register(connection, selectors.EVENT_READ, client)

    def _read(self, client: _Client) -> None:
        try:
            block = client.connection.recv(_LINE_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            block = b""
        if not block or len(client.received) > _LINE_BYTES:
            self._leave(client)
            return
        client.received += block
        if b"\n" in client.received and not client.needs:
            self._start_for(client)

    def _start_for(self, client: _Client) -> None:
        try:
            client.needs = tuple(name for name in json.loads(client.received)["need"] if name in self._parts)
            self._served = True
            for name in client.needs:
                self._parts[name].need()
        except WaybillError as error:
            self._refuse(client, error)
        except (ValueError, KeyError, TypeError) as error:
            self._log(f"a client said what is no request: {error}")
            self._leave(client)

    def _answer(self, client: _Client) -> None:
        if client.answered or not client.needs:
            return
        parts = [self._parts[name] for name in client.needs]
        if failure := next((found for part in parts if (found := part.failure())), None):
            self._refuse(client, failure)
        elif all(part.ready for part in parts):
            ready = {key: value for part in parts for key, value in part.answer().items()}
            self._say(client, encoded({"ready": ready, "keeper": identity()}))

    def _refuse(self, client: _Client, error: WaybillError) -> None:
        self._log(str(error))
        fields = {"where": error.where, "expected": error.expected, "found": error.found, "remedy": error.remedy}
        self._say(client, encoded({"error": fields | {"retry_helps": error.retry_helps}}))

    def _say(self, client: _Client, line: bytes) -> None:
        client.answered = True
        with suppress(OSError):  # it left: its connection reads as closed at the next look
            client.connection.sendall(line)

    def _leave(self, client: _Client) -> None:
        self._selector.unregister(client.connection)
        del self._clients[client.connection]
        if client.needs:
            self._leavers.append(client.connection)
        else:
            client.connection.close()

    def _dismiss_leavers(self) -> None:
        """Somebody stays, so the keeper does: leavers need not wait for its end."""
        for connection in self._leavers:
            with suppress(OSError):
                connection.sendall(encoded({"stays": True}))
            connection.close()
        self._leavers.clear()

    def _log(self, words: str) -> None:
        line = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} keeper {os.getpid()} {words}\n"
        append_capped(self._home.logs / "keeper.log", line.encode(), _LOG_BYTES)


def socket_path(home: Home) -> Path:
    """Where the keeper of ``home`` listens."""
    return home.sockets("run") / "keeper.sock"


def _lock(home: Home) -> int | None:
    """The keeper's lock, once a predecessor that is stopping has let go; None when another keeper serves."""
    descriptor = os.open(home.run / "keeper.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def locked() -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    became_true(lambda: locked() or answers(home), within_s=_LOCK_WITHIN_S)
    if locked():
        return descriptor
    os.close(descriptor)
    return None


def answers(home: Home) -> bool:
    """Whether a keeper listens. Says nothing to it: a connection that closes at once is no client."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(socket_path(home))) == 0


def _listen(home: Home) -> socket.socket:
    """Bound under another name and renamed, so that whoever finds the socket finds it listening."""
    path = socket_path(home)
    unfinished = path.with_name("keeper.new")
    unfinished.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(unfinished))
    listener.listen(64)
    listener.setblocking(False)
    unfinished.rename(path)
    return listener


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve one home; 0 when done, or when another keeper serves it."""
    asked = _parse(arguments)
    home = Home(asked.home)
    lock = _lock(home)
    if lock is None:
        return 0
    environment = inherited_environment({})
    postgres = PostgresServer(EmbeddedPostgres(home, environment))
    vectors = VectorServer(home, environment, asked.vector_port, asked.engine or ENGINE_COMMAND)
    keeper = Keeper(home, [Part(server, ready_within_s=asked.ready_within) for server in (postgres, vectors)])
    keeper.serve(_listen(home))
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="keeper", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="an existing WAYBILL_HOME, absolute")
    parser.add_argument("--vector-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--ready-within", type=float, default=60.0, help="seconds that a server has to answer")
    rest = "the vector engine's command line, if not the usual one; takes all that follows"
    parser.add_argument("--engine", nargs=argparse.REMAINDER, help=rest)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
