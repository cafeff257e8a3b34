"""Claims on sources and batches: an owner and an expiry beside the row, fenced by its version (design §5).

Every write of claimed work happens in a transaction that calls `Lease.fence` first: a former owner whose lease was
taken over finds no row, and its transaction writes nothing (DT-8, CB-16). Expiry follows the database's clock. An owner
whose process is gone from this machine is succeeded at once; on another machine its lease has to run out.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, Protocol
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from resources import processes
from resources.domain.errors import TransientError
from resources.domain.tasks import TaskId

Subject = Literal["sources", "batches", "tasks"]

LISTING: Final = timedelta(minutes=2)
KNOWLEDGE: Final = timedelta(minutes=10)
TASK: Final = timedelta(minutes=10)
BEATS: Final = 4
"""Heartbeats in the length of a lease."""

_NAMES: Final[dict[Subject, str]] = {"sources": "client || ':' || name", "batches": "partition_key", "tasks": "id"}
_SEEN = """
SELECT version, lease_owner, lease_process, lease_expires_at > now() AS live, {name} AS name
FROM waybill.{subject} WHERE id = :id
"""
_TAKE = """
UPDATE waybill.{subject}
SET lease_owner = :owner, lease_process = :process, lease_expires_at = now() + :length, version = version + 1
WHERE id = :id AND version = :version RETURNING version
"""
_EXTEND = """
UPDATE waybill.{subject} SET lease_expires_at = now() + :length
WHERE id = :id AND lease_owner = :owner AND version = :version
"""
_RELEASE = """
UPDATE waybill.{subject} SET lease_owner = NULL, lease_process = NULL, lease_expires_at = NULL
WHERE id = :id AND lease_owner = :owner AND version = :version
"""
_FENCE = (
    "SELECT FROM waybill.{subject} WHERE id = :id AND lease_owner = :owner AND version = :version FOR NO KEY UPDATE"
)

_LIVE = "SELECT id, version, lease_process FROM waybill.{subject} WHERE lease_expires_at > now() ORDER BY id"
_RELEASE_DEAD = """
UPDATE waybill.{subject} SET lease_owner = NULL, lease_process = NULL, lease_expires_at = NULL, version = version + 1
WHERE id = :id AND version = :version
"""


class AlreadyClaimedError(TransientError):
    """Somebody else works on it: nothing was done here (CB-4)."""


class LeaseLostError(TransientError):
    """The lease ran out and was taken over: what this owner still wanted to write is refused."""


class Kept(Protocol):
    """What is leased: a source, a batch, or a task."""

    @property
    def subject(self) -> Subject:
        """Its table."""

    @property
    def id(self) -> UUID | TaskId:
        """Its row."""

    @property
    def owner(self) -> str:
        """Who holds it."""

    @property
    def version(self) -> int:
        """The version of the row that the claim made."""

    @property
    def lost(self) -> threading.Event:
        """Set when another owner has it, or nobody keeps it any more."""


def require(connection: Connection, lease: Kept) -> None:
    """Lock the leased row for this transaction. Raises LeaseLostError: another owner has it."""
    found = (
        None if lease.lost.is_set() else connection.execute(text(_FENCE.format(subject=lease.subject)), named(lease))
    )
    if found is None or found.rowcount != 1:
        raise LeaseLostError(
            f"{lease.subject} {lease.id}",
            expected=f"the lease of {lease.owner} at version {lease.version}",
            found="another owner",
            remedy="The new owner goes on from what was committed.",
        )


def named(lease: Kept) -> dict[str, object]:
    """What names a lease in a query."""
    return {"id": lease.id, "owner": lease.owner, "version": lease.version}


@dataclass(frozen=True)
class Lease:
    """The right of ``owner`` to write for one source or batch, as long as its version stands."""

    subject: Subject
    id: UUID
    owner: str
    version: int
    lost: threading.Event = field(default_factory=threading.Event, compare=False)

    def fence(self, connection: Connection) -> None:
        """Lock the row for this transaction. Raises LeaseLostError: another owner has it."""
        require(connection, self)


@contextmanager
def held(engine: Engine, subject: Subject, key: UUID, *, owner: str, length: timedelta) -> Iterator[Lease]:
    """Claim, keep alive by a heartbeat on a thread and connection of its own, and release at the end.

    An owner that holds the lease already shares it: nothing is raised, renewed or released here. One whose process is
    gone cannot renew it, so it is claimed anew.

    Raises:
        AlreadyClaimedError: another live owner has it; named in the message.
    """
    lease, mine = _claim(engine, subject, key, owner, length)
    if not mine:
        yield lease
        return
    try:
        with kept(engine, lease, Pulse(length, length / BEATS)):
            yield lease
    finally:
        with engine.begin() as connection:
            connection.execute(text(_RELEASE.format(subject=subject)), named(lease))


@dataclass(frozen=True, slots=True)
class Pulse:
    """Each ``beat`` a lease's expiry is set ``length`` ahead; from ``until`` on no more, as if the lease were lost."""

    length: timedelta
    beat: timedelta
    until: datetime | None = None

    @property
    def misses_allowed(self) -> int:
        """Beats that may fail for want of a database before a whole length is over."""
        return max(1, int(self.length / self.beat) - 1)

    @property
    def over(self) -> bool:
        """Whether ``until`` has come."""
        return self.until is not None and datetime.now(UTC) >= self.until


