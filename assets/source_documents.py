"""The text of every listed document of a batch, each content kept as a version."""

import dagster as dg

from assets import previews
from assets.partitions import BATCHES, GROUP, OWNERS, owner_of
from assets.source_listings import source_listings
from resources.knowledge.fetching import fetch_batch
from resources.ledger import batches, documents
from resources.ledger.leases import KNOWLEDGE, held
from resources.ledger.resource import LedgerResource
from resources.limits import Limits


@dg.asset(
    # For lineage only: changed batches are requested by a sensor or the command line (design §7).
    deps=[dg.AssetDep(source_listings, partition_mapping=dg.AllPartitionMapping())],
    partitions_def=BATCHES,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python", "postgres"},
)
def source_documents(
    context: dg.AssetExecutionContext, ledger: dg.ResourceParam[LedgerResource], limits: dg.ResourceParam[Limits]
) -> dg.MaterializeResult[None]:
    """The current version of every document of the batch, as normalised text that spans quote.

    Only new and changed documents are fetched. One that cannot be read is recorded with its reason and stops nobody
    else: it counts as `failed` here and is named by `waybill ingest`.
    """
    with ledger.engine.begin() as connection:
        batch = batches.get(connection, context.partition_key)
    with held(ledger.engine, "batches", batch.id, owner=owner_of(context), length=KNOWLEDGE) as lease:
        fetching = fetch_batch(ledger.engine, lease, batch, max_bytes=limits.max_document_bytes)
    with ledger.engine.begin() as connection:
        states, sample = documents.count_by_state(connection, batch.id), documents.sample(connection, batch.id)
    return dg.MaterializeResult(
        metadata={
            "dagster/partition_row_count": sum(states.values()),
            "fetched": fetching.fetched,
            "failed": fetching.failed,
            **{f"documents_{state}": number for state, number in states.items()},
            **previews.sample(
                [
                    {"title": d.title, "document": previews.short(d.uri), "state": d.state, "chars": d.chars}
                    for d in sample
                ]
            ),
            "preview": previews.quotes((d.title or d.uri, d.head) for d in sample[:3] if d.head),
        }
    )
