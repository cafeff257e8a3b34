"""Taking a source out: marked first, so that search hides it at once; then its points; then its rows (design §5)."""

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, text

from resources import processes
from resources.domain.ids import SourceId
from resources.ledger.leases import AlreadyClaimedError, Lease

REMOVER: Final = "the removal of its source"
"""Who claims the batches of a source that goes. One name for all, as the source's lease tells one removal from another:
so a removal goes on at once where a former one broke off."""

_MARK: Final = text("UPDATE waybill.sources SET removing_at = coalesce(removing_at, now()) WHERE id = :source")
_CLAIM_BATCHES: Final = text("""
UPDATE waybill.batches SET lease_owner = :owner, lease_process = :process, lease_expires_at = now() + :length,
       version = version + 1
WHERE source_id = :source
""")
# Every row is locked, so that none is claimed between the look and the mark.
_LEASES: Final = text("""
SELECT partition_key, lease_owner, lease_process, lease_owner <> :remover AND lease_expires_at > now() AS live
FROM waybill.batches WHERE source_id = :source ORDER BY id FOR NO KEY UPDATE
""")
_PURGE: Final = text("SELECT waybill.purge_documents(:source, :at_most)")
_KEYS: Final = text("SELECT partition_key FROM waybill.batches WHERE source_id = :source ORDER BY ordinal")
_DELETE_BATCHES: Final = text("DELETE FROM waybill.batches WHERE source_id = :source")
_DELETE: Final = text("DELETE FROM waybill.sources WHERE id = :source")


def begin(connection: Connection, lease: Lease, source: SourceId, *, length: timedelta) -> None:
    """Mark the source and fence every batch's owner out.

    Raises:
        AlreadyClaimedError: a live run works on one of its batches; nothing was marked.
    """
    lease.fence(connection)
    for row in connection.execute(_LEASES, {"source": source, "remover": REMOVER}):
        if row.live and processes.is_alive(row.lease_process) is not False:
            raise AlreadyClaimedError(
                f"batch {row.partition_key}",
                expected="no run at work on it",
                found=f"already claimed by {row.lease_owner}",
                remedy="Wait until the run ends or cancel it; nothing was removed.",
            )
    connection.execute(_MARK, {"source": source})
    values = {"source": source, "owner": REMOVER, "process": processes.identity(), "length": length}
    connection.execute(_CLAIM_BATCHES, values)


def purge_some(connection: Connection, lease: Lease, source: SourceId, *, at_most: int = 1000) -> int:
    """Delete some documents with their versions and extractions; 0 when none is left."""
    lease.fence(connection)
    return int(connection.execute(_PURGE, {"source": source, "at_most": at_most}).scalar_one())


def partition_keys(connection: Connection, source: SourceId) -> list[str]:
    """The partitions that go with the source."""
    return list(connection.execute(_KEYS, {"source": source}).scalars())


def finish(connection: Connection, lease: Lease, source: SourceId) -> None:
    """Delete what is left: batches and the source itself."""
    lease.fence(connection)
    connection.execute(_DELETE_BATCHES, {"source": source})
    connection.execute(_DELETE, {"source": source})
