"""Dropped workbooks: one delivery a content, and never a guess. `test_workbook_intake_killed.py` ends its processes."""

import os
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Engine, text

from resources.domain.cora_reports import CoraReport
from resources.domain.deliverables import Artefact
from resources.domain.tasks import Act, TaskId, TaskState
from resources.ledger import watched_files
from resources.watching.folder import dropped
from resources.work.intake import recheck, take_out
from resources.work.workbook_handing import WorkbookAnswerError, assign, discard
from resources.work.workbook_intake import WorkbookIntake
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import acme, claim, get
from tests.resources.work.at_work import alerts
from tests.resources.work.workbook_desk import CHANGED, CONFIGURATION, NAME, Desk
from tests.resources.workbooks.reports import write_workbook


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
    assert taken.new is not None
    assert desk.intake.artefacts.verify(task.workbook_hash or "")


_HASH: Final = "SELECT content_hash FROM waybill.watched_files"


def test_cb2_the_same_content_is_one_delivery_under_whatever_name(desk: Desk) -> None:
    desk.waiting()
    first = desk.drop().read_bytes()
    desk.take()
    before = sql(desk.engine, "SELECT version, state, round FROM waybill.tasks ORDER BY id")
    (desk.folder / "again.xlsx").write_bytes(first)
    (taken,) = desk.take()
    assert taken.new is None
    assert (
        f"dropped before, as {NAME}; nothing was done again"
        in (desk.folder / "processed" / "again.xlsx.txt").read_text()
    )
    assert sql(desk.engine, "SELECT version, state, round FROM waybill.tasks ORDER BY id") == before
    assert len(desk.rows()) == 1
    assert sql(desk.engine, "SELECT times_taken FROM waybill.watched_files") == [(2,)]


def test_cb2_a_content_that_is_asked_about_says_so_when_it_comes_again(desk: Desk) -> None:
    first = desk.drop().read_bytes()
    desk.take()
    (desk.folder / "again.xlsx").write_bytes(first)
    desk.take()
    ((asking,),) = sql(desk.engine, "SELECT asking_task_id FROM waybill.watched_files")
    assert f"task {asking} asks" in (desk.folder / "processed" / "again.xlsx.txt").read_text()
    assert sql(desk.engine, "SELECT count(*) FROM waybill.tasks") == [(1,)]


def test_cb2_a_corrected_one_that_is_dropped_while_the_first_is_read_is_a_second_delivery(desk: Desk) -> None:
    desk.waiting()
    desk.drop()
    (file,) = dropped(desk.folder)

    class Slow(WorkbookIntake):
        """Somebody drops a corrected workbook under the same name while this one reads."""

        def _read(self, name: str, artefact: Artefact) -> CoraReport:
            desk.drop(**CHANGED)
            return super()._read(name, artefact)

    taken = Slow(desk.engine, desk.intake.artefacts, CONFIGURATION).take(file)
    assert (taken.away, taken.new is not None) == (None, True)
    first = get(desk.engine).workbook_hash
    desk.take()
    assert get(desk.engine).workbook_hash != first
    assert desk.put_away() == {"processed": [NAME, f"{NAME}.txt"]}
    assert len(desk.rows()) == 2


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
    desk.drop(**CHANGED)
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


def test_cb12_a_changed_workbook_fences_out_who_works_from_the_old_one(desk: Desk) -> None:
    desk.waiting()
    desk.drop()
    desk.take()
    claimed = claim(desk.engine)
    desk.drop(**CHANGED)
    desk.take()
    task = get(desk.engine)
    assert (task.state, task.round, task.lease_owner) == (TaskState.READY, 2, None)
    assert task.version > claimed.task.version
    assert sql(desk.engine, "SELECT outcome FROM waybill.task_attempts") == [("taken back",)]


def test_cb13_a_changed_workbook_is_no_workbook_of_the_next_task_that_is_alike(desk: Desk) -> None:
    desk.waiting("t1")
    desk.drop()
    desk.take()
    desk.waiting("t2", name="Links for leather bag")
    desk.drop(**CHANGED)
    desk.take()
    assert get(desk.engine, "t2").workbook_hash is None
    assert [row[0] for row in desk.rows()] == ["matched", "asking"]


def test_of_two_tasks_that_fit_as_well_the_one_without_a_workbook_gets_it(desk: Desk) -> None:
    desk.waiting("t1")
    desk.drop()
    desk.take()
    _stand(desk, TaskState.DELIVERED, None)
    desk.waiting("t2")
    desk.drop(**CHANGED)
    desk.take()
    assert get(desk.engine, "t1").state is TaskState.DELIVERED
    assert get(desk.engine, "t2").state is TaskState.READY


