"""CP-2: a decision is kept with who, when and why, and binds the version that was out when it was made."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.tasks import Act, IllegalTransitionError, TaskEvent, TaskState
from resources.ledger import reviews
from resources.work.review import NotPublishedYetError
from tests.resources.ledger.tasks_making import T1, add, claim, get
from tests.resources.work.at_work import decided, effects, published, sent

ANNA = Act("Anna", "Good.")
BEN = Act("Ben", "Shorter, please.")


@pytest.fixture
def artefacts(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "artefacts")


def decisions(cleared: Engine) -> list[tuple[int, str, str, str]]:
    with cleared.begin() as connection:
        found = reviews.of_task(connection, T1)
    return [(each["version"], each["decision"], each["reviewer"], each["reason"]) for each in found]


def test_CP_2_an_approval_names_its_version_person_and_reason(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared)
    published(cleared, artefacts)
    sent(cleared)
    decided(cleared, TaskEvent.REQUEST_CHANGES, BEN)
    published(cleared, artefacts)
    sent(cleared)
    assert decided(cleared, TaskEvent.APPROVE, ANNA).state is TaskState.DELIVERED
    assert decisions(cleared) == [
        (1, "changes_requested", "Ben", "Shorter, please."), (2, "approved", "Anna", "Good."),
    ]  # fmt: skip
    assert effects(cleared)[-1] == ("complete", "pending")


@pytest.mark.parametrize("out", [0, 1, 2])
def test_what_is_not_out_yet_cannot_be_approved(cleared: Engine, artefacts: ArtefactStore, out: int) -> None:
    """Nobody can have read it: status of the claim, attachment, then the comment."""
    add(cleared)
    published(cleared, artefacts)
    sent(cleared, at_most=out)
    with pytest.raises(NotPublishedYetError, match="expected version 1 to be out"):
        decided(cleared, TaskEvent.APPROVE, ANNA)
    assert get(cleared).state is TaskState.IN_REVIEW
    assert decisions(cleared) == []
    sent(cleared, at_most=3 - out)
    assert decided(cleared, TaskEvent.APPROVE, ANNA).state is TaskState.DELIVERED


def test_changes_can_be_asked_for_before_it_is_out_and_then_nothing_goes_out(
    cleared: Engine, artefacts: ArtefactStore
) -> None:
    add(cleared)
    published(cleared, artefacts)
    decided(cleared, TaskEvent.REQUEST_CHANGES, BEN)
    assert {state for _, state in effects(cleared)} == {"withdrawn"}
    assert decisions(cleared) == [(1, "changes_requested", "Ben", "Shorter, please.")]


def test_CB_5_a_set_of_which_something_is_out_is_finished(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared)
    published(cleared, artefacts)
    sent(cleared, at_most=2)
    decided(cleared, TaskEvent.CANCEL, BEN)
    assert [state for _, state in effects(cleared)] == ["sent", "sent", "pending", "pending"]


def test_the_reviewers_words_go_into_the_next_round(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared)
    published(cleared, artefacts)
    back = decided(cleared, TaskEvent.REQUEST_CHANGES, BEN)
    assert (back.feedback, back.round, back.state) == ("Shorter, please.", 2, TaskState.READY)
    assert claim(cleared).attempt.input["feedback"] == "Shorter, please."


def test_what_is_said_amid_the_work_is_about_no_version(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared)
    published(cleared, artefacts)
    sent(cleared)
    decided(cleared, TaskEvent.REQUEST_CHANGES, BEN)
    claim(cleared)
    decided(cleared, TaskEvent.REQUEST_CHANGES, ANNA)
    assert decisions(cleared) == [(1, "changes_requested", "Ben", "Shorter, please.")]


def test_a_cancelled_task_keeps_the_reason(cleared: Engine) -> None:
    add(cleared)
    cancelled = decided(cleared, TaskEvent.CANCEL, BEN)
    assert (cancelled.state, cancelled.reason) == (TaskState.CANCELLED, "Shorter, please.")
    reopened = decided(cleared, TaskEvent.REOPEN, ANNA)
    assert (reopened.state, reopened.reason, reopened.feedback) == (TaskState.READY, None, "Good.")


def test_what_the_state_does_not_allow_leaves_no_review(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared)
    published(cleared, artefacts)
    sent(cleared)
    decided(cleared, TaskEvent.APPROVE, ANNA)
    with pytest.raises(IllegalTransitionError):
        decided(cleared, TaskEvent.REQUEST_CHANGES, BEN)
    assert decisions(cleared) == [(1, "approved", "Anna", "Good.")]
