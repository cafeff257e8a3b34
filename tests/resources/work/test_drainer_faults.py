"""Whatever goes wrong between us and ClickUp: one attachment, one comment, the status that was meant (CB-3, CB-5)."""

import pytest

from resources.ledger import alerts
from resources.work.effects import reference
from tests.resources.work.draining import Desk

FAULTS = ["429", "500", "502_html", "timeout_before", "timeout_after", "reset_before", "reset_after", "slow"]
WRITES = {"attachment": ("POST", "/attachment"), "comment": ("POST", "/comment"), "status": ("PUT", "/task/[^/]+$")}


def rule(kind: str, method: str, path: str, **more: object) -> dict[str, object]:
    return {"kind": kind, "method": method, "path": path, "times": 1, "hold_s": 2.0, **more}


def assert_published_once(desk: Desk, task: str) -> None:
    assert len(desk.attachments(task)) == 1
    assert len(desk.comments(task)) == 1
    assert desk.host.task(task)["status"] == "in review"


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_of_each_write_doubles_nothing_and_loses_nothing_CB_3(desk: Desk, kind: str) -> None:
    task = desk.task()
    desk.host.fail([rule(kind, *place) for place in WRITES.values()])
    desk.enqueue(*desk.publication(task))
    assert set(desk.drained().values()) == {"sent"}
    assert_published_once(desk, task)


@pytest.mark.parametrize("kind", ["500", "502_html", "429"])
def test_an_error_that_is_told_although_it_was_done_doubles_nothing(desk: Desk, kind: str) -> None:
    """A 429 says that nothing was done, and is believed: it is left out for what would be doubled by that."""
    task = desk.task()
    places = [WRITES["status"]] if kind == "429" else list(WRITES.values())
    desk.host.fail([rule(kind, *place, effect=True) for place in places])
    desk.enqueue(*desk.publication(task))
    assert set(desk.drained().values()) == {"sent"}
    assert_published_once(desk, task)


@pytest.mark.parametrize("kind", ["500", "reset_after", "timeout_before"])
def test_looks_that_fail_are_no_answer(desk: Desk, kind: str) -> None:
    """The effect came through unseen, and then nobody can look for a while."""
    task = desk.task()
    looks = [rule(kind, "GET", "/task/", times=8)]
    desk.host.fail([*(rule("reset_after", *place) for place in WRITES.values()), *looks])
    desk.enqueue(*desk.publication(task))
    desk.attempts = 20
    assert set(desk.drained(60).values()) == {"sent"}
    assert_published_once(desk, task)


def test_reads_that_lag_double_nothing_as_long_as_they_settle_CB_3(desk: Desk) -> None:
    tasks = [desk.task(f"Task {number}") for number in range(3)]
    desk.host.lag(700)
    desk.host.fail([rule("timeout_after", *place, times=3) for place in WRITES.values()])
    for task in tasks:
        desk.enqueue(*desk.publication(task))
    assert set(desk.drained(60).values()) == {"sent"}
    for task in tasks:
        assert_published_once(desk, task)
        assert desk.writes(task).count(("PUT", task)) == 1


def test_an_unclear_write_is_repeated_only_when_reads_have_settled(desk: Desk) -> None:
    task = desk.task()
    desk.host.fail([rule("reset_before", *WRITES["comment"])])
    desk.enqueue(desk.comment(task))
    desk.drained()
    first, second = (call["at_ms"] for call in desk.host.requests() if call["method"] == "POST")
    assert second - first >= 1000 * desk.settle_s
    looks = [call for call in desk.host.requests() if call["method"] == "GET" and call["path"].endswith("/comment")]
    assert 2 <= len(looks) <= 8, "paced, and not only once"


def test_a_duplicate_that_is_found_is_reported_once(desk: Desk) -> None:
    task = desk.task()
    said = desk.comment(task)
    desk.host.fail([rule("timeout_after", *WRITES["comment"])])
    desk.host.say(task, f"A copy of it {reference(said.key)}")
    desk.enqueue(said)
    assert desk.drained() == {said.key: "sent"}
    with desk.ledger.begin() as connection:
        (alert,) = alerts.recent(connection, 9)
    assert alert.kind == "duplicate"
    assert alert.task_id == task
    assert "2 copies" in alert.subject
