"""An exec wrapper, run as a file, that runs one outside program and ends it with all that it started.

    python -I -S warden.py PARENT_PID REPORT_FD GRACE_S   (program and environment, as JSON, on stdin)

It is the subreaper of the program's whole tree, so that a grandchild which made itself a session of its own and lost
its parent is still found (DT-7). SIGTERM ends the tree, TERM first and KILL after the grace; the kernel sends it too
when the parent is gone, even by kill -9. What the program leaves behind when it ends by itself is ended the same way.

One line goes to REPORT_FD when the program ended: ``code N``, ``signal N``, or ``refused ERRNO``: it never began.
"""

import contextlib
import ctypes
import errno
import json
import os
import signal
import sys
import time

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_INHERITED = ("PATH", "LANG")
_KILLED_AGAIN_AFTER_S = 0.05
KILLING_S = 5.0
"""Who is not gone so long after KILL cannot be killed: it sits in the kernel, or it is another user's."""


def _main() -> None:
    parent, report, grace_s = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    if os.getppid() != parent:  # it ended between the fork and the line above
        return
    os.set_inheritable(report, False)
    tree = _Tree(_started(report, **json.load(sys.stdin.buffer)), report)
    for output in (1, 2):  # only the tree holds them, so that they end with it
        os.close(output)
    tree.wait()
    tree.end(grace_s)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) was refused")


def _started(report: int, program: "list[str]", environment: "dict[str, str]") -> int:
    """Fork and exec ``program`` as the leader of a session of its own; return its pid."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for signum in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(signum, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        os.execvpe(program[0], program, inherited | environment)  # noqa: S606 - no shell is what we want
    except OSError as error:
        os.write(report, b"refused %d\n" % (error.errno or errno.EIO))
    except ValueError:  # a NUL, or a name with "="
        os.write(report, b"refused %d\n" % errno.EINVAL)
    finally:
        os._exit(127)


class _Tree:
    """The program and everything below it."""

    def __init__(self, program: int, report: int) -> None:
        self._program, self._report = program, report
        self._ended = False

    def wait(self) -> None:
        """Until the program ended, or until this process is told to end it."""
        while not self._ended and signal.sigwait({signal.SIGCHLD, signal.SIGTERM}) == signal.SIGCHLD:
            self._gone()

    def end(self, grace_s: float) -> None:
        """End every process of it, the program first of all where it still lives."""
        self._send(signal.SIGTERM)
        gone, given_up_s = self._gone_within(grace_s), time.monotonic() + KILLING_S
        while not gone and time.monotonic() < given_up_s:  # again and again: who is forked while we look is missed
            self._send(signal.SIGKILL)
            gone = self._gone_within(_KILLED_AGAIN_AFTER_S)

    def _gone_within(self, within_s: float) -> bool:
        deadline_s = time.monotonic() + within_s
        while not self._gone():
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                return False
            signal.sigtimedwait({signal.SIGCHLD}, left_s)
        return True

    def _gone(self) -> bool:
        """Reap who ended, report the program's end, and tell whether nobody is left."""
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return False
                if pid == self._program:
                    self._ended = True
                    self._tell(os.waitstatus_to_exitcode(status))
        except ChildProcessError:
            return True

    def _tell(self, code: int) -> None:
        with contextlib.suppress(BrokenPipeError):  # who was to be told is gone: its leavings are ended all the same
            os.write(self._report, b"code %d\n" % code if code >= 0 else b"signal %d\n" % -code)

    def _send(self, signum: int) -> None:
        for pid in _descendants():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signum)


def _descendants() -> "list[int]":
    """Every process below this one."""
    children: dict[int, list[int]] = {}
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):  # noqa: PTH208 - pathlib is slow to load
        children.setdefault(_parent_of(pid), []).append(pid)
    found, generation = [], children.get(os.getpid(), [])
    while generation:
        found += generation
        generation = [child for pid in generation for child in children.get(pid, [])]
    return found


def _parent_of(pid: int) -> int:
    """Its parent's pid; 0 when it is gone. The name before, in brackets, may hold anything: count from its end."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123 - pathlib is slow to load
            return int(stat.read().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


if __name__ == "__main__":
    _main()
