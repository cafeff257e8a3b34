"""The poll: what changed in ClickUp since the last one, oldest change first, page by page into the ledger.

The watermark is ClickUp's own clock. It follows what was written, so a poll that is killed or out of time goes on where
it stopped. At its end it goes back to `settle_s` before its begin, which may be several ticks ago: a change that reads
showed late is still found. Filters are strict (`date_updated_gt`), hence the millisecond.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from resources.clickup.client import ClickUpClient
from resources.clickup.models import TaskPage
from resources.clickup.reading import remarks, seen
from resources.domain.configuration import ClickUp, Configuration
from resources.domain.seen import SeenTask
from resources.domain.tasks import NO_COMMENT, UNKNOWN_PERSON, Act, TaskId
from resources.ledger import polls, sightings
from resources.ledger.tasks import Task
from resources.work.intake import Intake, take_in, take_out

TICK: Final = timedelta(milliseconds=1)
"""The resolution of ClickUp's clock."""


@dataclass(slots=True)
class Polled:
    """What a poll did. ``finished``: nothing newer is left; else the next one goes on."""

    pages: int = 0
    looks: int = 0
    finished: bool = False
    intake: Intake = field(default_factory=Intake)


@dataclass(frozen=True)
class Desk:
    """What looking at ClickUp needs: the ledger, the client, and what the workspace is called."""

    engine: Engine
    client: ClickUpClient
    configuration: Configuration

    @property
    def clickup(self) -> ClickUp:
        """The workspace."""
        assert self.configuration.clickup is not None
        return self.configuration.clickup

    def take_in(self, looks: Sequence[SeenTask]) -> Intake:
        """Looks into the ledger."""
        return take_in(self.engine, self.configuration, looks, self.words)

    def reread(self, task_id: TaskId) -> Intake | None:
        """One task as it is now: for webhooks, whose own words may be old. None: it was deleted, and is taken out."""
        found = self.client.task(task_id)
        if found is None:
            take_out(self.engine, self.configuration, task_id)
            return None
        return self.take_in([seen(found, self.clickup)])

    def words(self, task: Task, look: SeenTask) -> Act:
        """Who moved the task, as a webhook told, and what people said since it came to its state."""
        with self.engine.begin() as connection:
            who = sightings.mover(connection, task.id, look.status, after=task.clickup_updated_at)
        said = remarks(self.client.comments(task.id, task.changed_at))
        reason = "\n".join(f"{remark.actor}: {remark.text}" for remark in said)
        return Act(who or UNKNOWN_PERSON, reason or NO_COMMENT)


def poll(desk: Desk, *, within_s: float) -> Polled:
    """Read what changed since the last poll; stop at a page when ``within_s`` is over.

    Calls are proportional to what changed: one when nothing did.

    Raises:
        ClickUpError: a page could not be read. What was written before stays, and the next poll goes on from it.
    """
    ends_s = time.monotonic() + within_s
    with desk.engine.begin() as connection:
        stand = polls.get(connection, desk.clickup.team)
    began_at = stand.began_at or datetime.now(UTC)
    polled, newest = Polled(), stand.watermark_at
    for page, newest, number in pages(desk, stand.watermark_at, stand.page):
        polled.pages += 1
        polled.looks += len(page.tasks)
        polled.intake.add(desk.take_in([seen(task, desk.clickup) for task in page.tasks]))
        with desk.engine.begin() as connection:
            polls.advance(connection, desk.clickup.team, newest, number, began_at=began_at)
        if page.last:
            polled.finished = True
        elif time.monotonic() > ends_s:
            break
    if polled.finished:
        settled = began_at - timedelta(seconds=desk.clickup.settle_s)
        with desk.engine.begin() as connection:
            polls.caught_up(connection, desk.clickup.team, min(newest, settled) if newest else None)
    return polled


def pages(desk: Desk, watermark: datetime | None, number: int) -> Iterator[tuple[TaskPage, datetime | None, int]]:
    """Each page from ``watermark`` on, with the watermark and page number to go on from behind it.

    A page is asked for by time, not by number: numbers shift when a task changes meanwhile. Only tasks of one and the
    same millisecond, when they fill a page, are told apart by its number.
    """
    while True:
        after = watermark - TICK if watermark else None
        page = desk.client.team_tasks(desk.clickup.team, desk.clickup.spaces, updated_after=after, page=number)
        newest = max((task.date_updated for task in page.tasks), default=watermark)
        watermark, number = (newest, 0) if newest != watermark else (watermark, number + 1)
        yield page, watermark, number
        if page.last:
            return
