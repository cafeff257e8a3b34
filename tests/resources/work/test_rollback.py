"""CP-3: back to an old version by a new one that equals it, handed over as any other, whole or not at all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.deliverables import Citation, Draft, DraftFile
from resources.domain.ids import ExtractionId, derived
from resources.domain.spans import Span
from resources.domain.tasks import Act, TaskEvent, TaskId, TaskState
from resources.ledger import claims, deliverables, reviews
from resources.ledger.deliverables import StoredFile, Version, VersionUnknownError
from resources.ledger.tasks import TaskUnknownError
from resources.work.publication import publish
from resources.work.review import NotPublishedYetError
from resources.work.rollback import RollbackRefusedError, RolledBack, roll_back
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import (
    CONFIGURATION,
    NOTE,
    T1,
    add,
    assert_unbroken,
    attempts,
    claim,
    get,
    history,
    moved,
)
from tests.resources.work.at_work import attempt_at, decided, effects, given_up, published, sent

BEN = Act("Ben", "The first was better.")
WORDS = Citation(ExtractionId(derived("x", "1")), "file:///a", "A", Span(0, 3), "One")


@pytest.fixture
def artefacts(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "artefacts")


def cited(cleared: Engine, artefacts: ArtefactStore) -> Version:
    """A version with a citation, and with a file that stays here, handed over."""
    with attempt_at(cleared) as attempt:
        files = (
            DraftFile("letter.md", "text/markdown", artefacts.put(f"Round {attempt.task.round}".encode())),
            DraftFile("plan.json", "application/json", artefacts.put(b"{}"), published=False),
        )
        with cleared.begin() as connection:
            deliverables.record(connection, attempt.claim, Draft(NOTE, "One letter.", files, (WORDS,), "a rule"))
        return publish(cleared, artefacts, attempt)


def in_review(cleared: Engine, artefacts: ArtefactStore, rounds: int = 2) -> None:
    """The task, with so many versions, the last one out and in review."""
    add(cleared, attempts_left=3)
    for number in range(rounds):
        if number:
            decided(cleared, TaskEvent.REQUEST_CHANGES)
        cited(cleared, artefacts)
        sent(cleared)


def back(cleared: Engine, artefacts: ArtefactStore, to: int = 1, by: Act = BEN) -> RolledBack:
    return roll_back(cleared, artefacts, CONFIGURATION, T1, to=to, by=by)


def content(cleared: Engine, version: Version) -> tuple[list[StoredFile], list[dict[str, object]]]:
    with cleared.begin() as connection:
        return deliverables.files(connection, version.id), deliverables.citations(connection, version.id)


def all_versions(cleared: Engine) -> list[Version]:
    with cleared.begin() as connection:
        return deliverables.versions(connection, TaskId(T1))


def everything(cleared: Engine) -> list[list[tuple[object, ...]]]:
    tables = ("tasks", "task_attempts", "task_events", "deliverable_versions", "deliverable_files", "citations",
              "reviews", "outbox")  # fmt: skip
    return [sql(cleared, f"SELECT * FROM waybill.{table} AS t ORDER BY CAST(t AS text)") for table in tables]


def test_CP_3_a_rollback_is_a_new_version_equal_to_the_old_one(cleared: Engine, artefacts: ArtefactStore) -> None:
    in_review(cleared, artefacts)
    done = back(cleared, artefacts)
    first, second, third = all_versions(cleared)
    assert (done.version, done.original) == (third, first)
    assert (third.number, third.copy_of, third.stage) == (3, first.id, "whole")
    assert (third.made_by, third.summary) == ("rolled back to version 1 by Ben", first.summary)
    assert content(cleared, third) == content(cleared, first) != content(cleared, second)
    with cleared.begin() as connection:
        assert deliverables.newest(connection, T1) == third
    assert get(cleared).state is TaskState.IN_REVIEW
    assert_unbroken(cleared)


def test_CP_2_each_step_of_a_rollback_has_the_person_and_the_reason(cleared: Engine, artefacts: ArtefactStore) -> None:
    in_review(cleared, artefacts)
    back(cleared, artefacts)
    told = sql(cleared, "SELECT event, actor, reason FROM waybill.task_events ORDER BY version DESC LIMIT 3")
    because = "rolled back to version 1: The first was better."
    assert told == [(event, "Ben", because) for event in ("deliver", "claim", "request_changes")]
    with cleared.begin() as connection:
        decisions = reviews.of_task(connection, T1)
    assert [(each["version"], each["decision"], each["reviewer"]) for each in decisions] == [
        (1, "changes_requested", "Anna"), (2, "changes_requested", "Ben"),
    ]  # fmt: skip
    last = attempts(cleared)[-1]
    assert (last.outcome, last.owner.startswith("rollback "), last.settings) == ("delivered", True, {"hits": 8})
    assert (get(cleared).feedback, get(cleared).lease_owner) == (None, None)


def test_CB_5_what_it_publishes_goes_out_as_any_set_does(cleared: Engine, artefacts: ArtefactStore) -> None:
    in_review(cleared, artefacts)
    before = len(effects(cleared))
    back(cleared, artefacts)
    assert effects(cleared)[before:] == [("attachment", "pending"), ("comment", "pending"), ("in review", "pending")]
    rows = sql(cleared, "SELECT key, set_key, payload FROM waybill.outbox ORDER BY id DESC LIMIT 3")
    assert {row[1] for row in rows} == {"publication:t1:v3"}
    assert rows[2][2]["name"].startswith("letter v3 "), "what stays here is not attached"
    assert "It equals version 1: rolled back to version 1 by Ben, who says: The first was better." in rows[1][2]["text"]


def test_CP_2_the_version_of_a_rollback_needs_its_own_approval(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared, attempts_left=3)
    cited(cleared, artefacts)
    sent(cleared)
    decided(cleared, TaskEvent.APPROVE)
    decided(cleared, TaskEvent.REOPEN)
    cited(cleared, artefacts)
    sent(cleared)
    back(cleared, artefacts)
    assert get(cleared).state is TaskState.IN_REVIEW, "what it equals was approved; this was not"
    with pytest.raises(NotPublishedYetError, match="version 3"):
        decided(cleared, TaskEvent.APPROVE)
    sent(cleared)
    assert decided(cleared, TaskEvent.APPROVE).state is TaskState.DELIVERED
    with cleared.begin() as connection:
        decisions = [(each["version"], each["decision"]) for each in reviews.of_task(connection, T1)]
    assert decisions == [(1, "approved"), (2, "changes_requested"), (3, "approved")]


@pytest.mark.parametrize("state", [TaskState.DELIVERED, TaskState.FAILED, TaskState.CANCELLED])
def test_CP_3_an_ended_task_is_begun_anew_first(cleared: Engine, artefacts: ArtefactStore, state: TaskState) -> None:
    in_review(cleared, artefacts)
    match state:
        case TaskState.DELIVERED:
            decided(cleared, TaskEvent.APPROVE)
        case TaskState.CANCELLED:
            decided(cleared, TaskEvent.CANCEL)
        case TaskState.FAILED:
            decided(cleared, TaskEvent.REQUEST_CHANGES)
            cited(cleared, artefacts)
            sent(cleared, at_most=1)
            given_up(cleared)
    assert get(cleared).state is state
    assert back(cleared, artefacts).task.state is TaskState.IN_REVIEW
    assert [each[1] for each in history(cleared)][-3:] == ["reopen", "claim", "deliver"]
    assert_unbroken(cleared)


@pytest.mark.parametrize("state", [TaskState.WORKING, TaskState.READY, TaskState.WAITING])
def test_CP_3_a_task_that_is_to_be_worked_on_is_not_rolled_back(
    cleared: Engine, artefacts: ArtefactStore, state: TaskState
) -> None:
    in_review(cleared, artefacts)
    decided(cleared, TaskEvent.REQUEST_CHANGES)
    if state is TaskState.WORKING:
        claim(cleared)
    if state is TaskState.WAITING:
        moved(cleared, TaskEvent.DISQUALIFY, reason="no due date")
    before = everything(cleared)
    with pytest.raises(RollbackRefusedError, match=rf"found one that is {state.value}\. Wait until it is in review"):
        back(cleared, artefacts)
    assert everything(cleared) == before


@pytest.mark.parametrize("damage", ["gone", "other"])
def test_CB_10_an_old_version_whose_files_are_damaged_or_gone_changes_nothing(
    cleared: Engine, artefacts: ArtefactStore, damage: str
) -> None:
    in_review(cleared, artefacts)
    content_hash = content(cleared, all_versions(cleared)[0])[0][0].content_hash
    path = artefacts.folder / content_hash[:2] / content_hash[2:4] / content_hash
    path.unlink()
    if damage == "other":
        path.write_bytes(b"other")
    before = everything(cleared)
    with pytest.raises(RollbackRefusedError, match=r"not in the artefact store, or not as it was made: letter\.md"):
        back(cleared, artefacts)
    assert everything(cleared) == before


def test_CP_4_a_round_is_no_version_to_go_back_to(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared)
    with attempt_at(cleared) as attempt, cleared.begin() as connection:
        round_ = Draft(
            NOTE, "A try.", (DraftFile("a.md", "text/markdown", artefacts.put(b"a")),), (), "a rule", "round"
        )
        deliverables.record(connection, attempt.claim, round_)
        assert deliverables.checkpoint(connection, attempt.claim) is None, "a round is no checkpoint of the whole"
        assert deliverables.newest(connection, T1) is None
    decided(cleared, TaskEvent.REQUEST_CHANGES)
    published(cleared, artefacts)
    with pytest.raises(RollbackRefusedError, match="found a round"):
        back(cleared, artefacts)
    assert [(each.number, each.stage) for each in all_versions(cleared)] == [(1, "round"), (2, "whole")]


def test_CP_3_what_is_not_there_or_shown_already_is_said(cleared: Engine, artefacts: ArtefactStore) -> None:
    with pytest.raises(TaskUnknownError):
        back(cleared, artefacts)
    in_review(cleared, artefacts)
    with pytest.raises(VersionUnknownError, match="version 7"):
        back(cleared, artefacts, to=7)
    with pytest.raises(RollbackRefusedError, match="what version 2 shows already"):
        back(cleared, artefacts, to=2)
    back(cleared, artefacts)
    with pytest.raises(RollbackRefusedError, match="what version 3 shows already"):
        back(cleared, artefacts)
    assert len(all_versions(cleared)) == 3, "the same command twice makes one version"


def test_DT_5_a_rollback_is_no_checkpoint_of_the_next_round(cleared: Engine, artefacts: ArtefactStore) -> None:
    in_review(cleared, artefacts)
    back(cleared, artefacts)
    sent(cleared)
    decided(cleared, TaskEvent.REQUEST_CHANGES, Act("Anna", "Warmer."))
    with attempt_at(cleared) as attempt, cleared.begin() as connection:
        assert deliverables.checkpoint(connection, attempt.claim) is None
        assert claims.attempts(connection, T1)[-1].input["feedback"] == "Warmer."
        assert attempt.next_version == 4


def test_CB_4_of_two_rollbacks_at_once_one_makes_a_version(cleared: Engine, artefacts: ArtefactStore) -> None:
    in_review(cleared, artefacts)
    start = Barrier(4)

    def one(number: int) -> int | str:
        start.wait()
        try:
            return back(cleared, artefacts, by=Act(f"Person {number}", "Better.")).version.number
        except RollbackRefusedError as refusal:
            return refusal.found

    with ThreadPoolExecutor(4) as pool:
        ends = sorted(map(str, pool.map(one, range(4))))
    assert ends == ["3", *3 * ["what version 3 shows already"]]
    assert [each.number for each in all_versions(cleared)] == [1, 2, 3]


def test_a_task_that_ClickUp_does_not_know_is_rolled_back_too(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared, origin="local", clickup_status=None, clickup_status_kind=None, clickup_updated_at=None)
    for _ in range(2):
        cited(cleared, artefacts)
        decided(cleared, TaskEvent.REQUEST_CHANGES)
    cited(cleared, artefacts)
    assert back(cleared, artefacts).version.number == 4
    assert effects(cleared) == []
