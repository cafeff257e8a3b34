"""Who an attempt belongs to: one owner at a time, and what is left of one that is gone is taken over once."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.errors import WaybillError
from resources.domain.tasks import TaskEvent, TaskState
from resources.ledger.claims import Worker
from resources.ledger.leases import AlreadyClaimedError, LeaseLostError
from resources.work import recovery
from resources.work.attempt import (
    Attempt,
    TaskNotReadyError,
    claimed,
)
from resources.work.publication import publish
from tests.resources.ledger.tasks_making import (
    CONFIGURATION,
    T1,
    add,
    assert_unbroken,
    attempts,
    claim,
    claiming_process,
    expire,
    get,
    kill,
)
from tests.resources.work.at_work import (
    OUTAGE,
    alerts,
    attempt_at,
    decided,
    effects,
    recorded,
)

WORK_AND_WAIT = """
import sys
from resources.domain.configuration import Configuration
from resources.domain.tasks import TaskId
from resources.ledger.engine import open_ledger
from resources.work.attempt import attempting
engine = open_ledger(sys.argv[1], pool_size=3)
configuration = Configuration.model_validate_json(sys.argv[2])
with attempting(engine, TaskId("t1"), owner="run 9", run_id="9", configuration=configuration):
    print("working", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def artefacts(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "artefacts")


@pytest.mark.parametrize("event", [TaskEvent.CANCEL, TaskEvent.REQUEST_CHANGES])
def test_CP_1_what_was_taken_back_meanwhile_stops_and_nothing_is_written_over_it(
    cleared: Engine, artefacts: ArtefactStore, event: TaskEvent
) -> None:
    add(cleared)
    with pytest.raises(LeaseLostError), attempt_at(cleared) as attempt:
        recorded(cleared, artefacts, attempt)
        taken = decided(cleared, event)
        assert attempt.claim.lost.wait(10), "noticed within 10 s"
        publish(cleared, artefacts, attempt)
    assert get(cleared) == taken
    assert [(each.outcome, each.error) for each in attempts(cleared)] == [
        ("taken back", {"reason": "because", "actor": "Anna"})
    ]
    assert effects(cleared) == [("in progress", "withdrawn")]


def test_a_task_that_was_taken_back_and_begun_anew_is_left_to_its_new_owner(cleared: Engine) -> None:
    add(cleared)
    with pytest.raises(type(OUTAGE)), attempt_at(cleared):
        decided(cleared, TaskEvent.REQUEST_CHANGES)
        anew = claim(cleared, Worker("run 2"))
        raise OUTAGE
    assert get(cleared) == anew.task
    assert [each.outcome for each in attempts(cleared)] == ["taken back", None]


def test_CB_4_a_second_way_in_says_who_works_on_it(cleared: Engine) -> None:
    add(cleared)
    with attempt_at(cleared):
        before = get(cleared)
        with pytest.raises(AlreadyClaimedError, match="already claimed by run 1"), attempt_at(cleared, owner="cli"):
            pass
        assert get(cleared).version == before.version
    assert get(cleared).state is TaskState.WORKING


def test_CB_1_work_of_a_killed_process_goes_back_at_once(cleared: Engine, cleared_url: str) -> None:
    add(cleared, attempts_left=2)
    command = [sys.executable, "-c", WORK_AND_WAIT, cleared_url, CONFIGURATION.model_dump_json()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        assert recovery.recover(cleared, CONFIGURATION) == recovery.Recovered()
        kill(process)
    assert recovery.recover(cleared, CONFIGURATION).ready == [T1]
    assert (get(cleared).state, get(cleared).attempts_left) == (TaskState.READY, 1)
    assert [each.outcome for each in attempts(cleared)] == ["abandoned"]
    assert recovery.recover(cleared, CONFIGURATION) == recovery.Recovered()


@pytest.mark.parametrize("owner", ["run 2", "run 9"])
def test_CB_1_whoever_comes_to_a_dead_owners_task_takes_it_over(cleared: Engine, cleared_url: str, owner: str) -> None:
    """Also the same owner in another process: its claim of before is not one that it could go on with."""
    add(cleared, attempts_left=2)
    with claiming_process(cleared_url) as process:
        kill(process)
        with attempt_at(cleared, owner=owner) as attempt:
            assert attempt.number == 2
    assert [(each.outcome, each.owner) for each in attempts(cleared)] == [("abandoned", "run 9"), (None, owner)]
    assert get(cleared).attempts_left == 0


def test_what_a_dead_owner_leaves_without_attempts_fails_and_stays_so(cleared: Engine) -> None:
    add(cleared, attempts_left=1)
    claim(cleared)
    expire(cleared)
    with pytest.raises(TaskNotReadyError, match="found failed: run 1 is gone"), attempt_at(cleared, owner="run 2"):
        pass
    assert get(cleared).state is TaskState.FAILED
    assert alerts(cleared) == ["task failed"]


def test_DT_1_delivery_and_recovery_at_once_have_one_ending(cleared: Engine, artefacts: ArtefactStore) -> None:
    endings = set()
    for number in range(12):
        name = f"t{number}"
        add(cleared, name, attempts_left=1)
        attempt = Attempt(claimed(cleared, get(cleared, name).id, Worker("run 1"), CONFIGURATION), CONFIGURATION, 1)
        recorded(cleared, artefacts, attempt)
        expire(cleared, name)
        together, said = threading.Barrier(2), list[str]()

        def deliver(attempt: Attempt = attempt, together: threading.Barrier = together, said: list[str] = said) -> None:
            together.wait()
            try:
                publish(cleared, artefacts, attempt)
            except WaybillError as error:
                said.append(type(error).__name__)

        def recover(together: threading.Barrier = together) -> None:
            together.wait()
            recovery.recover(cleared, CONFIGURATION)

        threads = [threading.Thread(target=deliver), threading.Thread(target=recover)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        state, outcome = get(cleared, name).state, attempts(cleared, name)[0].outcome
        endings.add((state, outcome))
        attached = [kind for kind, _ in effects(cleared, name) if kind == "attachment"]
        if state is TaskState.IN_REVIEW:
            assert (outcome, said, attached) == ("delivered", [], ["attachment"])
        else:
            assert (state, outcome, attached) == (TaskState.READY, "abandoned", []), (
                "its version is there to be handed over"
            )
            assert said == ["LeaseLostError"]
    assert endings
    assert_unbroken(cleared)
