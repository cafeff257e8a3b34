"""What happened to tasks: the audit log, by task, by words, by page (AP-5), and lists of tasks for people."""

from typing import Any, Final

from sqlalchemy import Connection, text

from resources.domain.tasks import TaskId
from resources.ledger.tasks import COLUMNS, Task, task_of

_OF_TASK: Final = text("""
SELECT version, attempt, from_state, to_state, event, actor, reason, run_id, at FROM waybill.task_events
WHERE task_id = :task ORDER BY version
""")
_SEARCH: Final = text("""
SELECT id, task_id, version, attempt, from_state, to_state, event, actor, reason, run_id, at FROM waybill.task_events
WHERE (CAST(:task AS text) IS NULL OR task_id = :task)
  AND (CAST(:words AS text) IS NULL OR words @@ plainto_tsquery('simple', :words))
  AND (CAST(:before AS bigint) IS NULL OR id < :before)
ORDER BY id DESC LIMIT :at_most
""")
_TASKS: Final = text(f"""
SELECT {COLUMNS} FROM waybill.tasks
WHERE deleted_at IS NULL AND (CAST(:state AS text) IS NULL OR state = :state)
  AND (CAST(:client AS text) IS NULL OR client = :client)
ORDER BY changed_at DESC, id LIMIT :at_most OFFSET :skip
""")  # noqa: S608 - constants
_EFFECTS: Final = text("""
SELECT id, kind, state, attempts, created_at, sent_at, error, payload ->> 'name' AS name, payload ->> 'status' AS status
FROM waybill.outbox WHERE task_id = :task ORDER BY id
""")


def of_task(connection: Connection, task: TaskId) -> list[dict[str, Any]]:
    """Every event of a task, oldest first."""
    return [dict(row._mapping) for row in connection.execute(_OF_TASK, {"task": task})]


def search(
    connection: Connection, *, task: str | None, words: str | None, before: int | None, at_most: int
) -> list[dict[str, Any]]:
    """Events, newest first: of one task, with these words in it, older than the event ``before``."""
    values = {"task": task, "words": words, "before": before, "at_most": at_most}
    return [dict(row._mapping) for row in connection.execute(_SEARCH, values)]


def tasks(connection: Connection, *, state: str | None, client: str | None, at_most: int, skip: int = 0) -> list[Task]:
    """Tasks, the last changed first."""
    values = {"state": state, "client": client, "at_most": at_most, "skip": skip}
    return [task_of(row) for row in connection.execute(_TASKS, values)]


def effects(connection: Connection, task: TaskId) -> list[dict[str, Any]]:
    """What was, is and will be told to the outside world about a task, in its order."""
    return [dict(row._mapping) for row in connection.execute(_EFFECTS, {"task": task})]
