"""Removing a source in all three places: store, ledger, Dagster's partitions."""

from collections.abc import Sequence

from assets.partitions import BATCHES, SOURCES
from orchestration.session import Session
from resources.knowledge.removal import remove_source
from resources.ledger.sources import Source


def finish_removal(session: Session, source: Source, *, owner: str) -> int:
    """Remove ``source``, or go on where a removal was broken off. Returns the number of documents deleted.

    Raises:
        AlreadyClaimedError: a run works on it; nothing was removed.
    """

    def forget(batch_keys: Sequence[str]) -> None:
        for key in batch_keys:
            session.instance.delete_dynamic_partition(str(BATCHES.name), key)
        session.instance.delete_dynamic_partition(str(SOURCES.name), source.partition_key)

    return remove_source(session.ledger.engine, session.index.store, source, owner=owner, forget=forget)
