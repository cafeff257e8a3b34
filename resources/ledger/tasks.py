"""Tasks: one row each, moved by compare-and-set only (CB-16); a trigger writes every move down, with actor and reason.

Whoever changes a state goes through `move`; who works on a task, and for how long, is `resources/ledger/claims.py`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, TextualSelect, column, text

from resources.domain.errors import PermanentError, TransientError
from resources.domain.tasks import Act, TaskEvent, TaskId, TaskState, target
from resources.ledger import driver

COLUMNS: Final = """
id, origin, slot, name, body, url, list_id, client, type, type_named, auto_execute, due_at, priority,
clickup_status, clickup_status_kind, clickup_updated_at, deleted_at, state, reason, recheck_at, overrides, feedback,
round, attempt, attempts_left, not_before_at, created_at, changed_at, version, lease_owner, lease_process,
lease_expires_at, fields, ordered_by, workbook_hash
"""

_NAMES: Final = tuple(name.strip() for name in COLUMNS.split(","))
_STATE: Final = _NAMES.index("state")


def selecting(sql: str) -> TextualSelect:
    """A statement that returns ``COLUMNS``: named, a row's shape is worked out once, not at each call."""
    return text(sql).columns(*map(column, _NAMES))


_GET: Final = selecting(f"SELECT {COLUMNS} FROM waybill.tasks WHERE id = :id")  # noqa: S608 - constants
_GET_MANY: Final = selecting(
    f"SELECT {COLUMNS} FROM waybill.tasks WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"  # noqa: S608 - constants
)
_NOW: Final = text("SELECT now()")
_ACT: Final = text("""
SELECT set_config('waybill.actor', :said_actor, true) AS said_actor,
       set_config('waybill.reason', :said_reason, true) AS said_reason,
       set_config('waybill.event', :said_event, true) AS said_event,
       set_config('waybill.run', :said_run, true) AS said_run
""")
_CHANGEABLE: Final = frozenset(
    {"type", "overrides", "feedback", "round", "attempt", "attempts_left", "not_before_at", "recheck_at", "lease_owner",
     "lease_process", "lease_expires_at", "deleted_at", "workbook_hash", "clickup_status", "clickup_status_kind",
     "clickup_updated_at"}
)  # fmt: skip
_OWN_WRITE: Final = text("""
UPDATE waybill.tasks SET clickup_status = :status, clickup_status_kind = 'open',
       clickup_updated_at = greatest(clickup_updated_at, :updated_at)
WHERE id = :id AND (clickup_updated_at IS NULL OR clickup_updated_at <= :updated_at)
""")
_OVERRIDE: Final = text("""
UPDATE waybill.tasks SET overrides = CAST(:overrides AS jsonb), not_before_at = NULL
WHERE id = :id AND version = :version AND state = 'ready'
""")
_ATTACH: Final = text("UPDATE waybill.tasks SET workbook_hash = :hash WHERE id = :id")
_WAITING: Final = text(f"""
SELECT {COLUMNS} FROM waybill.tasks WHERE state = 'waiting' AND deleted_at IS NULL
ORDER BY changed_at DESC, id LIMIT :at_most
""")  # noqa: S608 - constants
DUE_KEY: Final = "'due:' || id || ':' || CAST(extract(epoch FROM due_at) AS bigint)"
"""The key of the alert on a task and its due date."""
_DUE_UNTOLD: Final = text(f"""
SELECT {COLUMNS}, {DUE_KEY} AS key FROM waybill.tasks
JOIN unnest(CAST(:types AS text[]), CAST(:hours AS float[])) AS known(type, hours) USING (type)
WHERE state IN ('waiting', 'ready', 'working', 'in_review') AND deleted_at IS NULL
  AND due_at < now() + :longest AND due_at < now() + known.hours * interval '1 hour'
  AND due_at > now() - interval '30 days'
  AND NOT EXISTS (SELECT FROM waybill.alerts WHERE key = {DUE_KEY})
ORDER BY due_at, id LIMIT :at_most
""")  # noqa: S608 - constants
_BY_STATE: Final = text("SELECT state, count(*) AS n FROM waybill.tasks GROUP BY state ORDER BY state")


class TaskUnknownError(PermanentError):
    """No task has this id."""


