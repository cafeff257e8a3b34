"""CB-5, CB-10: only a whole set is published, in its order, with the state in one transaction, and once."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DataError

from resources.artefacts.store import ArtefactStore
from resources.domain.tasks import TaskEvent, TaskState
from resources.ledger import dead_letters, deliverables
from resources.ledger.leases import LeaseLostError
from resources.work import consequences
from resources.work.attempt import AttemptOverError
from resources.work.publication import DeliverableIncompleteError, publish
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import (
    NOTE,
    RUN_2,
    add,
    attempts,
    claim,
    configured,
    expire,
    get,
    history,
    moved,
)
from tests.resources.work.at_work import (
    OUTAGE,
    alerts,
    attempt_at,
    decided,
    effects,
    given_up,
    published,
    recorded,
    sent,
)


@pytest.fixture
def artefacts(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "artefacts")


def rows(cleared: Engine) -> list[tuple[Any, ...]]:
    return sql(cleared, "SELECT key, kind, set_key, lane, payload FROM waybill.outbox ORDER BY id")


def test_CB_5_a_set_is_attachments_comment_status_in_one_lane(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared)
    with attempt_at(cleared) as attempt:
        recorded(cleared, artefacts, attempt, "one", "two")
        version = publish(cleared, artefacts, attempt)
    assert get(cleared).state is TaskState.IN_REVIEW
    assert [each.outcome for each in attempts(cleared)] == ["delivered"]
    _, *found = rows(cleared)  # the first tells of the claim
    assert [(kind, set_key, lane) for _, kind, set_key, lane, _ in found] == [
        (kind, "publication:t1:v1", "t1") for kind in ("attachment", "attachment", "comment", "status")
    ]
    names = [payload["name"] for _, kind, _, _, payload in found if kind == "attachment"]
    hashes = [payload["content_hash"] for _, kind, _, _, payload in found if kind == "attachment"]
    assert names == [f"note v1 {hashes[0][:8]}.md", f"note1 v1 {hashes[1][:8]}.md"]
    assert all(artefacts.verify(each) for each in hashes)
    text = found[2][4]["text"]
    assert all(words in text for words in (*names, version.summary, "Version 1"))
    assert found[3][4]["status"] == "in review"


@pytest.mark.parametrize("damage", ["gone", "other", "empty"])
def test_CB_10_a_file_that_is_missing_or_damaged_publishes_nothing(
    cleared: Engine, artefacts: ArtefactStore, damage: str
) -> None:
    add(cleared, attempts_left=2)
    two = artefacts.put(b"two").content_hash
    path = artefacts.folder / two[:2] / two[2:4] / two
    with (
        pytest.raises(DeliverableIncompleteError, match=r"not in the artefact store, .*: note1\.md"),
        attempt_at(cleared) as attempt,
    ):
        recorded(cleared, artefacts, attempt, "one", "two")
        path.unlink()
        if damage != "gone":
            path.write_bytes(b"three" if damage == "other" else b"")
        publish(cleared, artefacts, attempt)
    assert effects(cleared) == [("in progress", "pending")]
    assert (get(cleared).state, get(cleared).attempts_left) == (TaskState.READY, 1)


def test_CB_10_nothing_made_is_nothing_published(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared)
    with pytest.raises(DeliverableIncompleteError, match="no file was made"), attempt_at(cleared) as attempt:
        publish(cleared, artefacts, attempt)
    assert effects(cleared) == [("in progress", "pending")]


def test_CB_5_a_version_of_an_attempt_that_broke_off_is_published_by_the_next(
    cleared: Engine, artefacts: ArtefactStore
) -> None:
    """A checkpoint: the same input has its version already."""
    add(cleared)
    with pytest.raises(type(OUTAGE)), attempt_at(cleared) as attempt:
        made = recorded(cleared, artefacts, attempt)
        raise OUTAGE
    with attempt_at(cleared) as attempt:
        assert publish(cleared, artefacts, attempt) == made
    assert [kind for kind, _ in effects(cleared)] == [
        "in progress",
        "in progress",
        "attachment",
        "comment",
        "in review",
    ]


def test_CB_4_a_version_of_another_input_is_not_taken_for_it(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared)
    with pytest.raises(type(OUTAGE)), attempt_at(cleared) as attempt:
        recorded(cleared, artefacts, attempt)
        raise OUTAGE
    sql(cleared, "UPDATE waybill.tasks SET body = 'More is asked.'")
    with pytest.raises(DeliverableIncompleteError, match="no file was made"), attempt_at(cleared) as attempt:
        publish(cleared, artefacts, attempt)
    published(cleared, artefacts)
    with cleared.begin() as connection:
        assert [each.number for each in deliverables.versions(connection, get(cleared).id)] == [1, 2]


def test_KX_7_state_and_effects_are_committed_together_or_not_at_all(cleared: Engine, artefacts: ArtefactStore) -> None:
    """The last of it, the status, cannot be stored: of what came before it in the transaction nothing is left."""
    add(cleared)
    impossible = configured(clickup={"statuses": {"in_review": "in\0review"}})
    with pytest.raises(DataError), attempt_at(cleared, configuration=impossible) as attempt:
        recorded(cleared, artefacts, attempt)
        try:
            publish(cleared, artefacts, attempt)
        finally:
            assert [kind for kind, _ in effects(cleared)] == ["in progress"]
            assert attempts(cleared)[0].outcome is None
            assert get(cleared).state is TaskState.WORKING


def test_whoever_lost_the_task_publishes_nothing(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared)
    with pytest.raises(LeaseLostError), attempt_at(cleared) as attempt:
        recorded(cleared, artefacts, attempt)
        expire(cleared)
        moved(cleared, TaskEvent.EXPIRE)
        claim(cleared, RUN_2)
        publish(cleared, artefacts, attempt)
    assert [kind for kind, _ in effects(cleared)] == ["in progress"]
    assert get(cleared).lease_owner == "run 2"


def test_publishing_twice_makes_no_second_set(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared)
    with attempt_at(cleared) as attempt:
        recorded(cleared, artefacts, attempt)
        publish(cleared, artefacts, attempt)
        before = rows(cleared)
        with pytest.raises(LeaseLostError):
            publish(cleared, artefacts, attempt)
    assert rows(cleared) == before
    assert get(cleared).state is TaskState.IN_REVIEW


def test_beyond_the_deadline_nothing_is_published(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared)
    quick = configured(types={NOTE: {"attempt_deadline_s": 0.3}})
    with pytest.raises(AttemptOverError), attempt_at(cleared, configuration=quick) as attempt:
        recorded(cleared, artefacts, attempt)
        assert attempt.claim.lost.wait(10)
        publish(cleared, artefacts, attempt)
    assert [kind for kind, _ in effects(cleared)] == ["in progress"]
    assert attempts(cleared)[0].outcome == "timed out"


@pytest.mark.parametrize("columns", [{"origin": "local"}, {"origin": "recurring"}])
def test_a_task_that_clickup_does_not_know_is_in_review_and_publishes_nothing(
    cleared: Engine, artefacts: ArtefactStore, columns: dict[str, str]
) -> None:
    add(cleared, **columns)
    published(cleared, artefacts)
    assert get(cleared).state is TaskState.IN_REVIEW
    assert effects(cleared) == []
    assert decided(cleared, TaskEvent.APPROVE).state is TaskState.DELIVERED


def test_a_publication_that_is_given_up_fails_the_task_with_an_alert(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared)
    published(cleared, artefacts)
    assert sent(cleared, at_most=1) == ["status"]
    assert given_up(cleared) == "attachment"
    task = get(cleared)
    assert (task.state, task.reason) == (TaskState.FAILED, "its publication was given up: refused")
    assert effects(cleared)[1:] == [
        ("attachment", "dead"), ("comment", "held"), ("in review", "held"), ("failed", "pending"),
    ]  # fmt: skip
    assert sorted(alerts(cleared)) == ["dead_letter", "task failed"]


def replayed(cleared: Engine) -> None:
    with cleared.begin() as connection:
        letter = next(each for each in dead_letters.list_open(connection) if each.request["kind"] == "attachment")
        consequences.replay(connection, configured(), letter.id, "Anna")


def test_CB_4_a_publication_that_is_tried_again_needs_no_second_attempt(
    cleared: Engine, artefacts: ArtefactStore
) -> None:
    add(cleared)
    published(cleared, artefacts)
    sent(cleared, at_most=1)
    given_up(cleared)
    replayed(cleared)
    task = get(cleared)
    assert (task.state, task.reason, task.attempt) == (TaskState.IN_REVIEW, None, 1)
    assert sent(cleared) == ["attachment", "comment", "status", "status", "status"]
    assert [kind for kind, _ in effects(cleared)][-2:] == ["failed", "in review"], "what is shown last is true"
    assert history(cleared)[-1] == ("failed", "republish", "in_review")
    assert decided(cleared, TaskEvent.APPROVE).state is TaskState.DELIVERED


def test_a_task_that_failed_for_another_reason_stays_failed(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared)
    published(cleared, artefacts)
    sent(cleared, at_most=1)
    given_up(cleared)
    moved(cleared, TaskEvent.REOPEN)
    claim(cleared)
    moved(cleared, TaskEvent.FAIL, reason="no facts")
    replayed(cleared)
    assert (get(cleared).state, get(cleared).reason) == (TaskState.FAILED, "no facts")


def test_an_older_version_that_is_sent_after_all_does_not_stand_for_the_newest(
    cleared: Engine, artefacts: ArtefactStore
) -> None:
    add(cleared)
    for number in (1, 2):
        assert published(cleared, artefacts).number == number
        while given_up(cleared) != "attachment":
            continue
        if number == 1:
            decided(cleared, TaskEvent.REOPEN)
    replayed(cleared)
    assert get(cleared).state is TaskState.FAILED, "version 2 is not published"
    replayed(cleared)
    assert get(cleared).state is TaskState.IN_REVIEW


def test_CB_12_the_next_round_makes_the_next_version(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared)
    assert published(cleared, artefacts).number == 1
    sent(cleared)
    decided(cleared, TaskEvent.REQUEST_CHANGES)
    assert published(cleared, artefacts).number == 2
    sent(cleared)
    keys = [key for key, *_ in rows(cleared)]
    assert len(set(keys)) == len(keys) == 8
    assert (get(cleared).overrides, get(cleared).feedback) == ({}, None)
    assert [event for _, event, _ in history(cleared)] == [
        "see", "claim", "deliver", "request_changes", "claim", "deliver",
    ]  # fmt: skip


def test_the_words_of_a_status_are_those_of_the_configuration(cleared: Engine, artefacts: ArtefactStore) -> None:
    add(cleared)
    published(
        cleared,
        artefacts,
        configuration=configured(clickup={"statuses": {"working": None, "in_review": "Bitte prüfen"}}),
    )
    assert [kind for kind, _ in effects(cleared)] == ["attachment", "comment", "Bitte prüfen"]
