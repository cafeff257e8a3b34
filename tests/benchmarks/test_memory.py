"""Peaks of real processes: which ones are found, and that a peak is remembered."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.memory import PeakMemory, role_of
from tests.waiting import wait_until

MIB = 1 << 20
# Takes the given MiB, gives them back, says so, and waits for the end of its input.
TAKES = "import sys; b = bytearray(int(sys.argv[1]) << 20); del b; print('taken', flush=True); sys.stdin.read()"


def start(code: str, *words: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *words]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_process_that_names_the_home_is_sampled_and_another_is_not(tmp_path: Path) -> None:
    holds = "import sys; b = bytearray(int(sys.argv[1]) << 20); print('held', flush=True); sys.stdin.read()"
    with start(holds, "80", "waybill-small", WAYBILL_HOME=str(tmp_path)) as ours, start(holds, "200") as other:
        assert ours.stdout
        assert other.stdout
        assert ours.stdout.readline() == other.stdout.readline() == "held\n"
        memory = PeakMemory(tmp_path)
        memory.sample()
        ours.communicate()
        other.communicate()
    assert memory.peaks.keys() == {"command"}
    assert 80 * MIB < memory.peaks["command"].rss < 180 * MIB
    assert 80 * MIB < memory.peaks["command"].own <= memory.peaks["command"].rss


def test_a_child_belongs_with_its_parent_and_the_peak_outlives_the_process(tmp_path: Path) -> None:
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {TAKES!r}, '0', 'vector_engine'], env={{}})"
    with PeakMemory(tmp_path, interval_s=0.02) as memory:
        process = start(child, WAYBILL_HOME=str(tmp_path))
        assert process.stdout
        assert process.stdout.readline() == "taken\n"
        wait_until(lambda: "vector engine" in memory.peaks, 10)
        process.communicate()
    assert memory.peaks["vector engine"].rss > MIB


@pytest.mark.parametrize(
    ("name", "line", "role"),
    [
        ("postgres", "postgres: waybill waybill [local] COPY", "postgres"),
        ("postgres", "/v/bin/postgres --single -F -O template1", "initdb"),
        ("python", "/v/bin/python -m orchestration.hosting.vector_engine", "vector engine"),
        ("python", "/v/bin/python -m dagster api execute_run x", "run worker"),
        ("waybill", "/v/bin/python /v/bin/waybill ingest folder", "command"),
        ("sleep", "sleep 1", "sleep"),
    ],
)
def test_a_role_is_told_by_the_command_line(name: str, line: str, role: str) -> None:
    assert role_of(name, line.split()) == role
