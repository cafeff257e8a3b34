"""A command's side of the keeper: start it when it is missing, hold a connection, come back when it was killed."""

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from orchestration.hosting.children import tail
from orchestration.hosting.home import Home
from orchestration.hosting.keeper import socket_path
from orchestration.hosting.parts import encoded
from orchestration.hosting.waiting import became_true
from orchestration.settings import inherited_environment
from resources.domain.errors import PermanentError, TransientError
from resources.processes import is_alive

_GONE_WITHIN_S: Final = 5.0
_PAUSE_S: Final = 1.0
_LEAVE_WITHIN_S: Final = 60.0
_KEEPER_SAYS_FIRST_S: Final = 3.0
"""The keeper has the same deadline, and knows better why it passed."""
_SPAWNS: Final = 3


class KeeperUnreachableError(TransientError):
    """The embedded servers could not be started."""


class EmbeddedServerRefusedError(PermanentError):
    """An embedded server cannot run here; the message is the keeper's."""


@dataclass(frozen=True)
class KeeperRequest:
    """What is asked of the keeper of ``home``: the servers in ``needs``, ready within ``deadline_s``."""

    home: Home
    needs: Sequence[str]
    vector_port: int
    deadline_s: float
    engine: Sequence[str] = ()


@dataclass
class KeeperConnection:
    """A held connection: the servers live at least as long as it does. ``close`` ends it, from any thread.

    When the keeper dies a thread starts another, which brings the servers back at the same addresses.
    """

    request: KeeperRequest
    endpoints: Mapping[str, str] = field(default_factory=dict)
    _socket: socket.socket | None = None
    _keeper: str = ""
    _spawns_left: int = 0
    _late_s: float = 0.0
    _spawned: list[int] = field(default_factory=list)
    _closing: threading.Event = field(default_factory=threading.Event)
    _watch: threading.Thread | None = None

    def open(self) -> "KeeperConnection":
        """Connect, starting a keeper if there is none, and wait until it answers.

        Raises:
            KeeperUnreachableError: no keeper, or no server, answered in time; a log's end is in the message.
            EmbeddedServerRefusedError: a server said why it cannot run here.
        """
        self._connect()
        self._watch = threading.Thread(target=self._watch_over, name="keeper watch", daemon=True)
        self._watch.start()
        return self

    def close(self) -> None:
        """Leave. Returns when the keeper keeps on for others, or when it and its servers are gone."""
        self._closing.set()
        self._half_close()
        if self._watch is not None:
            self._watch.join(_LEAVE_WITHIN_S)
        self._reap()

    def _half_close(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)

    def _connect(self) -> None:
        within_s = self.request.deadline_s + _KEEPER_SAYS_FIRST_S
        self._spawns_left, self._late_s = _SPAWNS, time.monotonic() + within_s
        became_true(lambda: self._try_connect() or self._spawns_left < 0, within_s=within_s)
        if self._socket is None:
            raise KeeperUnreachableError(
                str(self.request.home.path),
                expected=f"the embedded servers within {self.request.deadline_s:.0f} s",
                found=f"no answer. {tail(self.request.home.logs / 'keeper.log')}\n",
                remedy="The log says why; WAYBILL_START_DEADLINE_S allows more time.",
            )

    def _try_connect(self) -> bool:
        """Whether a keeper answered; starts one when nobody listens and none of ours is on its way."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(socket_path(self.request.home)))
            answered = self._ask(connection)
        except TimeoutError:
            answered = False
        except (FileNotFoundError, ConnectionError):
            answered = False
            if not self._reap():
                self._spawns_left -= 1
                if self._spawns_left >= 0:
                    self._spawn()
        if not answered:
            connection.close()
        return answered

    def _ask(self, connection: socket.socket) -> bool:
        """Whether it answered; False when it closed instead, as a keeper that is stopping does."""
        connection.settimeout(max(0.1, self._late_s - time.monotonic()))
        connection.sendall(encoded({"need": list(self.request.needs)}))
        answer = _read_line(connection)
        if answer is None:
            return False
        if "error" in answer:
            connection.close()
            raise _refused(answer["error"])
        connection.settimeout(None)
        self._socket, self._keeper, self.endpoints = connection, answer["keeper"], answer["ready"]
        return True

    def _spawn(self) -> None:
        """Start a keeper in a session of its own: no terminal's Ctrl-C reaches it, and it outlives us."""
        request = self.request
        log = str(request.home.logs / "keeper.log")
        command = [sys.executable, "-P", "-m", "orchestration.hosting.keeper", "--home", str(request.home.path)]
        command += ["--vector-port", str(request.vector_port), "--ready-within", str(request.deadline_s)]
        command += ["--engine", *request.engine] if request.engine else []
        pid = os.posix_spawn(
            sys.executable,
            command,
            inherited_environment({}),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP],
        )
        self._spawned.append(pid)

    def _reap(self) -> bool:
        """Collect keepers of ours that ended; whether one still runs."""
        running = []
        for pid in self._spawned:
            with suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    running.append(pid)
        self._spawned = running
        return bool(running)

    def _watch_over(self) -> None:
        while self._socket is not None:
            stays = self._wait_for_end(self._socket)
            self._socket.close()
            self._socket = None
            if stays:
                return
            self._wait_until_gone()
            if self._closing.is_set():
                return
            while self._socket is None and not self._closing.is_set():
                try:
                    self._connect()
                except (KeeperUnreachableError, EmbeddedServerRefusedError):  # the log has it; what uses it sees it
                    self._closing.wait(_PAUSE_S)
            if self._closing.is_set():  # `close` came while there was nothing to close
                self._half_close()

    def _wait_for_end(self, connection: socket.socket) -> bool:
        """Block until the keeper closes; True when it said that it stays for others."""
        try:
            line = _read_line(connection)
        except OSError:
            return False
        return bool(line and line.get("stays"))

    def _wait_until_gone(self) -> None:
        """The connection closes a moment before the process is gone."""
        became_true(lambda: not is_alive(self._keeper), within_s=_GONE_WITHIN_S)


def _read_line(connection: socket.socket) -> dict[str, Any] | None:
    received = b""
    while not received.endswith(b"\n"):
        block = connection.recv(65_536)
        if not block:
            return None
        received += block
    message = json.loads(received)
    return message if isinstance(message, dict) else None


def _refused(fields: Mapping[str, Any]) -> KeeperUnreachableError | EmbeddedServerRefusedError:
    kind = KeeperUnreachableError if fields["retry_helps"] else EmbeddedServerRefusedError
    words = {name: str(fields[name]) for name in ("expected", "found", "remedy")}
    return kind(str(fields["where"]), **words)