class TaskMovedError(TransientError):
    """Somebody else changed the task since it was read; nothing was changed here."""


@dataclass(frozen=True, slots=True)
class Along:
    """What a move writes beside the task: a statement that reads FROM moved, and values for its own placeholders."""

    sql: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Task:
    """A task as the ledger holds it.

    Attributes:
        reason: why it waits, failed or was cancelled.
        feedback: the reviewer's words for the next draft.
        round: how often its work was begun anew, by a review or a reopening; 1 at first.
        attempt: the number of the last attempt, 0 before the first.
        fields: its custom fields as text, by their names without case.
        ordered_by: who made it, for people; None: not known.
        workbook_hash: the workbook that was dropped for it, by its content in the artefact store.
    """

    id: TaskId
    origin: str
    slot: str | None
    name: str
    body: str
    url: str | None
    list_id: str | None
    client: str | None
    type: str | None
    type_named: str | None
    auto_execute: bool
    due_at: datetime | None
    priority: int | None
    clickup_status: str | None
    clickup_status_kind: str | None
    clickup_updated_at: datetime | None
    deleted_at: datetime | None
    state: TaskState
    reason: str | None
    recheck_at: datetime | None
    overrides: Mapping[str, Any]
    feedback: str | None
    round: int
    attempt: int
    attempts_left: int
    not_before_at: datetime | None
    created_at: datetime
    changed_at: datetime
    version: int
    lease_owner: str | None
    lease_process: str | None
    lease_expires_at: datetime | None
    fields: Mapping[str, str]
    ordered_by: str | None
    workbook_hash: str | None

    @property
    def in_clickup(self) -> bool:
        """Whether what happens to it is shown in ClickUp."""
        return self.origin == "clickup" and self.deleted_at is None


def task_of(row: Any, *, but: str | None = None) -> Task:
    """The task of a row with ``COLUMNS``, and with the column ``but`` which is none of it."""
    values = dict(row._mapping)
    values.pop(but, None)
    return Task(**values | {"state": TaskState(values["state"])})


def task_in(row: Sequence[Any]) -> Task:
    """The task of a row with just ``COLUMNS``, which is the order of its fields too."""
    values = list(row)
    values[_STATE] = TaskState(values[_STATE])
    return Task(*values)


def get(connection: Connection, task: TaskId) -> Task:
    """One task. Raises TaskUnknownError."""
    row = connection.execute(_GET, {"id": task}).one_or_none()
    if row is None:
        raise unknown(task)
    return task_of(row)


def unknown(task: TaskId) -> TaskUnknownError:
    """What is said when no task has this id."""
    return TaskUnknownError(
        f"task {task}", expected="the id of a task", found="none that has it", remedy="`waybill tasks` lists them."
    )


def with_overrides(task: Task, overrides: Mapping[str, Any]) -> Task:
    """The task as it would be with these settings for its next attempt; nothing is stored."""
    return replace(task, overrides=overrides)


def override(connection: Connection, task: Task, overrides: Mapping[str, Any]) -> None:
    """Set the settings of a ready task's next attempt. Raises TaskMovedError: it was changed since it was read."""
    values = {"id": task.id, "version": task.version, "overrides": json.dumps(dict(overrides))}
    if connection.execute(_OVERRIDE, values).rowcount != 1:
        raise _moved(task)


def attach_workbook(connection: Connection, task: TaskId, content_hash: str) -> None:
    """Let the next attempt of a task that nobody works on begin with this workbook."""
    connection.execute(_ATTACH, {"id": task, "hash": content_hash})


def clock(connection: Connection) -> datetime:
    """The instant of this transaction, by the database's clock."""
    now: datetime = connection.execute(_NOW).scalar_one()
    return now


def locked(connection: Connection, ids: Sequence[TaskId]) -> dict[TaskId, Task]:
    """These tasks, as far as they are there, locked until the transaction ends and always in the same order."""
    return {TaskId(row.id): task_of(row) for row in connection.execute(_GET_MANY, {"ids": list(ids)})}


def act(connection: Connection, by: Act, event: str) -> None:
    """Say for this transaction who changes states, and why: the trigger refuses a change without it."""
    connection.execute(_ACT, _act_values(by, event))


