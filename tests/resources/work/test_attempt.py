"""An attempt ends one way, whatever breaks: delivered, given back with a pause, failed with an alert, or taken back."""

import subprocess
import sys
import threading
from datetime import timedelta
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
    AttemptOverError,
    TaskNotReadyError,
    TaskTypeGoneError,
    attempting,
    claimed,
    plan,
)
from resources.work.moving import FIRST_PAUSE, LONGEST_PAUSE
from resources.work.publication import publish
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import (
    CONFIGURATION,
    NOTE,
    T1,
    add,
    assert_unbroken,
    attempts,
    claim,
    claiming_process,
    configured,
    expire,
    get,
    history,
    kill,
    moved,
)
from tests.resources.work.at_work import (
    HOPELESS,
    OUTAGE,
    alerts,
    attempt_at,
    decided,
    effects,
    published,
    recorded,
    sent,
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


def broken(cleared: Engine, error: BaseException, owner: str = "run 1") -> None:
    """An attempt that ends with ``error``, which goes on."""
    with pytest.raises(type(error)), attempt_at(cleared, owner=owner):
        raise error


def let_the_pause_pass(cleared: Engine) -> timedelta:
    """How long the task was to wait; it need not any more."""
    ((pause,),) = sql(cleared, "SELECT not_before_at - changed_at FROM waybill.tasks")
    sql(cleared, "UPDATE waybill.tasks SET not_before_at = NULL")
    return timedelta(seconds=round(pause.total_seconds()))


def test_work_that_ends_well_keeps_the_claim_for_the_next_asset_of_its_run(cleared: Engine) -> None:
    add(cleared)
    with attempt_at(cleared) as first:
        first.check()
    with attempt_at(cleared) as second:
        assert second.claim == first.claim
        assert (second.number, second.settings, second.next_version) == (1, {"hits": 8}, 1)
    assert len(attempts(cleared)) == 1


def test_CB_3_the_claim_is_shown_in_clickup(cleared: Engine) -> None:
    add(cleared)
    with attempt_at(cleared), attempt_at(cleared):
        assert effects(cleared) == [("in progress", "pending")]
    add(cleared, "local-1", origin="local")
    with attempt_at(cleared, "local-1"):
        assert effects(cleared, "local-1") == []


def test_a_transient_error_makes_it_ready_again_after_a_growing_pause(cleared: Engine) -> None:
    add(cleared, attempts_left=3)
    pauses = []
    for number in (1, 2):
        broken(cleared, OUTAGE)
        task = get(cleared)
        assert (task.state, task.attempts_left, task.lease_owner) == (TaskState.READY, 3 - number, None)
        pauses.append(let_the_pause_pass(cleared))
    assert pauses == [FIRST_PAUSE, 2 * FIRST_PAUSE]
    assert [(each.outcome, each.error) for each in attempts(cleared)] == [("failed", {"reason": str(OUTAGE)})] * 2
    assert alerts(cleared) == []


def test_CP_1_when_the_last_attempt_is_spent_it_fails_with_an_alert(cleared: Engine) -> None:
    add(cleared, attempts_left=3)
    for _ in range(3):
        broken(cleared, OUTAGE)
        sql(cleared, "UPDATE waybill.tasks SET not_before_at = NULL")
    task = get(cleared)
    assert (task.state, task.reason, task.attempts_left) == (TaskState.FAILED, str(OUTAGE), 0)
    assert alerts(cleared) == ["task failed"]
    assert effects(cleared)[-1] == ("failed", "pending")
    with pytest.raises(TaskNotReadyError, match="failed: the model: expected an answer"), attempt_at(cleared):
        pass
    assert len(attempts(cleared)) == 3
    assert_unbroken(cleared)


def test_a_permanent_error_fails_it_at_once(cleared: Engine) -> None:
    add(cleared, attempts_left=3)
    broken(cleared, HOPELESS)
    assert (get(cleared).state, get(cleared).reason) == (TaskState.FAILED, str(HOPELESS))
    assert alerts(cleared) == ["task failed"]


def test_an_error_that_nobody_expected_is_told_with_its_kind(cleared: Engine) -> None:
    add(cleared)
    broken(cleared, ZeroDivisionError())
    assert attempts(cleared)[0].error == {"reason": "ZeroDivisionError:"}
    assert get(cleared).state is TaskState.READY


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), SystemExit(1), GeneratorExit()])
def test_an_interruption_uses_no_attempt_up(cleared: Engine, interruption: BaseException) -> None:
    """Dagster ends a run by a BaseException; so does a person at the keyboard."""
    add(cleared, attempts_left=1)
    broken(cleared, interruption)
    task = get(cleared)
    assert (task.state, task.attempts_left) == (TaskState.READY, 1)
    assert let_the_pause_pass(cleared) >= FIRST_PAUSE
    assert attempts(cleared)[0].outcome == "interrupted"
    broken(cleared, OUTAGE)
    assert get(cleared).state is TaskState.FAILED


