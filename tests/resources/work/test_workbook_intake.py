"""Dropped workbooks: one delivery a content, never a guess, and nothing lost however the process ends."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.tasks import Act, TaskId, TaskState
from resources.ledger import watched_files
from resources.watching.folder import dropped
from resources.work.workbook_handing import WorkbookAnswerError, assign, discard
from resources.work.workbook_intake import Taken, WorkbookIntake
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import acme, add, get
from tests.resources.work.at_work import alerts
from tests.resources.workbooks.reports import REPORT, TUNINGS, write_workbook

LINKS: Final = "link_building"
CONFIGURATION: Final = Configuration.model_validate(
    {
        "task_types": {LINKS: {}, "letter": {"kind": "command", "settings": {"program": ["/bin/true"]}}},
        "clients": {"acme": {"name": "Acme"}, "globex": {"name": "Globex"}},
    }
)
NAME: Final = "Acme leather bags.xlsx"
TAKE_ONE: Final = """
import sys
from pathlib import Path
from resources.artefacts.store import ArtefactStore
from resources.ledger.engine import open_ledger
from resources.watching.folder import dropped
from resources.work.workbook_intake import WorkbookIntake
from tests.resources.work.test_workbook_intake import CONFIGURATION, stopped_at
url, folder, store, boundary = sys.argv[1:]
intake = WorkbookIntake(open_ledger(url), ArtefactStore(Path(store)), CONFIGURATION)
with stopped_at(boundary):
    for file in dropped(Path(folder)):
        intake.take(file)
print("taken", flush=True)
"""


class Desk:
    """A watch folder beside a ledger."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.folder = engine, folder / "watched"
        self.folder.mkdir()
        self.store = folder / "artefacts"
        self.intake = WorkbookIntake(engine, ArtefactStore(self.store), CONFIGURATION)
        acme(engine)

    def waiting(self, task: str = "t1", **columns: Any) -> TaskId:
        """A task that lacks nothing but its workbook."""
        given = {"name": "Links for leather bags", "type": LINKS, "type_named": LINKS, "state": TaskState.WAITING}
        return add(self.engine, task, **{"reason": "its workbook", **given, **columns}).id

    def drop(self, name: str = NAME, **sheets: Any) -> Path:
        return write_workbook(self.folder / name, {**REPORT, **sheets})

    def take(self) -> list[Taken]:
        return [self.intake.take(file) for file in dropped(self.folder)]

    def put_away(self) -> dict[str, list[str]]:
        return {
            place: sorted(path.name for path in (self.folder / place).iterdir()) for place in ("processed", "failed")
            if (self.folder / place).is_dir()
        }  # fmt: skip

    def rows(self) -> list[tuple[Any, ...]]:
        return sql(self.engine, "SELECT state, task_id, name FROM waybill.watched_files ORDER BY seen_at")


@pytest.fixture
def desk(cleared: Engine, tmp_path: Path) -> Desk:
    return Desk(cleared, tmp_path)


def test_a_workbook_makes_its_task_ready_and_goes_to_processed_with_a_note(desk: Desk) -> None:
    desk.waiting()
    desk.drop()
    (taken,) = desk.take()
    task = get(desk.engine)
    assert (task.state, task.workbook_hash) == (TaskState.READY, sql(desk.engine, _HASH)[0][0])
    assert desk.put_away() == {"processed": [NAME, f"{NAME}.txt"]}
    assert "Taken as the workbook of task t1" in (desk.folder / "processed" / f"{NAME}.txt").read_text()
    assert taken.is_new
    assert desk.intake.artefacts.verify(task.workbook_hash or "")


_HASH: Final = "SELECT content_hash FROM waybill.watched_files"


def test_cb2_the_same_content_is_one_delivery_under_whatever_name(desk: Desk) -> None:
    desk.waiting()
    first = desk.drop().read_bytes()
    desk.take()
    before = sql(desk.engine, "SELECT version, state, round FROM waybill.tasks ORDER BY id")
    (desk.folder / "again.xlsx").write_bytes(first)
    (taken,) = desk.take()
    assert not taken.is_new
    assert "nothing was done again" in (desk.folder / "processed" / "again.xlsx.txt").read_text()
    assert sql(desk.engine, "SELECT version, state, round FROM waybill.tasks ORDER BY id") == before
    assert len(desk.rows()) == 1


@pytest.mark.parametrize(
    ("state", "columns"),
    [
        (TaskState.IN_REVIEW, {}),
        (TaskState.DELIVERED, {}),
        (TaskState.FAILED, {"reason": "the disk was full"}),
    ],
)
def test_cb12_a_changed_workbook_begins_a_new_version(desk: Desk, state: TaskState, columns: dict[str, Any]) -> None:
    desk.waiting()
    desk.drop()
    desk.take()
    old = get(desk.engine).workbook_hash
    _stand(desk, state, columns.get("reason"))
    desk.drop(**{"LSI Keywords": [[], [], [], [], [], [], ["buckle", 3]]})
    desk.take()
    task = get(desk.engine)
    assert task.state is TaskState.READY
    assert task.workbook_hash != old
    assert task.round == 2
    assert task.feedback == f"the workbook {NAME} was dropped"


def _stand(desk: Desk, state: TaskState, reason: str | None) -> None:
    with desk.engine.begin() as connection:
        connection.exec_driver_sql(
            "SELECT set_config('waybill.actor', 'a', true), set_config('waybill.reason', 'r', true),"
            " set_config('waybill.event', 'e', true)"
        )
        connection.exec_driver_sql(
            "UPDATE waybill.tasks SET state = %(state)s, reason = %(reason)s, version = version + 1 WHERE id = 't1'",
            {"state": state.value, "reason": reason},
        )


