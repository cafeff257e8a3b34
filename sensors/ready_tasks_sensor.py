"""Watches the ledger for tasks that may be begun, and asks for a run of each (CB-4: the claim makes it one)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Final

import dagster as dg
import psutil
from dagster._core.definitions.unresolved_asset_job_definition import (
    UnresolvedAssetJobDefinition as UnresolvedJob,  # what `define_asset_job` returns has no public name
)

from assets.partitions import TASKS
from resources.domain.configuration import Configuration
from resources.domain.task_types import kinds
from resources.ledger import claims, requests
from resources.ledger.resource import LedgerResource
from resources.ledger.tasks import Task
from resources.work.intake import recheck
from sensors.in_flight import EACH_LOOK_S, without_runs_in_flight

REQUESTS_A_TICK: Final = 50
"""105 ms a submission were measured."""
PRIORITIES: Final[Mapping[int, str]] = MappingProxyType({1: "10", 2: "5", 3: "0", 4: "-5"})
"""ClickUp's urgent, high, normal and low as Dagster's run priorities."""
MARGIN_S: Final = 120
"""What a run may take beyond its attempt's deadline before Dagster itself ends it."""


def ready_tasks_sensor(
    jobs: Sequence[UnresolvedJob], *, min_free_memory_mb: int, closed_task_days: int
) -> dg.SensorDefinition:
    """The sensor that asks for runs of ``jobs``, one for each kind of work, while ``min_free_memory_mb`` are free.

    Partitions of tasks that ended more than ``closed_task_days`` ago are retired (CB-19).
    """

    @dg.sensor(
        name="ready_tasks_sensor",
        jobs=list(jobs),
        minimum_interval_seconds=EACH_LOOK_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks for a run of each task that is ready: urgent ones first, then by due date.",
    )
    def sensor(
        context: dg.SensorEvaluationContext,
        ledger: dg.ResourceParam[LedgerResource],
        configuration: dg.ResourceParam[Configuration],
    ) -> dg.SensorResult | dg.SkipReason:
        """A request for each ready task without one on its way; partitions follow the ledger."""
        recheck(ledger.engine, configuration)
        align_partitions(context.instance, ledger, kept=timedelta(days=closed_task_days))
        free_mb = psutil.virtual_memory().available // 1_000_000
        if free_mb < min_free_memory_mb:
            return dg.SkipReason(f"{free_mb} MB of memory are free, fewer than {min_free_memory_mb}: no work is begun.")
        asked = _requests(context.instance, ledger, configuration)
        if not asked:
            return dg.SkipReason("No task is ready that has no run on its way.")
        # One that became ready since the partitions were aligned would fail the tick without its own.
        own = TASKS.build_add_request([str(request.partition_key) for request in asked])
        return dg.SensorResult(asked, dynamic_partitions_requests=[own])

    return sensor


def _requests(
    instance: dg.DagsterInstance, ledger: LedgerResource, configuration: Configuration
) -> list[dg.RunRequest]:
    with ledger.engine.begin() as connection:
        found = claims.ready(connection, at_most=REQUESTS_A_TICK)
    ready = {str(task.id): task for task in found if task.type in configuration.task_types}
    free = [ready[key].id for key in without_runs_in_flight(instance, ready)]
    with ledger.engine.begin() as connection:
        keys = requests.note(connection, free)
    return [_request(ready[task], keys[task], configuration) for task in free if task in keys]


def _request(task: Task, run_key: str, configuration: Configuration) -> dg.RunRequest:
    found = configuration.task_types[task.type or ""]
    deadline_s = float(task.overrides.get("attempt_deadline_s", found.attempt_deadline_s))
    return dg.RunRequest(
        job_name=kinds()[found.kind].job,
        partition_key=task.id,
        run_key=run_key,
        tags={
            "dagster/priority": PRIORITIES.get(task.priority or 3, "0"),
            "dagster/max_runtime": str(int(deadline_s) + MARGIN_S),
            "waybill/task": task.name[:60],
        },
    )


def align_partitions(instance: dg.DagsterInstance, ledger: LedgerResource, *, kept: timedelta) -> None:
    """Make the partitions of tasks those that the ledger says. Dagster's side is read first: see `source_listings`."""
    name = str(TASKS.name)
    known = set(instance.get_dynamic_partitions(name))
    with ledger.engine.begin() as connection:
        wanted = requests.partitions(connection, kept=kept)
    if new := sorted(wanted - known):
        instance.add_dynamic_partitions(name, new)
    for retired in known - wanted:
        instance.delete_dynamic_partition(name, retired)
