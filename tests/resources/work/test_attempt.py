"""An attempt ends one way, whatever breaks: delivered, given back with a pause, failed with an alert, or taken back."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.tasks import TaskEvent, TaskState
from resources.work.attempt import (
    AttemptOverError,
    TaskNotReadyError,
    TaskTypeGoneError,
    attempting,
    plan,
)
from resources.work.moving import FIRST_PAUSE, LONGEST_PAUSE
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import (
    CONFIGURATION,
    NOTE,
    T1,
    add,
    assert_unbroken,
    attempts,
    configured,
    get,
    history,
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
    sent,
)


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
