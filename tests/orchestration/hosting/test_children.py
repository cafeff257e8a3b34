"""Children: their words are kept but capped, they come back ever more slowly, and they end with all they started."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestration.hosting import leash
from orchestration.hosting.children import Child, ChildSpec, stop, tail
from orchestration.hosting.supervisor import Supervisor
from resources.processes import group_members, identity, is_alive
from tests.waiting import wait_until

CAP_BYTES = 20_000


@pytest.fixture
def children() -> Iterator[list[Child]]:
    """Children that the test appends; ended at its end."""
    started: list[Child] = []
    yield started
    stop(started)


def python(folder: Path, code: str, **fields: Any) -> ChildSpec:
    command = [sys.executable, "-u", "-S", "-c", code]
    spec = ChildSpec("toy", command, folder / "toy.log", {"PATH": os.defpath}, folder, log_bytes=CAP_BYTES)
    return replace(spec, **fields)


def running(child: Child) -> None:
    """Tick it until it said that it runs."""

    def said() -> bool:
        child.tick()
        return child.spec.log.exists() and "running" in child.spec.log.read_text()

    wait_until(said)


def test_DT_3_a_log_never_holds_more_bytes_than_its_cap(tmp_path: Path, children: list[Child]) -> None:
    code = "import sys; [print('é' * 300, line) for line in range(300)]; print('the last words')"
    child = Child(python(tmp_path, code))
    children.append(child)
    child.start()
    wait_until(lambda: "the last words" in tail(child.spec.log))
    logs = sorted(path.name for path in tmp_path.iterdir())
    assert logs == ["toy.log", "toy.log.1"]
    assert all(0 < (tmp_path / name).stat().st_size <= CAP_BYTES for name in logs)


def test_a_child_that_keeps_dying_is_started_ever_more_slowly(tmp_path: Path, children: list[Child]) -> None:
    child = Child(python(tmp_path, "raise SystemExit(3)"), next_pause_s=0.1)
    children.append(child)
    starts: list[float] = []

    def started_four_times() -> bool:
        child.tick()
        if child.starts > len(starts):
            starts.append(time.monotonic())
        return len(starts) == 4

    wait_until(started_four_times)
    pauses = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert all(pause >= least for pause, least in zip(pauses, (0.1, 0.2, 0.4), strict=True))
    assert child.last_end == "ended with exit code 3"


def test_DT_7_stopping_ends_the_whole_group_even_what_ignores_it(tmp_path: Path, children: list[Child]) -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('running'); time.sleep(60)"
    code = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-u', '-c', {stubborn!r}]); time.sleep(60)"
    child = Child(python(tmp_path, code, grace_s=0.5))
    children.append(child)
    running(child)
    group = child.pid
    assert group is not None
    assert len(group_members(group)) == 2
    stop([child])
    assert group_members(group) == []
    assert child.pid is None


def test_what_a_dead_child_left_in_its_group_is_ended_before_it_starts_again(
    tmp_path: Path, children: list[Child]
) -> None:
    code = "import subprocess, sys, time; subprocess.Popen(['sleep', '60']); print('running'); time.sleep(60)"
    child = Child(python(tmp_path, code))
    children.append(child)
    running(child)
    group = child.pid
    assert group is not None
    wait_until(lambda: len(group_members(group)) == 2)
    os.kill(group, signal.SIGKILL)
    wait_until(lambda: child.tick() or child.pid != group)
    wait_until(lambda: group_members(group) == [])


def test_the_kernel_ends_a_child_whose_supervisor_was_killed(tmp_path: Path) -> None:
    code = f"""
import time
from pathlib import Path
from orchestration.hosting.supervisor import Supervisor
from tests.orchestration.hosting.test_children import python
with Supervisor() as supervisor:
    child = supervisor.add(python(Path({str(tmp_path)!r}), "print('running'); import time; time.sleep(60)"))
    while child.pid is None: time.sleep(0.01)
    print(child.pid, flush=True)
    time.sleep(60)"""
    root = str(Path(__file__).parents[3])
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=root) as supervisor:
        assert supervisor.stdout is not None
        child = identity(int(supervisor.stdout.readline()))
        wait_until((tmp_path / "toy.log").exists)
        supervisor.kill()
        wait_until(lambda: is_alive(child) is False)


def test_leaving_the_supervisor_ends_its_children(tmp_path: Path) -> None:
    with Supervisor() as supervisor:
        child = supervisor.add(python(tmp_path, "print('running'); import time; time.sleep(60)"))
        wait_until(child.spec.log.exists)
        started = identity(child.pid)
    assert is_alive(started) is False


def test_a_leash_whose_holder_is_gone_starts_nothing(tmp_path: Path) -> None:
    words = leash.command(["touch", str(tmp_path / "started")], signum=signal.SIGKILL)
    words[words.index(str(os.getpid()))] = "1"
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "process 1 ended before touch was started" in done.stderr
    assert not (tmp_path / "started").exists()


def test_a_leashed_program_heeds_signals_that_a_shell_made_its_parent_ignore() -> None:
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        words = leash.command(["grep", "SigIgn", "/proc/self/status"], signum=signal.SIGKILL)
        ignored = int(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[1], 16)
    finally:
        signal.signal(signal.SIGINT, former)
    assert not ignored >> (signal.SIGINT - 1) & 1
