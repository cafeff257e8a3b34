"""The poll reads what changed, when it shows, in as many calls as that takes; it goes on where it stopped."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from resources.clickup.errors import ClickUpError
from resources.clickup.models import ClickUpTask, TaskPage
from resources.ledger import polls, sightings
from resources.work.polling import Polled, pages
from tests.clickup_server.host import clickup_host
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import ANNA, get, new_task
from tests.waiting import wait_until
from tests.watching import CLIENT, DUE_MS, ELIGIBLE, SETTLE_S, Watched, watching

POLL_AND_TELL = """
import sys
from datetime import datetime
from resources.clickup.client import ClickUpClient
from resources.domain.configuration import Configuration
from resources.ledger.engine import open_ledger
from resources.work.polling import Desk, poll
from tests.watching import Unlimited
url, token, ledger, configuration = sys.argv[1:]
client = ClickUpClient(url, token, budget=Unlimited())
print("polling", flush=True)
poll(Desk(open_ledger(ledger, pool_size=2), client, Configuration.model_validate_json(configuration)), within_s=600)
"""
PAGE = "/api/v2/team/.*/task"


def states(watched: Watched) -> dict[str, str]:
    return dict(sql(watched.ledger, "SELECT id, state FROM waybill.tasks"))


def known(watched: Watched) -> set[str]:
    return set(states(watched))


def stand(watched: Watched) -> polls.Poll:
    with watched.ledger.begin() as connection:
        return polls.get(connection, watched.host.team)


@pytest.fixture
def large(cleared: Engine, tmp_path: Path) -> Iterator[Watched]:
    """A stand-in of its own, for a workspace that is large."""
    options = {"per_minute": 1_000_000, "window_s": 1.0}
    with clickup_host(tmp_path, **options) as host, watching(host, cleared) as watched:
        yield watched


def created(watched: Watched, count: int) -> list[str]:
    """Eligible tasks, by batches of fifty: a page of a hundred has more than one millisecond in it."""
    return [task for _ in range(count // 50) for task in watched.host.create_many(50, fields=ELIGIBLE)]


def test_what_is_there_is_read_and_then_only_what_changed(watched: Watched) -> None:
    ids = [watched.create(f"Question {n}") for n in range(3)]
    first = watched.poll()
    assert (first.finished, sorted(first.intake.new)) == (True, sorted(ids))
    assert set(states(watched).values()) == {"ready"}
    task = get(watched.ledger, ids[0])
    assert (task.client, task.type, task.due_at) == (
        CLIENT,
        "knowledge_note",
        datetime.fromtimestamp(DUE_MS / 1000, UTC),
    )
    watched.host.edit(ids[1], name="Another question")
    again = watched.poll()
    assert (again.intake.new, again.intake.changed) == ([], [ids[1]])
    assert not watched.poll().intake


def test_one_call_when_nothing_changed(watched: Watched) -> None:
    watched.create()
    watched.caught_up()
    watched.calls()
    watched.poll()
    assert len(watched.calls()) == 1


def test_CP_8_ten_thousand_known_tasks_and_ten_changed_are_at_most_three_calls(large: Watched) -> None:
    ids = large.host.create_many(10_000, fields=ELIGIBLE)
    with large.ledger.begin() as connection:
        sightings.insert(connection, [new_task(task) for task in ids], ANNA)
        polls.get(connection, large.host.team)
        polls.caught_up(connection, large.host.team, datetime.now(UTC))
    wait_until(lambda: large.poll().looks == 0, 20, "a watermark behind which nothing changed")
    for task in ids[::1000]:
        large.host.edit(task, due_at_ms=DUE_MS)
    large.calls()
    assert sorted(large.poll().intake.changed) == sorted(ids[::1000])
    assert len(large.calls()) <= 3


def test_more_than_a_page_is_read_in_the_order_of_its_changes(watched: Watched) -> None:
    ids = created(watched, 250)
    polled = watched.poll()
    assert polled.finished
    assert 3 <= polled.pages <= 6, "those of the last millisecond of a page are on the next one too"
    assert known(watched) == {*ids}


def test_what_changes_between_the_pages_is_not_skipped(watched: Watched) -> None:
    """Tasks of the first page move to the end while the second is asked for: by number, a hundred would be skipped."""
    ids = created(watched, 350)
    found: set[str] = set()
    for page, _, number in pages(watched.desk, None, 0):
        if not found:
            for task in ids[:60]:
                watched.host.edit(task, name="changed")
        found |= {task.id for task in page.tasks}
        assert number == 0
    assert found == {*ids}


@dataclass
class OneMillisecond:
    """A workspace in which many tasks changed at one instant, as a bulk change does it: the stand-in cannot."""

    tasks: list[ClickUpTask]

    def team_tasks(self, *_: object, updated_after: datetime | None, page: int) -> TaskPage:
        found = [task for task in self.tasks if updated_after is None or task.date_updated > updated_after]
        return TaskPage(tasks=tuple(found[page * 100 :][:100]), last_page=len(found) <= (page + 1) * 100)


def test_many_tasks_of_one_millisecond_are_told_apart_by_pages(watched: Watched) -> None:
    task = watched.desk.client.task(watched.create())
    assert task is not None
    tick = timedelta(milliseconds=1)
    many = [
        task.model_copy(update={"id": str(number), "date_updated": task.date_updated + (number >= 310) * tick})
        for number in range(330)
    ]
    desk: Any = replace(watched.desk, client=OneMillisecond(many))
    read = [(page.tasks, watermark, number) for page, watermark, number in pages(desk, None, 0)]
    assert {each.id for page, *_ in read for each in page} == {each.id for each in many}
    _, watermark, number = read[1]
    assert (watermark, number) == (task.date_updated, 1)
    rest = {each.id for page, *_ in pages(desk, watermark, 3) for each in page.tasks}
    assert rest == {str(each) for each in range(300, 330)}, "it goes on with the page, not from the first"


def test_the_watermark_stays_as_far_behind_as_reads_may_lag(watched: Watched) -> None:
    watched.create()
    before = datetime.now(UTC)
    watched.poll()
    watermark = stand(watched).watermark_at
    assert watermark is not None
    assert watermark < before + timedelta(milliseconds=50)
    wait_until(
        lambda: watched.poll().finished and stand(watched).watermark_at > watermark, 10, "a watermark that follows"
    )


def test_CP_8_a_change_that_reads_show_late_is_found_when_it_shows(watched: Watched) -> None:
    """The newest change is seen already while an older one is not: a watermark at the newest would lose it."""
    watched.create("first")
    watched.caught_up()
    watched.host.lag(int(SETTLE_S * 700))
    late = watched.create("late")
    watched.poll()
    assert late not in known(watched)
    wait_until(lambda: watched.poll() and late in known(watched), 10, "the late one")


def test_a_poll_of_several_ticks_goes_back_to_before_the_first(watched: Watched) -> None:
    """What changed during the first tick and was not shown then is older than all that later ticks ask for."""
    created(watched, 150)
    assert not watched.poll(within_s=0).finished
    began_at = stand(watched).began_at
    assert began_at is not None
    with watched.ledger.begin() as connection:  # the second tick comes an hour later
        polls.advance(connection, watched.host.team, stand(watched).watermark_at, 0, began_at=began_at)
    sql(watched.ledger, "UPDATE waybill.polls SET began_at = began_at - interval '1 hour'")
    watched.caught_up()
    settled = began_at - timedelta(hours=1, seconds=SETTLE_S)
    assert stand(watched).watermark_at == settled
    assert stand(watched).began_at is None


def test_a_poll_that_is_out_of_time_goes_on_with_the_next_page(watched: Watched) -> None:
    created(watched, 350)
    polled: list[Polled] = []
    while not polled or not polled[-1].finished:
        polled.append(watched.poll(within_s=0))
        assert polled[-1].pages == 1
    assert 4 <= len(polled) <= 8
    assert len(known(watched)) == 350


def test_CB_1_a_poll_that_is_killed_goes_on_where_it_was(watched: Watched, cleared_url: str) -> None:
    ids = created(watched, 500)
    watched.host.delay(80)
    configuration = watched.desk.configuration.model_dump_json()
    command = [sys.executable, "-c", POLL_AND_TELL, watched.host.url, watched.host.token, cleared_url, configuration]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "polling\n"
        wait_until(lambda: len(known(watched)) >= 200, 30, "some pages")
        process.kill()
    watched.host.delay(0)
    watched.calls()
    asked, read = watched.counted, len(known(watched))
    assert 200 <= read < 500
    assert watched.poll().finished
    assert known(watched) == {*ids}
    assert "date_updated_gt" in str(watched.host.requests(asked)[0]["query"]), "not from the beginning"
    assert sql(watched.ledger, "SELECT count(*) FROM waybill.task_events") == [(500,)]


@pytest.mark.parametrize("kind", ["500", "502_html", "reset_before", "reset_after"])
def test_a_page_that_cannot_be_read_raises_and_changes_nothing(watched: Watched, kind: str) -> None:
    """A failed look is never an empty result."""
    task = watched.create()
    watched.caught_up()
    before = stand(watched)
    watched.host.edit(task, name="new")
    watched.host.fail([{"kind": kind, "path": PAGE}])
    with pytest.raises(ClickUpError):
        watched.poll()
    assert stand(watched) == before
    assert get(watched.ledger, task).name == "What is open?"
    watched.host.heal()
    assert watched.poll().intake.changed == [task]


def test_what_was_read_before_a_page_that_fails_stays(watched: Watched) -> None:
    ids = created(watched, 250)
    watched.host.fail([{"kind": "500", "path": PAGE, "skip": 1, "times": 2}])
    with pytest.raises(ClickUpError):
        watched.poll()
    assert len(known(watched)) == 100
    watched.caught_up()
    assert known(watched) == {*ids}
