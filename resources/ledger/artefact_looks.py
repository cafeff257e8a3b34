"""Which files of deliverables are read again, to see that they are what they were: those in turn, and the result."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, text

from resources.domain.tasks import TaskId

ENDED_WITHIN: Final = timedelta(days=30)
"""Files of tasks that ended longer ago are not read any more."""
AGAIN_AFTER: Final = timedelta(days=1)

_IN_TURN: Final = text("""
WITH promised AS (
    SELECT DISTINCT ON (f.content_hash) f.content_hash, f.name, d.task_id, v.number, v.created_at
    FROM waybill.tasks t JOIN waybill.deliverables d ON d.task_id = t.id
    JOIN waybill.deliverable_versions v ON v.deliverable_id = d.id AND v.stage = 'whole'
    JOIN waybill.deliverable_files f ON f.version_id = v.id
    WHERE t.state IN ('waiting', 'ready', 'working', 'in_review') OR t.changed_at > now() - :ended_within
    ORDER BY f.content_hash, v.created_at DESC, v.number DESC)
SELECT content_hash, name, task_id, number FROM promised LEFT JOIN waybill.artefact_looks USING (content_hash)
WHERE is_whole IS NOT TRUE OR looked_at < now() - :again_after
ORDER BY is_whole IS NOT FALSE, looked_at NULLS FIRST, created_at DESC, content_hash LIMIT :at_most
""")
_NOTE: Final = text("""
INSERT INTO waybill.artefact_looks (content_hash, is_whole, looked_at)
SELECT content_hash, is_whole, now() FROM unnest(CAST(:hashes AS text[]), CAST(:whole AS boolean[]))
    AS look(content_hash, is_whole) ORDER BY content_hash
ON CONFLICT (content_hash) DO UPDATE SET is_whole = excluded.is_whole, looked_at = excluded.looked_at
""")


@dataclass(frozen=True, slots=True)
class PromisedFile:
    """A file, and the newest version that has it; its content should have the SHA-256 ``content_hash``."""

    content_hash: str
    name: str
    task_id: TaskId
    number: int


def in_turn(connection: Connection, *, at_most: int) -> list[PromisedFile]:
    """Files of whole versions of tasks that are open or ended lately, each content once.

    First what was found damaged, then what was never read, the newest first, then what was not read for a day.
    """
    values = {"ended_within": ENDED_WITHIN, "again_after": AGAIN_AFTER, "at_most": at_most}
    return [PromisedFile(**row._mapping) for row in connection.execute(_IN_TURN, values)]


def note(connection: Connection, looks: Mapping[str, bool]) -> None:
    """These were read just now: whether each is what its hash says."""
    connection.execute(_NOTE, {"hashes": list(looks), "whole": list(looks.values())})
