"""ClickUp beside a running `waybill up`: what people do there, what comes of it there, and what the web pages show."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.acceptance.agency import state, wait_for_state
from tests.acceptance.served import ENDED, Served
from tests.acceptance.tasks.office import Office
from tests.browser import Browser
from tests.orchestration.hosting.graphql import launch
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

QUESTION: Final = "When does the Leeds store open?"
ANSWER: Final = "Our seventh store opens at 18 Kirkgate, Leeds, on Saturday 16 May 2026"
WISH: Final = "Please add who designs the jackets."
ALL_STATES: Final = ["ready", "working", "in_review", "ready", "working", "in_review", "delivered"]
_MATERIALIZED: Final = """query($asset: [String!]!) { assetNodeOrError(assetKey: {path: $asset}) { ... on AssetNode {
  assetPartitionStatuses { ... on DefaultPartitionStatuses { materializedPartitions } } } } }"""
_NEWEST: Final = """query($asset: [String!]!) { assetOrError(assetKey: {path: $asset}) { ... on Asset {
  assetMaterializations(limit: 1) { metadataEntries { label ... on IntMetadataEntry { intValue }
    ... on TableMetadataEntry { table { records } } } } } } }"""


@dataclass(frozen=True)
class Asked:
    """The tasks that people ask for first."""

    note: str
    dateless: str
    unwanted: str


@pytest.fixture(scope="module")
def asked(office: Office) -> Asked:
    agency = office.agency
    dateless = agency.ask("A note without a date", due_in_s=None)
    unwanted = agency.ask("A note that nobody ticked", **{"Auto execute": False})
    return Asked(agency.ask(QUESTION), dateless, unwanted)


@pytest.fixture(scope="module")
def seen(office: Office, asked: Asked) -> Asked:
    """After what people do once they have seen the first note, all at once."""
    host = office.clickup
    host.say(asked.note, WISH, user="Ben")
    host.move(asked.note, "to do", user="Ben")
    host.edit(asked.dateless, due_at_ms=host.task(asked.note)["due_at_ms"])
    host.delete(asked.unwanted)
    return asked


def materialized(up: Served, asset: str) -> list[str]:
    statuses = up.ask(_MATERIALIZED, asset=[asset])["assetNodeOrError"]["assetPartitionStatuses"]
    return list(statuses["materializedPartitions"])


def check_tasks(up: Served) -> None:
    """Run the checks on tasks now, as the schedule does every quarter of an hour."""
    run = launch(up.url, "check_tasks")
    wait_until(lambda: {each.id: each.status for each in up.runs("check_tasks")}[run] in ENDED, 60, "the checks")


def passed(up: Served, check: str) -> bool:
    """What the newest evaluation of a check on tasks says."""
    return up.history(check, None, asset="clickup_tasks")[0][0]


def assert_unbroken(shown: dict[str, Any]) -> None:
    """Every version of the task has its event, each from where the one before it went, with an actor and a reason."""
    events = shown["events"]
    assert [each["version"] for each in events] == list(range(1, shown["version"] + 1))
    assert all(after["from_state"] == before["to_state"] for before, after in pairwise(events))
    assert events[-1]["to_state"] == shown["state"]
    assert all(each["actor"] and each["reason"] for each in events)


def test_CB_13_within_a_minute_a_task_has_its_note_its_comment_its_status_and_its_history(
    office: Office, asked: Asked
) -> None:
    up, host = office.up, office.clickup
    truth = office.agency.wait_until_shown(asked.note, "in review")

    ((attachment,), (comment,)) = truth["attachments"], truth["comments"]
    assert attachment["title"] == f"when-does-the-leeds-store-open v1 {attachment['sha256'][:8]}.md"
    assert ANSWER in " ".join(host.attachment(asked.note, attachment["id"]).decode().replace("> ", "").split())
    assert "Version 1 is attached" in comment["text"]
    assert comment["text"].rstrip().rpartition("\n")[2].startswith("[wb-"), "its reference, for people and repeats"
    assert [each["status"] for each in truth["history"]] == ["to do", "in progress", "in review"]

    shown = office.show(asked.note)
    assert_unbroken(shown)
    assert [each["to_state"] for each in shown["events"]] == ALL_STATES[:3]
    (attempt,) = shown["attempts"]
    assert (attempt["settings"], attempt["outcome"], len(attempt["input_hash"])) == ({"hits": 8}, "delivered", 64)
    (run,) = up.runs("make_knowledge_note", asked.note)
    assert (run.id, run.sensor, run.status in {"STARTED", "SUCCESS"}) == (attempt["run_id"], "ready_tasks_sensor", True)
    wait_until(lambda: asked.note in materialized(up, "delivered_knowledge_notes"), 30, "the partition")


def test_CB_13_a_task_that_waits_says_why_on_the_terminal_and_in_the_pages(office: Office, asked: Asked) -> None:
    waiting = office.waybill("tasks", "--waiting", "--json")["tasks"]
    reasons = {each["id"]: each["reason"] for each in waiting}
    assert (reasons[asked.dateless], reasons[asked.unwanted]) == ("it has no due date", "auto-execute is off")

    (newest,) = office.up.ask(_NEWEST, asset=["clickup_tasks"])["assetOrError"]["assetMaterializations"]
    entries = {entry["label"]: entry for entry in newest["metadataEntries"]}
    assert entries["dagster/row_count"]["intValue"] >= 3
    shown = " ".join(entries["waiting"]["table"]["records"])
    assert all(words in shown for task, reason in reasons.items() for words in (task, reason))


def test_CB_12_CP_2_moved_back_with_words_it_comes_again_beside_the_first_and_closing_it_approves(
    office: Office, seen: Asked
) -> None:
    host, task = office.clickup, seen.note
    wait_until(lambda: len(host.task(task)["comments"]) == 3, 60, "the comment on version 2")
    truth = office.agency.wait_until_shown(task, "in review")

    first, second = truth["attachments"]
    assert ("v1 " in first["title"], "v2 " in second["title"]) == (True, True)
    assert WISH in host.attachment(task, second["id"]).decode()

    host.move(task, "complete", user="Anna")
    wait_for_state(office.up, task, "delivered")
    shown = office.show(task)
    assert_unbroken(shown)
    assert [each["to_state"] for each in shown["events"]] == ALL_STATES
    reviews = [(each["version"], each["decision"], each["reviewer"]) for each in shown["reviews"]]
    assert reviews == [(1, "changes_requested", "Ben"), (2, "approved", "Anna")]
    assert shown["reviews"][0]["reason"] == f"Ben: {WISH}"
    assert {each["state"] for each in shown["effects"] if each["kind"] != "status"} == {"sent"}
    assert len(host.task(task)["attachments"]) == 2


def test_a_task_that_is_deleted_is_cancelled_and_one_that_gets_its_date_begins(office: Office, seen: Asked) -> None:
    wait_for_state(office.up, seen.unwanted, "cancelled")
    last = office.show(seen.unwanted)["events"][-1]
    assert (last["actor"], last["reason"]) == ("ClickUp", "the task was deleted in ClickUp")
    office.agency.wait_until_shown(seen.dateless, "in review")
    assert_unbroken(office.show(seen.dateless))


def test_CB_5_CB_8_what_cannot_be_attached_is_not_announced_either_and_a_person_replays_it(
    office: Office, browser: Browser, screenshots: Path
) -> None:
    up, host = office.up, office.clickup
    host.quirks(storage_bytes=0)
    task = office.agency.ask("What does the Ridgeline 45 weigh?", priority=1)
    truth = office.agency.wait_until_shown(task, "failed")
    assert (truth["attachments"], truth["comments"]) == ([], []), "nothing of the set is out"
    assert state(up, task) == "failed"
    check_tasks(up)
    assert not passed(up, "nothing_is_dead_lettered")
    assert passed(up, "no_work_is_stuck")
    alerts = office.waybill("alerts", "--json")["alerts"]
    assert [each["task_id"] for each in alerts if each["kind"] == "task failed"] == [task]
    assert "Check failed: nothing_is_dead_lettered" in {each["subject"] for each in alerts}
    page = f"{up.url}/assets/clickup_tasks?view=checks&checkDetail=nothing_is_dead_lettered"
    browser.screenshot(page, screenshots / "ui" / "dead_letters.png", "text=Evaluation result", height=1200)
    assert "Failed" in browser.text()
    assert "GBUSED_005" in browser.text(), "the letter's error"

    host.quirks(storage_bytes=10_000_000)
    (letter,) = office.waybill("dead-letters", "list", "--json")["dead_letters"]
    office.waybill("dead-letters", "replay", str(letter["id"]))
    wait_until(lambda: host.task(task)["comments"], 60, "the comment")
    assert len(host.task(task)["attachments"]) == 1


def test_an_event_for_a_route_that_is_not_there_is_kept_as_a_dead_letter_AP_4(office: Office) -> None:
    url = office.agency.waybill.settings["WAYBILL_WEBHOOK_PUBLIC_URL"]
    with httpx.Client(trust_env=False) as client:
        assert client.post(f"{url}/webhooks/nobody", json={"task": 1}).status_code == 404
    (letter,) = office.waybill("dead-letters", "list", "--json")["dead_letters"]
    assert (letter["stage"], letter["request"]["route"]) == ("inbox", "nobody")
    office.waybill("dead-letters", "drop", str(letter["id"]), "--reason", "a test")


def test_the_pages_show_tasks_as_partitions_and_how_many_are_in_each_state(
    office: Office, browser: Browser, screenshots: Path
) -> None:
    group = f"{office.up.url}/locations/__repository__@waybill/asset-groups/deliverables/lineage"
    browser.screenshot(group, screenshots / "ui" / "deliverables.png", "text=100% filled")
    names = ("knowledge_notes", "delivered_knowledge_notes", "command_results", "clickup_tasks", "embeddings")
    assert all(name in browser.text() for name in names)
    page = f"{office.up.url}/assets/clickup_tasks?view=overview"
    browser.screenshot(page, screenshots / "ui" / "clickup_tasks.png", "text=tasks_in_review", height=1400)
    assert all(word in browser.text() for word in ("tasks_delivered", "moved_by_people", "Every open task"))
