"""A supervised child process: its own process group, a capped log, restarts with a growing pause, an end that is sure.

One model: whoever supervises calls ``tick`` a few times a second from one long-lived thread. That thread forks the
children, so they end when it ends (see ``leash``).
"""

import contextlib
import math
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from orchestration.hosting import leash
from orchestration.hosting.waiting import became_true
from resources.domain.errors import WaybillError
from resources.processes import group_members

TICK_S: Final = 0.1
_STABLE_S: Final = 30.0
"""A child that lived this long has recovered: its next pause is the shortest again."""
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_READ_BYTES: Final = 65_536


@dataclass(frozen=True)
class ChildSpec:
    """How to run a child.

    ``stop_signal`` asks the leader to end, and its group too if ``stop_group``; after ``grace_s`` the group is killed.
    ``orphan_signal`` is what the kernel sends when the supervisor is gone. ``prepare`` runs before every start.
    The log holds at most ``log_bytes``, and its predecessor with ``.1`` as much again.
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    folder: Path
    user: tuple[int, int] | None = None
    stop_signal: int = signal.SIGTERM
    stop_group: bool = True
    orphan_signal: int = signal.SIGKILL
    grace_s: float = 8.0
    log_bytes: int = 5_000_000
    prepare: Callable[[], None] | None = None


@dataclass
class Child:
    """One child and its restarts. ``starts`` counts them; ``refusal`` is why the last one could not even be tried."""

    spec: ChildSpec
    starts: int = 0
    next_pause_s: float = _FIRST_PAUSE_S
    last_end: str = ""
    refusal: WaybillError | None = None
    _process: subprocess.Popen[bytes] | None = None
    _started_s: float = 0.0
    _due_s: float | None = 0.0
    _kill_at_s: float | None = None
    _pumps: list[threading.Thread] = field(default_factory=list)

    @property
    def pid(self) -> int | None:
        """The leader's pid, which is its process group's id too."""
        return None if self._process is None else self._process.pid

    @property
    def alive(self) -> bool:
        """Whether its leader runs now."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it now.

        Raises:
            OSError: the program could not be started.
            WaybillError: ``prepare`` found that it cannot be.
        """
        if self.spec.prepare:
            self.spec.prepare()
        leashed = leash.command(list(self.spec.command), signum=self.spec.orphan_signal, user=self.spec.user)
        self._process = subprocess.Popen(
            leashed,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(self.spec.environment),
            cwd=self.spec.folder,
            start_new_session=True,
        )
        self.starts, self._started_s, self._due_s = self.starts + 1, time.monotonic(), None
        assert self._process.stdout is not None
        pump = threading.Thread(
            target=_pump,
            args=(self._process.stdout, self.spec.log, self.spec.log_bytes),
            name=f"log of {self.spec.name}",
        )
        pump.daemon = True  # a grandchild that outlives its group must not keep us
        pump.start()
        self._pumps = [thread for thread in self._pumps if thread.is_alive()] + [pump]

    def tick(self) -> None:
        """Start it when that is due; notice that it ended, clear its group, and plan the next start."""
        now = time.monotonic()
        if self._process is None:
            if self._due_s is not None and now >= self._due_s:
                self._try_start()
            return
        code = self._process.poll()
        if code is None:
            if now - self._started_s > _STABLE_S:
                self.next_pause_s = _FIRST_PAUSE_S
            return
        _signal_group(self._process.pid, signal.SIGKILL)
        self._process = None
        self._plan_restart(f"ended with {_described(code)}")

    def _try_start(self) -> None:
        try:
            self.start()
        except WaybillError as error:
            self.refusal = error
            self._plan_restart("a refusal")
        except OSError as error:
            self._plan_restart(f"could not be started: {error}")
        else:
            self.refusal = None

    def _plan_restart(self, reason: str) -> None:
        self.last_end = reason
        self._due_s = time.monotonic() + self.next_pause_s
        self.next_pause_s = min(_LONGEST_PAUSE_S, self.next_pause_s * 2)

    def ask_to_stop(self) -> None:
        """Ask it to end and never start it again; ``stopped`` tells when it is gone."""
        self._due_s = None
        if self._process is None:
            return
        self._kill_at_s = time.monotonic() + self.spec.grace_s
        if self.spec.stop_group:
            _signal_group(self._process.pid, self.spec.stop_signal)
        elif self._process.poll() is None:
            self._process.send_signal(self.spec.stop_signal)

    def stopped(self) -> bool:
        """Whether its whole group is gone; what is left of it after ``grace_s`` is killed."""
        if self._process is None or self._kill_at_s is None:
            return True
        if self._process.poll() is not None and not group_members(self._process.pid):
            self._process = None
            for pump in self._pumps:
                pump.join(timeout=1.0)
            return True
        if time.monotonic() >= self._kill_at_s:
            _signal_group(self._process.pid, signal.SIGKILL)
        return False


def stop(children: Iterable[Child]) -> None:
    """End ``children`` side by side: each is asked, then killed with its group when its grace is over.

    Takes as long as the slowest needs, at most its ``grace_s`` and a little.
    """
    stopping = list(children)
    for child in stopping:
        child.ask_to_stop()
    # A list, not a generator: each is looked at each time, so that none outlives its grace.
    became_true(lambda: all([child.stopped() for child in stopping]), within_s=math.inf)  # noqa: C419 - see above


def _signal_group(group: int, signum: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signum)


def _described(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _pump(source: IO[bytes], log: Path, cap_bytes: int) -> None:
    """Copy what a child says into ``log``; past ``cap_bytes`` the file becomes ``.1`` and a new one begins."""
    with source:
        while block := os.read(source.fileno(), min(_READ_BYTES, cap_bytes)):
            with contextlib.suppress(OSError):  # a full disk must not block the child
                append_capped(log, block, cap_bytes)


def append_capped(log: Path, block: bytes, cap_bytes: int) -> None:
    """Append ``block`` to ``log`` (mode 0600), which never holds more than ``cap_bytes``."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size + len(block) > cap_bytes:
            log.replace(log.with_name(f"{log.name}.1"))
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, block)
    finally:
        os.close(descriptor)


def tail(log: Path, *, lines: int = 12, at_most_bytes: int = 4_000) -> str:
    """The last ``lines`` of ``log``, for an error message; says so when there is nothing."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - at_most_bytes))
            text = _COLOUR.sub("", stream.read().decode("utf-8", "replace"))
    except OSError:
        text = ""
    last = "\n".join(text.splitlines()[-lines:])
    return f"{log} ends with:\n{last}" if last else f"{log} is empty"
