"""What is seen of tasks in ClickUp, written into their rows; what makes no difference writes nothing (AP-7)."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from resources.domain.seen import SeenTask
from resources.domain.tasks import Act, TaskId, TaskState
from resources.ledger import tasks
from resources.ledger.tasks import Task, task_of

_NEW: Final = """
id, origin, slot, name, body, url, list_id, client, type, type_named, auto_execute, due_at, priority,
clickup_status, clickup_status_kind, clickup_updated_at, state, reason, recheck_at, attempts_left, fields, ordered_by
"""
_INSERT: Final = text(f"""
INSERT INTO waybill.tasks ({_NEW}, seen_at)
SELECT {_NEW}, now() FROM jsonb_populate_recordset(CAST(NULL AS waybill.tasks), CAST(:rows AS jsonb)) ORDER BY id
ON CONFLICT DO NOTHING RETURNING id
""")  # noqa: S608 - constants
_UPDATE: Final = text("""
UPDATE waybill.tasks SET name = :name, body = :body, url = :url, list_id = :list_id, client = :client, type = :type,
    type_named = :type_named, auto_execute = :auto_execute, due_at = :due_at, priority = :priority,
    clickup_status = :clickup_status, clickup_status_kind = :clickup_status_kind,
    clickup_updated_at = :clickup_updated_at, fields = CAST(:fields AS jsonb),
    ordered_by = :ordered_by, seen_at = now(), deleted_at = NULL
