"""CB-2, CB-4: a file is taken once, by however many processes and wherever one of them is killed or stopped."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import pytest
from sqlalchemy import Engine, text

from resources.domain.tasks import TaskId, TaskState
from resources.watching.folder import dropped
from resources.work.workbook_intake import Taken
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import acme, assert_unbroken, get, kill
from tests.resources.ledger.test_at_once import until_waiting
from tests.resources.work.at_work import alerts
from tests.resources.work.workbook_desk import NAME, Desk
from tests.resources.workbooks.reports import TUNINGS
from tests.waiting import wait_until

TAKE_ALL: Final = """
import sys
from pathlib import Path
from resources.artefacts.store import ArtefactStore
from resources.ledger.engine import open_ledger
from resources.watching.folder import dropped
from resources.work.workbook_intake import WorkbookIntake
from tests.resources.work.test_workbook_intake_killed import signalled_at
from tests.resources.work.workbook_desk import CONFIGURATION
url, folder, store, boundary, number = sys.argv[1:]
intake = WorkbookIntake(open_ledger(url), ArtefactStore(Path(store)), CONFIGURATION)
files = dropped(Path(folder))
print("ready", flush=True)
sys.stdin.readline()
with signalled_at(boundary, int(number)):
    looked = intake.take_each(files, within_s=60)
print(sum(each.new is not None for each in looked.taken), sum(each.away is not None for each in looked.taken),
      len(looked.failed), flush=True)
