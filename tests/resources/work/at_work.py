"""Attempts at tasks, their drafts, and what is sent of them, as a worker and a drainer do it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.deliverables import Draft, DraftFile
from resources.domain.errors import PermanentError, TransientError
from resources.domain.tasks import Act, TaskEvent, TaskId
from resources.ledger import claims, deliverables, outbox, outcomes
from resources.ledger.deliverables import Version
from resources.ledger.outbox import Row
from resources.ledger.outcomes import Dead, Sent
from resources.ledger.tasks import Task
from resources.work.attempt import Attempt, attempting
from resources.work.consequences import hooks
from resources.work.publication import publish
from resources.work.review import decide
from tests.resources.ledger.making import sql
from tests.resources.ledger.outbox_making import KINDS, MINUTE, owners
from tests.resources.ledger.tasks_making import ANNA, CONFIGURATION, EPOCH, NOTE, T1

WORDS: Final[dict[str, str]] = {"expected": "an answer", "found": "none", "remedy": "Look at it."}


class OutageError(TransientError):
    """Something outside is away."""


class HopelessError(PermanentError):
    """The same will fail again."""


OUTAGE: Final = OutageError("the model", **WORDS)
HOPELESS: Final = HopelessError("the workbook", **WORDS)


@contextmanager
def attempt_at(
    ledger: Engine, task: str = T1, owner: str = "run 1", configuration: Configuration = CONFIGURATION
) -> Iterator[Attempt]:
    """An attempt at the task, of a run that is called as its owner says."""
    run_id = owner.removeprefix("run ")
    with attempting(ledger, TaskId(task), owner=owner, run_id=run_id, configuration=configuration) as attempt:
        yield attempt


def recorded(ledger: Engine, artefacts: ArtefactStore, attempt: Attempt, *texts: str) -> Version:
    """The attempt's version, with a file for each text."""
    files = tuple(
        DraftFile(f"note{number or ''}.md", "text/markdown", artefacts.put(text.encode()))
        for number, text in enumerate(texts or (f"# Round {attempt.task.round}\n",))
    )
    draft = Draft(NOTE, "Three passages.", files, citations=(), made_by="a rule")
    with ledger.begin() as connection:
        return deliverables.record(connection, attempt.claim, draft)


def published(ledger: Engine, artefacts: ArtefactStore, task: str = T1, **how: Any) -> Version:
    """The task's next version, made and handed over."""
    with attempt_at(ledger, task, **how) as attempt:
        recorded(ledger, artefacts, attempt)
        return publish(ledger, artefacts, attempt)


def decided(ledger: Engine, event: TaskEvent, by: Act = ANNA, task: str = T1) -> Task:
    """A person's word on the task as it is now."""
    with ledger.begin() as connection:
        found, _ = claims.look(connection, TaskId(task))
        return decide(connection, CONFIGURATION, found, event, by)


def take(ledger: Engine) -> list[Row]:
    """What a drainer would send now: the first of each lane."""
    with ledger.begin() as connection:
        return outbox.take(
            connection, owner=next(owners), process="elsewhere", at_most=100, lease=MINUTE, kinds=KINDS
        )  # fmt: skip


def sent(ledger: Engine, at_most: int = 100, updated_at: datetime = EPOCH) -> list[str]:
    """Send what is pending, one by one; return its kinds. ``updated_at``: what ClickUp's clock says of a status."""
    kinds: list[str] = []
    while len(kinds) < at_most and (rows := take(ledger)):
        with ledger.begin() as connection:
            told = [Sent(row, {"updated_at": updated_at.isoformat()}) for row in rows]
            outcomes.record(connection, told, hooks(CONFIGURATION))
        kinds += [row.kind for row in rows]
    return kinds


def given_up(ledger: Engine) -> str:
    """Give the next effect up; its kind."""
    row = take(ledger)[0]
    with ledger.begin() as connection:
        outcomes.record(connection, [Dead(row, "refused")], hooks(CONFIGURATION))
    return row.kind


def effects(ledger: Engine, task: str = T1) -> list[tuple[str, str]]:
    """Kind (of a status: what it says) and state of all that the outbox has of the task, in order."""
    found = sql(
        ledger,
        "SELECT CASE kind WHEN 'status' THEN payload ->> 'status' ELSE kind END, state FROM waybill.outbox"
        " WHERE task_id = :id ORDER BY id",
        id=task,
    )
    return [(row[0], row[1]) for row in found]


def alerts(ledger: Engine) -> list[str]:
    """The kinds of all alerts, oldest first."""
    return [row[0] for row in sql(ledger, "SELECT kind FROM waybill.alerts ORDER BY raised_at, key")]
