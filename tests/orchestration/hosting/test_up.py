"""`waybill up`: what dies comes back, what ends leaves nothing, and after a crash every run ends."""

import os
import pwd
import shutil
import signal
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from orchestration.hosting.backends import Backends
from orchestration.hosting.parts import free_port, port_is_free
from orchestration.hosting.postgres import open_the_way
from orchestration.hosting.up import serving
from orchestration.settings import load_settings
from tests.orchestration.hosting.graphql import counted, launch, statuses
from tests.orchestration.hosting.running import (
    CHECKOUT,
    Command,
    command,
    kill_all,
    living,
    pid_of,
    wait_until_nobody_lives,
)
from tests.orchestration.hosting.toy_location import GATE
from tests.waiting import wait_until

CHILDREN = (
    "dagster api grpc",
    "dagster_webserver",
    "dagster._daemon",
    "orchestration.desk",
    "orchestration.hosting.outbox",
)
EMBEDDED = ("hosting.keeper", "bin/postgres -D", "vector_engine --path")
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}
AT_WORK, WAITING = 4, 2


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    kill_all(tmp_path / "home")


def address(served: Command) -> str:
    """The UI's address, from what `up` says when it is ready."""
    return str(next(word for word in served.ready().split() if word.startswith("http")))


def gate_of(home: Path) -> Path:
    return home.parent / "gate"


def began(home: Path) -> int:
    return len(list(home.parent.glob("began.*")))


@contextmanager
def up(home: Path) -> Iterator[tuple[Command, str]]:
    with command("up", home, **{GATE: str(gate_of(home))}) as started:
        yield started, address(started)


@pytest.mark.slow
def test_a_second_up_says_who_holds_the_home_and_ctrl_c_leaves_nothing(home: Path) -> None:
    with up(home) as (first, url):
        run = launch(url, "gated")
        with command("up", home) as second:
            said = second.refusal()
        assert f"pid {first.process.pid}" in said
        assert url in said
        assert str(home) in said
        wait_until(lambda: began(home) == 1, 60, "a run at work")
        assert first.signal(signal.SIGINT) == 0
    assert living(home) == {}
    assert (home / "run" / "up.lock").read_text() == ""
    with command("hold", home) as holder:
        with psycopg.connect(holder.ready()["dagster_database_url"]) as connection:
            ending = connection.execute(
                "SELECT run_id, event FROM event_logs WHERE dagster_event_type = 'PIPELINE_FAILURE'"
            ).fetchall()
        assert holder.leave() == 0
    assert [ended for ended, _ in ending] == [run]
    assert "DagsterExecutionInterruptedError" in ending[0][1], "the run's worker was not let to say how it ended"


@pytest.mark.slow
def test_AP_10_a_killed_child_comes_back_and_kill_9_of_up_leaves_no_process(home: Path) -> None:
    with up(home) as (served, url):
        victims = {part: pid_of(home, part) for part in (*CHILDREN, *EMBEDDED)}
        for pid in victims.values():
            os.kill(pid, signal.SIGKILL)
        for part, victim in victims.items():
            wait_until(lambda part=part, victim=victim: pid_after(home, part, victim), 60, part)
        wait_until(lambda: can_launch(url), 60, "a launch after all of them were killed")
        wait_until(lambda: began(home) == 1, 60, "the run at work")
        served.signal(signal.SIGKILL)
        wait_until_nobody_lives(home)


def pid_after(home: Path, part: str, victim: int) -> bool:
    return any(part in words and pid != victim for pid, words in living(home).items())


def can_launch(url: str) -> bool:
    try:
        launch(url, "gated")
    except (OSError, AssertionError):
        return False
    return True


@pytest.mark.slow
def test_after_kill_9_of_everything_every_run_ends(home: Path) -> None:
    with up(home) as (_, url):
        runs = {launch(url, "gated") for _ in range(AT_WORK + WAITING)}
        wait_until(lambda: began(home) == AT_WORK, 90, "four runs at work")
        wait_until(lambda: counted(url) == {"STARTED": AT_WORK, "QUEUED": WAITING}, 30, "the others waiting")
        kill_all(home)
    gate_of(home).touch()
    with up(home) as (served, url):
        wait_until(lambda: set(statuses(url).values()) <= ENDED and counted(url)["SUCCESS"] >= len(runs), 120)
        found = statuses(url)
        assert [found[run] for run in runs].count("FAILURE") == AT_WORK  # each was tried again as a run of its own
        assert counted(url) == {"FAILURE": AT_WORK, "SUCCESS": len(runs)}
        assert served.signal(signal.SIGINT) == 0
    assert living(home) == {}