"""
BOUNDARIES: Final = (
    "call ArtefactStore.put", "return ArtefactStore.put", "return read_cora_report", "call workbook_handing.hand_over",
    "return workbook_handing.hand_over", "return watched_files.insert", "return WorkbookIntake._decided",
    "return watched_files.locked", "call away._write", "call Path.replace", "return away._write", "call Path.rename",
    "return Path.rename", "return watched_files.count_taken", "return WorkbookIntake.take",
)  # fmt: skip
ELSE: Final = (
    "return watched_files.insert",
    "return WorkbookIntake._decided",
    "return away._write",
    "return Path.rename",
)


@contextmanager
def signalled_at(boundary: str, number: int) -> Iterator[None]:
    """Send this process the signal once a function is called or returns, as in ``call watched_files.insert``."""
    at, function = boundary.split(" ")

    def watch(frame: FrameType, event: str, _argument: object) -> None:
        if event == at and f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}".endswith(f".{function}"):
            sys.setprofile(None)
            os.kill(os.getpid(), number)

    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(None)


@pytest.fixture
def desk(cleared: Engine, tmp_path: Path) -> Desk:
    return Desk(cleared, tmp_path)


@contextmanager
def taking(desk: Desk, url: str, boundary: str = "call nothing", number: int = 0) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that has seen what lies there; a line lets it take that."""
    command = [sys.executable, "-c", TAKE_ALL, url, str(desk.folder), str(desk.store), boundary, str(int(number))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def killed_at(desk: Desk, url: str, boundary: str) -> None:
    with taking(desk, url, boundary, signal.SIGKILL) as process:
        go(process)
        assert process.wait(60) == -signal.SIGKILL, "it never came there"


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_cb2_killed_at_any_boundary_it_ends_in_the_same(desk: Desk, cleared_url: str, boundary: str) -> None:
    desk.waiting()
    desk.drop(**{"Basic Tunings": TUNINGS})
    killed_at(desk, cleared_url, boundary)
    desk.take()
    assert (files_in(desk.folder), desk.put_away()) == ([], {"processed": [NAME, f"{NAME}.txt"]})
    note = (desk.folder / "processed" / f"{NAME}.txt").read_text()
    assert note.startswith(f"{NAME}\nTaken as the workbook of task t1"), "a repeat is no second drop"
    assert [row[:2] for row in desk.rows()] == [("matched", "t1")]
    task = get(desk.engine)
    assert (task.state, task.round, desk.intake.artefacts.verify(task.workbook_hash or "")) == (
        TaskState.READY,
        1,
        True,
    )
    assert sql(desk.engine, "SELECT count(*) FROM waybill.task_events") == [(2,)]
    assert_unbroken(desk.engine)


@pytest.mark.parametrize("boundary", ELSE)
def test_cb2_killed_while_it_asks_it_asks_once(desk: Desk, cleared_url: str, boundary: str) -> None:
    desk.waiting("t1", name="Something else")
    desk.drop()
    killed_at(desk, cleared_url, boundary)
    desk.take()
    assert (files_in(desk.folder), desk.put_away()) == ([], {"processed": [NAME, f"{NAME}.txt"]})
    assert [row[0] for row in desk.rows()] == ["asking"]
    assert sql(desk.engine, "SELECT count(*) FROM waybill.tasks WHERE id LIKE 'local-workbook-%'") == [(1,)]


@pytest.mark.parametrize("boundary", ELSE)
def test_cb2_killed_while_it_puts_a_file_into_quarantine(desk: Desk, cleared_url: str, boundary: str) -> None:
    (desk.folder / "no.xlsx").write_bytes(b"this is no workbook")
    killed_at(desk, cleared_url, boundary)
    desk.take()
    assert (files_in(desk.folder), desk.put_away()) == ([], {"failed": ["no.xlsx", "no.xlsx.txt"]})
    assert [row[0] for row in desk.rows()] == ["quarantined"]
    assert alerts(desk.engine) == ["workbook quarantined"]


@pytest.mark.parametrize("boundary", ["return watched_files.insert", "return away._write"])
def test_cb2_no_file_stays_with_a_process_that_stopped_and_died(desk: Desk, cleared_url: str, boundary: str) -> None:
    desk.waiting()
    desk.drop()
    with taking(desk, cleared_url, boundary, signal.SIGSTOP) as process:
        go(process)
        wait_until(lambda: _is_stopped(process.pid), 60, "the process stopping")
        taken: list[Taken] = []
        other = threading.Thread(target=lambda: taken.extend(desk.take()))
        other.start()
        other.join(1)
        assert other.is_alive(), "it waits for who was first"
        kill(process)
        other.join(30)
    assert [each.away is not None for each in taken] == [True]
    assert desk.put_away() == {"processed": [NAME, f"{NAME}.txt"]}
    assert [row[:2] for row in desk.rows()] == [("matched", "t1")]
    assert sql(desk.engine, "SELECT count(*) FROM waybill.task_events") == [(2,)]


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


def test_cb4_two_processes_at_once_take_each_content_once(desk: Desk, cleared_url: str) -> None:
    tasks = [TaskId(f"86c{number}") for number in range(6)]
    for task in tasks:
        desk.waiting(task, name="Something else")
        content = desk.drop(f"{task} report.xlsx", Targets=[["URL"], [f"https://acme.example/{task}"]]).read_bytes()
        (desk.folder / f"{task} again.xlsx").write_bytes(content)
    with taking(desk, cleared_url) as one, taking(desk, cleared_url) as two:
        go(one)
        go(two)
        numbers = [[int(word) for word in each.communicate(timeout=60)[0].split()] for each in (one, two)]
    assert [sum(each) for each in zip(*numbers, strict=True)] == [len(tasks), 2 * len(tasks), 0]
    names = [f"{task} {word}.xlsx" for task in tasks for word in ("report", "again")]
    assert desk.put_away() == {"processed": sorted([*names, *(f"{name}.txt" for name in names)])}
    assert sql(desk.engine, "SELECT count(*), sum(times_taken) FROM waybill.watched_files") == [(6, 12)]
    assert sql(desk.engine, "SELECT DISTINCT count(*) FROM waybill.task_events GROUP BY task_id") == [(2,)]


def test_cb4_four_looks_at_once_give_it_once_and_leave_one_note(desk: Desk) -> None:
    desk.waiting()
    desk.drop()
    (file,) = dropped(desk.folder)
    taken: list[Taken] = []
    threads = [threading.Thread(target=lambda: taken.append(desk.intake.take(file))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sum(bool(each.new) for each in taken), sum(bool(each.away) for each in taken)] == [1, 1]
    assert desk.put_away() == {"processed": [NAME, f"{NAME}.txt"]}
    assert sql(desk.engine, "SELECT count(*) FROM waybill.task_events WHERE task_id = 't1'") == [(2,)]


def test_a_task_that_becomes_another_clients_while_it_is_chosen_does_not_get_it(desk: Desk) -> None:
    acme(desk.engine, "globex")
    desk.waiting()
    desk.drop()
    taken: list[Taken] = []
    look = threading.Thread(target=lambda: taken.extend(desk.take()))
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE waybill.tasks SET client = 'globex' WHERE id = 't1'"))
        look.start()
        until_waiting(desk.engine.url.set(drivername="postgresql").render_as_string(hide_password=False))
    look.join(30)
    assert [(each.away, each.new) for each in taken] == [(None, None)]
    assert files_in(desk.folder) == [NAME], "the next look chooses anew"
    desk.take()
    assert get(desk.engine).workbook_hash is None
    assert desk.rows()[0][0] == "asking"
