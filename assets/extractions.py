"""What the documents of a batch say, each statement and passage with its exact span."""

import dagster as dg

from assets import previews
from assets.partitions import BATCHES, GROUP, OWNERS, owner_of
from assets.source_documents import source_documents
from resources.knowledge.extracting import extract_batch
from resources.ledger import batches
from resources.ledger import extractions as rows
from resources.ledger.leases import KNOWLEDGE, held
from resources.ledger.resource import LedgerResource


@dg.asset(
    deps=[source_documents], partitions_def=BATCHES, group_name=GROUP, owners=OWNERS, kinds={"python", "postgres"}
)
def extractions(
    context: dg.AssetExecutionContext, ledger: dg.ResourceParam[LedgerResource]
) -> dg.MaterializeResult[None]:
    """Passages that together hold all text of a document, and the sentences that state something.

    An extraction's identity is its document, template, text and occurrence: what still stands in a changed document
    keeps its identity and its embedding; what does not is retired.
    """
    with ledger.engine.begin() as connection:
        batch = batches.get(connection, context.partition_key)
    with held(ledger.engine, "batches", batch.id, owner=owner_of(context), length=KNOWLEDGE) as lease:
        extracting = extract_batch(ledger.engine, lease, batch)
    with ledger.engine.begin() as connection:
        templates, sample = rows.count_by_template(connection, batch.id), rows.sample(connection, batch.id)
    return dg.MaterializeResult(
        metadata={
            "dagster/partition_row_count": sum(templates.values()),
            "documents": extracting.documents,
            "added": extracting.added,
            "kept": extracting.kept,
            "retired": extracting.retired,
            **{f"template_{template}": number for template, number in templates.items()},
            **previews.sample(
                [
                    {"text": r.text, "template": r.template, "labels": r.labels, "document": previews.short(r.uri)}
                    for r in sample[: previews.ROWS]
                ]
            ),
            "preview": previews.quotes((row.uri, row.text) for row in sample[:3]),
        }
    )
