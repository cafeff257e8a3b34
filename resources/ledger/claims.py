"""Who works on a task: one claim for every way in (CB-4), taken with its attempt in one transaction (DT-8)."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, text

from resources import processes
from resources.domain.tasks import WAYBILL, Act, TaskEvent, TaskId, TaskState
from resources.ledger import driver, tasks
from resources.ledger.leases import TASK, AlreadyClaimedError, Subject
from resources.ledger.tasks import Along, Task, task_of

_LOCK: Final = f"SELECT {tasks.COLUMNS}, now() FROM waybill.tasks WHERE id = :id FOR NO KEY UPDATE"  # noqa: S608 - constants
_BEGIN: Final = """
INSERT INTO waybill.task_attempts (task_id, number, kind, settings, input, input_hash, owner, run_id, deadline_at)
SELECT id, attempt, :kind, CAST(:settings AS jsonb), CAST(:input AS jsonb), :input_hash, lease_owner, :run,
       CAST(:deadline_at AS timestamptz)
FROM moved
"""
_ATTEMPT: Final = text("SELECT * FROM waybill.task_attempts WHERE task_id = :task AND number = :number")
_ATTEMPTS: Final = text("SELECT * FROM waybill.task_attempts WHERE task_id = :task ORDER BY number")
_END: Final = """
UPDATE waybill.task_attempts
SET ended_at = now(), outcome = :outcome, error = CAST(:error AS jsonb)
FROM moved WHERE task_id = moved.id AND number = moved.attempt AND ended_at IS NULL
"""
_KEEP_LOG: Final = text("""
UPDATE waybill.task_attempts SET log = CAST(:log AS jsonb) WHERE task_id = :task AND number = :number AND owner = :owner
""")
_STALE: Final = text(f"""
SELECT {tasks.COLUMNS}, now() AS now FROM waybill.tasks WHERE state = 'working' ORDER BY lease_expires_at
""")  # noqa: S608 - constants
_READY: Final = text(f"""
SELECT {tasks.COLUMNS} FROM waybill.tasks
WHERE state = 'ready' AND (not_before_at IS NULL OR not_before_at <= now())
ORDER BY coalesce(priority, 5), due_at NULLS LAST, id LIMIT :at_most
""")  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Worker:
    """Who works: ``owner`` is the claim's (all assets of a run share it), ``run_id`` the Dagster run, if one does."""

    owner: str
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class AttemptPlan:
    """What an attempt will be made with: it stays the same until the attempt ends (DT-5)."""

    kind: str
    settings: Mapping[str, Any]
    deadline_s: float
    fields: Mapping[str, str] = field(default_factory=dict)
    """What it reads of the task's custom fields, by the names of its kind."""


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt, as it was begun and as it ended. ``outcome`` is None while it is under way."""

    task_id: TaskId
    number: int
    kind: str
    settings: Mapping[str, Any]
    input: Mapping[str, Any]
    input_hash: str
    owner: str
    run_id: str | None
    started_at: datetime
    deadline_at: datetime
    ended_at: datetime | None
    outcome: str | None
    error: Mapping[str, Any] | None
    log: Sequence[Mapping[str, Any]] | None


@dataclass(frozen=True)
class Claim:
    """The right to write for one task, as long as its version stands: a lease with its attempt."""

    task: Task
    attempt: AttemptRow
    lost: threading.Event = field(default_factory=threading.Event, compare=False)
    subject: Subject = "tasks"

    @property
    def id(self) -> TaskId:
        """The task."""
        return self.task.id

    @property
    def owner(self) -> str:
        """Who works on it."""
        return self.attempt.owner

    @property
    def version(self) -> int:
        """The version of the row that the claim made."""
        return self.task.version


def look(connection: Connection, task: TaskId) -> tuple[Task, datetime]:
    """The task, locked until the transaction ends, and the database's clock. Raises TaskUnknownError."""
    row = driver.one_or_none(connection, _LOCK, {"id": task})
    if row is None:
        raise tasks.unknown(task)
    *columns, now = row
    return tasks.task_in(columns), now