def test_no_pause_is_longer_than_the_longest(cleared: Engine) -> None:
    types = {NOTE: {"attempts": 20}}
    add(cleared, attempts_left=5)
    with pytest.raises(type(OUTAGE)), attempt_at(cleared, configuration=configured(types=types)):
        raise OUTAGE
    assert let_the_pause_pass(cleared) == LONGEST_PAUSE


def test_CP_1_work_beyond_its_deadline_is_timed_out(cleared: Engine) -> None:
    add(cleared, attempts_left=1)
    quick = configured(types={NOTE: {"attempt_deadline_s": 0.05}})
    with pytest.raises(AttemptOverError, match="expected an end before"):  # noqa: SIM117 - what is raised inside
        with attempt_at(cleared, configuration=quick) as attempt:
            while True:
                attempt.check()
    assert [each.outcome for each in attempts(cleared)] == ["timed out"]
    assert get(cleared).state is TaskState.FAILED


def test_CP_1_other_settings_are_for_one_attempt_and_may_change_its_deadline(cleared: Engine) -> None:
    task = add(cleared)
    sql(cleared, """UPDATE waybill.tasks SET overrides = '{"hits": 2, "attempt_deadline_s": 5}'""")
    with attempt_at(cleared) as attempt:
        assert attempt.settings == {"hits": 2}
        assert attempt.deadline_at - attempt.claim.attempt.started_at == timedelta(seconds=5)
    assert plan(CONFIGURATION, task).settings == {"hits": 8}


def test_DT_5_a_change_of_waybill_toml_amid_the_work_changes_nothing_of_it(cleared: Engine) -> None:
    add(cleared)
    changed = configured(types={NOTE: {"settings": {"hits": 1}}})
    with attempt_at(cleared), attempt_at(cleared, configuration=changed) as later:
        assert later.settings == {"hits": 8}


def test_a_type_that_left_waybill_toml_is_said_and_nothing_is_begun(cleared: Engine) -> None:
    add(cleared, type="poem")
    with (
        pytest.raises(TaskTypeGoneError, match=r"'poem' in .*; found only knowledge_note"),
        attempt_at(cleared),
    ):
        pass
    assert get(cleared).version == 1


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
            assert (state, outcome, attached) == (TaskState.FAILED, "abandoned", [])
            assert said == ["LeaseLostError"]
    assert endings
    assert_unbroken(cleared)


def test_a_new_round_has_every_attempt_again_and_the_words_with_it(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared, attempts_left=1)
    published(cleared, artefacts)
    sent(cleared)
    back = decided(cleared, TaskEvent.REQUEST_CHANGES)
    assert (back.round, back.attempts_left, back.feedback) == (2, 3, "because")
    with attempt_at(cleared) as attempt:
        assert attempt.task.feedback == "because"
        assert attempt.next_version == 2
    assert [event for _, event, _ in history(cleared)][-2:] == ["request_changes", "claim"]


def test_a_waiting_task_is_not_begun_by_hand_either(cleared: Engine) -> None:
    add(cleared)
    moved(cleared, TaskEvent.DISQUALIFY, reason="auto-execute is off")
    with pytest.raises(TaskNotReadyError, match="found waiting: auto-execute is off"):  # noqa: SIM117 - one statement each
        with attempting(cleared, T1, owner="cli", run_id=None, configuration=CONFIGURATION):
            pass
    assert attempts(cleared) == []
