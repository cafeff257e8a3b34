"""CB-12: a person's move in ClickUp is an event like any other, our own status is none, and no look is lost or late."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.moves import MOVES, Meaning
from resources.domain.seen import SeenTask
from resources.domain.tasks import OPEN, Act, TaskEvent, TaskId, TaskState
from resources.ledger.tasks import Task
from resources.work.intake import TaskRestlessError, take_out
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import (
    CONFIGURATION,
    RUN_2,
    T1,
    acme,
    add,
    assert_unbroken,
    attempts,
    claim,
    get,
    history,
    look,
    moved,
)
from tests.resources.work.at_work import OUTAGE, attempt_at, effects, published, sent
from tests.resources.work.looking import ANNA, STATUSES, in_state, nobody, says, taken


@pytest.fixture
def artefacts(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "artefacts")


@pytest.mark.parametrize(("state", "said"), [(s, m) for s in TaskState for m in Meaning])
def test_CB_12_a_persons_move_is_an_event_in_each_state_or_none(
    cleared: Engine, artefacts: ArtefactStore, state: TaskState, said: Meaning
) -> None:
    before = in_state(cleared, artefacts, state)
    event = MOVES.get((state, said))
    if before.clickup_status == STATUSES[said][0]:
        event = None
    status, kind = STATUSES[said]
    waits = {"auto_execute": False} if state is TaskState.WAITING else {}
    intake = taken(
        cleared, look(at_s=1, status=status, status_type=kind, **waits), words=says if event else nobody
    )  # fmt: skip
    after = get(cleared)
    assert intake.moved == ({T1: event} if event else {})
    assert (after.clickup_status, after.clickup_updated_at) == (status, look(at_s=1).updated_at)
    new = [each[1] for each in history(cleared)][before.version :]
    if event:
        assert new[0] == event
        told = sql(cleared, "SELECT actor, reason FROM waybill.task_events WHERE version = :v", v=before.version + 1)
        assert told == [("Anna", "Anna: Shorter, please.")]
    elif state is TaskState.READY and said is not Meaning.REOPEN:
        assert (new, after.state) == (["disqualify"], TaskState.WAITING), (
            "what it is moved to is a matter of eligibility"
        )
    else:
        assert (new, after.state) == ([], state)
    assert not taken(cleared, look(at_s=1, status=status, status_type=kind, **waits)), "it is known now"
    assert_unbroken(cleared)


@pytest.mark.parametrize("state", [TaskState.WORKING, TaskState.IN_REVIEW, TaskState.DELIVERED, TaskState.FAILED])
def test_a_status_of_our_own_is_no_event(cleared: Engine, artefacts: ArtefactStore, state: TaskState) -> None:
    shown = {"working": "in progress", "in_review": "in review", "delivered": "complete", "failed": "failed"}[state]
    in_state(cleared, artefacts, state)
    taken(cleared, look(at_s=0.5, status=shown.upper(), status_type="closed"))
    taken(cleared, look(at_s=9, status=shown, status_type="closed", name="new"))
    assert (get(cleared).state, get(cleared).clickup_status_kind) == (state, "open")


def test_a_status_of_ours_that_is_still_on_its_way_is_no_event_either(
    cleared: Engine, artefacts: ArtefactStore
) -> None:
    """Sent, and seen by the poll before the outbox could note it; by its type it would be an approval."""
    acme(cleared)
    add(cleared)
    published(cleared, artefacts)
    taken(cleared, look(at_s=1, status="in progress", status_type="custom"))
    sent(cleared, at_most=3)
    taken(cleared, look(at_s=2, status="in review", status_type="done"))
    assert get(cleared).state is TaskState.IN_REVIEW


def test_a_look_from_before_our_own_write_moves_nothing(cleared: Engine, artefacts: ArtefactStore) -> None:
    """Reads lag writes: the task still shows `to do` after we wrote `in review`."""
    in_state(cleared, artefacts, TaskState.IN_REVIEW)
    assert not taken(cleared, look(at_s=0.3, name="stale"))
    assert get(cleared).state is TaskState.IN_REVIEW


def test_CB_12_moved_back_from_review_a_new_version_is_made_with_the_words(
    cleared: Engine, artefacts: ArtefactStore
) -> None:
    in_state(cleared, artefacts, TaskState.IN_REVIEW)
    taken(cleared, look(at_s=1), words=says)
    assert (get(cleared).feedback, get(cleared).round) == (ANNA.reason, 2)
    assert published(cleared, artefacts).number == 2


def test_an_approval_before_it_is_out_is_found_again_when_it_is(cleared: Engine, artefacts: ArtefactStore) -> None:
    acme(cleared)
    add(cleared)
    published(cleared, artefacts)
    closed = look(at_s=1, status="complete", status_type="closed")
    assert not taken(cleared, closed, words=says).moved
    assert (get(cleared).state, get(cleared).clickup_status) == (TaskState.IN_REVIEW, "to do")
    sent(cleared, at_most=3)
    assert taken(cleared, closed, words=says).moved == {T1: TaskEvent.APPROVE}
    assert get(cleared).state is TaskState.DELIVERED


def test_a_reopened_task_that_lacks_something_waits(cleared: Engine, artefacts: ArtefactStore) -> None:
    in_state(cleared, artefacts, TaskState.FAILED)
    taken(cleared, look(at_s=1, due_at=None), words=says)
    assert [each[1] for each in history(cleared)][-2:] == ["reopen", "disqualify"]
    assert get(cleared).reason == "it has no due date"


def test_a_look_amid_a_claim_is_taken_again(cleared: Engine) -> None:
    """While ClickUp is asked for the comments, somebody claims the task: the move then means something else."""
    acme(cleared)
    add(cleared)
    asked: list[TaskState] = []

    def slow(known: Task, seen: SeenTask) -> Act:
        asked.append(known.state)
        if known.state is TaskState.READY:
            claim(cleared, RUN_2)
        return ANNA

    cancelled = look(at_s=1, status="cancelled", status_type="done")
    assert taken(cleared, cancelled, words=slow).moved == {T1: TaskEvent.CANCEL}
    assert asked == [TaskState.READY, TaskState.WORKING]
    assert [event for _, event, _ in history(cleared)] == ["see", "claim", "cancel"]
    assert [each.outcome for each in attempts(cleared)] == ["taken back"]


def test_a_task_that_changes_at_each_look_is_left_to_the_next_poll(cleared: Engine) -> None:
    acme(cleared)
    add(cleared)

    def restless(known: Task, seen: SeenTask) -> Act:
        ready = known.state is TaskState.READY
        moved(cleared, TaskEvent.DISQUALIFY if ready else TaskEvent.QUALIFY, reason="r" if ready else None)
        return ANNA

    with pytest.raises(TaskRestlessError, match="task t1: expected a moment"):
        taken(cleared, look(at_s=1, status="cancelled", status_type="done"), look("t2"), words=restless)
    assert get(cleared, "t2").state is TaskState.READY, "the rest is written"
    assert "cancel" not in [event for _, event, _ in history(cleared)]


def test_a_newer_look_that_came_in_between_wins(cleared: Engine, artefacts: ArtefactStore) -> None:
    """The move that one look saw was taken back by the time of another, which was written first."""
    in_state(cleared, artefacts, TaskState.IN_REVIEW)

    def slow(known: Task, seen: SeenTask) -> Act:
        taken(cleared, look(at_s=2, status="in review", status_type="custom"))
        return ANNA

    taken(cleared, look(at_s=1, status="complete", status_type="closed"), words=slow)
    assert get(cleared).state is TaskState.IN_REVIEW


@pytest.mark.parametrize("state", [*TaskState])
def test_a_task_that_was_deleted_is_cancelled_while_open_and_never_written_to(
    cleared: Engine, artefacts: ArtefactStore, state: TaskState
) -> None:
    before = in_state(cleared, artefacts, state)
    told = effects(cleared)
    assert take_out(cleared, CONFIGURATION, T1) is (state in OPEN)
    after = get(cleared)
    assert after.deleted_at is not None
    assert after.state is (TaskState.CANCELLED if state in OPEN else state)
    if state in OPEN:
        assert after.reason == "the task was deleted in ClickUp"
    assert effects(cleared) == told
    assert take_out(cleared, CONFIGURATION, T1) is False
    assert get(cleared).version == after.version <= before.version + 1


def test_what_nobody_knows_is_not_taken_out(cleared: Engine) -> None:
    assert take_out(cleared, CONFIGURATION, TaskId("nobody")) is False
    assert sql(cleared, "SELECT id FROM waybill.tasks") == []


def test_a_deleted_task_that_worked_is_fenced_and_its_words_are_withdrawn(cleared: Engine) -> None:
    acme(cleared)
    add(cleared)
    with pytest.raises(type(OUTAGE)), attempt_at(cleared):
        take_out(cleared, CONFIGURATION, T1)
        raise OUTAGE
    assert get(cleared).state is TaskState.CANCELLED
    assert effects(cleared) == [("in progress", "withdrawn")]
