"""Clients and the sources that they gave us."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Row, text

from resources.domain.errors import PermanentError
from resources.domain.ids import ClientSlug, SourceId, source_id

_ADD_CLIENT: Final = text("INSERT INTO waybill.clients (slug) VALUES (:client) ON CONFLICT DO NOTHING")
_ADD: Final = text("""
INSERT INTO waybill.sources (id, client, name, kind, location, batch_documents)
VALUES (:id, :client, :name, :kind, :location, :batch_documents) ON CONFLICT DO NOTHING
""")
_COLUMNS = "id, client, name, kind, location, batch_documents, removing_at, listed_at, lease_owner"
_BY_ID: Final = text(f"SELECT {_COLUMNS} FROM waybill.sources WHERE id = :id")  # noqa: S608 - a constant
_BY_NAME: Final = text(f"SELECT {_COLUMNS} FROM waybill.sources WHERE client = :client AND name = :name")  # noqa: S608 - a constant
_ALL: Final = text(f"SELECT {_COLUMNS} FROM waybill.sources ORDER BY client, name")  # noqa: S608 - a constant
_CLIENTS: Final = text("SELECT slug FROM waybill.clients ORDER BY slug LIMIT 20")
_IS_CLIENT: Final = text("SELECT EXISTS (SELECT FROM waybill.clients WHERE slug = :client)")
_LISTED: Final = text("UPDATE waybill.sources SET listed_at = now() WHERE id = :id")
_CLIENT: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class SourceConflictError(PermanentError):
    """The name or the place is taken by another source of the client."""


class ClientUnknownError(PermanentError):
    """Nobody gave us a source for a client of that name."""


class NameUnusableError(PermanentError):
    """A client or a source cannot be called that."""


class SourceUnknownError(PermanentError):
    """No source has that name."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where documents come from. ``partition_key`` names it in the Dagster UI."""

    id: SourceId
    client: ClientSlug
    name: str
    kind: str
    location: str
    batch_documents: int
    removing_at: datetime | None
    listed_at: datetime | None
    lease_owner: str | None

    @property
    def partition_key(self) -> str:
        """``client:name``: legible, and unique since a client's source names are."""
        return f"{self.client}:{self.name}"


def register(
    connection: Connection, *, client: ClientSlug, kind: str, location: str, name: str | None, batch_documents: int
) -> Source:
    """The source at ``location``, made if it is new. Registering twice is one source.

    Raises:
        NameUnusableError: ``client`` is no slug, or ``name`` could not be part of a partition's key.
        SourceConflictError: the client has another source of that name, or this place under another name, or it is
            being removed.
    """
    if not _CLIENT.fullmatch(client):
        raise _unusable("client", "small letters, digits and hyphens, at most 63", client)
    if name and (not _NAME.fullmatch(name) or ".." in name):
        raise _unusable("source", "small letters, digits, hyphens, underscores and single dots, at most 63", name)
    key = source_id(client, kind, location)
    connection.execute(_ADD_CLIENT, {"client": client})
    values = {"id": key, "client": client, "kind": kind, "location": location, "batch_documents": batch_documents}
    for candidate in (name,) if name else _free_names(location):
        connection.execute(_ADD, {**values, "name": candidate})
        if row := connection.execute(_BY_ID, {"id": key}).one_or_none():
            return _checked(_source(row), name)
    raise SourceConflictError(
        f"client {client}",
        expected=f"no other source called {name}",
        found="one at another place",
        remedy="Give another --source name, or remove that source first.",
    )


def require_client(connection: Connection, client: ClientSlug) -> None:
    """Raises ClientUnknownError: a mistyped name must not look like a client without documents."""
    if not connection.execute(_IS_CLIENT, {"client": client}).scalar_one():
        known = ", ".join(connection.execute(_CLIENTS).scalars()) or "none yet"
        raise ClientUnknownError(
            "clients", expected=f"a client that has sources ({known})", found=client, remedy="Correct the slug."
        )


def _unusable(what: str, expected: str, found: str) -> NameUnusableError:
    return NameUnusableError(f"name of the {what}", expected=expected, found=found, remedy="Choose another name.")


def _checked(source: Source, name: str | None) -> Source:
    if source.removing_at is not None:
        raise SourceConflictError(
            f"source {source.partition_key}",
            expected="a source that stays",
            found=f"one that is being removed since {source.removing_at.isoformat()}",
            remedy="Finish with `waybill sources remove`, then ingest again.",
        )
    if name and name != source.name:
        raise SourceConflictError(
            f"client {source.client}",
            expected=f"{source.location} to be called {source.name}, as when it was registered",
            found=f"--source {name}",
            remedy=f"Use --source {source.name}, or remove that source first.",
        )
    return source


def _free_names(location: str) -> list[str]:
    """The last part of the location as a slug, then the same with a number behind it."""
    last = (
        re.sub(r"(?:[^a-z0-9._-]|\.{2,})+", "-", location.rstrip("/").rsplit("/", 1)[-1].lower()).strip("-._")
        or "source"
    )
    return [last[:56], *(f"{last[:56]}-{number}" for number in range(2, 100))]


def get(connection: Connection, partition_key: str) -> Source:
    """The source that ``client:name`` names. Raises SourceUnknownError."""
    client, _, name = partition_key.partition(":")
    row = connection.execute(_BY_NAME, {"client": client, "name": name}).one_or_none()
    if row is None:
        raise SourceUnknownError(
            "sources",
            expected="the client and name of a source",
            found=partition_key,
            remedy="See `waybill sources list`.",
        )
    return _source(row)


def every(connection: Connection) -> list[Source]:
    """Every source, those being removed too, by client and name."""
    return [_source(row) for row in connection.execute(_ALL)]


def mark_listed(connection: Connection, key: SourceId) -> None:
    """The source was read whole just now."""
    connection.execute(_LISTED, {"id": key})


def _source(row: Row[tuple[object, ...]]) -> Source:
    return Source(**row._mapping)
