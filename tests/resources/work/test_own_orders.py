"""CP-2: nobody approves what they ordered, where the client wants it so; a reviewer's words go into the next draft."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.people import is_same_person
from resources.domain.seen import SeenTask
from resources.domain.tasks import UNKNOWN_PERSON, Act, TaskEvent, TaskState
from resources.ledger import alerts, claims, reviews
from resources.ledger.tasks import Task
from resources.work.intake import Words
from resources.work.review import ApproverUnknownError, OwnOrderError, decide
from tests.resources.ledger.tasks_making import T1, acme, add, assert_unbroken, claim, configured, get, look
from tests.resources.work.at_work import effects, published, sent
from tests.resources.work.looking import taken

FOUR_EYES: Final = configured(clients={"acme": {"approves_own_orders": False}})
CLOSED: Final = {"status": "complete", "status_type": "closed", "ordered_by": "Anna Smith"}


@pytest.fixture
def artefacts(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "artefacts")


@pytest.fixture
def reviewed(cleared: Engine, artefacts: ArtefactStore) -> Engine:
    """A task that Anna ordered, in review, all of it out."""
    acme(cleared)
    add(cleared, ordered_by="Anna Smith")
    published(cleared, artefacts)
    sent(cleared, updated_at=look(at_s=0.5).updated_at)
    return cleared


def approved(ledger: Engine, actor: str, configuration: Configuration = FOUR_EYES) -> Task:
    with ledger.begin() as connection:
        task, _ = claims.look(connection, T1)
        return decide(connection, configuration, task, TaskEvent.APPROVE, Act(actor, "Good."))


def by(actor: str, reason: str = "moved back without comment") -> Words:
    def words(known: Task, seen: SeenTask) -> Act:
        return Act(actor, reason)

    return words


def told(ledger: Engine) -> list[tuple[str, str]]:
    with ledger.begin() as connection:
        return [(each.subject, each.body) for each in alerts.recent(connection, 50)]


def decisions(ledger: Engine) -> list[tuple[str, str]]:
    with ledger.begin() as connection:
        return [(each["decision"], each["reviewer"]) for each in reviews.of_task(connection, T1)]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Anna Smith", " anna  SMITH ", True), ("Anna Smith", "Anna Smythe", False),
        ("anna", "Anna@acme.example", True),
        ("anna@acme.example", "ANNA@ACME.example", True), ("anna@acme.example", "anna@other.example", False),
        ("ben", "anna@acme.example", False), ("ClickUp user 1", "ClickUp user 2", False),
    ],
)  # fmt: skip
def test_names_of_one_person(one: str, other: str, same: bool) -> None:
    assert (is_same_person(one, other), is_same_person(other, one)) == (same, same)


@pytest.mark.parametrize("actor", ["Anna Smith", "anna smith ", UNKNOWN_PERSON])
def test_CP_2_who_ordered_it_or_is_unknown_does_not_approve_it(reviewed: Engine, actor: str) -> None:
    with pytest.raises(OwnOrderError, match="expected an approval by another person than Anna Smith; found one by"):
        approved(reviewed, actor)
    assert (get(reviewed).state, decisions(reviewed)) == (TaskState.IN_REVIEW, [])
    assert approved(reviewed, "Ben").state is TaskState.DELIVERED
    assert decisions(reviewed) == [("approved", "Ben")]


def test_CP_2_by_default_who_ordered_it_may_approve_it(reviewed: Engine) -> None:
    assert approved(reviewed, "Anna Smith", configured()).state is TaskState.DELIVERED


def test_CP_2_who_ordered_it_may_send_it_back(reviewed: Engine) -> None:
    taken(reviewed, look(ordered_by="Anna Smith"), words=by("Anna Smith", "Warmer."), configuration=FOUR_EYES)
    assert (get(reviewed).state, get(reviewed).feedback) == (TaskState.READY, "Warmer.")


def test_what_nobody_ordered_any_known_person_approves(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared, origin="recurring", ordered_by=None)
    published(cleared, artefacts)
    with pytest.raises(ApproverUnknownError, match="another person than who ordered it"):
        approved(cleared, UNKNOWN_PERSON)
    assert approved(cleared, "Ben").state is TaskState.DELIVERED


def test_CB_12_in_ClickUp_such_a_move_is_told_once_and_shown_as_it_was(reviewed: Engine) -> None:
    before = len(effects(reviewed))
    for _ in range(3):
        intake = taken(reviewed, look(at_s=1, **CLOSED), words=by("Anna Smith"), configuration=FOUR_EYES)
        assert not intake.moved
    assert (get(reviewed).state, get(reviewed).clickup_status, decisions(reviewed)) == ("in_review", "complete", [])
    assert effects(reviewed)[before:] == [("in review", "pending")]
    ((subject, body),) = told(reviewed)
    assert subject == "Task t1 was moved to complete, but another person has to approve it: What is open?"
    assert "found one by Anna Smith" in body
    sent(reviewed, updated_at=look(at_s=2).updated_at)
    shown = look(at_s=2, status="in review", status_type="custom", ordered_by="Anna Smith")
    assert not taken(reviewed, shown, configuration=FOUR_EYES).moved, "our own write is no event"
    assert taken(reviewed, look(at_s=3, **CLOSED), words=by("Ben"), configuration=FOUR_EYES).moved
    assert (get(reviewed).state, decisions(reviewed)) == (TaskState.DELIVERED, [("approved", "Ben")])
    assert_unbroken(reviewed)


def test_CB_7_an_automation_that_closes_it_again_and_again_is_not_answered_each_time(reviewed: Engine) -> None:
    before = len(effects(reviewed))
    for at_s in (1, 3, 5):
        taken(reviewed, look(at_s=at_s, **CLOSED), words=by("Anna Smith"), configuration=FOUR_EYES)
        sent(reviewed, updated_at=look(at_s=at_s + 1).updated_at)
    assert effects(reviewed)[before:] == [("in review", "sent")]
    assert len(told(reviewed)) == 2, "the second time it was not written back, so the third is no move"


def test_an_unknown_mover_is_waited_for_as_long_as_the_webhook_may_take(reviewed: Engine) -> None:
    """The poll can be faster than the webhook that says who it was."""
    now = datetime.now(UTC)
    recent = look(**CLOSED, updated_at=max(now, look().updated_at) + timedelta(seconds=1))
    taken(reviewed, recent, words=by(UNKNOWN_PERSON), configuration=FOUR_EYES)
    assert (get(reviewed).clickup_status, told(reviewed)) == ("in review", [])
    assert taken(reviewed, recent, words=by("Ben"), configuration=FOUR_EYES).moved == {T1: TaskEvent.APPROVE}


def test_a_mover_whom_nobody_told_of_in_time_is_no_other_person(reviewed: Engine) -> None:
    impatient = configured(clients={"acme": {"approves_own_orders": False}}, clickup={"settle_s": 1e-9})
    moved = look(**CLOSED, updated_at=datetime.now(UTC) - timedelta(seconds=1))
    assert not taken(reviewed, moved, words=by(UNKNOWN_PERSON), configuration=impatient).moved
    ((_, body),) = told(reviewed)
    assert "found one by an unknown ClickUp user. Register the webhook" in body


def test_CB_12_both_roads_put_the_words_into_the_next_draft_and_the_person_into_the_history(
    cleared: Engine, artefacts: ArtefactStore
) -> None:
    acme(cleared)
    for task in ("t1", "t2"):
        add(cleared, task)
        published(cleared, artefacts, task)
    sent(cleared, updated_at=look(at_s=0.5).updated_at)
    with cleared.begin() as connection:
        task, _ = claims.look(connection, T1)
        decide(connection, FOUR_EYES, task, TaskEvent.REQUEST_CHANGES, Act("Ben", "Warmer, please."))
    taken(cleared, look("t2", at_s=1), words=by("Anna", "Anna: Shorter.\nBen: Warmer."), configuration=FOUR_EYES)
    for each, actor, words in (("t1", "Ben", "Warmer, please."), ("t2", "Anna", "Anna: Shorter.\nBen: Warmer.")):
        assert (get(cleared, each).feedback, get(cleared, each).round) == (words, 2)
        assert claim(cleared, task=each).attempt.input["feedback"] == words
        with cleared.begin() as connection:
            (review,) = reviews.of_task(connection, get(cleared, each).id)
        assert (review["decision"], review["reviewer"], review["reason"]) == ("changes_requested", actor, words)
