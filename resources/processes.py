"""Who is still alive: the identity of a process on this machine, as leases and run tags record it."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_DEAD_STATES: Final = frozenset("ZX")


def identity(pid: int | None = None) -> str:
    """``boot id/pid namespace/pid/start time`` of process ``pid`` (default: this one).

    No other process, before or after, on this machine or another, has the same one: a pid alone is used again.

    Raises:
        ProcessLookupError: there is no such process.
    """
    return _own(os.getpid()) if pid is None else _identity(pid)


@lru_cache(maxsize=1)
def _own(pid: int) -> str:
    """Asked for at every claim, and never another: a child has another pid, so another entry."""
    return _identity(pid)


def _identity(pid: int) -> str:
    started = _start_ticks(pid)
    if started is None:
        raise ProcessLookupError(pid)
    return f"{_machine()}/{pid}/{started}"


def is_alive(recorded: str) -> bool | None:
    """Whether the process that recorded ``identity()`` still runs.

    None when that cannot be told from here: it belongs to another machine, another pid namespace, or to this machine
    before its last boot.
    """
    boot, _, rest = recorded.partition("/")
    namespace, _, process = rest.partition("/")
    pid, _, started = process.partition("/")
    if f"{boot}/{namespace}" != _machine() or not pid.isdigit():
        return None
    return _start_ticks(int(pid)) == started


def started_at(pid: int) -> float | None:
    """When process ``pid`` began, in Unix seconds to about a second; None when there is no such process."""
    ticks = _start_ticks(pid)
    if ticks is None:
        return None
    boot_at = next(
        int(line.split()[1]) for line in (_PROC / "stat").read_text().splitlines() if line.startswith("btime")
    )
    return boot_at + int(ticks) / os.sysconf("SC_CLK_TCK")


def group_members(group: int) -> list[int]:
    """The pids of the live processes of process group ``group``; zombies do not count."""
    return [pid for pid, fields in _processes() if fields[2] == str(group) and fields[0] not in _DEAD_STATES]


def working_in(folder: Path) -> list[int]:
    """The pids of the processes whose current folder is ``folder``; those of other users do not show without rights."""
    found = []
    for pid, fields in _processes():
        try:
            if fields[0] not in _DEAD_STATES and Path(f"/proc/{pid}/cwd").readlink() == folder:
                found.append(pid)
        except OSError:
            continue
    return found


def _machine() -> str:
    boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    namespace = (_PROC / "self/ns/pid").stat().st_ino
    return f"{boot}/{namespace}"


def _start_ticks(pid: int) -> str | None:
    """Clock ticks between boot and the start of ``pid``; None when there is no such process or it is a zombie."""
    fields = _stat(pid)
    return None if fields is None or fields[0] in _DEAD_STATES else fields[19]


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/pid/stat from the third (state) on: the second may hold spaces and brackets."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None


def _processes() -> list[tuple[int, list[str]]]:
    pids = [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]
    return [(pid, fields) for pid in pids if (fields := _stat(pid)) is not None]
