"""Paid work under `waybill up`, from ClickUp and from a dropped workbook: reviewed, attached, kept by version."""

import re
import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.tasks.office import Office
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

WORKBOOK: Final = Path(__file__).parents[3] / "examples" / "workbooks" / "Acme Outdoor waterproof jacket.xlsx"
NAME: Final = "Press release: launch of the Stormbreak jacket"
BODY: Final = """Date: 3 February 2026
Quote: “We wanted a jacket that can be repaired for as long as it is worn.” — Maya Lindqvist, founder
"""
WITHIN_S: Final = 120.0


def attached(office: Office, task: str) -> list[str]:
    return [str(each["title"]) for each in office.clickup.task(task)["attachments"]]


def release(office: Office, task: str, folder: Path) -> str:
    office.waybill("task", "fetch", task, "--into", str(folder))
    return (folder / "release-1.md").read_text()


@pytest.fixture(scope="module")
def ordered(office: Office) -> tuple[str, str]:
    """A press release and a batch of links, asked for in ClickUp; the workbook is dropped once the batch waits."""
    press = office.agency.ask(NAME, type_="press_release", description=BODY)
    links = office.agency.ask("Links for waterproof jacket", type_="link_building")
    wait_until(lambda: "workbook" in _why(office, links), WITHIN_S, "the batch waiting for its workbook")
    office.watched.mkdir(exist_ok=True)
    shutil.copy(WORKBOOK, office.watched)
    return press, links


def _why(office: Office, task: str) -> str:
    rows = office.up.at.sql("SELECT coalesce(reason, '') FROM waybill.tasks WHERE id = %s", task)
    return str(rows[0][0]) if rows else ""


def test_a_press_release_is_attached_sent_back_and_changed_where_it_was_named(
    office: Office, ordered: tuple[str, str], tmp_path: Path
) -> None:
    task, _ = ordered
    office.agency.wait_until_shown(task, "in review", WITHIN_S)
    first = attached(office, task)
    assert len([name for name in first if name.endswith(".docx")]) == 4
    assert len([name for name in first if name.endswith(".jsonld")]) == 2
    before = release(office, task, tmp_path / "1")
    sentence = re.sub(r" \\\[.*", "", next(part for part in before.split("\n\n")[2:] if part[0] not in "#*>"))
    sentence = sentence.split(". ")[0].rstrip(".")
    office.clickup.say(task, f"Please take out “{sentence}”.", user="Ben")
    office.clickup.move(task, "to do", user="Ben")
    wait_until(lambda: len(attached(office, task)) == 12, WITHIN_S, "a second version")
    office.agency.wait_until_shown(task, "in review", WITHIN_S)
    after = release(office, task, tmp_path / "2")
    assert sentence in before
    assert sentence not in after
    assert before.splitlines()[0] == after.splitlines()[0]
    office.clickup.move(task, "complete", user="Anna")
    wait_until(lambda: office.show(task)["state"] == "delivered", WITHIN_S, "the approval")
    decided = [(each["decision"], each["reviewer"]) for each in office.show(task)["reviews"]]
    assert decided == [("changes_requested", "Ben"), ("approved", "Anna")]


def test_cb2_a_dropped_workbook_is_one_delivery_however_often_it_is_dropped(
    office: Office, ordered: tuple[str, str]
) -> None:
    _, task = ordered
    office.agency.wait_until_shown(task, "in review", WITHIN_S)
    names = attached(office, task)
    assert sorted(name.split(" ")[0] for name in names) == ["article-001", "article-002", "article-003", "link-plan"]
    assert (office.watched / "processed" / WORKBOOK.name).exists()
    shutil.copy(WORKBOOK, office.watched / "the same again.xlsx")
    wait_until((office.watched / "processed" / "the same again.xlsx").exists, WITHIN_S, "it put away")
    note = (office.watched / "processed" / "the same again.xlsx.txt").read_text()
    assert "nothing was done again" in note
    assert attached(office, task) == names
    assert office.show(task)["state"] == "in_review"
    assert [each["state"] for each in office.waybill("workbooks", "list", "--json")["workbooks"]] == ["matched"]
