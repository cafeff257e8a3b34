"""What was given up after every attempt: with its full request, so that it can be looked at, tried again, or dropped.

Stages: `embedding` (the subject is an extraction's id), `outbox` and `inbox` (the subject is the row's id there, or
`refused:…` for a delivery that was not let in).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from resources.domain.errors import PermanentError
from resources.domain.ids import BatchId
from resources.ledger import outbox

Stage = Literal["embedding", "outbox", "inbox"]

_RECORD: Final = text("""
INSERT INTO waybill.dead_letters (stage, subject, batch_id, request, error, attempts)
VALUES (:stage, :subject, :batch, CAST(:request AS jsonb), :error, :attempts)
ON CONFLICT (stage, subject) DO UPDATE
SET request = excluded.request, error = excluded.error, attempts = excluded.attempts, created_at = now(),
    replayed_at = NULL, replayed_by = NULL, dropped_at = NULL, dropped_by = NULL, drop_reason = NULL
""")
_COLUMNS: Final = """
id, stage, subject, batch_id, request, error, attempts, created_at, replayed_at, replayed_by, dropped_at, dropped_by,
drop_reason
"""
_OPEN: Final = text(f"""
SELECT {_COLUMNS} FROM waybill.dead_letters WHERE replayed_at IS NULL AND dropped_at IS NULL
ORDER BY created_at, id LIMIT :at_most
""")  # noqa: S608 - constants
_GET: Final = text(f"SELECT {_COLUMNS} FROM waybill.dead_letters WHERE id = :id")  # noqa: S608 - constants
_LOCK: Final = text(f"SELECT {_COLUMNS} FROM waybill.dead_letters WHERE id = :id FOR UPDATE")  # noqa: S608 - constants
_COUNT: Final = text("""
SELECT stage, count(*) AS n FROM waybill.dead_letters WHERE replayed_at IS NULL AND dropped_at IS NULL
GROUP BY stage ORDER BY stage
""")
_REPLAYED: Final = text("UPDATE waybill.dead_letters SET replayed_at = now(), replayed_by = :actor WHERE id = :id")
_DROPPED: Final = text("""
UPDATE waybill.dead_letters SET dropped_at = now(), dropped_by = :actor, drop_reason = :reason WHERE id = :id
""")
_EMBEDDING_AGAIN: Final = text("""
UPDATE waybill.extractions SET embedding_failures = 0 WHERE id = CAST(:subject AS uuid)
""")
_INBOX_AGAIN: Final = text("""
UPDATE waybill.inbox SET handled_at = NULL, outcome = NULL, error = NULL, attempts = 0, next_at = now()
WHERE id = CAST(:subject AS bigint)
""")
_REPLAY_EMBEDDINGS: Final = text("""
WITH replayed AS (
    UPDATE waybill.dead_letters SET replayed_at = now()
    WHERE stage = 'embedding' AND replayed_at IS NULL AND dropped_at IS NULL
    RETURNING subject)
