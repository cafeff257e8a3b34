"""CP-2, CB-12: an approval in ClickUp that is not taken, from the poll's look to the status that is written back."""

from dataclasses import replace
from pathlib import Path

import pytest

from resources.artefacts.store import ArtefactStore
from resources.domain.clients import ClientProfile
from resources.domain.tasks import TaskState
from resources.work.agreement import compare
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import get
from tests.resources.work.at_work import alerts, effects, published, sent
from tests.waiting import wait_until
from tests.watching import CLIENT, Watched


@pytest.fixture
def four_eyes(watched: Watched) -> Watched:
    """The client wants another person's approval than who ordered it."""
    profile = ClientProfile(approves_own_orders=False)
    configuration = watched.desk.configuration.model_copy(update={"clients": {CLIENT: profile}})
    return replace(watched, desk=replace(watched.desk, configuration=configuration))


@pytest.fixture
def task(four_eyes: Watched, tmp_path: Path) -> str:
    """A task in review, shown so in ClickUp."""
    made = four_eyes.create()
    four_eyes.caught_up()
    published(four_eyes.ledger, ArtefactStore(tmp_path / "artefacts"), made)
    shown(four_eyes, made)
    return made


def shown(watched: Watched, task: str) -> None:
    """Our own write of the status, as the outbox makes and notes it."""
    watched.host.move(task, "in review", user="Waybill")
    there = watched.desk.client.task(task)
    assert there is not None
    sent(watched.ledger, updated_at=there.date_updated)


def told_by_webhook(watched: Watched, task: str, who: str) -> None:
    """The delivery that says who moved the task to complete just now."""
    there = watched.desk.client.task(task)
    assert there is not None
    sql(
        watched.ledger,
        """INSERT INTO waybill.inbox (key, route, body) VALUES (:key, 'clickup', jsonb_build_object(
             'task_id', CAST(:task AS text), 'history_items', jsonb_build_array(jsonb_build_object(
               'field', 'status', 'date', CAST(:ms AS text), 'user', jsonb_build_object('username', CAST(:who AS text)),
               'after', jsonb_build_object('status', 'complete')))))""",
        key=f"{task} {who} {there.date_updated}", task=task, who=who,
        ms=str(int(there.date_updated.timestamp() * 1000)),
    )  # fmt: skip


def test_a_move_that_nobody_told_of_is_refused_when_it_cannot_be_told_any_more(four_eyes: Watched, task: str) -> None:
    four_eyes.host.move(task, "complete", user="Ben")
    four_eyes.poll()
    assert (alerts(four_eyes.ledger), get(four_eyes.ledger, task).clickup_status) == ([], "in review"), "not yet"

    def refused() -> bool:
        four_eyes.poll()
        return bool(alerts(four_eyes.ledger))

    wait_until(refused, what="the alert")
    assert alerts(four_eyes.ledger) == ["approval not taken"]
    assert effects(four_eyes.ledger, task)[-1] == ("in review", "pending")
    shown(four_eyes, task)
    four_eyes.caught_up()
    assert compare(four_eyes.desk).differences == []
    assert get(four_eyes.ledger, task).state is TaskState.IN_REVIEW


def test_who_ordered_it_is_refused_and_another_person_is_not(four_eyes: Watched, task: str) -> None:
    orderer = get(four_eyes.ledger, task).ordered_by
    assert orderer
    for who, state in ((orderer, TaskState.IN_REVIEW), ("Somebody Else", TaskState.DELIVERED)):
        four_eyes.host.move(task, "complete", user=who)
        told_by_webhook(four_eyes, task, who)
        four_eyes.poll()
        assert get(four_eyes.ledger, task).state is state
        if state is TaskState.IN_REVIEW:
            shown(four_eyes, task)
    reviews = sql(four_eyes.ledger, "SELECT decision, reviewer FROM waybill.reviews")
    assert reviews == [("approved", "Somebody Else")]
    assert alerts(four_eyes.ledger) == ["approval not taken"]
