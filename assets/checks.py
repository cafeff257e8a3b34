"""Every promise about the data, each a sentence that should be true. A check that could not read raises."""

from typing import Final

import dagster as dg

from assets import previews
from assets.alarms import alarmed
from assets.embeddings import embeddings
from assets.extractions import extractions
from assets.partitions import BATCHES
from resources.knowledge.comparison import compare
from resources.knowledge.index import IndexResource
from resources.ledger import batches
from resources.ledger import embeddings as links
from resources.ledger import extractions as rows
from resources.ledger.resource import LedgerResource

SAMPLE: Final = 10


@dg.asset_check(asset=embeddings, partitions_def=BATCHES)
def every_extraction_is_embedded(
    context: dg.AssetCheckExecutionContext, ledger: dg.ResourceParam[LedgerResource]
) -> dg.AssetCheckResult:
    """No live extraction of the batch has ``embedding_id IS NULL``. The count is exact; only the sample is capped."""
    with ledger.engine.begin() as connection:
        batch = batches.get(connection, context.partition_key)
        orphans = links.count_orphans(connection, batch.id)
        sample = links.sample_orphans(connection, batch.id, at_most=SAMPLE)
    result = dg.AssetCheckResult(passed=orphans == 0, metadata={"orphans": orphans, **previews.sample(sample)})
    found = [f"{orphans} extractions have no embedding"]
    return alarmed(ledger, "every_extraction_is_embedded", result, found, partition=context.partition_key)


@dg.asset_check(asset=embeddings, partitions_def=BATCHES)
def every_point_has_an_extraction(
    context: dg.AssetCheckExecutionContext,
    ledger: dg.ResourceParam[LedgerResource],
    index: dg.ResourceParam[IndexResource],
) -> dg.AssetCheckResult:
    """Two-way: no point of the batch is without its live row, and no row's point is gone from the store."""
    with ledger.engine.begin() as connection:
        batch = batches.get(connection, context.partition_key)
    found = compare(ledger.engine, batch, index.store, index.embedder.model)
    sample = [{"extraction": str(key), "wrong": "its point is gone"} for key in found.missing[:SAMPLE]]
    sample += [{"point": str(key), "wrong": "no live extraction"} for key in found.strangers[:SAMPLE]]
    result = dg.AssetCheckResult(
        passed=not found.missing and not found.strangers,
        metadata={
            "rows_whose_point_is_gone": len(found.missing),
            "points_without_a_row": len(found.strangers),
            **previews.sample(sample),
        },
    )
    told = [f"{len(found.missing)} rows whose point is gone, {len(found.strangers)} points without a row"]
    return alarmed(ledger, "every_point_has_an_extraction", result, told, partition=context.partition_key)


@dg.asset_check(asset=extractions, partitions_def=BATCHES)
def every_span_quotes_its_document(
    context: dg.AssetCheckExecutionContext, ledger: dg.ResourceParam[LedgerResource]
) -> dg.AssetCheckResult:
    """The text of every live extraction of the batch stands in the stored version at its span, to the code point."""
    with ledger.engine.begin() as connection:
        batch = batches.get(connection, context.partition_key)
        wrong = rows.misquoting(connection, batch.id)
    sample = [{"extraction": str(key), "document": str(document)} for key, document in wrong[:SAMPLE]]
    result = dg.AssetCheckResult(passed=not wrong, metadata={"misquoting": len(wrong), **previews.sample(sample)})
    told = [f"{len(wrong)} extractions misquote their document"]
    return alarmed(ledger, "every_span_quotes_its_document", result, told, partition=context.partition_key)


CHECKS: Final = [every_extraction_is_embedded, every_point_has_an_extraction, every_span_quotes_its_document]