UPDATE waybill.extractions SET embedding_failures = 0 WHERE id IN (SELECT CAST(subject AS uuid) FROM replayed)
""")


class UnknownDeadLetterError(PermanentError):
    """There is no dead letter of that number."""


class DeadLetterClosedError(PermanentError):
    """The dead letter was replayed or dropped before, or what it speaks of is gone; nothing was changed."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """``request`` is all that is needed to do it again. Open until it is replayed or dropped."""

    id: int
    stage: str
    subject: str
    batch_id: UUID | None
    request: Mapping[str, Any]
    error: str
    attempts: int
    created_at: datetime
    replayed_at: datetime | None
    replayed_by: str | None
    dropped_at: datetime | None
    dropped_by: str | None
    drop_reason: str | None

    @property
    def state(self) -> str:
        """``open``, or how it was closed and by whom."""
        if self.dropped_at is not None:
            return f"dropped by {self.dropped_by}: {self.drop_reason}"
        if self.replayed_at is not None:
            return f"replayed by {self.replayed_by}" if self.replayed_by else "replayed"
        return "open"


def record(
    connection: Connection,
    *,
    stage: Stage,
    subject: str,
    request: Mapping[str, object],
    error: str,
    attempts: int,
    batch: BatchId | None = None,
) -> None:
    """Keep one dead letter for each stage and subject, open; the newest error stands."""
    values = {"stage": stage, "subject": subject, "batch": batch, "error": error, "attempts": attempts}
    connection.execute(_RECORD, {**values, "request": json.dumps(request)})


def list_open(connection: Connection, at_most: int = 1000) -> list[DeadLetter]:
    """What is neither replayed nor dropped, the oldest first."""
    return [DeadLetter(**row._mapping) for row in connection.execute(_OPEN, {"at_most": at_most})]


def count_open(connection: Connection) -> dict[str, int]:
    """How many are open, by stage; a stage without any is left out."""
    return {row.stage: row.n for row in connection.execute(_COUNT)}


def get(connection: Connection, letter_id: int) -> DeadLetter:
    """One of them, open or not. Raises UnknownDeadLetterError."""
    return _found(connection, letter_id, lock=False)


def replay(connection: Connection, letter_id: int, actor: str) -> DeadLetter:
    """Give its subject every attempt again, and close it; return it as it was.

    Raises:
        UnknownDeadLetterError, DeadLetterClosedError: nothing was changed.
    """
    letter = _open(connection, letter_id)
    if not _AGAIN[letter.stage](connection, letter.subject):
        raise _closed(letter, "what it speaks of is gone or under way")
    connection.execute(_REPLAYED, {"id": letter_id, "actor": actor})
    return letter


def drop(connection: Connection, letter_id: int, by: str, reason: str) -> DeadLetter:
    """Close it for good, and withdraw what was held behind it; return it as it was. ``reason`` is kept.

    Raises:
        UnknownDeadLetterError, DeadLetterClosedError: nothing was changed.
        ValueError: the reason is empty.
    """
    if not reason.strip():
        raise ValueError("a dead letter is dropped for a reason")
    letter = _open(connection, letter_id)
    if letter.stage == "outbox":
        outbox.drop(connection, int(letter.subject), reason=f"dropped by {by}: {reason}")
    connection.execute(_DROPPED, {"id": letter_id, "actor": by, "reason": reason})
    return letter


def replay_embeddings(connection: Connection) -> int:
    """Give every dead extraction its attempts again; return how many."""
    return connection.execute(_REPLAY_EMBEDDINGS).rowcount


_AGAIN: Final[Mapping[str, Callable[[Connection, str], bool]]] = MappingProxyType(
    {
        "embedding": lambda connection, subject: _again(connection, _EMBEDDING_AGAIN, subject),
        # What was refused at the door has no row: only its sender can send it again.
        "inbox": lambda connection, subject: subject.isdigit() and _again(connection, _INBOX_AGAIN, subject),
        "outbox": lambda connection, subject: outbox.replay(connection, int(subject)),
    }
)


def _again(connection: Connection, statement: TextClause, subject: str) -> bool:
    return connection.execute(statement, {"subject": subject}).rowcount == 1


def _found(connection: Connection, letter_id: int, *, lock: bool) -> DeadLetter:
    row = connection.execute(_LOCK if lock else _GET, {"id": letter_id}).one_or_none()
    if row is None:
        raise UnknownDeadLetterError(
            f"dead letter {letter_id}",
            expected="one that is there",
            found="none of that number",
            remedy="`waybill dead-letters list` shows their numbers.",
        )
    return DeadLetter(**row._mapping)


def _open(connection: Connection, letter_id: int) -> DeadLetter:
    letter = _found(connection, letter_id, lock=True)
    if letter.state != "open":
        raise _closed(letter, letter.state)
    return letter


def _closed(letter: DeadLetter, found: str) -> DeadLetterClosedError:
    return DeadLetterClosedError(
        f"dead letter {letter.id}",
        expected="an open one",
        found=found,
        remedy="`waybill dead-letters list` shows the open ones.",
    )
