"""The tasks that ClickUp shows, as the ledger knows them: where all work begins."""

from collections.abc import Mapping, Sequence

import dagster as dg

from assets import previews
from assets.partitions import ACCOUNTS, WORK
from resources.ledger.tasks import Task

clickup_tasks = dg.AssetSpec(
    "clickup_tasks",
    group_name=WORK,
    owners=ACCOUNTS,
    kinds={"clickup", "postgres"},
    description="Every open task of the watched spaces, and why it waits if it does. Written by"
    " `clickup_tasks_sensor`, which reports a materialization only when something changed.",
)


def materialization(
    states: Mapping[str, int], waiting: Sequence[Task], numbers: Mapping[str, int]
) -> dg.AssetMaterialization:
    """What the pages show after a change: tasks by state, and some of those that wait, each with its reason."""
    sample = [
        {"task": task.id, "name": task.name, "why it waits": task.reason, "client": task.client, "type": task.type}
        for task in waiting
    ]
    return dg.AssetMaterialization(
        clickup_tasks.key,
        metadata={
            "dagster/row_count": sum(states.values()),
            **{f"tasks_{state}": number for state, number in states.items()},
            **numbers,
            **previews.sample(sample, name="waiting"),
        },
    )
