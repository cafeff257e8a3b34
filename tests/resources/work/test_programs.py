"""Outside programs: bounded in time and bytes, and nothing that they started is left, whatever way they end."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from resources.domain.errors import PermanentError, TransientError
from resources.processes import identity, is_alive, working_in
from resources.work.programs import Ended, ProgramLostError, ProgramMissingError, run
from resources.work.workspaces import sweep_abandoned, workspace
from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]
NEVER = threading.Event()
IGNORES_TERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
SAYS_IT_RUNS = "import time; open('running', 'w').close(); time.sleep(60)\n"
# A grandchild in a session of its own, whose parent is gone: no group and no parent lead to it.
ESCAPES = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with open('escaped.new', 'w') as file: file.write(str(os.getpid()))
        os.rename('escaped.new', 'escaped')
        time.sleep(60)
    os._exit(0)
while not os.path.exists('escaped'): time.sleep(0.01)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code]


def done(code: str, folder: Path, **limits: Any) -> Ended:
    """Run ``code`` with limits that are of no matter, but for those given."""
    return run(python(code), folder=folder, **{"deadline_s": 30, "keep_bytes": 1000, "stop": NEVER} | limits)


def stop_when(condition: Callable[[], object]) -> threading.Event:
    """An event that is set soon after ``condition`` holds."""
    stop = threading.Event()
    threading.Thread(target=lambda: (wait_until(condition), stop.set()), daemon=True).start()
    return stop


def no_child_is_left() -> bool:
    """Whether this process has no child that ended and was not waited for."""
    with contextlib.suppress(ChildProcessError):
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    return True


def test_a_program_that_ends_tells_its_code_and_both_outputs_apart(tmp_path: Path) -> None:
    ended = done("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", tmp_path)
    assert (ended.outcome, ended.code, ended.signal) == ("finished", 3, None)
    assert (ended.stdout.kept, ended.stderr.kept) == (b"out\n", b"err\n")
    assert (ended.stdout.total_bytes, ended.stderr.total_bytes) == (4, 4)
    assert 0 < ended.duration_s < 5


def test_one_that_ends_at_once_loses_none_of_its_last_words(tmp_path: Path) -> None:
    for _ in range(20):
        assert done("import os; os.write(1, b'x' * 60_000); os._exit(0)", tmp_path).stdout.total_bytes == 60_000


def test_one_that_dies_by_a_signal_says_which(tmp_path: Path) -> None:
    ended = done("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", tmp_path)
    assert (ended.outcome, ended.code, ended.signal) == ("finished", None, signal.SIGSEGV)


@pytest.mark.parametrize(
    ("cap", "kept"),
    [(None, "ééééab\n".encode()), (0, b""), (3, b"ab\n"), (4, b"\xa9ab\n"), (11, "ééééab\n".encode())],
)
def test_DT_3_caps_are_exact_in_bytes_zero_keeps_none_and_none_keeps_all(
    tmp_path: Path, cap: int | None, kept: bytes
) -> None:
    code = "import sys; sys.stdout.buffer.write('ééééab\\n'.encode()); sys.stderr.write('!')"
    ended = done(code, tmp_path, keep_bytes=cap)
    assert ended.stdout.kept == kept
    assert ended.stdout.total_bytes == 11
    assert ended.stderr.kept == (b"" if cap == 0 else b"!")
    assert ended.stderr.total_bytes == 1


def test_DT_3_a_flood_is_read_counted_and_not_kept(tmp_path: Path) -> None:
    code = "import os\nfor n in range(2000): os.write(1, b'o' * 50_000); os.write(2, b'e' * 10_000)\nprint('end')"
    ended = done(code, tmp_path, keep_bytes=6)
    assert ended.code == 0
    assert (ended.stdout.total_bytes, ended.stderr.total_bytes) == (100_000_004, 20_000_000)
    assert (ended.stdout.kept, ended.stderr.kept) == (b"ooend\n", b"eeeeee")


def test_it_has_no_input_and_nothing_of_our_environment_but_path_and_lang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYBILL_SECRET_KEY", "secret")
    monkeypatch.setenv("LANG", "C.UTF-8")
    ended = run(
        ["sh", "-c", "cat; env; pwd"], folder=tmp_path, deadline_s=30, keep_bytes=5000, stop=NEVER,
        environment={"TONE": "calm; $(x)"},
    )  # fmt: skip
    lines = ended.stdout.kept.decode().splitlines()
    assert lines.pop() == str(tmp_path)
    assert {*lines} - {f"PWD={tmp_path}", "SHLVL=0", "SHLVL=1", "_=/usr/bin/env", "OLDPWD="} == {
        f"PATH={os.environ['PATH']}",
        "LANG=C.UTF-8",
        "TONE=calm; $(x)",
    }


def test_arguments_reach_it_as_they_are(tmp_path: Path) -> None:
    words = ["$(touch x)", "; rm -rf .", "a b", "", "*", "é\n"]
    ended = run(["printf", r"%s\0", *words], folder=tmp_path, deadline_s=30, keep_bytes=500, stop=NEVER)
    assert ended.stdout.kept.decode().split("\0")[:-1] == words
    assert list(tmp_path.iterdir()) == []


def test_DT_6_at_the_deadline_it_is_asked_to_end(tmp_path: Path) -> None:
    code = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); time.sleep(60)"
    ended = done(code, tmp_path, deadline_s=0.5)
    assert (ended.outcome, ended.code) == ("deadline", 7)
    assert 0.5 <= ended.duration_s < 3


def test_DT_6_one_that_ignores_TERM_is_killed_after_the_grace(tmp_path: Path) -> None:
    ended = done(IGNORES_TERM + SAYS_IT_RUNS, tmp_path, deadline_s=0.5, grace_s=0.5)
    assert (ended.outcome, ended.code, ended.signal) == ("deadline", None, signal.SIGKILL)
    assert 1 <= ended.duration_s < 4
    assert working_in(tmp_path) == []


def test_a_stop_ends_it_at_once(tmp_path: Path) -> None:
    begun = time.monotonic()
    ended = done(SAYS_IT_RUNS, tmp_path, stop=stop_when((tmp_path / "running").exists))
    assert (ended.outcome, ended.signal) == ("stopped", signal.SIGTERM)
    assert time.monotonic() - begun < 5


def test_DT_6_one_that_closed_its_outputs_and_lives_on_is_ended_too(tmp_path: Path) -> None:
    ended = done("import os; os.close(1); os.close(2)\n" + SAYS_IT_RUNS, tmp_path, deadline_s=0.5)
    assert (ended.outcome, ended.signal) == ("deadline", signal.SIGTERM)
    assert working_in(tmp_path) == []


def test_DT_1_one_that_ended_before_its_deadline_finished_even_if_its_leavings_need_longer(tmp_path: Path) -> None:
    ended = done(ESCAPES, tmp_path, deadline_s=1.5, grace_s=2.0)
    assert (ended.outcome, ended.code) == ("finished", 0)
    assert ended.duration_s > 2


@pytest.mark.parametrize("limits", [{}, {"deadline_s": 1.0}, {"stop": None}], ids=["its end", "deadline", "stop"])
def test_DT_7_a_grandchild_that_left_group_and_parent_is_reaped(tmp_path: Path, limits: Mapping[str, Any]) -> None:
    if "stop" in limits:
        limits = {"stop": stop_when((tmp_path / "escaped").exists)}
    ended = done(ESCAPES + ("" if not limits else "time.sleep(60)"), tmp_path, grace_s=0.2, **limits)
    assert (ended.outcome == "finished") is not bool(limits)
    assert not Path(f"/proc/{(tmp_path / 'escaped').read_text()}").exists(), "not even a zombie"
    assert working_in(tmp_path) == []
    assert no_child_is_left()


def test_DT_7_a_crowd_that_forks_on_and_on_is_ended(tmp_path: Path) -> None:
    code = IGNORES_TERM + "import os, time\nfor _ in range(40):\n    if os.fork() == 0: time.sleep(60)\ntime.sleep(60)"
    done(code, tmp_path, deadline_s=0.5, grace_s=0.2)
    assert working_in(tmp_path) == []
    assert no_child_is_left()


def test_DT_7_an_interrupted_call_ends_it(tmp_path: Path) -> None:
    def interrupt() -> None:
        wait_until((tmp_path / "running").exists)
        signal.raise_signal(signal.SIGUSR1)

    former = signal.signal(signal.SIGUSR1, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    try:
        threading.Thread(target=interrupt, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            done(IGNORES_TERM + SAYS_IT_RUNS, tmp_path, grace_s=0.3)
    finally:
        signal.signal(signal.SIGUSR1, former)
    assert working_in(tmp_path) == []
    assert no_child_is_left()


@pytest.mark.parametrize("code", [SAYS_IT_RUNS, IGNORES_TERM + SAYS_IT_RUNS, ESCAPES + SAYS_IT_RUNS])
def test_DT_7_when_we_are_killed_no_process_and_after_a_sweep_no_folder_is_left(tmp_path: Path, code: str) -> None:
    caller = f"""
