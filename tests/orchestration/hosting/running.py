"""Starts the processes of `commands`, and finds what a home has left behind."""

import json
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.waiting import wait_until

CHECKOUT = Path(__file__).parents[3]
READY_WITHIN_S = 60


@dataclass(frozen=True)
class Command:
    """A running command; its standard error stands in ``errors``."""

    process: subprocess.Popen[str]
    errors: Path

    def ready(self) -> Any:
        """The JSON that it prints when it is ready."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"it ended with {self.process.wait()}: {self.errors.read_text()}"
        return json.loads(line)

    def leave(self) -> int:
        """Let it end in order; its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(READY_WITHIN_S)

    def signal(self, signum: int) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(signum)
        return self.process.wait(READY_WITHIN_S)

    def refusal(self) -> str:
        """What it says on ending by itself with exit code 1."""
        assert self.process.wait(READY_WITHIN_S) == 1
        return self.errors.read_text()


@contextmanager
def command(
    name: str, home: Path, *arguments: str, user: pwd.struct_passwd | None = None, **environment: str
) -> Iterator[Command]:
    """Run ``name`` of `commands` on ``home``; killed with -9 at the end of the block if it still runs."""
    errors = home.parent / f"{name}.{len(list(home.parent.iterdir()))}.errors"
    ports = {"WAYBILL_PORT": "0", "WAYBILL_WEBHOOK_PORT": "0"}
    settings = {"WAYBILL_HOME": str(home), "PYTHONPATH": str(CHECKOUT), **ports, **environment}
    with errors.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.orchestration.hosting.commands", name, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=os.environ | settings,
            cwd="/",
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
        )
    with process:
        try:
            yield Command(process, errors)
        finally:
            if process.poll() is None:
                process.kill()


def living(home: Path) -> dict[int, str]:
    """pid and command line of every live process that works for ``home``: by its arguments, settings or folder."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            settings = (entry / "environ").read_bytes()
            folder = (entry / "cwd").readlink()
        except OSError:
            continue
        mentions = str(home) in words or f"WAYBILL_HOME={home}\0".encode() in settings
        if words and (mentions or folder.is_relative_to(home)):
            found[int(entry.name)] = words
    return found


def pid_of(home: Path, part: str) -> int:
    """The pid of the process of ``home`` whose command line has ``part`` in it: exactly one."""
    found = [pid for pid, words in living(home).items() if part in words]
    assert len(found) == 1, f"{part}: {living(home)}"
    return found[0]


def wait_until_nobody_lives(home: Path, timeout_s: float = 20) -> None:
    """Fails with what still runs."""
    try:
        wait_until(lambda: not living(home), timeout_s)
    except AssertionError:
        raise AssertionError(f"still running: {living(home)}") from None


def kill_all(home: Path) -> int:
    """kill -9 of every process of ``home``, as a power cut would; how many there were."""
    killed = set()
    while alive := living(home):
        for pid in alive:
            try:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
            except ProcessLookupError:
                continue
    return len(killed)
