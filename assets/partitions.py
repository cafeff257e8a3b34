"""How things are divided: knowledge by `client:source` and by `client:source:0007`, work by the id of its task."""

from typing import Final

import dagster as dg

SOURCES: Final = dg.DynamicPartitionsDefinition(name="sources")
BATCHES: Final = dg.DynamicPartitionsDefinition(name="batches")
TASKS: Final = dg.DynamicPartitionsDefinition(name="tasks")
GROUP: Final = "knowledge"
WORK: Final = "work"
DELIVERABLES: Final = "deliverables"
OWNERS: Final = ["team:knowledge"]
ACCOUNTS: Final = ["team:accounts"]
TASK_POOL: Final = "tasks"
"""As many tasks are worked on at once as this pool has places."""

OWNER_TAG: Final = "dagster/waybill_owner"
"""Who claims for a run: `waybill ingest` holds its source for all the runs that it starts; else the run itself does.
The UI folds tags with Dagster's prefix away."""


def owner_of(context: dg.AssetExecutionContext) -> str:
    """The owner of the run's claims."""
    return context.run.tags.get(OWNER_TAG) or f"run {context.run.run_id}"