import threading
from resources.work.programs import run
from resources.work.workspaces import workspace
with workspace() as folder:
    print(folder, flush=True)
    run({python(code)!r}, folder=folder, deadline_s=60, keep_bytes=0, stop=threading.Event(), grace_s=0.5)"""
    temporary = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", caller], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=temporary
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        wait_until((folder / "running").exists)
        born = [identity(pid) for pid in working_in(folder)]
        assert len(born) >= 2, "warden and program"
        process.kill()
    wait_until(lambda: all(is_alive(each) is False for each in born))
    assert working_in(folder) == []
    assert folder.exists()
    assert sweep_abandoned(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_is_removed_with_whatever_was_put_there(tmp_path: Path) -> None:
    with workspace(tmp_path) as folder:
        (folder / "locked").mkdir()
        (folder / "locked" / "file").write_text("x")
        (folder / "locked").chmod(0o500)
        (folder / "link").symlink_to(ROOT)
        assert sweep_abandoned(tmp_path) == 0, "its owner lives"
        assert folder.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == []
    assert ROOT.exists()


@pytest.mark.parametrize(
    ("program", "found"),
    [("no-such-program", "No such file"), ("/etc/passwd", "Permission denied"), ("/proc/version/x", "Not a directory")],
)
def test_a_program_that_is_none_is_a_permanent_error(tmp_path: Path, program: str, found: str) -> None:
    with pytest.raises(ProgramMissingError, match=rf"program {program}: expected .*; found {found}") as raised:
        run([program], folder=tmp_path, deadline_s=30, keep_bytes=0, stop=NEVER)
    assert isinstance(raised.value, PermanentError)
    assert no_child_is_left()


def test_an_environment_that_is_none_is_a_permanent_error(tmp_path: Path) -> None:
    with pytest.raises(ProgramMissingError, match="Invalid argument"):
        run(["true"], folder=tmp_path, deadline_s=30, keep_bytes=0, stop=NEVER, environment={"A=B": "c"})


def test_a_warden_that_is_killed_takes_its_program_along_and_is_a_transient_error(tmp_path: Path) -> None:
    def kill() -> None:
        wait_until((tmp_path / "running").exists)
        os.kill(int((tmp_path / "parent").read_text()), signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()
    with pytest.raises(ProgramLostError) as raised:
        done("import os; open('parent', 'w').write(str(os.getppid()))\n" + SAYS_IT_RUNS, tmp_path)
    assert isinstance(raised.value, TransientError)
    wait_until(lambda: working_in(tmp_path) == [])
