"""CB-1: work that nobody does any more goes back, at once where that can be known, and never in silence."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.tasks import TaskEvent, TaskState
from resources.ledger.claims import Worker
from resources.work.publication import publish
from resources.work.recovery import Recovered, recover
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import (
    CONFIGURATION,
    T1,
    add,
    add_many,
    assert_unbroken,
    attempts,
    claim,
    claiming_process,
    expire,
    get,
    kill,
    moved,
)
from tests.resources.work.at_work import alerts, attempt_at, effects, recorded


def test_what_is_worked_on_is_left_alone(cleared: Engine) -> None:
    add(cleared)
    claim(cleared)
    assert recover(cleared, CONFIGURATION) == Recovered()
    assert get(cleared).state is TaskState.WORKING


def test_KX_5_a_lease_that_ran_out_is_ready_again_with_an_alert(cleared: Engine) -> None:
    add(cleared, attempts_left=2)
    claim(cleared)
    expire(cleared)
    assert recover(cleared, CONFIGURATION) == Recovered(ready=[T1])
    task = get(cleared)
    assert (task.state, task.attempts_left) == (TaskState.READY, 1)
    assert task.not_before_at is not None
    assert attempts(cleared)[0].outcome == "abandoned"
    assert alerts(cleared) == ["work recovered"]


def test_CB_1_the_last_attempt_lost_fails_with_an_alert(cleared: Engine) -> None:
    add(cleared, attempts_left=1)
    claim(cleared)
    expire(cleared)
    assert recover(cleared, CONFIGURATION) == Recovered(failed=[T1])
    assert (get(cleared).reason or "").startswith("run 1 is gone")
    assert alerts(cleared) == ["task failed"]
    assert effects(cleared) == [("failed", "pending")]


def test_CB_1_each_time_is_told_anew(cleared: Engine) -> None:
    add(cleared, attempts_left=3)
    for _ in range(2):
        claim(cleared)
        expire(cleared)
        recover(cleared, CONFIGURATION)
    assert alerts(cleared) == ["work recovered"] * 2


@pytest.mark.parametrize(
    ("how", "outcome", "left"), [("failed", "abandoned", 1), ("ended", "abandoned", 1), ("cancelled", "interrupted", 2)]
)
def test_CB_1_a_run_that_dagster_reports_as_ended_gives_back_at_once(
    cleared: Engine, how: str, outcome: str, left: int
) -> None:
    add_many(cleared, 2, attempts_left=2)
    claim(cleared, Worker("run 7", "7"), "m0000")
    claim(cleared, Worker("run 8", "8"), "m0001")
    asked: list[str] = []

    def ended(runs: list[str]) -> dict[str, str]:
        asked.extend(runs)
        return {"7": how}

    assert recover(cleared, CONFIGURATION, ended) == Recovered(ready=[get(cleared, "m0000").id])
    assert sorted(asked) == ["7", "8"]
    assert get(cleared, "m0000").attempts_left == left
    assert [each.outcome for each in attempts(cleared, "m0000")] == [outcome]
    assert sql(cleared, "SELECT reason FROM waybill.task_events WHERE event = 'expire'") == [
        (f"run 7 has {how} without a word on the task",)
    ]


def test_CB_5_an_attempt_that_made_its_version_before_it_was_lost_uses_none_up(cleared: Engine, tmp_path: Path) -> None:
    """Its work is done: the next one only has to hand it over."""
    add(cleared, attempts_left=1)
    artefacts = ArtefactStore(tmp_path)
    with attempt_at(cleared) as attempt:
        made = recorded(cleared, artefacts, attempt)
    expire(cleared)
    assert recover(cleared, CONFIGURATION) == Recovered(ready=[T1])
    assert get(cleared).attempts_left == 1
    with attempt_at(cleared) as attempt:
        assert publish(cleared, artefacts, attempt) == made
    assert get(cleared).state is TaskState.IN_REVIEW


def test_only_runs_are_asked_of_dagster(cleared: Engine) -> None:
    add(cleared)
    claim(cleared, Worker("anna on a terminal"))
    assert recover(cleared, CONFIGURATION, lambda runs: dict.fromkeys(runs, "failed")) == Recovered()


def test_CB_1_a_killed_process_is_noticed_at_once(cleared: Engine, cleared_url: str) -> None:
    add(cleared)
    with claiming_process(cleared_url) as process:
        assert recover(cleared, CONFIGURATION) == Recovered()
        kill(process)
        assert recover(cleared, CONFIGURATION) == Recovered(ready=[T1])


def test_DT_8_many_recoverers_at_once_give_each_back_once(cleared: Engine) -> None:
    names = add_many(cleared, 12)
    for name in names:
        claim(cleared, task=name)
        expire(cleared, name)
    together, found = threading.Barrier(3), list[str]()

    def work() -> None:
        together.wait()
        found.extend(recover(cleared, CONFIGURATION).ready)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == names
    assert alerts(cleared) == ["work recovered"] * len(names)
    assert_unbroken(cleared)


def test_what_was_moved_since_it_was_seen_is_left_alone(cleared: Engine) -> None:
    """Between the look and the giving back a person cancelled it."""
    add(cleared)
    claim(cleared)

    def ended(runs: list[str]) -> dict[str, str]:
        moved(cleared, TaskEvent.CANCEL, reason="not wanted")
        return dict.fromkeys(runs, "failed")

    assert recover(cleared, CONFIGURATION, ended) == Recovered()
    assert get(cleared).reason == "not wanted"


def test_dagster_that_cannot_be_asked_is_no_empty_answer(cleared: Engine) -> None:
    add(cleared)
    claim(cleared)

    def away(runs: list[str]) -> dict[str, str]:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        recover(cleared, CONFIGURATION, away)
    assert get(cleared).state is TaskState.WORKING
