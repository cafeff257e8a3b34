"""Watches for tasks whose worker is gone: back to ready, or failed with an alert (CB-1, KX-5)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import dagster as dg

from resources.domain.configuration import Configuration
from resources.ledger.resource import LedgerResource
from resources.work.recovery import recover
from sensors.in_flight import EACH_LOOK_S
from sensors.lost_starts import end_lost_starts

ENDED: Final[Mapping[dg.DagsterRunStatus, str]] = MappingProxyType(
    {
        dg.DagsterRunStatus.FAILURE: "failed",
        dg.DagsterRunStatus.CANCELED: "cancelled",
        dg.DagsterRunStatus.SUCCESS: "ended",
    }
)


@dg.sensor(
    minimum_interval_seconds=EACH_LOOK_S,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Returns the tasks of lost workers: lease over, process gone, or run failed or cancelled.",
)
def stale_work_sensor(
    context: dg.SensorEvaluationContext,
    ledger: dg.ResourceParam[LedgerResource],
    configuration: dg.ResourceParam[Configuration],
) -> dg.SkipReason:
    """What is recovered is asked for anew by `ready_tasks_sensor`; nothing of it needs a run here."""
    lost = end_lost_starts(context.instance)
    recovered = recover(ledger.engine, configuration, lambda runs: ended_runs(context.instance, runs))
    if recovered.ready or recovered.failed or lost:
        never = f"; {len(lost)} runs never began" if lost else ""
        return dg.SkipReason(f"Ready again: {recovered.ready}; failed for good: {recovered.failed}{never}.")
    return dg.SkipReason("Every task that is worked on has its worker.")


def ended_runs(instance: dg.DagsterInstance, runs: Sequence[str]) -> dict[str, str]:
    """Those of ``runs`` that Dagster reports as ended, each with how."""
    if not runs:
        return {}
    records = instance.get_run_records(dg.RunsFilter(run_ids=list(runs), statuses=list(ENDED)))
    return {record.dagster_run.run_id: ENDED[record.dagster_run.status] for record in records}
