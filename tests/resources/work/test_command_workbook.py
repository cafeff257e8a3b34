"""An outside program does the batch: it is given the workbook that was dropped, beside its task (CB-9)."""

import sys
from pathlib import Path

from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.eligibility import NO_WORKBOOK, Facts, why_not
from resources.work.command import run_command
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import EPOCH
from tests.resources.work.attempts import attempt_at, configured, ready_task

COPIES = """
import json, shutil, sys
task = json.load(open(sys.argv[1]))
shutil.copy(task['workbook'], 'copy.xlsx')
json.dump({'summary': 'Copied.', 'files': [{'name': 'copy.xlsx', 'path': 'copy.xlsx'}]}, open(sys.argv[2], 'w'))
"""


def configuration() -> Configuration:
    program = [sys.executable, "-I", "-S", "-c", COPIES, "{task}", "{result}"]
    return configured("command", program=program, workbook=True)


def test_cb9_a_program_gets_the_workbook_of_its_task(ledger: Engine, tmp_path: Path) -> None:
    artefacts = ArtefactStore(tmp_path / "artefacts")
    workbook = artefacts.put(b"the bytes of a workbook")
    task = ready_task(ledger, "command")
    sql(ledger, "UPDATE waybill.tasks SET workbook_hash = :hash WHERE id = :id", hash=workbook.content_hash, id=task)
    with attempt_at(ledger, task, configuration()) as attempt:
        draft = run_command(ledger, artefacts, attempt)
    assert [file.artefact.content_hash for file in draft.files] == [workbook.content_hash]


def test_a_task_of_such_a_type_waits_for_its_workbook() -> None:
    facts = Facts(
        type="command", type_named="command", client="acme", client_known=True, auto_execute=True, due_at=EPOCH,
        status="to do", status_kind="open",
    )  # fmt: skip
    waits = why_not(facts, configuration(), EPOCH)
    assert waits is not None
    assert waits.reason == NO_WORKBOOK
