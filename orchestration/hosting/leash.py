"""An exec wrapper that makes the kernel end a program when the process that started it ends, even by kill -9.

    python -I -S leash.py [--user UID:GID] SIGNAL PARENT_PID -- COMMAND…

It imports nothing of ours and nothing slow (9 ms in all), because it stands in front of every child.
The parent-death signal fires when the *thread* that forked ends: start children from threads that live as long as
the children shall.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
LEASHED_PID_VARIABLE = "WAYBILL_LEASHED_PID"
"""Set by the leash to the pid of what it became, so that descendants can tell whether it is still above them."""


def command(program: list[str], *, signum: int, user: tuple[int, int] | None = None) -> list[str]:
    """The command line that runs ``program`` on a leash held by this very process.

    ``signum`` is sent to it when this process, or the thread that forked it, ends. ``user`` (uid, gid) is dropped to
    first, for servers that refuse to run as root: changing the user id clears the signal, so it has to come before.
    """
    drop = [f"--user={user[0]}:{user[1]}"] if user else []
    return [sys.executable, "-I", "-S", __file__, *drop, str(int(signum)), str(os.getpid()), "--", *program]


def die_with_parent() -> None:
    """Make this process end with its parent, and at once when the leashed process above it is already gone.

    For processes that we do not start ourselves: Dagster's code server spawns run workers, which import our
    definitions. The leashed process itself and processes that nobody leashed are left as they are.
    """
    leashed = os.environ.get(LEASHED_PID_VARIABLE, "")
    if not leashed.isdigit() or int(leashed) == os.getpid():
        return
    _signal_on_parent_death(signal.SIGKILL)
    if int(leashed) not in _ancestors():
        os.kill(os.getpid(), signal.SIGKILL)


def _signal_on_parent_death(signum: int) -> None:
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signum, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")


def _ancestors() -> list[int]:
    found, pid = [], os.getppid()
    while pid > 0:
        found.append(pid)
        try:
            # The second field, the name in brackets, may hold anything: count from its end.
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            break
    return found


def _restore_signals() -> None:
    """A shell's `&` leaves SIGINT ignored, and Dagster maps SIGTERM to SIGINT's handler: a child would obey neither."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGCHLD):
        signal.signal(signum, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _main(arguments: list[str]) -> None:
    options, program = arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]
    if options[0].startswith("--user="):
        uid, gid = (int(part) for part in options.pop(0).removeprefix("--user=").split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    signum, parent = int(options[0]), int(options[1])
    _restore_signals()
    _signal_on_parent_death(signum)
    if os.getppid() != parent:  # it ended between the fork and the line above
        sys.exit(f"leash: process {parent} ended before {program[0]} was started")
    os.environ[LEASHED_PID_VARIABLE] = str(os.getpid())
    os.execvp(program[0], program)  # noqa: S606 - no shell is what we want


if __name__ == "__main__":
    _main(sys.argv[1:])
