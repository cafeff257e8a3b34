"""CB-11: each difference between ClickUp and the ledger is listed with both sides, and mended by the rules."""

from datetime import timedelta
from pathlib import Path

import pytest

from resources.artefacts.store import ArtefactStore
from resources.clickup.errors import ClickUpError
from resources.domain.tasks import TaskEvent, TaskState
from resources.ledger import tasks
from resources.work.agreement import Agreement, Difference, compare
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import get
from tests.resources.work.at_work import attempt_at, decided, effects, published, sent
from tests.watching import Watched


@pytest.fixture
def artefacts(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "artefacts")


def found(watched: Watched) -> list[Difference]:
    return compare(watched.desk).differences


def shown(watched: Watched, task: str, status: str) -> None:
    """Our own write: it stands in ClickUp, and the outbox has noted it."""
    watched.host.move(task, status, user="Waybill")
    there = watched.desk.client.task(task)
    assert there is not None
    sent(watched.ledger, updated_at=there.date_updated)


def lost(watched: Watched, task: str) -> None:
    """A write of ours that ClickUp said it did, and does not show."""
    there = watched.desk.client.task(task)
    assert there is not None
    sent(watched.ledger, updated_at=there.date_updated + timedelta(seconds=1))


def test_two_sides_that_agree_have_no_difference(watched: Watched, artefacts: ArtefactStore) -> None:
    ready, working, review = (watched.create(name) for name in ("ready", "working", "review"))
    watched.create("waits", fields={"Auto execute": False})
    watched.caught_up()
    with attempt_at(watched.ledger, working):
        shown(watched, working, "in progress")
    published(watched.ledger, artefacts, review)
    shown(watched, review, "in review")
    assert compare(watched.desk) == Agreement(live=3, compared=3, differences=[])
    assert get(watched.ledger, ready).state is TaskState.READY


def test_a_persons_move_that_nobody_told_of_is_taken_as_an_event(watched: Watched, artefacts: ArtefactStore) -> None:
    task = watched.create()
    watched.caught_up()
    published(watched.ledger, artefacts, task)
    shown(watched, task, "in review")
    watched.host.move(task, "complete", user="Anna")
    assert found(watched) == [Difference(get(watched.ledger, task).id, "in_review", "complete", "taken as approve")]
    assert get(watched.ledger, task).state is TaskState.DELIVERED
    assert found(watched) == []


def test_CB_3_a_status_of_ours_that_is_not_there_is_written_again_once(watched: Watched) -> None:
    task = watched.create()
    watched.caught_up()
    with attempt_at(watched.ledger, task):
        assert found(watched) == [], "it is on its way"
        lost(watched, task)
        told = Difference(get(watched.ledger, task).id, "working, shown as 'in progress'", "to do", "written again")
        assert found(watched) == [told]
        assert effects(watched.ledger, task) == [("in progress", "sent"), ("in progress", "pending")]
        assert found(watched) == [], "it is on its way again"
        shown(watched, task, "in progress")
        assert found(watched) == []


@pytest.mark.parametrize("status", ["in progress", "failed"])
def test_CB_3_an_older_status_of_ours_is_corrected(watched: Watched, artefacts: ArtefactStore, status: str) -> None:
    task = watched.create()
    watched.caught_up()
    published(watched.ledger, artefacts, task)
    watched.host.move(task, status, user="Waybill")
    lost(watched, task)
    assert [each.mended for each in found(watched)] == ["written again"]
    assert get(watched.ledger, task).state is TaskState.IN_REVIEW


def test_a_status_of_a_persons_own_is_left_alone(watched: Watched, artefacts: ArtefactStore) -> None:
    task = watched.create()
    watched.caught_up()
    published(watched.ledger, artefacts, task)
    shown(watched, task, "in review")
    watched.host.move(task, "on hold", user="Anna")
    assert found(watched) == []
    assert get(watched.ledger, task).state is TaskState.IN_REVIEW


def test_a_task_that_is_gone_is_taken_out(watched: Watched) -> None:
    task = watched.create()
    watched.caught_up()
    watched.host.delete(task)
    assert found(watched) == [Difference(get(watched.ledger, task).id, "ready", "deleted", "taken out")]
    assert get(watched.ledger, task).state is TaskState.CANCELLED
    assert compare(watched.desk).compared == 0


def test_a_task_that_is_not_shown_to_us_is_told_and_holds_no_other_up(watched: Watched) -> None:
    hidden = watched.host.add_list("Hidden")
    first, second = watched.create("hidden", list_id=hidden), watched.create("gone")
    watched.caught_up()
    watched.host.reach(hidden, reachable=False)
    watched.host.delete(second)
    differences = {each.task: each for each in found(watched)}
    watched.host.reach(hidden, reachable=True)
    assert differences[get(watched.ledger, first).id].clickup == "not shown to us: Team not authorized"
    assert differences[get(watched.ledger, second).id].mended == "taken out"
    assert get(watched.ledger, first).state is TaskState.READY


def test_a_look_that_fails_concludes_nothing(watched: Watched) -> None:
    task = watched.create()
    watched.caught_up()
    watched.host.delete(task)
    watched.host.fail([{"kind": "500", "path": "/api/v2/task/.*"}])
    with pytest.raises(ClickUpError):
        compare(watched.desk)
    assert get(watched.ledger, task).state is TaskState.READY


def test_tasks_are_compared_in_turn_in_a_bounded_number_of_calls(watched: Watched) -> None:
    ids = {watched.create(f"Question {n}") for n in range(5)}
    watched.caught_up()
    seen: set[str] = set()
    for _ in range(3):
        watched.calls()
        assert compare(watched.desk, at_most=2).live == 5
        asked = {path.rpartition("/")[2] for _, path in watched.calls()}
        assert len(asked) == 2
        seen |= asked
    assert seen == ids


def test_what_ended_long_ago_is_not_compared(watched: Watched, artefacts: ArtefactStore) -> None:
    task, unworked = watched.create(), watched.create("never begun")
    watched.caught_up()
    published(watched.ledger, artefacts, task)
    sent(watched.ledger)
    decided(watched.ledger, TaskEvent.APPROVE, task=task)
    decided(watched.ledger, TaskEvent.CANCEL, task=unworked)
    assert compare(watched.desk).live == 1
    sql(watched.ledger, "UPDATE waybill.tasks SET changed_at = now() - interval '2 days'")
    assert compare(watched.desk) == Agreement(0, 0, [])
    with watched.ledger.begin() as connection:
        assert tasks.count_by_state(connection) == {"cancelled": 1, "delivered": 1}
