"""The last slot of each recurring task that was dealt with."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

_LAST: Final = text("""
INSERT INTO waybill.recurrences (name, last_slot_at) VALUES (:name, now())
ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING last_slot_at
""")
_NOTE: Final = text("""
UPDATE waybill.recurrences SET last_slot_at = greatest(last_slot_at, :slot_at) WHERE name = :name
""")


def last_slot(connection: Connection, name: str) -> datetime:
    """The last slot that was dealt with, locked until the transaction ends; the present for a name that is new."""
    last: datetime = connection.execute(_LAST, {"name": name}).scalar_one()
    return last


def note(connection: Connection, name: str, slot_at: datetime) -> None:
    """Every slot up to this one was dealt with."""
    connection.execute(_NOTE, {"name": name, "slot_at": slot_at})
