"""Recurring work: a local task for each slot of a schedule, unique by slot, also after a long stop."""

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim
from sqlalchemy import Connection, Engine

from resources.domain.configuration import Configuration, Recurring
from resources.domain.tasks import WAYBILL, Act, TaskId, TaskState
from resources.ledger import recurrences, sightings, tasks
from resources.ledger.sightings import NewTask
from resources.work.eligible import judged

AT_MOST: Final = 1000
"""Slots that are made up for at once; after a longer stop the oldest ones first, the rest at the next look."""
FRESH_S: Final = 300.0
"""A slot that passed less long ago was not missed."""


def make_due(engine: Engine, configuration: Configuration) -> list[TaskId]:
    """Make the tasks of all slots that have come since the last look. Two looks at once make each but once."""
    made: list[TaskId] = []
    for recurring in configuration.recurring:
        with engine.begin() as connection:
            now = tasks.clock(connection)
            last = recurrences.last_slot(connection, recurring.name)
            passed = slots(recurring, last, now) if recurring.missed == "all" else last_slot(recurring, last, now)
            clients = sightings.known_clients(connection, [recurring.client])
            rows = [_task(configuration, recurring, slot, clients, now) for slot in chosen(recurring, passed, now)]
            by = Act(WAYBILL, f"a slot of {recurring.name} ({recurring.cron})")
            made += sightings.insert(connection, rows, by)
            _note(connection, recurring, passed)
    return made


def slots(recurring: Recurring, last: datetime, now: datetime) -> list[datetime]:
    """The slots after ``last`` up to ``now``, oldest first, at most ``AT_MOST``."""
    coming = CronSim(recurring.cron, last.astimezone(ZoneInfo(recurring.time_zone)))
    return [slot for slot, _ in zip(takewhile(lambda slot: slot <= now, coming), range(AT_MOST), strict=False)]


def last_slot(recurring: Recurring, last: datetime, now: datetime) -> list[datetime]:
    """The last slot up to ``now``, when it came after ``last``: found from the end, so that no stop is too long."""
    behind = now.astimezone(ZoneInfo(recurring.time_zone)) + timedelta(seconds=1)
    slot = next(CronSim(recurring.cron, behind.replace(microsecond=0), reverse=True))
    return [slot] if slot > last else []


def chosen(recurring: Recurring, passed: list[datetime], now: datetime) -> list[datetime]:
    """Which of the slots that ``passed`` get a task: all, the last, or only one that just came."""
    if recurring.missed == "all":
        return passed
    last = passed[-1:]
    if recurring.missed == "last":
        return last
    return [slot for slot in last if (now - slot).total_seconds() <= FRESH_S]


def _task(
    configuration: Configuration, recurring: Recurring, slot: datetime, clients: Collection[str], now: datetime
) -> NewTask:
    row = NewTask(
        id=TaskId(f"recurring-{recurring.name}-{slot.astimezone(ZoneInfo('UTC')):%Y%m%dT%H%M}"),
        origin="recurring",
        slot=f"{recurring.name}@{slot.isoformat()}",
        name=recurring.title,
        body=recurring.body,
        client=recurring.client,
        type=recurring.type,
        type_named=recurring.type,
        due_at=slot + timedelta(hours=recurring.due_hours),
        state=TaskState.READY,
    )
    return judged(configuration, row, clients, now)


def _note(connection: Connection, recurring: Recurring, passed: list[datetime]) -> None:
    if passed:
        recurrences.note(connection, recurring.name, passed[-1])