WHERE id = :id AND (clickup_updated_at IS NULL OR clickup_updated_at <= :clickup_updated_at)
""")
_WAIT: Final = text("""
UPDATE waybill.tasks SET reason = :reason, recheck_at = :recheck_at
WHERE id = :id AND version = :version AND state = 'waiting'
""")
_DELETED: Final = text("UPDATE waybill.tasks SET deleted_at = coalesce(deleted_at, now()) WHERE id = :id")
_MANY: Final = text(f"SELECT {tasks.COLUMNS} FROM waybill.tasks WHERE id = ANY(:ids)")  # noqa: S608 - constants
_RECHECK: Final = text(f"""
SELECT {tasks.COLUMNS} FROM waybill.tasks
WHERE state IN ('waiting', 'ready') AND recheck_at <= now() ORDER BY recheck_at LIMIT :at_most
""")  # noqa: S608 - constants
_TYPELESS: Final = text(f"""
SELECT {tasks.COLUMNS} FROM waybill.tasks
WHERE state = 'ready' AND (type IS NULL OR NOT type = ANY(:types)) LIMIT :at_most
""")  # noqa: S608 - constants
_CLIENTS: Final = text("SELECT slug FROM waybill.clients WHERE slug = ANY(:slugs)")
# Who moved a task, as a webhook told, by ClickUp's clock: a task may be moved to one status several times.
_MOVER: Final = text("""
SELECT coalesce(item #>> '{user,username}', item #>> '{user,email}') AS who
FROM waybill.inbox, jsonb_array_elements(CASE WHEN jsonb_typeof(body -> 'history_items') = 'array'
                                         THEN body -> 'history_items' ELSE '[]' END) AS item
WHERE route = 'clickup' AND body ->> 'task_id' = :task AND item ->> 'field' = 'status'
  AND lower(item #>> '{after,status}') = lower(:status)
  AND CASE WHEN item ->> 'date' ~ '^[0-9]{1,15}$' THEN CAST(item ->> 'date' AS bigint) END > :after_ms
ORDER BY id DESC LIMIT 1
""")


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task's first row. ``state`` is ``waiting`` with a reason, or ``ready``."""

    id: TaskId
    origin: str
    name: str
    state: TaskState
    slot: str | None = None
    body: str = ""
    url: str | None = None
    list_id: str | None = None
    client: str | None = None
    type: str | None = None
    type_named: str | None = None
    auto_execute: bool = True
    due_at: datetime | None = None
    priority: int | None = None
    clickup_status: str | None = None
    clickup_status_kind: str | None = None
    clickup_updated_at: datetime | None = None
    reason: str | None = None
    recheck_at: datetime | None = None
    attempts_left: int = 0
    fields: Mapping[str, str] = field(default_factory=dict)
    ordered_by: str | None = None


def insert(connection: Connection, new: Sequence[NewTask], by: Act) -> list[TaskId]:
    """Add tasks that are not there yet, by id and by slot; return which. Those that are stay as they are."""
    if not new:
        return []
    tasks.act(connection, by, "see")
    rows = json.dumps([asdict(each) for each in new], default=datetime.isoformat)
    return [TaskId(row.id) for row in connection.execute(_INSERT, {"rows": rows})]


def known(connection: Connection, ids: Sequence[TaskId]) -> dict[TaskId, Task]:
    """Those of ``ids`` that the ledger has."""
    return {TaskId(row.id): task_of(row) for row in connection.execute(_MANY, {"ids": list(ids)})}


def content(seen: SeenTask, type_: str | None, status_kind: str) -> dict[str, Any]:
    """The columns that a look at a task fills; without the character NUL, which Postgres does not hold."""
    columns = {
        "name": seen.name, "body": seen.body, "url": seen.url, "list_id": seen.list_id, "client": seen.client,
        "type": type_, "type_named": seen.type_named, "auto_execute": seen.auto_execute, "due_at": seen.due_at,
        "priority": seen.priority, "clickup_status": seen.status, "clickup_status_kind": status_kind,
        "clickup_updated_at": seen.updated_at, "ordered_by": seen.ordered_by,
    }  # fmt: skip
    fields = {name: value.replace("\0", "") for name, value in seen.fields.items()}
    return {name: value.replace("\0", "") if isinstance(value, str) else value for name, value in columns.items()} | {
        "fields": fields
    }


def differs(task: Task, columns: dict[str, Any]) -> bool:
    """Whether a look would change the row."""
    return task.deleted_at is not None or any(getattr(task, name) != value for name, value in columns.items())


def update(connection: Connection, task: TaskId, columns: dict[str, Any]) -> None:
    """Write what was seen, unless a newer look was written meanwhile."""
    connection.execute(_UPDATE, {"id": task, **columns, "fields": json.dumps(columns["fields"])})


def wait(connection: Connection, task: Task, reason: str, recheck_at: datetime | None) -> None:
    """A waiting task goes on waiting, for this reason now."""
    values = {"id": task.id, "version": task.version, "reason": reason, "recheck_at": recheck_at}
    connection.execute(_WAIT, values)


def note_deleted(connection: Connection, task: TaskId) -> None:
    """ClickUp does not have the task any more: nothing is written there for it."""
    connection.execute(_DELETED, {"id": task})


def to_recheck(connection: Connection, types: Collection[str], *, at_most: int) -> list[Task]:
    """Tasks whose eligibility time alone may have changed, and ready ones of none of the ``types`` that there are."""
    due = [task_of(row) for row in connection.execute(_RECHECK, {"at_most": at_most})]
    typeless = connection.execute(_TYPELESS, {"types": list(types), "at_most": at_most})
    return due + [task_of(row) for row in typeless]


def known_clients(connection: Connection, slugs: Sequence[str]) -> set[str]:
    """Those of ``slugs`` that are clients."""
    return set(connection.execute(_CLIENTS, {"slugs": list(set(slugs))}).scalars())


def mover(connection: Connection, task: TaskId, status: str, *, after: datetime | None) -> str | None:
    """Who moved the task to ``status`` after the instant of ClickUp's clock, if a webhook told."""
    after_ms = int(after.timestamp() * 1000) if after else 0
    values = {"task": task, "status": status, "after_ms": after_ms}
    who: str | None = connection.execute(_MOVER, values).scalar_one_or_none()
    return who
