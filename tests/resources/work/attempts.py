"""Tasks that are ready, and attempts at them, on a real ledger."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from sqlalchemy import Engine

from resources.domain.configuration import Configuration
from resources.domain.tasks import Act, TaskId, TaskState
from resources.ledger import sightings
from resources.ledger.sightings import NewTask
from resources.work.attempt import Attempt, attempting
from tests.resources.ledger.making import sql

OWNER: Final = "run 1"
_numbers = count(1)


def configured(type_: str, *, attempt_deadline_s: float = 60.0, **settings: object) -> Configuration:
    """A waybill.toml with one task type, called as its kind is."""
    found = {"attempt_deadline_s": attempt_deadline_s, "settings": settings}
    return Configuration.model_validate({"task_types": {type_: found}})


def ready_task(
    engine: Engine, type_: str, *, name: str = "A task", body: str = "", feedback: str | None = None, **more: Any
) -> TaskId:
    """A new task that waits for work; ``feedback``: as if a reviewer had sent it back."""
    key = TaskId(f"local-{next(_numbers)}")
    row = NewTask(
        key, "local", name, TaskState.READY, body=body, type=type_, attempts_left=3,
        **{"client": "acme", "due_at": datetime(2026, 5, 16, 11, tzinfo=UTC), **more},
    )  # fmt: skip
    with engine.begin() as connection:
        sightings.insert(connection, [row], Act("a test", "is needed"))
    if feedback is not None:
        sql(engine, "UPDATE waybill.tasks SET feedback = :feedback WHERE id = :id", feedback=feedback, id=key)
    return key


@contextmanager
def attempt_at(engine: Engine, task: TaskId, configuration: Configuration) -> Iterator[Attempt]:
    """An attempt at the task by ``OWNER``."""
    with attempting(engine, task, owner=OWNER, run_id=None, configuration=configuration) as attempt:
        yield attempt


def stands(engine: Engine, task: TaskId) -> Mapping[str, Any]:
    """Of the task and its last attempt: state, reason, attempts_left, outcome, error, log."""
    ((state, reason, left, outcome, error, log),) = sql(
        engine,
        "SELECT t.state, t.reason, t.attempts_left, a.outcome, a.error, a.log FROM waybill.tasks t"
        " JOIN waybill.task_attempts a ON a.task_id = t.id AND a.number = t.attempt WHERE t.id = :id",
        id=task,
    )
    return {
        "state": state, "reason": reason, "attempts_left": left, "outcome": outcome, "error": error, "log": log,
    }  # fmt: skip
