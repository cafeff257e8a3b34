"""Removing a source: it ends with no document, extraction or point of it, also when killed in the middle (KX-11)."""

from collections.abc import Callable, Sequence

from sqlalchemy import Engine

from resources.ledger import removals
from resources.ledger.leases import KNOWLEDGE, held
from resources.ledger.sources import Source
from resources.vectors.store import VectorStore


def remove_source(
    engine: Engine, store: VectorStore, source: Source, *, owner: str, forget: Callable[[Sequence[str]], None]
) -> int:
    """Mark the source, so that search hides it at once; delete its points, its partitions, its rows.

    Points go by the source in their payload, so those without an ``embedding_id`` in the ledger go too. ``forget``
    drops partition keys. Each step may be repeated: starting again finishes what was begun. Returns the number of
    documents deleted.

    Raises:
        AlreadyClaimedError: a run works on the source or one of its batches; nothing was removed.
    """
    with held(engine, "sources", source.id, owner=owner, length=KNOWLEDGE) as lease:
        with engine.begin() as connection:
            removals.begin(connection, lease, source.id, length=KNOWLEDGE)
            partition_keys = removals.partition_keys(connection, source.id)
        store.delete_where(source=source.id)
        deleted = 0
        while True:
            with engine.begin() as connection:
                some = removals.purge_some(connection, lease, source.id)
            if not some:
                break
            deleted += some
        forget(partition_keys)
        with engine.begin() as connection:
            removals.finish(connection, lease, source.id)
        return deleted
