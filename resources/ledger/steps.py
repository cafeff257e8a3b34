"""What the steps of a task's work gave: kept at once and never changed, so that nothing is asked or paid for twice."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from resources.domain.tasks import TaskId

_FOUND: Final = text("""
SELECT output FROM waybill.task_steps WHERE task_id = :task AND step = :step AND input_hash = :input_hash
""")
_KEEP: Final = text("""
INSERT INTO waybill.task_steps (task_id, step, input_hash, output, made_by, attempt, took_ms)
VALUES (:task, :step, :input_hash, CAST(:output AS jsonb), :made_by, :attempt, :took_ms) ON CONFLICT DO NOTHING
""")
_NEWEST: Final = text("""
SELECT output FROM waybill.task_steps WHERE task_id = :task AND step = :step ORDER BY made_at DESC LIMIT 1
""")
_OF_TASK: Final = text("""
SELECT step, made_by, attempt, took_ms, made_at FROM waybill.task_steps WHERE task_id = :task ORDER BY made_at, step
""")


@dataclass(frozen=True, slots=True)
class StepKey:
    """One step of a task's work. ``input_hash`` (SHA-256) stands for all that it works from, and for who does it."""

    task: TaskId
    step: str
    input_hash: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step that was done, for people."""

    step: str
    made_by: str
    attempt: int
    took_ms: int
    made_at: datetime


def found(connection: Connection, key: StepKey) -> Any | None:
    """What the step gave, as JSON; None: it was not done from just this input."""
    values = {"task": key.task, "step": key.step, "input_hash": key.input_hash}
    return connection.execute(_FOUND, values).scalar_one_or_none()


def keep(connection: Connection, key: StepKey, output: str, *, made_by: str, attempt: int, took_ms: int) -> bool:
    """Keep what the step gave, as JSON text; whether it was the first: of two answers the first one stands (DT-1).

    No claim is asked for: what was paid for is kept even when the task was taken from us meanwhile (KX-9).
    """
    values = {
        "task": key.task, "step": key.step, "input_hash": key.input_hash, "output": output, "made_by": made_by,
        "attempt": attempt, "took_ms": took_ms,
    }  # fmt: skip
    return connection.execute(_KEEP, values).rowcount == 1


def newest(connection: Connection, task: TaskId, step: str) -> Any | None:
    """What the step gave last, as JSON; None: it was never done."""
    return connection.execute(_NEWEST, {"task": task, "step": step}).scalar_one_or_none()


def of_task(connection: Connection, task: TaskId) -> list[StepRow]:
    """The steps that were done for a task, oldest first."""
    return [StepRow(**row._mapping) for row in connection.execute(_OF_TASK, {"task": task})]
