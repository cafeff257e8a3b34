"""`waybill workbooks`: what was dropped is listed, and a person answers what is asked about it (CB-13)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from orchestration.session import open_session
from orchestration.settings import load_settings
from resources.watching.folder import dropped
from resources.work.workbook_intake import WorkbookIntake
from tests.acceptance.waybill_process import Waybill, with_a_client
from tests.resources.workbooks.reports import REPORT, write_workbook
from tests.sessions import unchanged_environment

pytestmark = pytest.mark.slow

TOML: Final = """
[clients.acme]
name = "Acme"
[task_types.link_building]
[task_types.knowledge_note]
"""


@pytest.fixture(scope="module")
def waybill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waybill]:
    """Its servers are held for all of these tests, with a known client, and two workbooks that fit no single task."""
    folder = tmp_path_factory.mktemp("workbooks")
    with with_a_client(folder, TOML, "acme") as made:
        (folder / "drop").mkdir()
        write_workbook(folder / "drop" / "one.xlsx", REPORT)
        write_workbook(folder / "drop" / "two.xlsx", {**REPORT, "Targets": []})
        _take(made, folder / "drop")
        yield made


def _take(waybill: Waybill, folder: Path) -> None:
    settings = load_settings(home=waybill.home, config=Path(waybill.settings["WAYBILL_CONFIG"]))
    with unchanged_environment(), open_session(settings) as session:
        resources = session.resources
        intake = WorkbookIntake(session.ledger.engine, resources.artefacts, resources.configuration)
        assert [intake.take(file).away is not None for file in dropped(folder)] == [True, True]


def listed(waybill: Waybill) -> dict[str, Any]:
    return {each["name"]: each for each in waybill.within("workbooks", "list", "--json").json()["workbooks"]}


def added(waybill: Waybill, type_: str) -> str:
    made = waybill.within("task", "add", "A task", "--type", type_, "--client", "acme", "--json").json()
    return str(made["id"])


def test_cb13_a_question_is_seen_and_answered_once(waybill: Waybill) -> None:
    one = listed(waybill)["one.xlsx"]
    assert (one["state"], one["candidates"], one["times_taken"]) == ("asking", [], 1)
    figures, links, note = one["content_hash"][:8], added(waybill, "link_building"), added(waybill, "knowledge_note")
    waiting = waybill.within("tasks", "--waiting", "--json").json()["tasks"]
    assert f"workbooks assign {figures}" in next(
        each["reason"] for each in waiting if each["id"] == one["asking_task_id"]
    )
    assert "takes a workbook" in waybill.within("workbooks", "assign", figures, note, "--reason", "x").refused()
    done = waybill.within("workbooks", "assign", figures, links, "--reason", "spring", "--by", "Anna")
    assert done.out == f"one.xlsx is the workbook of task {links}.\n"
    now = listed(waybill)["one.xlsx"]
    assert (now["state"], now["task_id"], now["decided_by"], now["reason"]) == ("matched", links, "Anna", "spring")
    assert waybill.within("task", "show", one["asking_task_id"], "--json").json()["state"] == "cancelled"
    assert "asked about" in waybill.within("workbooks", "discard", figures, "--reason", "x").refused()


def test_a_workbook_that_is_for_nothing_is_discarded(waybill: Waybill) -> None:
    two = listed(waybill)["two.xlsx"]
    assert waybill.within("workbooks", "discard", two["content_hash"][:8], "--reason", "old").out.startswith("two.xlsx")
    now = listed(waybill)["two.xlsx"]
    assert (now["state"], now["reason"]) == ("discarded", "old")