def _act_values(by: Act, event: str) -> dict[str, str]:
    said = {"actor": by.actor, "reason": by.reason or by.actor, "event": event, "run": by.run_id or ""}
    return {f"said_{name}": word for name, word in said.items()}


def move(
    connection: Connection, task: Task, event: TaskEvent, by: Act, *, reason: str | None = None,
    along: Along | None = None, locked: bool = False, **changes: object,
) -> Task:  # fmt: skip
    """Move ``task`` by ``event``, exactly one version later, with ``changes`` to other columns in the same UPDATE.

    ``reason`` stays with the task, for states that need one. Any move but a claim ends the lease. ``along`` is written
    by the same statement: nothing of it where the move is refused. ``locked``: this transaction locked the row when it
    read it, so what is not changed is not read again.

    Raises:
        IllegalTransitionError: the event is not allowed in the task's state.
        TaskMovedError: the task was changed since it was read.
    """
    if unknown := changes.keys() - _CHANGEABLE:
        raise TypeError(f"no such columns to change: {sorted(unknown)}")
    state = target(task.id, task.state, event)
    lease = {} if event is TaskEvent.CLAIM else dict.fromkeys(("lease_owner", "lease_process", "lease_expires_at"))
    new: dict[str, Any] = {"state": state, "reason": reason, "recheck_at": None, **lease, **changes}
    values = new | {"state": state.value}
    if "overrides" in values:
        values["overrides"] = json.dumps(values["overrides"])
    with_it = along or Along("", {})
    statement = _move_statement(tuple(values), "changed_at" if locked else COLUMNS, with_it.sql)
    said = _act_values(by, event.value) | {"id": task.id, "seen_version": task.version}
    row = driver.one_or_none(connection, statement, {**values, **said, **with_it.values})
    if row is None:
        raise _moved(task)
    return replace(task, version=task.version + 1, changed_at=row[0], **new) if locked else task_in(row)


def _moved(task: Task) -> TaskMovedError:
    return TaskMovedError(
        f"task {task.id}",
        expected=f"version {task.version}, which is {task.state.value}",
        found="a newer one",
        remedy="Look at it with `waybill task show`.",
    )


@cache
def _move_statement(columns: tuple[str, ...], returned: str, along: str) -> str:
    """One statement says who acts and moves: the trigger reads what the first part of it has set."""
    assignments = ", ".join(f"{name} = {_placeholder(name)}" for name in columns)
    return (
        f"WITH said AS MATERIALIZED ({_ACT.text}), moved AS (UPDATE waybill.tasks"  # noqa: S608 - names of columns, checked
        f" SET {assignments}, version = version + 1 FROM said"
        f" WHERE id = :id AND version = :seen_version AND said.said_actor <> ''"
        f" RETURNING {COLUMNS}){', along AS (' + along + ')' if along else ''} SELECT {returned} FROM moved"
    )


def _placeholder(name: str) -> str:
    return f"CAST(:{name} AS jsonb)" if name == "overrides" else f":{name}"


def note_own_write(connection: Connection, task: TaskId, status: str, updated_at: datetime) -> None:
    """Waybill itself wrote ``status``; ClickUp's clock said ``updated_at``. A look from before that is a stale one."""
    connection.execute(_OWN_WRITE, {"id": task, "status": status, "updated_at": updated_at})


def count_by_state(connection: Connection) -> dict[str, int]:
    """How many tasks are in each state."""
    return {row.state: row.n for row in connection.execute(_BY_STATE)}


def waiting(connection: Connection, *, at_most: int) -> list[Task]:
    """Tasks that wait, the newest first; each has its reason (CB-13)."""
    return [task_of(row) for row in connection.execute(_WAITING, {"at_most": at_most})]


def due_untold(connection: Connection, hours: Mapping[str, float], *, at_most: int) -> dict[str, Task]:
    """Open tasks that are due within the ``hours`` of their type, or overdue, and on which no alert was raised yet.

    By the key of the alert, the first due first; those of more than 30 days ago are left out, a due date that was moved
    is another event.
    """
    longest = timedelta(hours=max(hours.values(), default=0.0))
    values = {"types": list(hours), "hours": list(hours.values()), "longest": longest, "at_most": at_most}
    return {row.key: task_of(row, but="key") for row in connection.execute(_DUE_UNTOLD, values)}
