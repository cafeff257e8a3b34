"""The outbox: every effect on the outside world, committed with the state that caused it (design §5, §8).

A lane orders: an effect waits for all before it in its lane, and lanes go side by side. A set is published as one and
lies in one lane: a withdrawal takes it back as long as nothing of it has begun, and what follows one that was given up
is held. A row is marked `sending` before its bytes leave; what became of it is written by `outcomes.record`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, text

from resources import processes

CHANNEL: Final = "waybill_outbox"
"""What Postgres is LISTENed to on for news: a row, or an alert that is to become one."""
STATUS: Final = "status"
"""The kind of effect that writes a task's status; its payload names it as ``status``."""

_ENQUEUE: Final = text("""
INSERT INTO waybill.outbox (key, lane, set_key, kind, task_id, payload)
SELECT e ->> 'key', e ->> 'lane', e ->> 'set_key', e ->> 'kind', e ->> 'task_id', e -> 'payload'
FROM jsonb_array_elements(CAST(:effects AS jsonb)) WITH ORDINALITY AS given(e, n) ORDER BY n
ON CONFLICT (key) DO NOTHING
""")
# A row that another drainer took since this statement began is seen as pending here, and skipped or found changed.
_TAKE: Final = text("""
WITH due AS (
    SELECT id FROM waybill.outbox AS o
    WHERE state = 'pending' AND next_at <= now() AND kind = ANY(:kinds)
      AND NOT EXISTS (SELECT FROM waybill.outbox AS earlier
                      WHERE earlier.lane = o.lane AND earlier.id < o.id AND earlier.state IN ('pending', 'sending'))
    ORDER BY next_at, id LIMIT :at_most FOR UPDATE SKIP LOCKED)
UPDATE waybill.outbox AS o
SET state = 'sending', owner = :owner, process = :process, expires_at = now() + :lease, attempts = attempts + 1
FROM due WHERE o.id = due.id
RETURNING o.id, o.key, o.lane, o.set_key, o.kind, o.task_id, o.payload, o.attempts, o.owner, o.created_at, o.error,
          now() - o.unclear_at AS unclear_for
""")
_NEXT_AT: Final = text("""
SELECT min(next_at) - now() AS pause FROM waybill.outbox AS o
WHERE state = 'pending' AND next_at > now() AND kind = ANY(:kinds)
""")
_LAST_SENT: Final = text("""
SELECT coalesce(max(id), 0) FROM waybill.outbox WHERE state = 'sent' AND kind = ANY(:kinds)
""")
_EXTEND: Final = text("""
UPDATE waybill.outbox SET expires_at = now() + :lease WHERE state = 'sending' AND process = :process
""")
_GIVE_BACK: Final = text("""
UPDATE waybill.outbox
SET state = 'pending', owner = NULL, process = NULL, expires_at = NULL, attempts = attempts - 1
WHERE state = 'sending' AND process = :process AND NOT id = ANY(CAST(:but AS bigint[]))
""")
_SENDING: Final = text("""
SELECT id, owner, process, expires_at <= now() AS expired FROM waybill.outbox
WHERE state = 'sending' AND process <> :process ORDER BY id
""")
# Whoever sent it may have got through at the last moment, so that its time to settle begins now.
_RELEASE: Final = text("""
UPDATE waybill.outbox AS o
SET state = 'pending', owner = NULL, process = NULL, expires_at = NULL, unclear_at = now(), next_at = now(),
    error = 'whoever sent it did not say how it ended'
FROM unnest(CAST(:ids AS bigint[]), CAST(:owners AS text[])) AS gone(id, owner)
WHERE o.id = gone.id AND o.owner = gone.owner AND o.state = 'sending'
""")
_OWN: Final = text("""
SELECT task.id, last.updated_at, array_agg(o.payload ->> 'status' ORDER BY o.id) AS statuses
FROM unnest(CAST(:tasks AS text[])) AS task(id)
LEFT JOIN LATERAL (
    SELECT id, CAST(result ->> 'updated_at' AS timestamptz) AS updated_at FROM waybill.outbox
    WHERE task_id = task.id AND kind = 'status' AND state = 'sent' ORDER BY sent_at DESC, id DESC LIMIT 1
) AS last ON true
JOIN waybill.outbox AS o ON o.task_id = task.id AND o.kind = 'status' AND o.state IN ('sent', 'sending', 'pending')
     AND o.id >= coalesce(last.id, 0)
GROUP BY task.id, last.updated_at
""")
_LOCK_PENDING: Final = text("""
SELECT FROM waybill.outbox WHERE task_id = :task AND state = 'pending' ORDER BY id FOR UPDATE
""")
_WITHDRAW: Final = text("""
UPDATE waybill.outbox AS o SET state = 'withdrawn', error = :reason
WHERE task_id = :task AND state = 'pending' AND unclear_at IS NULL
  AND (set_key IS NOT NULL OR kind = 'status')
  AND NOT EXISTS (SELECT FROM waybill.outbox AS begun WHERE begun.set_key = o.set_key
                  AND (begun.state IN ('sending', 'sent') OR begun.unclear_at IS NOT NULL))
""")
_REPLAY: Final = text("""
WITH dead AS (
    UPDATE waybill.outbox SET state = 'pending', attempts = 0, next_at = now(), error = NULL
    WHERE id = :id AND state = 'dead' RETURNING id, set_key),
freed AS (
    UPDATE waybill.outbox AS o SET state = 'pending', next_at = now() FROM dead
    WHERE o.set_key = dead.set_key AND o.id > dead.id AND o.state = 'held' RETURNING o.id)
SELECT (SELECT count(*) FROM dead) AS rows, pg_notify('waybill_outbox', '')
""")
_DROP: Final = text("""
WITH dead AS (
    UPDATE waybill.outbox SET state = 'withdrawn', error = :reason WHERE id = :id AND state = 'dead'
    RETURNING id, set_key),
held AS (
    UPDATE waybill.outbox AS o SET state = 'withdrawn', error = :reason FROM dead
    WHERE o.set_key = dead.set_key AND o.id > dead.id AND o.state = 'held' RETURNING o.id)
SELECT count(*) FROM dead
""")


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing to do outside, once. ``key`` says what: the same key is the same effect, and makes one row.

    ``lane`` is the task's id where there is a task. ``set_key``: published as one with its like; all in one lane.
    ``payload`` is JSON, and nothing secret.
    """

    key: str
    lane: str
    kind: str
    payload: Mapping[str, Any]
    set_key: str | None = None
    task_id: str | None = None


@dataclass(frozen=True, slots=True)
class OwnWrites:
    """What counts as our own write of a task's status: the one sent last, and those after it that are on their way.

    ``updated_at`` is what ClickUp's clock said of the one sent last; None: none was sent.
    """

    statuses: tuple[str, ...] = ()
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """An effect that was taken to be carried out: ``owner`` is who may say how it ended.

    ``attempts`` counts this one; ``error`` is what became of the last. ``unclear_for`` is how long ago bytes left
    without a clear answer, by the database's clock; None: no byte has left. Who has it looks before repeating.
    ``own``: of a status only.
    """

    id: int
    key: str
    lane: str
    set_key: str | None
    kind: str
    task_id: str | None
    payload: Mapping[str, Any]
    attempts: int
    owner: str
    created_at: datetime
    error: str | None = None
    unclear_for: timedelta | None = None
    own: OwnWrites = OwnWrites()


def enqueue(connection: Connection, effects: Iterable[Effect]) -> int:
    """Put ``effects`` behind what their lanes hold, in the caller's transaction; return how many were new.

    Whoever enqueues for a task holds the task's row (a compare-and-set did that), so that rows of one lane become
    visible in their order.
    """
    given = json.dumps([asdict(effect) for effect in effects])
    return connection.execute(_ENQUEUE, {"effects": given}).rowcount


def take(
    connection: Connection, *, owner: str, process: str, at_most: int, lease: timedelta, kinds: Sequence[str]
) -> list[Row]:
    """Mark at most ``at_most`` rows that are due as `sending` and return them; commit before a byte leaves.

    Only rows of ``kinds``, and none that has an earlier one of its lane before it. Two drainers never get the same row.
    ``owner`` is new for each call: it fences what is recorded. ``process``: `processes.identity()` of the drainer.
    """
    values = {"owner": owner, "process": process, "at_most": at_most, "lease": lease, "kinds": list(kinds)}
    taken = [Row(**row._mapping) for row in connection.execute(_TAKE, values)]
    own = _own_writes(connection, [row.task_id for row in taken if row.kind == STATUS and row.task_id])
    return [replace(row, own=own[row.task_id]) if row.kind == STATUS and row.task_id in own else row for row in taken]


def next_due_in(connection: Connection, kinds: Sequence[str]) -> timedelta | None:
    """How long until the next row of ``kinds`` that is not due yet; None: there is none."""
    pause: timedelta | None = connection.execute(_NEXT_AT, {"kinds": list(kinds)}).scalar_one()
    return pause


def last_sent(connection: Connection, kinds: Sequence[str]) -> int:
    """The highest id of a row of ``kinds`` that was sent; 0: none was. Reads the whole table."""
    return int(connection.execute(_LAST_SENT, {"kinds": list(kinds)}).scalar_one())


def extend(connection: Connection, *, process: str, lease: timedelta) -> int:
    """Keep what ``process`` is sending; return how many rows. Call it several times a lease."""
    return connection.execute(_EXTEND, {"process": process, "lease": lease}).rowcount


def release_expired(connection: Connection, *, process: str) -> int:
    """Return to pending what nobody sends any more: its process is gone, or its time is over. Return how many.

    It may have been sent, so whoever takes it looks first. What ``process`` itself sends is its own affair.
    """
    sending = connection.execute(_SENDING, {"process": process}).all()
    gone = [row for row in sending if row.expired or processes.is_alive(row.process) is False]
    if not gone:
        return 0
    values = {"ids": [row.id for row in gone], "owners": [row.owner for row in gone]}
    return connection.execute(_RELEASE, values).rowcount


def give_back(connection: Connection, *, process: str, but: Iterable[int]) -> int:
    """Return to pending what ``process`` marked and never began, which is all of its rows ``but`` those under way.

    For a process that cannot know whether its last marking was committed. No byte left, so nobody has to look.
    """
    return connection.execute(_GIVE_BACK, {"process": process, "but": list(but)}).rowcount


def own_statuses(connection: Connection, task_id: str) -> list[str]:
    """What counts as our own write of a task's status: the one sent last, and those after it that are on their way."""
    return list(_own_writes(connection, [task_id]).get(task_id, OwnWrites()).statuses)


