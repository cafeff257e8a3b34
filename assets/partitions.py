"""The two ways in which knowledge is divided. Keys are `client:source` and `client:source:0007`."""

from typing import Final

import dagster as dg

SOURCES: Final = dg.DynamicPartitionsDefinition(name="sources")
BATCHES: Final = dg.DynamicPartitionsDefinition(name="batches")
GROUP: Final = "knowledge"
OWNERS: Final = ["team:knowledge"]

OWNER_TAG: Final = "dagster/waybill_owner"
"""Who claims for a run: `waybill ingest` holds its source for all the runs that it starts; else the run itself does.
The UI folds tags with Dagster's prefix away."""


def owner_of(context: dg.AssetExecutionContext) -> str:
    """The owner of the run's claims."""
    return context.run.tags.get(OWNER_TAG) or f"run {context.run.run_id}"
