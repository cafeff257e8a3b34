"""What is there: a source's listing, and the batches that it falls into."""

import dagster as dg

from assets import previews
from assets.partitions import BATCHES, GROUP, OWNERS, SOURCES, owner_of
from resources.knowledge.listing import list_source
from resources.ledger import batches, documents, sources
from resources.ledger.resource import LedgerResource
from resources.limits import Limits
from resources.sources.folder import Skipped


@dg.asset(partitions_def=SOURCES, group_name=GROUP, owners=OWNERS, kinds={"python", "postgres"})
def source_listings(
    context: dg.AssetExecutionContext, ledger: dg.ResourceParam[LedgerResource], limits: dg.ResourceParam[Limits]
) -> dg.MaterializeResult[None]:
    """The documents that a source holds now, merged into the ledger whole or not at all.

    New documents fall into batches of at most 1,000, in order; those that are not there any more are marked gone and
    leave search. A source that could not be read whole fails here and changes nothing.
    """
    with ledger.engine.begin() as connection:
        source = sources.get(connection, context.partition_key)
    skipped = Skipped()
    owner, max_bytes = owner_of(context), limits.max_document_bytes
    listing = list_source(ledger.engine, source, owner=owner, max_bytes=max_bytes, skipped=skipped)
    align_partitions(context.instance, ledger)
    with ledger.engine.begin() as connection:
        work = batches.with_work(connection, source.id)
        shown = (work or batches.of_source(connection, source.id))[:1]
        sample = [document for batch in shown for document in documents.sample(connection, batch.id)]
    return dg.MaterializeResult(
        metadata={
            "dagster/partition_row_count": listing.listed,
            "new": listing.new,
            "changed": listing.changed,
            "gone": listing.gone,
            "skipped": sum(skipped.by_reason.values()),
            **({"skipped_by_reason": skipped.by_reason} if skipped.by_reason else {}),
            "batches_with_work": len(work),
            "location": dg.MetadataValue.path(source.location),
            **previews.sample([{"document": previews.short(d.uri), "state": d.state} for d in sample]),
            "preview": previews.listing(listing.listed, [batch.partition_key for batch in work]),
        }
    )


def align_partitions(instance: dg.DagsterInstance, ledger: LedgerResource) -> None:
    """Make Dagster's dynamic partitions those of the ledger, which is the one truth. Safe to repeat and to race."""
    while _differed(instance, ledger):
        pass


def _differed(instance: dg.DagsterInstance, ledger: LedgerResource) -> bool:
    """Add and delete what differs; whether anything did, so that the caller looks again.

    Dagster's side is read first: whoever makes a partition writes it into the ledger before, so that what is known
    here and not there is retired or removed, never new.
    """
    known = {str(each.name): set(instance.get_dynamic_partitions(str(each.name))) for each in (BATCHES, SOURCES)}
    with ledger.engine.begin() as connection:
        batches.retire_empty(connection)
        live = {
            str(BATCHES.name): batches.live_partition_keys(connection),
            str(SOURCES.name): {source.partition_key for source in sources.every(connection)},
        }
    for name, keys in live.items():
        if new := sorted(keys - known[name]):
            instance.add_dynamic_partitions(name, new)
        for retired in known[name] - keys:
            instance.delete_dynamic_partition(name, retired)
    return live != known