def _own_writes(connection: Connection, task_ids: Sequence[str]) -> dict[str, OwnWrites]:
    if not task_ids:
        return {}
    found = connection.execute(_OWN, {"tasks": list(task_ids)})
    return {row.id: OwnWrites(tuple(row.statuses), row.updated_at) for row in found}


def withdraw(connection: Connection, task_id: str, *, reason: str) -> int:
    """Take back what a task still waits to say: sets of which nothing has begun, and single statuses (CB-5).

    A set of which a part is sent, being sent, or may have been sent is finished. Returns how many rows.
    """
    connection.execute(_LOCK_PENDING, {"task": task_id})  # a drainer that marks one now has marked it before we look
    return connection.execute(_WITHDRAW, {"task": task_id, "reason": reason}).rowcount


def replay(connection: Connection, outbox_id: int) -> bool:
    """Try a dead row again from the first attempt, and what was held behind it; False: it is not dead.

    Where it may have been sent, it is looked for first.
    """
    return bool(connection.execute(_REPLAY, {"id": outbox_id}).one().rows)


def drop(connection: Connection, outbox_id: int, *, reason: str) -> bool:
    """Give a dead row up for good, and what was held behind it; False: it is not dead."""
    return bool(connection.execute(_DROP, {"id": outbox_id, "reason": reason}).scalar_one())
