"""The peak memory of every process that works for one home, by what the process is for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

import psutil

INTERVAL_S = 0.05
"""A seal, or a sample for ANALYZE, holds its memory for a tenth of a second: looked at four times a second, a short
ingest shows too low a peak, and so the growth is too high."""
_INITDB_MODES = {"--boot", "--single"}
# What a command line has to hold, in this order: the first that is found names the role.
ROLES: Mapping[str, str] = {
    "vector_engine": "vector engine",
    "hosting.keeper": "keeper",
    "dagster._daemon": "daemon",
    "dagster_webserver": "webserver",
    "dagster api grpc": "code server",
    "dagster api execute_run": "run worker",
    "waybill": "command",
}


@dataclass(frozen=True)
class Peak:
    """Bytes. ``rss`` counts every resident page; ``own`` the anonymous ones, which only this process holds.

    The others are Postgres's shared buffers, of a fixed size and filled by use, and files that are mapped, which the
    kernel drops when memory is short: so growth is judged by ``own``. Both are the largest of any process of the role.
    """

    rss: int
    own: int


def role_of(name: str, command: Sequence[str]) -> str:
    """What a process is for, told by its name and its command line."""
    if name == "postgres":
        # initdb runs the same program, before there are any documents; its peak would hide that of a server.
        return "initdb" if _INITDB_MODES & set(command) else "postgres"
    line = " ".join(command)
    return next((role for sign, role in ROLES.items() if sign in line), name)


def resident(pid: int) -> tuple[int, int]:
    """All resident bytes of a process, and its anonymous ones, as the kernel counts them.

    Raises:
        psutil.NoSuchProcess: it ended.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError) as ended:
        raise psutil.NoSuchProcess(pid) from ended
    kib = {line.partition(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("VmRSS", "RssAnon"))}
    return kib.get("VmRSS", 0) * 1024, kib.get("RssAnon", 0) * 1024


class PeakMemory:
    """Samples, while it is entered, every process that was started for ``home``: its keeper is no child of the command.

    A process belongs when its command line or its environment names the home, or its parent belongs.
    """

    def __init__(self, home: Path, interval_s: float = INTERVAL_S) -> None:
        self.peaks: dict[str, Peak] = {}
        self._home, self._interval_s = str(home), interval_s
        self._belongs: dict[tuple[int, float], bool] = {}
        self._stopped = Event()
        self._thread = Thread(target=self._sample_until_stopped, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def sample(self) -> None:
        """Look once at every process that belongs."""
        for process in psutil.process_iter():
            try:
                if self._is_ours(process):
                    self._look_at(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue

    def _sample_until_stopped(self) -> None:
        while not self._stopped.wait(self._interval_s):
            self.sample()

    def _look_at(self, process: psutil.Process) -> None:
        role = role_of(process.name(), process.cmdline())
        known = self.peaks.get(role, Peak(0, 0))
        rss, own = resident(process.pid)
        self.peaks[role] = Peak(max(known.rss, rss), max(known.own, own))

    def _is_ours(self, process: psutil.Process) -> bool:
        identity = (process.pid, process.create_time())
        if identity not in self._belongs:
            # Postgres writes over its environment, so a server process is known by its parent.
            self._belongs[identity] = self._names_home(process) or self._parent_is_ours(process)
        return self._belongs[identity]

    def _names_home(self, process: psutil.Process) -> bool:
        return any(self._home in word for word in (*process.cmdline(), *process.environ().values()))

    def _parent_is_ours(self, process: psutil.Process) -> bool:
        parent = process.parent()
        return parent is not None and self._belongs.get((parent.pid, parent.create_time()), False)
