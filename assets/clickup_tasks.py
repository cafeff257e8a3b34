"""The tasks that ClickUp shows, as the ledger knows them: where all work begins."""

from typing import Final

import dagster as dg

from assets import previews
from assets.partitions import ACCOUNTS, WORK
from resources.ledger import tasks
from resources.ledger.resource import LedgerResource
from resources.ledger.tasks import Task
from resources.work.intake import Intake

clickup_tasks = dg.AssetSpec(
    "clickup_tasks",
    group_name=WORK,
    owners=ACCOUNTS,
    kinds={"clickup", "postgres"},
    description="Every open task of the watched spaces, and why it waits if it does. Written by"
    " `clickup_tasks_sensor`, which reports a materialization only when something changed.",
)


WAITING_SHOWN: Final = 20


def materialization(ledger: LedgerResource, intake: Intake) -> dg.AssetMaterialization:
    """What the pages show after a change: tasks by state, and some of those that wait, each with its reason."""
    with ledger.engine.begin() as connection:
        states = tasks.count_by_state(connection)
        waiting = tasks.waiting(connection, at_most=WAITING_SHOWN)
    return dg.AssetMaterialization(
        clickup_tasks.key,
        metadata={
            "dagster/row_count": sum(states.values()),
            **{f"tasks_{state}": number for state, number in states.items()},
            "new": len(intake.new),
            "changed": len(intake.changed),
            "moved_by_people": len(intake.moved),
            **previews.sample([_shown(task) for task in waiting], name="waiting"),
        },
    )


def _shown(task: Task) -> dict[str, object]:
    return {
        "task": task.id, "name": task.name, "why it waits": task.reason, "client": task.client, "type": task.type_named
    }  # fmt: skip
