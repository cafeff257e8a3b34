"""Dropped workbooks by their content: what became of each, and who decided it (CB-2: one delivery a content)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, text

from resources.domain.tasks import OPEN, TaskId, TaskState
from resources.ledger import tasks
from resources.ledger.tasks import Task, task_of

FileState = Literal["asking", "matched", "quarantined", "discarded"]
COLUMNS: Final = """
content_hash, name, size_bytes, keyword, state, task_id, asking_task_id, candidates, reason, seen_at, decided_at,
decided_by, times_taken
"""
_INSERT: Final = text("""
INSERT INTO waybill.watched_files
    (content_hash, name, size_bytes, keyword, state, task_id, asking_task_id, candidates, reason)
VALUES (:content_hash, :name, :size_bytes, :keyword, :state, :task_id, :asking_task_id, CAST(:candidates AS jsonb),
        :reason)
ON CONFLICT DO NOTHING
""")
_GET: Final = text(f"SELECT {COLUMNS} FROM waybill.watched_files WHERE content_hash = :hash")  # noqa: S608 - constants
_LOCK: Final = text(
    f"SELECT {COLUMNS} FROM waybill.watched_files WHERE content_hash = :hash FOR UPDATE"  # noqa: S608 - constants
)
_COUNT: Final = text("UPDATE waybill.watched_files SET times_taken = times_taken + 1 WHERE content_hash = :hash")
_LIKE: Final = text(
    f"SELECT {COLUMNS} FROM waybill.watched_files WHERE starts_with(content_hash, :hash) FOR UPDATE"  # noqa: S608 - constants
)
_RECENT: Final = text(
    f"SELECT {COLUMNS} FROM waybill.watched_files ORDER BY seen_at DESC, content_hash LIMIT :at_most"  # noqa: S608 - constants
)
_DECIDE: Final = text("""
UPDATE waybill.watched_files
SET state = :state, task_id = :task, reason = :reason, decided_at = now(), decided_by = :by
WHERE content_hash = :hash AND state = 'asking'
""")
_TAKERS: Final = text(f"""
SELECT {tasks.COLUMNS} FROM waybill.tasks
WHERE type = ANY(:types) AND state <> :cancelled AND deleted_at IS NULL
ORDER BY state = ANY(:open) DESC, changed_at DESC, id LIMIT :at_most
""")  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class WatchedFile:
    """A content that was dropped.

    Attributes:
        candidates: tasks that it may be for, each with its likeness from 0 to 100.
        times_taken: how many files with this content were put away.
    """

    content_hash: str
    name: str
    size_bytes: int
    keyword: str | None
    state: FileState
    task_id: TaskId | None
    asking_task_id: TaskId | None
    candidates: Sequence[Mapping[str, Any]]
    reason: str
    seen_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    times_taken: int


@dataclass(frozen=True, slots=True)
class NewFile:
    """A content's first row."""

    content_hash: str
    name: str
    size_bytes: int
    state: FileState
    reason: str
    keyword: str | None = None
    task_id: TaskId | None = None
    asking_task_id: TaskId | None = None
    candidates: Sequence[Mapping[str, Any]] = ()


def insert(connection: Connection, new: NewFile) -> bool:
    """Add a content; False: somebody did before, in a transaction that has ended."""
    values = {name: getattr(new, name) for name in NewFile.__slots__} | {"candidates": json.dumps(list(new.candidates))}
    return connection.execute(_INSERT, values).rowcount == 1


def get(connection: Connection, content_hash: str) -> WatchedFile | None:
    """What is known of a content; None: it never came."""
    row = connection.execute(_GET, {"hash": content_hash}).one_or_none()
    return None if row is None else WatchedFile(**row._mapping)


def locked(connection: Connection, content_hash: str) -> WatchedFile:
    """A content that came, locked: files of one content are put away one after the other."""
    return WatchedFile(**connection.execute(_LOCK, {"hash": content_hash}).one()._mapping)


def count_taken(connection: Connection, content_hash: str) -> None:
    """One more file with this content was put away."""
    connection.execute(_COUNT, {"hash": content_hash})


def called(connection: Connection, prefix: str) -> list[WatchedFile]:
    """Contents whose hash begins with ``prefix``, locked."""
    return [WatchedFile(**row._mapping) for row in connection.execute(_LIKE, {"hash": prefix})]


def recent(connection: Connection, *, at_most: int) -> list[WatchedFile]:
    """The last contents that came, the newest first."""
    return [WatchedFile(**row._mapping) for row in connection.execute(_RECENT, {"at_most": at_most})]


def decide(
    connection: Connection, content_hash: str, state: FileState, *, task: TaskId | None, by: str, reason: str
) -> bool:
    """A person's answer about a content that is asked about; False: it is not any more."""
    values = {"hash": content_hash, "state": state, "task": task, "by": by, "reason": reason}
    return connection.execute(_DECIDE, values).rowcount == 1


def takers(connection: Connection, types: Sequence[str], *, at_most: int) -> list[Task]:
    """Tasks of these types that are not cancelled: open ones first, of each the last changed first."""
    states = {"cancelled": TaskState.CANCELLED.value, "open": [state.value for state in OPEN]}
    values = {"types": list(types), "at_most": at_most, **states}
    return [task_of(row) for row in connection.execute(_TAKERS, values)]
