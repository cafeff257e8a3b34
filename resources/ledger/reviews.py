"""Who decided what about which version, and why: only ever added (CP-2)."""

from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Connection, text

from resources.domain.tasks import TaskId

Decision = Literal["approved", "changes_requested"]

_RECORD: Final = text("""
INSERT INTO waybill.reviews (version_id, decision, reviewer, reason) VALUES (:version, :decision, :reviewer, :reason)
""")
_OF_TASK: Final = text("""
SELECT r.decision, r.reviewer, r.reason, r.at, v.number AS version FROM waybill.reviews r
JOIN waybill.deliverable_versions v ON v.id = r.version_id JOIN waybill.deliverables d ON d.id = v.deliverable_id
WHERE d.task_id = :task ORDER BY r.id
""")
# A set is out when all of it is; a task that ClickUp does not have publishes nothing, so it has no row that lacks.
_UNPUBLISHED: Final = text("""
SELECT count(*) FROM waybill.outbox WHERE set_key = :set_key AND state <> 'sent' AND kind <> 'status'
""")


def record(connection: Connection, version: UUID, decision: Decision, *, reviewer: str, reason: str) -> None:
    """Keep a decision on just this version."""
    connection.execute(_RECORD, {"version": version, "decision": decision, "reviewer": reviewer, "reason": reason})


def of_task(connection: Connection, task: TaskId) -> list[dict[str, Any]]:
    """Every decision on the task's versions, oldest first."""
    return [dict(row._mapping) for row in connection.execute(_OF_TASK, {"task": task})]


def is_published(connection: Connection, set_key: str) -> bool:
    """Whether attachments and comment of a set are all out."""
    return not connection.execute(_UNPUBLISHED, {"set_key": set_key}).scalar_one()