def begin(
    connection: Connection, task: Task, now: datetime, plan: AttemptPlan, worker: Worker, *, by: Act | None = None
) -> Claim:
    """Claim a ready task that ``look`` just locked: the state, the lease and the attempt in one transaction.

    ``by``: the person who does it, and why; default: Waybill, for ``worker``.

    Raises:
        IllegalTransitionError: it is not ready.
        TaskMovedError: it was changed since.
    """
    number, given = task.attempt + 1, _input(task, plan)
    begun = AttemptRow(
        task.id, number, plan.kind, plan.settings, given, hashed(given), worker.owner, worker.run_id,
        started_at=now, deadline_at=now + timedelta(seconds=plan.deadline_s),
        ended_at=None, outcome=None, error=None, log=None,
    )  # fmt: skip
    values = {
        "kind": begun.kind, "settings": json.dumps(dict(begun.settings)), "input": json.dumps(given),
        "input_hash": begun.input_hash, "run": worker.run_id, "deadline_at": begun.deadline_at,
    }  # fmt: skip
    claimed = tasks.move(
        connection, task, TaskEvent.CLAIM,
        by or Act(WAYBILL, f"attempt {number} by {worker.owner}", worker.run_id),
        along=Along(_BEGIN, values), locked=True,
        attempt=number, attempts_left=max(0, task.attempts_left - 1), not_before_at=None,
        lease_owner=worker.owner, lease_process=processes.identity(), lease_expires_at=now + TASK,
    )  # fmt: skip
    return Claim(claimed, begun)


def held_by(connection: Connection, task: Task, now: datetime, owner: str) -> Claim | None:
    """The claim that ``owner`` has already; None when nobody works on the task.

    Raises:
        AlreadyClaimedError: somebody else does; named in the message (CB-4).
    """
    if task.state is not TaskState.WORKING:
        return None
    if task.lease_owner == owner and not is_stale(task, now):
        return Claim(task, attempt(connection, task.id, task.attempt))
    raise AlreadyClaimedError(
        f"task {task.id}",
        expected="no other owner",
        found=f"already claimed by {task.lease_owner}",
        remedy="Wait until it ends; nothing was done here.",
    )


def is_stale(task: Task, now: datetime) -> bool:
    """Whether a working task has no worker any more: its lease ran out, or its process is gone from this machine."""
    if task.lease_expires_at is None or task.lease_expires_at <= now:
        return True
    return processes.is_alive(task.lease_process or "") is False


def working(connection: Connection) -> list[tuple[Task, datetime]]:
    """Every task that is worked on, with the database's clock. As many as there are workers."""
    return [_with_clock(row) for row in connection.execute(_STALE)]


def ready(connection: Connection, *, at_most: int) -> list[Task]:
    """Ready tasks that may be begun now: urgent ones first, then by due date."""
    return [task_of(row) for row in connection.execute(_READY, {"at_most": at_most})]


def attempt(connection: Connection, task: TaskId, number: int) -> AttemptRow:
    """One attempt of a task."""
    return AttemptRow(**connection.execute(_ATTEMPT, {"task": task, "number": number}).one()._mapping)


def attempts(connection: Connection, task: TaskId) -> list[AttemptRow]:
    """Every attempt at a task, oldest first."""
    return [AttemptRow(**row._mapping) for row in connection.execute(_ATTEMPTS, {"task": task})]


def ending(outcome: str, *, error: Mapping[str, object] | None = None) -> Along:
    """How the attempt of a task ended, for the move that ends it to write: the first ending stands (DT-1)."""
    return Along(_END, {"outcome": outcome, "error": _json(error)})


def keep_log(connection: Connection, claim: Claim, log: Sequence[Mapping[str, object]]) -> None:
    """Keep with its attempt the files of what a program said, also when the attempt was ended meanwhile."""
    values = {"task": claim.id, "number": claim.attempt.number, "owner": claim.owner, "log": _json(log)}
    connection.execute(_KEEP_LOG, values)


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, default=str)


def hashed(given: Mapping[str, object]) -> str:
    """SHA-256 of what an attempt works from, whatever the order of its keys."""
    return sha256(json.dumps(given, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _input(task: Task, plan: AttemptPlan) -> dict[str, object]:
    return {
        "name": task.name, "body": task.body, "client": task.client, "type": task.type, "round": task.round,
        "due_at": task.due_at.isoformat() if task.due_at else None, "feedback": task.feedback,
        "kind": plan.kind, "settings": dict(plan.settings), "fields": dict(plan.fields), "workbook": task.workbook_hash,
    }  # fmt: skip


def _with_clock(row: Any) -> tuple[Task, datetime]:
    values = dict(row._mapping)
    now: datetime = values.pop("now")
    return Task(**values | {"state": TaskState(values["state"])}), now