@contextmanager
def kept(engine: Engine, lease: Kept, pulse: Pulse) -> Iterator[None]:
    """Keep ``lease`` alive while the block runs, by a heartbeat on a thread and connection of its own.

    A lease that was taken over meanwhile is noticed at the next beat: ``lease.lost`` is set then.
    """
    ended = threading.Event()
    heart = threading.Thread(target=_beat, args=(engine, lease, pulse, ended), name=f"lease {lease.id}", daemon=True)
    heart.start()
    try:
        yield
    finally:
        ended.set()
        heart.join()


def _claim(engine: Engine, subject: Subject, key: UUID, owner: str, length: timedelta) -> tuple[Lease, bool]:
    """The lease, and whether it was taken just now (else the same owner had it)."""
    with engine.begin() as connection:
        found = connection.execute(text(_SEEN.format(subject=subject, name=_NAMES[subject])), {"id": key})
        seen = found.one_or_none()
        if seen is None:
            raise _claimed(subject, str(key), "no such row: its source was removed")
        if seen.live and processes.is_alive(seen.lease_process) is not False:
            if seen.lease_owner == owner:
                return Lease(subject, key, owner, seen.version), False
            raise _claimed(subject, seen.name, f"already claimed by {seen.lease_owner}")
        taken = connection.execute(
            text(_TAKE.format(subject=subject)),
            {"id": key, "owner": owner, "process": processes.identity(), "length": length, "version": seen.version},
        ).one_or_none()
        if taken is None:
            raise _claimed(subject, seen.name, "already claimed by another owner, a moment ago")
        return Lease(subject, key, owner, taken.version), True


def release_dead(engine: Engine) -> int:
    """Release every lease whose process is gone from this machine; return how many (CB-1)."""
    released = 0
    subjects: tuple[Subject, ...] = ("sources", "batches")
    for subject in subjects:
        with engine.begin() as connection:
            for row in connection.execute(text(_LIVE.format(subject=subject))).all():
                if processes.is_alive(row.lease_process) is False:
                    values = {"id": row.id, "version": row.version}
                    released += connection.execute(text(_RELEASE_DEAD.format(subject=subject)), values).rowcount
    return released


def _claimed(subject: Subject, name: str, found: str) -> AlreadyClaimedError:
    return AlreadyClaimedError(
        f"{subject} {name}", expected="no other owner", found=found, remedy="Wait until it ends; nothing was done here."
    )


def _beat(engine: Engine, lease: Kept, pulse: Pulse, ended: threading.Event) -> None:
    """Extend the expiry at each beat; on zero rows, or no database for a whole length, the lease is lost."""
    misses = 0
    while not ended.wait(pulse.beat.total_seconds()):
        try:
            with engine.begin() as connection:
                extended = connection.execute(
                    text(_EXTEND.format(subject=lease.subject)), {**named(lease), "length": pulse.length}
                )
            misses = 0
            alive = extended.rowcount == 1 and not pulse.over
        except Exception:  # noqa: BLE001 - any failure to reach the database is a missed beat, counted
            misses += 1
            alive = misses <= pulse.misses_allowed and not pulse.over
        if not alive:
            lease.lost.set()
            return
