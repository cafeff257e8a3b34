"""The sweep: the whole workspace against the ledger, once a night, resumable; it finds what was deleted.

A failed look is never an empty result: only a task that ClickUp itself says is gone, asked for by its id, is taken out.
"""

import time
from dataclasses import dataclass, field
from typing import Final

from resources.clickup.errors import ClickUpRefusedError
from resources.clickup.reading import seen
from resources.domain.tasks import TaskId
from resources.ledger import polls
from resources.work.intake import Intake
from resources.work.polling import Desk, pages

LOOKED_UP_AT_ONCE: Final = 50


@dataclass(slots=True)
class Swept:
    """What a sweep did in its time.

    ``deleted``: tasks that ClickUp does not have any more; ``refused``: those that it does not show to this token,
    which stay as they are.
    """

    pages: int = 0
    finished: bool = False
    deleted: list[TaskId] = field(default_factory=list)
    refused: list[TaskId] = field(default_factory=list)
    intake: Intake = field(default_factory=Intake)


def sweep(desk: Desk, *, within_s: float) -> Swept:
    """Begin a sweep or go on with the one under way; stop at a page when ``within_s`` is over.

    Raises:
        ClickUpError: something could not be read; the next call goes on from there.
    """
    ends_s, swept = time.monotonic() + within_s, Swept()
    with desk.engine.begin() as connection:
        stand = polls.get(connection, desk.clickup.team)
        if stand.sweep_began_at is None:
            polls.begin_sweep(connection, desk.clickup.team)
            stand = polls.get(connection, desk.clickup.team)
    for page, watermark, number in pages(desk, stand.sweep_watermark_at, stand.sweep_page):
        swept.pages += 1
        swept.intake.add(desk.take_in([seen(task, desk.clickup) for task in page.tasks]))
        with desk.engine.begin() as connection:
            there = [TaskId(task.id) for task in page.tasks]
            polls.advance_sweep(connection, desk.clickup.team, there, watermark, number)
        if not page.last and time.monotonic() > ends_s:
            return swept
    _look_up_missing(desk, swept, ends_s)
    return swept


def _look_up_missing(desk: Desk, swept: Swept, ends_s: float) -> None:
    """Ask for each task that the pages did not show: it was deleted, or moved out of the spaces that are watched."""
    while time.monotonic() <= ends_s:
        with desk.engine.begin() as connection:
            missing = polls.unswept(connection, desk.clickup.team, at_most=LOOKED_UP_AT_ONCE)
            if not missing:
                polls.finish_sweep(connection, desk.clickup.team)
        if not missing:
            swept.finished = True
            return
        for task in missing:
            _look_up(desk, task, swept)
            with desk.engine.begin() as connection:
                polls.note_swept(connection, [task])
            if time.monotonic() > ends_s:
                return


def _look_up(desk: Desk, task: TaskId, swept: Swept) -> None:
    try:
        found = desk.reread(task)
    except ClickUpRefusedError:  # its list is not for this token any more: no sweep would ever get past it
        swept.refused.append(task)
        return
    if found is None:
        swept.deleted.append(task)
    else:
        swept.intake.add(found)