def test_cb13_who_asks_goes_on_waiting_whatever_is_rechecked(desk: Desk) -> None:
    desk.drop()
    desk.take()
    asking = "SELECT state, reason, recheck_at, version FROM waybill.tasks"
    before = sql(desk.engine, asking)
    assert before[0][0] == "waiting"
    assert recheck(desk.engine, CONFIGURATION) == 0
    assert sql(desk.engine, asking) == before


def test_no_task_is_locked_but_the_one_that_gets_it(desk: Desk) -> None:
    desk.waiting("other", name="Links for garden chairs")
    desk.waiting()
    desk.drop()
    with desk.engine.begin() as connection:
        connection.execute(text("SELECT 1 FROM waybill.tasks WHERE id = 'other' FOR NO KEY UPDATE"))
        desk.take()
    assert get(desk.engine).state is TaskState.READY


def test_one_file_that_cannot_be_taken_holds_up_no_other(desk: Desk) -> None:
    desk.waiting()
    oldest = desk.drop("a.xlsx")
    desk.drop(**CHANGED)
    files = dropped(desk.folder)
    (desk.folder / "processed").mkdir()
    oldest.unlink()
    oldest.symlink_to("/etc/passwd")
    looked = desk.intake.take_each(files, within_s=60)
    assert list(looked.failed) == ["a.xlsx"]
    assert [each.name for each in looked.taken] == [NAME]
    assert get(desk.engine).state is TaskState.READY


@pytest.mark.parametrize("odd", [b"\xff", b"\n", "ü".encode() * 110, b"x" * 230])
def test_whatever_a_file_is_called_it_is_taken(desk: Desk, odd: bytes) -> None:
    desk.waiting()
    desk.drop().rename(os.fsdecode(os.fsencode(desk.folder) + b"/Acme " + odd + b".xlsx"))
    desk.take()
    assert get(desk.engine).state is TaskState.READY
    assert len(desk.put_away()["processed"]) == 2


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


def test_an_answer_is_refused_for_a_task_that_was_deleted(desk: Desk) -> None:
    desk.waiting("t1", name="Links")
    desk.drop()
    desk.take()
    ((content,),) = sql(desk.engine, _HASH)
    take_out(desk.engine, CONFIGURATION, TaskId("t1"))
    with pytest.raises(WorkbookAnswerError, match="deleted in ClickUp"), desk.engine.begin() as connection:
        assign(connection, CONFIGURATION, content, TaskId("t1"), Act("Anna", "x"))


def test_nothing_can_be_said_about_what_could_not_be_read(desk: Desk) -> None:
    (desk.folder / "no.xlsx").write_bytes(b"this is no workbook")
    desk.waiting()
    desk.take()
    ((content,),) = sql(desk.engine, _HASH)
    with pytest.raises(WorkbookAnswerError, match="quarantined"), desk.engine.begin() as connection:
        assign(connection, CONFIGURATION, content, TaskId("t1"), Act("Anna", "x"))
    with pytest.raises(WorkbookAnswerError, match="0 that begin so"), desk.engine.begin() as connection:
        discard(connection, CONFIGURATION, "%", Act("Anna", "x"))


def test_dt10_an_unknown_layout_is_quarantined_with_what_was_looked_for_and_found(desk: Desk) -> None:
    desk.waiting()
    write_workbook(desk.folder / "strange.xlsx", {"Sheet1": [["hello"]]})
    (desk.folder / "no.xlsx").write_bytes(b"this is no workbook")
    desk.take()
    assert desk.put_away() == {"failed": ["no.xlsx", "no.xlsx.txt", "strange.xlsx", "strange.xlsx.txt"]}
    note = (desk.folder / "failed" / "strange.xlsx.txt").read_text()
    assert "Basic Tunings" in note
    assert "Sheet1" in note
    assert "strange.xlsx: expected" in note, "the file's own name, not where it was read"
    assert "/waybill-" not in note
    assert {row[0] for row in desk.rows()} == {"quarantined"}
    assert alerts(desk.engine) == ["workbook quarantined"] * 2
    assert get(desk.engine).state is TaskState.WAITING


def test_the_name_of_a_task_in_the_files_name_decides(desk: Desk) -> None:
    desk.waiting("86c1x", name="Something else")
    desk.drop("86c1x report.xlsx")
    desk.take()
    assert get(desk.engine, "86c1x").workbook_hash is not None
