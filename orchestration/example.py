"""The example's deliverables: a press release and a batch of links, made by Dagster's workers and put on the disk."""

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from orchestration.hosting.waiting import became_true
from orchestration.session import Session
from orchestration.tasking import fetch
from resources.domain.errors import TransientError
from resources.domain.ids import ClientSlug
from resources.domain.tasks import Act, TaskId, TaskState
from resources.ledger import deliverables, sightings, tasks
from resources.ledger.sightings import NewTask
from resources.ledger.tasks import Task
from resources.watching.folder import dropped
from resources.work.eligible import judged
from resources.work.workbook_intake import WorkbookIntake

WORKBOOKS: Final = Path(__file__).parents[1] / "examples" / "workbooks"
WITHIN_S: Final = 300.0
"""Two runs start, each within some seconds of CPU, beside all else that starts."""
_DONE: Final = frozenset({TaskState.IN_REVIEW, TaskState.DELIVERED, TaskState.FAILED, TaskState.CANCELLED})
_PRESS: Final = """Announce that the Stormbreak, a jacket whose parts can be replaced, goes on sale.

Date: 3 February 2026
Quote: “We wanted a jacket that can be repaired for as long as it is worn.” — Maya Lindqvist, founder
"""
_ORDERED: Final = (
    ("press_release", "Press release: launch of the Stormbreak jacket", _PRESS),
    ("link_building", "Links for waterproof jacket", "A batch of three links."),
)


class ExampleLateError(TransientError):
    """The example's deliverables were not made in time; Waybill goes on making them."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One task of the example and where its files are."""

    task: Task
    files: Sequence[Path]
    summary: str


def deliver_example(session: Session, client: ClientSlug, echo: Callable[[str], None]) -> list[Delivered]:
    """Order what is not ordered yet, drop the workbook, wait for the workers, and copy the newest files to the disk.

    Raises:
        ExampleLateError: after ``WITHIN_S``.
    """
    ordered = _order(session, client)
    _drop(session)
    echo(f"Ordered for {client}: {', '.join(ordered)}. Dagster's workers make them now.")
    made = _wait(session, ordered)
    return [_delivered(session, task) for task in made]


def _order(session: Session, client: ClientSlug) -> list[TaskId]:
    configuration = session.resources.configuration
    with session.ledger.engine.begin() as connection:
        due = tasks.clock(connection) + timedelta(days=2)
        rows = [
            NewTask(
                TaskId(f"local-example-{type_.replace('_', '-')}"), "local", name, TaskState.READY, body=body,
                client=client, type=configuration.type_called(type_), type_named=type_, due_at=due,
            )
            for type_, name, body in _ORDERED
        ]  # fmt: skip
        clients, now = sightings.known_clients(connection, [client]), tasks.clock(connection)
        judged_ = [judged(configuration, row, clients, now) for row in rows]
        sightings.insert(connection, judged_, Act("the example", "ordered by `waybill up --deliver`"))
    return [row.id for row in rows]


def _drop(session: Session) -> None:
    """Drop the example's workbook where people drop theirs, and take it in at once."""
    folder = session.settings.watch_folder or session.settings.home / "drop"
    folder.mkdir(parents=True, exist_ok=True)
    for workbook in WORKBOOKS.glob("*.xlsx"):
        shutil.copy(workbook, folder)
    intake = WorkbookIntake(session.ledger.engine, session.resources.artefacts, session.resources.configuration)
    for file in dropped(folder):
        if (WORKBOOKS / file.path.name).exists():
            intake.take(file)


def _wait(session: Session, ordered: Sequence[TaskId]) -> list[Task]:
    def found() -> list[Task]:
        with session.ledger.engine.begin() as connection:
            return [tasks.get(connection, task) for task in ordered]

    if became_true(lambda: all(task.state in _DONE for task in found()), within_s=WITHIN_S, every_s=0.5):
        return found()
    raise ExampleLateError(
        "the example",
        expected=f"its deliverables within {WITHIN_S:.0f} s",
        found=", ".join(f"{task.id} {task.state.value}" for task in found()),
        remedy="`waybill tasks` shows how far they are; it goes on while Waybill is up.",
    )


def _delivered(session: Session, task: Task) -> Delivered:
    into = session.settings.home / "deliverables" / re.sub(r"[^\w-]", "_", task.id)
    with session.ledger.engine.begin() as connection:
        version = deliverables.newest(connection, task.id)
    if version is None:
        return Delivered(task, (), task.reason or task.state.value)
    return Delivered(task, fetch(session, task.id, into), version.summary)
