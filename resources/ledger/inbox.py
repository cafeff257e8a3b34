"""The inbox: every delivery of every webhook once, by its key, until it is handled (design §5).

Whoever takes a delivery holds it for a while by the row's `next_at`: when its process is killed, the row is due again.
So a delivery may be handled twice, but never not at all; what is done for it has to be safe to repeat.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError

from resources.domain.errors import PermanentError
from resources.ledger import dead_letters

HOLD: Final = timedelta(minutes=2)
"""Longer than whoever takes deliveries works on them."""
ROOM: Final = 200
ROOM_OF_ROUTE: Final = 20
"""How many refused deliveries are kept, in all and of one route: whoever can reach us could send them without end."""
EXCERPT_BYTES: Final = 16_384

_STORE: Final = text("""
INSERT INTO waybill.inbox AS stored (key, route, body) VALUES (:key, :route, CAST(:body AS jsonb))
ON CONFLICT (key) DO UPDATE SET deliveries = stored.deliveries + 1 RETURNING deliveries
""")
_TAKE: Final = text("""
WITH due AS (
    SELECT id FROM waybill.inbox WHERE handled_at IS NULL AND next_at <= now()
    ORDER BY next_at, id LIMIT :at_most FOR UPDATE SKIP LOCKED)
UPDATE waybill.inbox AS taken SET attempts = attempts + 1, next_at = now() + :hold
FROM due WHERE taken.id = due.id RETURNING taken.id, key, route, body, attempts
""")
_HANDLED: Final = text("""
UPDATE waybill.inbox SET handled_at = now(), outcome = :outcome, error = :error
WHERE id = ANY(:ids) AND handled_at IS NULL
""")
_POSTPONE: Final = text("""
UPDATE waybill.inbox SET next_at = now() + :pause, error = :error WHERE id = ANY(:ids) AND handled_at IS NULL
""")
_GIVE_BACK: Final = text("""
UPDATE waybill.inbox SET next_at = now() + :pause, attempts = attempts - 1
WHERE id = ANY(:ids) AND handled_at IS NULL
""")
_COUNT: Final = text("SELECT count(*) FROM waybill.inbox WHERE handled_at IS NULL")
_FORGET: Final = text("""
DELETE FROM waybill.inbox WHERE id IN (
    SELECT id FROM waybill.inbox AS old WHERE handled_at < now() - :older_than AND NOT EXISTS (
        SELECT FROM waybill.dead_letters
        WHERE stage = 'inbox' AND subject = CAST(old.id AS text) AND replayed_at IS NULL AND dropped_at IS NULL)
    LIMIT :at_most)
""")
_REFUSE: Final = text("""
INSERT INTO waybill.dead_letters AS kept (stage, subject, request, error, attempts)
SELECT 'inbox', :subject, CAST(:request AS jsonb), :error, 1
FROM (SELECT count(*) AS n, count(*) FILTER (WHERE starts_with(subject, :of_route)) AS n_of_route
      FROM waybill.dead_letters
      WHERE stage = 'inbox' AND starts_with(subject, 'refused:') AND dropped_at IS NULL) AS refused
WHERE n < :room AND n_of_route < :room_of_route
ON CONFLICT (stage, subject) DO UPDATE
SET attempts = kept.attempts + 1, dropped_at = NULL, dropped_by = NULL, drop_reason = NULL
""")


class UnstorableError(PermanentError):
    """A delivery has something in it that Postgres refuses, such as the character NUL."""


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A delivery that was taken. ``attempts`` counts this one."""

    id: int
    key: str
    route: str
    body: Any
    attempts: int


def store(connection: Connection, *, key: str, route: str, body: str) -> bool:
    """Keep a delivery, whose ``body`` is JSON; whether it is new. One that came before is only counted.

    Raises:
        UnstorableError: Postgres cannot hold it. The transaction is over.
    """
    try:
        stored = connection.execute(_STORE, {"key": key, "route": route, "body": body})
    except DataError as error:
        raise UnstorableError(
            f"webhook {route}",
            expected="JSON that Postgres can hold",
            found=str(error.orig).splitlines()[0],
            remedy="Let the sender leave it out.",
        ) from error
    return bool(stored.scalar_one() == 1)


def take(connection: Connection, at_most: int, *, hold: timedelta = HOLD) -> list[InboxRow]:
    """The deliveries that are due, oldest first, for nobody else until ``hold`` is over."""
    taken = [InboxRow(*row) for row in connection.execute(_TAKE, {"at_most": at_most, "hold": hold})]
    return sorted(taken, key=lambda row: row.id)


def handled(connection: Connection, ids: Sequence[int], outcome: str) -> None:
    """They are done with, and how."""
    connection.execute(_HANDLED, {"ids": list(ids), "outcome": outcome, "error": None})


def postpone(connection: Connection, ids: Sequence[int], error: str, pause: timedelta) -> None:
    """Let them be due again after ``pause``."""
    connection.execute(_POSTPONE, {"ids": list(ids), "error": error, "pause": pause})


def give_back(connection: Connection, ids: Sequence[int], pause: timedelta = timedelta(0)) -> None:
    """They were taken and not tried: due again after ``pause``, and no attempt counts."""
    connection.execute(_GIVE_BACK, {"ids": list(ids), "pause": pause})


def dead(connection: Connection, row: InboxRow, error: str) -> None:
    """Give it up: a dead letter of the row, which stays until that is replayed or dropped."""
    connection.execute(_HANDLED, {"ids": [row.id], "outcome": "dead", "error": error})
    dead_letters.record(
        connection,
        stage="inbox",
        subject=str(row.id),
        request={"key": row.key, "route": row.route, "body": row.body},
        error=error,
        attempts=row.attempts,
    )


def refuse(connection: Connection, *, route: str, digest: str, body: bytes, error: str) -> bool:
    """Keep what could not be accepted as a dead letter, of a long body its beginning; whether there was room.

    ``digest`` is of the whole body: the same one sent again is counted. Nobody can replay it, as nobody knows who sent
    it or what it says: its sender has to send it again.
    """
    excerpt = body[:EXCERPT_BYTES].decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    request = {"route": route, "bytes": len(body), "excerpt": excerpt}
    of_route = f"refused:{route}:"
    values = {"subject": of_route + digest, "of_route": of_route, "request": json.dumps(request), "error": error}
    kept = connection.execute(_REFUSE, {**values, "room": ROOM, "room_of_route": ROOM_OF_ROUTE})
    return kept.rowcount == 1


def count_unhandled(connection: Connection) -> int:
    """How many deliveries wait, whether they are due or not."""
    return int(connection.execute(_COUNT).scalar_one())


def forget_handled(connection: Connection, older_than: timedelta, *, at_most: int = 10_000) -> int:
    """Delete deliveries that were handled longer ago (CB-19); how many. Call it again while it is ``at_most``.

    Those stay whose dead letter is open. One that comes again after that is new: what it does has to be safe to repeat.
    """
    return connection.execute(_FORGET, {"older_than": older_than, "at_most": at_most}).rowcount
