"""The sweep lays the whole workspace beside the ledger, page by page; only what ClickUp says is gone is taken out."""

import pytest

from resources.clickup.errors import ClickUpError
from resources.domain.tasks import TaskState
from resources.ledger import polls
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import add, get
from tests.watching import ELIGIBLE, Watched

PAGE = "/api/v2/team/.*/task"
ONE = "/api/v2/task/.*"


def open_tasks(watched: Watched) -> set[str]:
    return {row[0] for row in sql(watched.ledger, "SELECT id FROM waybill.tasks WHERE deleted_at IS NULL")}


def under_way(watched: Watched) -> bool:
    with watched.ledger.begin() as connection:
        return polls.get(connection, watched.host.team).sweep_began_at is not None


def test_deleted_tasks_are_found_and_taken_out(watched: Watched) -> None:
    kept, gone = watched.create("kept"), watched.create("gone")
    watched.caught_up()
    watched.host.delete(gone)
    watched.poll()
    assert open_tasks(watched) == {kept, gone}, "no page tells of it"
    swept = watched.sweep()
    assert (swept.finished, swept.deleted, swept.refused) == (True, [gone], [])
    assert (get(watched.ledger, gone).state, get(watched.ledger, kept).state) == (TaskState.CANCELLED, TaskState.READY)
    assert not under_way(watched)
    assert watched.sweep().deleted == []


def test_what_the_poll_lost_is_found(watched: Watched) -> None:
    task = watched.create()
    watched.caught_up()
    watched.host.edit(task, name="new")
    sql(watched.ledger, "UPDATE waybill.polls SET watermark_at = now() + interval '1 h'")
    assert not watched.poll().intake
    assert watched.sweep().intake.changed == [task]


def test_a_task_that_went_out_of_the_pages_but_is_there_stays(watched: Watched) -> None:
    """It was archived, or moved to a space that is not watched."""
    task = watched.create()
    watched.caught_up()
    watched.host.edit(task, archived=True)
    swept = watched.sweep()
    assert (swept.finished, swept.deleted) == (True, [])
    assert open_tasks(watched) == {task}


def test_a_task_that_the_token_does_not_reach_any_more_holds_no_sweep_up(watched: Watched) -> None:
    hidden = watched.host.add_list("Hidden")
    tasks = [watched.create("hidden", list_id=hidden), watched.create("gone")]
    watched.caught_up()
    watched.host.reach(hidden, reachable=False)
    watched.host.delete(tasks[1])
    swept = watched.sweep()
    watched.host.reach(hidden, reachable=True)
    assert (swept.finished, swept.refused, swept.deleted) == (True, [tasks[0]], [tasks[1]])
    assert get(watched.ledger, tasks[0]).state is TaskState.READY


def test_a_sweep_that_is_out_of_time_goes_on_with_the_next_page(watched: Watched) -> None:
    ids = [task for _ in range(5) for task in watched.host.create_many(50, fields=ELIGIBLE)]
    watched.caught_up()
    for task in ids[:3]:
        watched.host.delete(task)
    for _ in range(3):
        swept = watched.sweep(within_s=0)
        assert (swept.pages, swept.finished) == (1, False)
        assert under_way(watched)
    swept = watched.sweep()
    assert (swept.finished, sorted(swept.deleted)) == (True, sorted(ids[:3]))
    assert swept.pages <= 2


@pytest.mark.parametrize("path", [PAGE, ONE])
def test_CB_3_a_failed_look_takes_nothing_out_and_the_sweep_goes_on_later(watched: Watched, path: str) -> None:
    kept, gone = watched.create("kept"), watched.create("gone")
    watched.caught_up()
    watched.host.delete(gone)
    watched.host.fail([{"kind": "502_html", "path": path}])
    with pytest.raises(ClickUpError):
        watched.sweep()
    assert open_tasks(watched) == {kept, gone}
    assert under_way(watched)
    watched.host.heal()
    assert watched.sweep().deleted == [gone]


def test_an_empty_page_is_no_proof_that_a_task_is_gone(watched: Watched) -> None:
    """The token lost its place for a while: pages are empty, and each task is refused."""
    task = watched.create()
    watched.caught_up()
    watched.host.reach(watched.host.list_id, reachable=False)
    swept = watched.sweep()
    watched.host.reach(watched.host.list_id, reachable=True)
    assert (swept.deleted, swept.refused) == ([], [task])
    assert get(watched.ledger, task).state is TaskState.READY


def test_tasks_of_other_origins_and_newer_ones_are_not_looked_for(watched: Watched) -> None:
    add(watched.ledger, "local-1", origin="local")
    watched.create()
    watched.calls()
    swept = watched.sweep()
    assert (swept.finished, len(swept.intake.new)) == (True, 1)
    assert [path for _, path in watched.calls() if not path.endswith("/task")] == []
