"""Alerts: what a person has to know, once for each event. They are passed on through the outbox, as all effects are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

from resources.ledger import outbox
from resources.ledger.outbox import Effect

_PASSED_AT_ONCE: Final = 200
_RAISE: Final = text("""
INSERT INTO waybill.alerts (key, kind, subject, body, task_id) VALUES (:key, :kind, :subject, :body, :task_id)
ON CONFLICT (key) DO NOTHING
""")
_PASS_ON: Final = text("""
WITH new AS (
    SELECT key FROM waybill.alerts WHERE passed_on_at IS NULL ORDER BY raised_at, key LIMIT :at_most
    FOR UPDATE SKIP LOCKED)
UPDATE waybill.alerts AS a SET passed_on_at = now() FROM new WHERE a.key = new.key
RETURNING a.key, a.kind, a.subject, a.body, a.task_id, a.raised_at
""")
_RECENT: Final = text("""
SELECT key, kind, subject, body, task_id, raised_at, passed_on_at FROM waybill.alerts
ORDER BY raised_at DESC, key LIMIT :at_most
""")


@dataclass(frozen=True, slots=True)
class Alert:
    """``passed_on_at``: when it was handed to the channels that were configured then, if any; None: not yet."""

    key: str
    kind: str
    subject: str
    body: str
    task_id: str | None
    raised_at: datetime
    passed_on_at: datetime | None


def raise_alert(
    connection: Connection, *, key: str, kind: str, subject: str, body: str, task_id: str | None = None
) -> bool:
    """Raise an alert in the caller's transaction, once for each ``key``; False: it was raised before.

    ``key`` names the event, not the condition: what happens again is told again. ``kind`` is a word for machines,
    ``subject`` a line and ``body`` a text for people; nothing secret.
    """
    values = {"key": key, "kind": kind, "subject": subject, "body": body, "task_id": task_id}
    return connection.execute(_RAISE, values).rowcount == 1


def pass_on(connection: Connection, channels: Sequence[str]) -> int:
    """Make an effect for each new alert and channel (a kind of effect); return how many alerts.

    Each has a lane of its own: a channel that is down holds up no other. With no channel they stay in the ledger.
    """
    new = connection.execute(_PASS_ON, {"at_most": _PASSED_AT_ONCE}).all()
    effects = [
        Effect(
            key=f"alert:{alert.key}:{channel}",
            lane=f"alert:{alert.key}:{channel}",
            kind=channel,
            payload={
                "kind": alert.kind,
                "subject": alert.subject,
                "body": alert.body,
                "at": alert.raised_at.isoformat(),
                "task": alert.task_id,
            },
            task_id=alert.task_id,
        )
        for alert in sorted(new, key=lambda alert: (alert.raised_at, alert.key))
        for channel in channels
    ]
    if effects:
        outbox.enqueue(connection, effects)
    return len(new)


def recent(connection: Connection, at_most: int) -> list[Alert]:
    """The newest alerts first."""
    return [Alert(**row._mapping) for row in connection.execute(_RECENT, {"at_most": at_most})]
