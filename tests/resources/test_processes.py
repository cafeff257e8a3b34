"""A process is told from every other one, dead or alive, here or elsewhere."""

import os
import subprocess
import sys
import time

from resources.processes import group_members, identity, is_alive, started_at
from tests.waiting import wait_until

SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]


def test_this_process_is_alive_by_its_identity() -> None:
    assert is_alive(identity()) is True
    assert identity() == identity(os.getpid())


def test_a_killed_process_is_dead_even_while_nobody_has_reaped_it() -> None:
    with subprocess.Popen(SLEEP) as process:
        recorded = identity(process.pid)
        assert is_alive(recorded) is True
        process.kill()
        wait_until(lambda: is_alive(recorded) is False)


def test_another_process_with_the_same_pid_is_not_the_recorded_one() -> None:
    machine, _, started = identity().rpartition("/")
    assert is_alive(f"{machine}/{int(started) - 1}") is False


def test_processes_of_another_boot_or_container_cannot_be_judged() -> None:
    boot, namespace, pid, started = identity().split("/")
    assert is_alive(f"another/{namespace}/{pid}/{started}") is None
    assert is_alive(f"{boot}/1/{pid}/{started}") is None
    assert is_alive("") is None


def test_a_process_began_when_it_was_started() -> None:
    before = time.time()
    with subprocess.Popen(SLEEP) as process:
        began = started_at(process.pid)
        process.kill()
    assert began is not None
    assert abs(began - before) < 2
    assert started_at(process.pid) is None


def test_zombies_are_no_members_of_a_group() -> None:
    with subprocess.Popen(SLEEP, start_new_session=True) as process:
        assert group_members(process.pid) == [process.pid]
        process.kill()
        wait_until(lambda: not group_members(process.pid))