@pytest.mark.slow
def test_dev_serves_in_the_terminal_and_ends_whole(home: Path) -> None:
    port = free_port("127.0.0.1")
    with command("dev", home, WAYBILL_PORT=str(port)) as developing:
        wait_until(lambda: not port_is_free("127.0.0.1", port), 60, "the UI of `waybill dev`")
        wait_until(lambda: pid_after(home, "dagster._daemon", 0), 60, "its daemon")
        assert developing.signal(signal.SIGTERM) == 0
    assert living(home) == {}


@pytest.mark.parametrize("setting", ["WAYBILL_PORT", "WAYBILL_WEBHOOK_PORT"])
def test_a_taken_port_is_named_with_its_setting(home: Path, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        with command("up", home, **{setting: port}) as refused:
            said = refused.refusal()
    assert f"port {port}" in said
    assert setting in said
    assert living(home) == {}


def test_DT_9_a_check_that_fails_before_the_start_refuses_it(home: Path) -> None:
    class UnfitError(Exception):
        """The ledger is not fit to be served."""

    def refuse(backends: Backends) -> None:
        assert backends.database.whose == "embedded"
        raise UnfitError

    with pytest.raises(UnfitError), serving(load_settings(home=home, port=0, webhook_port=0), prepare=refuse):
        pytest.fail("it serves")
    assert living(home) == {}
    assert not (home / "logs" / "webserver.log").exists()


def test_definitions_that_do_not_load_stop_the_start_with_the_reason(home: Path) -> None:
    with command("up", home, "tests.orchestration.hosting.absent") as refused:
        said = refused.refusal()
    assert "code server" in said
    assert "No module named" in said
    assert living(home) == {}


@pytest.fixture
def ordinary_user() -> Iterator[tuple[pwd.struct_passwd, Path]]:
    """An ordinary user with a folder of its own, who can reach the checkout and Python: our own, unless we are root."""
    user = pwd.getpwuid(os.geteuid()) if os.geteuid() != 0 else pwd.getpwnam("nobody")
    targets = (CHECKOUT / "tests", Path(sys.prefix) / "bin", Path(sys.base_prefix).resolve() / "bin" / "python3")
    modes = {folder: stat.S_IMODE(folder.stat().st_mode) for target in targets for folder in target.parents}
    folder = Path(tempfile.mkdtemp(prefix="home-"))
    try:
        if os.geteuid() == 0:
            os.chown(folder, user.pw_uid, user.pw_gid)
            for target in targets:
                open_the_way(target, (user.pw_uid, user.pw_gid))
        yield user, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for changed, mode in modes.items():
            if stat.S_IMODE(changed.stat().st_mode) != mode:
                changed.chmod(mode)


@pytest.mark.slow
def test_an_ordinary_user_runs_it_all(ordinary_user: tuple[pwd.struct_passwd, Path]) -> None:
    user, folder = ordinary_user
    home = folder / "home"
    try:
        as_user = user if os.geteuid() == 0 else None
        with command("up", home, user=as_user, HOME=str(folder), PYTHONDONTWRITEBYTECODE="1") as served:
            address(served)
            owners = {Path(f"/proc/{pid}").stat().st_uid for pid in living(home)}
            assert owners == {user.pw_uid}
            assert served.signal(signal.SIGINT) == 0
        assert living(home) == {}
        assert {path.lstat().st_uid for path in home.rglob("*")} == {user.pw_uid}
    finally:
        kill_all(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has someone to drop to")
def test_as_root_postgres_runs_as_somebody_else_and_the_home_stays_closed(home: Path) -> None:
    with command("hold", home) as holder:
        holder.ready()
        assert Path(f"/proc/{pid_of(home, 'bin/postgres -D')}").stat().st_uid != 0
        closed = [path for path in (home, *home.iterdir()) if stat.S_IMODE(path.stat().st_mode) & 0o067]
        assert closed == []  # at most 0710: nobody else lists, reads or writes anything
        assert holder.leave() == 0
