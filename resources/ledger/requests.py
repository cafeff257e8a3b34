"""Runs that are asked for: which tasks wait for one, and which of Dagster's partitions should stand."""

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, text

from resources.domain.tasks import TaskId

AGAIN: Final = timedelta(minutes=1)
"""A task whose run never began (it was killed before it could claim) is asked for again after so long."""

# Not a change of state: the claim alone is one. The number makes a run key that was never used.
_NOTE: Final = text("""
UPDATE waybill.tasks SET requests = requests + 1, not_before_at = now() + :again
WHERE id IN (SELECT id FROM waybill.tasks WHERE id = ANY(:ids) AND state = 'ready'
             AND (not_before_at IS NULL OR not_before_at <= now()) ORDER BY id FOR NO KEY UPDATE)
RETURNING id, attempt + 1 AS attempt, requests
""")
_PARTITIONS: Final = text("""
SELECT id FROM waybill.tasks WHERE state IN ('ready', 'working', 'in_review')
   OR (attempt > 0 AND (state = 'waiting' OR changed_at > now() - :kept))
""")


def note(connection: Connection, ids: list[TaskId]) -> dict[TaskId, str]:
    """Runs of these tasks are being asked for; return a run key for each that is still ready and due."""
    rows = connection.execute(_NOTE, {"ids": ids, "again": AGAIN})
    return {TaskId(row.id): f"{row.id} attempt {row.attempt} request {row.requests}" for row in rows}


def partitions(connection: Connection, *, kept: timedelta) -> set[str]:
    """The tasks that have a partition: those that ask for work or review, and worked ones for ``kept`` after their end.

    A task that only waits has none: nothing of it exists yet.
    """
    return set(connection.execute(_PARTITIONS, {"kept": kept}).scalars())
