"""The webhooks that are registered with their senders, each with its sealed secret and its health."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

_COLUMNS: Final = "route, remote_id, endpoint, secret, health, fail_count, checked_at, created_at"
_GET: Final = text(f"SELECT {_COLUMNS} FROM waybill.webhooks WHERE route = :route")  # noqa: S608 - constants
_PUT: Final = text(f"""
INSERT INTO waybill.webhooks (route, remote_id, endpoint, secret, health, fail_count)
VALUES (:route, :remote_id, :endpoint, :secret, :health, :fail_count)
ON CONFLICT (route) DO UPDATE
SET remote_id = excluded.remote_id, endpoint = excluded.endpoint, secret = excluded.secret, health = excluded.health,
    fail_count = excluded.fail_count, checked_at = now(), created_at = now()
RETURNING {_COLUMNS}
""")  # noqa: S608 - constants
_NOTE: Final = text(f"""
UPDATE waybill.webhooks SET health = :health, fail_count = :fail_count, checked_at = now()
WHERE route = :route AND remote_id = :remote_id RETURNING {_COLUMNS}
""")  # noqa: S608 - constants
_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('waybill webhook ' || :route, 0))")


@dataclass(frozen=True, slots=True)
class Webhook:
    """A registered webhook. ``remote_id`` is the sender's id of it; ``health`` and ``fail_count`` are in its words."""

    route: str
    remote_id: str
    endpoint: str
    secret: bytes = field(repr=False)
    """Sealed."""
    health: str
    fail_count: int
    checked_at: datetime
    created_at: datetime


def exclusively(connection: Connection, route: str) -> None:
    """Wait until no other transaction registers ``route``, and keep others waiting until this one ends."""
    connection.execute(_ONE_AT_A_TIME, {"route": route})


def get(connection: Connection, route: str) -> Webhook | None:
    """The webhook of a route; None: none is registered."""
    row = connection.execute(_GET, {"route": route}).one_or_none()
    return Webhook(**row._mapping) if row else None


def put(
    connection: Connection,
    *,
    route: str,
    remote_id: str,
    endpoint: str,
    secret: bytes,
    health: str,
    fail_count: int = 0,
) -> Webhook:
    """Keep what was registered for a route, in place of what was before. ``secret`` is sealed."""
    values = {"route": route, "remote_id": remote_id, "endpoint": endpoint, "secret": secret}
    row = connection.execute(_PUT, {**values, "health": health, "fail_count": fail_count}).one()
    return Webhook(**row._mapping)


def note_health(connection: Connection, route: str, remote_id: str, *, health: str, fail_count: int) -> Webhook | None:
    """Note what its sender says of it now, and return it; None: another has taken its place since."""
    values = {"route": route, "remote_id": remote_id, "health": health, "fail_count": fail_count}
    row = connection.execute(_NOTE, values).one_or_none()
    return Webhook(**row._mapping) if row else None