def test_cb13_when_unsure_a_waiting_task_asks_with_the_candidates(desk: Desk) -> None:
    desk.waiting("t1")
    desk.waiting("t2", name="Links for leather bag")
    desk.drop()
    desk.take()
    ((state, task, _),) = desk.rows()
    assert (state, task) == ("asking", None)
    ((asking, reason),) = sql(desk.engine, "SELECT state, reason FROM waybill.tasks WHERE id LIKE 'local-workbook-%'")
    assert asking == "waiting"
    assert "t1 'leather bags' of Acme" in reason
    assert "waybill workbooks assign" in reason
    assert get(desk.engine, "t1").state is TaskState.WAITING
    assert "Nobody knows yet" in (desk.folder / "processed" / f"{NAME}.txt").read_text()


def test_another_clients_task_never_gets_a_workbook(desk: Desk) -> None:
    acme(desk.engine, "globex")
    desk.waiting(client="globex")
    desk.drop()
    desk.take()
    assert get(desk.engine).workbook_hash is None
    assert desk.rows()[0][0] == "asking"


def test_a_person_answers_and_the_question_is_done_with(desk: Desk) -> None:
    desk.waiting("t1", name="Links")
    desk.drop()
    desk.take()
    ((content,),) = sql(desk.engine, _HASH)
    with desk.engine.begin() as connection:
        assign(connection, CONFIGURATION, content[:8], TaskId("t1"), Act("Anna", "it is ours"))
    assert get(desk.engine).state is TaskState.READY
    asked = sql(desk.engine, "SELECT state, reason FROM waybill.tasks WHERE id LIKE 'local-workbook-%'")
    assert asked == [("cancelled", "it is for task t1: it is ours")]
    with desk.engine.begin() as connection:
        known = watched_files.get(connection, content)
        assert known is not None
        assert (known.state, known.task_id, known.decided_by) == ("matched", "t1", "Anna")
    with pytest.raises(WorkbookAnswerError, match="one that is asked about"), desk.engine.begin() as connection:
        discard(connection, CONFIGURATION, content[:8], Act("Anna", "no"))


def test_an_answer_is_refused_for_a_task_that_takes_none(desk: Desk) -> None:
    desk.waiting("t1", name="A letter", type="letter")
    desk.drop()
    desk.take()
    ((content,),) = sql(desk.engine, _HASH)
    with pytest.raises(WorkbookAnswerError, match="takes a workbook"), desk.engine.begin() as connection:
        assign(connection, CONFIGURATION, content, TaskId("t1"), Act("Anna", "x"))
    assert desk.rows()[0][0] == "asking"


def test_dt10_an_unknown_layout_is_quarantined_with_what_was_looked_for_and_found(desk: Desk) -> None:
    desk.waiting()
    write_workbook(desk.folder / "strange.xlsx", {"Sheet1": [["hello"]]})
    (desk.folder / "no.xlsx").write_bytes(b"this is no workbook")
    desk.take()
    assert desk.put_away() == {"failed": ["no.xlsx", "no.xlsx.txt", "strange.xlsx", "strange.xlsx.txt"]}
    note = (desk.folder / "failed" / "strange.xlsx.txt").read_text()
    assert "Basic Tunings" in note
    assert "Sheet1" in note
    assert {row[0] for row in desk.rows()} == {"quarantined"}
    assert alerts(desk.engine) == ["workbook quarantined"] * 2
    assert get(desk.engine).state is TaskState.WAITING


def test_the_name_of_a_task_in_the_files_name_decides(desk: Desk) -> None:
    desk.waiting("86c1x", name="Something else")
    desk.drop("86c1x report.xlsx")
    desk.take()
    assert get(desk.engine, "86c1x").workbook_hash is not None


def test_cb4_two_looks_at_once_give_it_once(desk: Desk) -> None:
    desk.waiting()
    desk.drop()
    (file,) = dropped(desk.folder)
    taken: list[Taken] = []
    threads = [threading.Thread(target=lambda: taken.append(desk.intake.take(file))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.is_new for each in taken) == 1
    assert [name for name in desk.put_away()["processed"] if name.endswith(".xlsx")] == [NAME]
    assert sql(desk.engine, "SELECT count(*) FROM waybill.task_events WHERE task_id = 't1'") == [(2,)]


class stopped_at:  # noqa: N801  it reads as a sentence where it is used
    """Ends this process with -9 at a boundary: when the function of that name is called."""

    def __init__(self, boundary: str) -> None:
        self.boundary = boundary

    def __enter__(self) -> None:
        def watch(frame: Any, event: str, _argument: Any) -> None:
            if event == "call" and frame.f_code.co_name == self.boundary:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(watch)

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)


@pytest.mark.parametrize("boundary", ["_stored", "_decided", "_placed", "hand_over", "insert", "note_of", "put_away"])
def test_kx7_killed_at_any_boundary_it_ends_in_the_same(desk: Desk, cleared_url: str, boundary: str) -> None:
    desk.waiting()
    desk.drop(**{"Basic Tunings": TUNINGS})
    command = [sys.executable, "-c", TAKE_ONE, cleared_url, str(desk.folder), str(desk.store)]
    killed = subprocess.run([*command, boundary], capture_output=True, text=True, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert dropped(desk.folder), "it is still there to be taken"
    desk.take()
    assert desk.put_away() == {"processed": [NAME, f"{NAME}.txt"]}
    assert [row[:2] for row in desk.rows()] == [("matched", "t1")]
    assert get(desk.engine).state is TaskState.READY
    assert get(desk.engine).round == 1
