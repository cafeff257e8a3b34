"""Which tasks are compared with ClickUp, in turn; and which have a status on its way that explains a difference."""

from typing import Final

from sqlalchemy import Connection, text

from resources.domain.tasks import TaskId

_LIVE: Final = """
origin = 'clickup' AND deleted_at IS NULL AND (state IN ('ready', 'working', 'in_review')
  OR (state IN ('delivered', 'failed', 'cancelled') AND attempt > 0 AND changed_at > now() - interval '1 day'))
"""
_COUNT: Final = text(f"SELECT count(*) FROM waybill.tasks WHERE {_LIVE}")  # noqa: S608 - a constant
_IN_TURN: Final = text(f"""
SELECT id FROM waybill.tasks WHERE {_LIVE} ORDER BY swept_at NULLS FIRST, id LIMIT :at_most
""")  # noqa: S608 - a constant
_COMPARED: Final = text("UPDATE waybill.tasks SET swept_at = now() WHERE id = :task")
_UNDER_WAY: Final = text("""
SELECT EXISTS (SELECT FROM waybill.outbox
               WHERE task_id = :task AND state IN ('pending', 'sending', 'held', 'dead')
                 AND (kind = 'status' OR set_key IS NOT NULL))
""")


def count_live(connection: Connection) -> int:
    """How many tasks the two sides should agree on: those at work, and those that ended within a day."""
    return int(connection.execute(_COUNT).scalar_one())


def in_turn(connection: Connection, *, at_most: int) -> list[TaskId]:
    """Those that were not compared for the longest."""
    return [TaskId(row.id) for row in connection.execute(_IN_TURN, {"at_most": at_most})]


def note_compared(connection: Connection, task: TaskId) -> None:
    """It was read just now."""
    connection.execute(_COMPARED, {"task": task})


def has_status_under_way(connection: Connection, task: TaskId) -> bool:
    """Whether an effect that is not out yet, or was given up, explains what ClickUp shows."""
    return bool(connection.execute(_UNDER_WAY, {"task": task}).scalar_one())
