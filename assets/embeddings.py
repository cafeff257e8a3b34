"""The point of every extraction, so that it can be found."""

from collections.abc import Mapping

import dagster as dg

from assets import previews
from assets.extractions import extractions
from assets.partitions import BATCHES, GROUP, OWNERS, owner_of
from resources.knowledge.comparison import reconcile
from resources.knowledge.embedding import Indexer, embed_batch
from resources.knowledge.index import IndexResource
from resources.ledger import batches
from resources.ledger import embeddings as links
from resources.ledger.leases import KNOWLEDGE, held
from resources.ledger.resource import LedgerResource


@dg.asset(
    deps=[extractions],
    partitions_def=BATCHES,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python", "qdrant"},
)
def embeddings(
    context: dg.AssetExecutionContext,
    ledger: dg.ResourceParam[LedgerResource],
    index: dg.ResourceParam[IndexResource],
) -> dg.MaterializeResult[None]:
    """One point for each extraction of the batch that has none, and no point that no extraction has.

    Safe to repeat: a point's id derives from its extraction, so a crash between the upsert and the link rewrites the
    same points.
    """
    with ledger.engine.begin() as connection:
        batch = batches.get(connection, context.partition_key)
    indexer = Indexer(batch, index.embedder, index.store)
    with held(ledger.engine, "batches", batch.id, owner=owner_of(context), length=KNOWLEDGE) as lease:
        compared = reconcile(ledger.engine, lease, batch, index.store, index.embedder.model)
        done = embed_batch(ledger.engine, lease, indexer)
    with ledger.engine.begin() as connection:
        orphans = links.count_orphans(connection, batch.id)
        links.note_repaired(connection, batch.id)
        sample = links.sample(connection, batch.id, at_most=previews.ROWS)
        left = links.sample_orphans(connection, batch.id, at_most=previews.ROWS)
    return dg.MaterializeResult(
        metadata={
            "dagster/partition_row_count": index.store.count(batch=batch.id),
            "embedded": done.embedded,
            "refused": done.refused,
            "dead_letters": done.dead,
            "orphans_left": orphans,
            "points_removed": len(compared.strangers),
            "points_found_missing": len(compared.missing),
            "model": index.embedder.model,
            **previews.sample([_shown(row) for row in sample]),
            **previews.sample([_shown(row) for row in left], name="orphans"),
            "preview": previews.quotes((str(row["uri"]), str(row["text"])) for row in sample[:3]),
        }
    )


def _shown(row: Mapping[str, object]) -> dict[str, object]:
    """The text first, then what it belongs to; an orphan has its own id and its failures in place of a point's."""
    point = {name: row[name] for name in ("embedding_id", "id", "embedding_failures") if name in row}
    return {"text": row["text"], "document": previews.short(str(row["uri"])), **point}
