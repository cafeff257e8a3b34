"""What is asked for where damage was found: the failed check in the UI, and a run of `embeddings` for that batch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import dagster as dg
from dagster._core.events import DagsterEvent
from dagster._core.instance.utils import RUNLESS_JOB_NAME

from resources.ledger import embeddings as links
from resources.ledger.resource import LedgerResource
from sensors.in_flight import without_runs_in_flight

REQUESTS_A_TICK: Final = 100
"""105 ms a submission were measured: a tick stays well below its minute."""


@dataclass(frozen=True, slots=True)
class Damage:
    """What fails a check for one batch: numbers and words for people."""

    description: str
    numbers: Mapping[str, int]


def request_repairs(
    context: dg.SensorEvaluationContext,
    ledger: LedgerResource,
    check: dg.AssetCheckKey,
    damaged: Mapping[str, Damage],
) -> list[dg.RunRequest]:
    """Report ``check`` as failed for each damaged partition that no run is on its way for, and ask for a run of each.

    Each request is paced: the batch is not due again for 1, 2, 4 … 60 minutes, until a run finds it whole.
    """
    keys = without_runs_in_flight(context.instance, damaged)[:REQUESTS_A_TICK]
    if not keys:
        return []
    with ledger.engine.begin() as connection:
        attempts = links.pace_repairs(connection, keys)
    requests = [dg.RunRequest(partition_key=key, run_key=f"{key} {attempts[key]}") for key in keys if key in attempts]
    for request in requests:
        damage = damaged[str(request.partition_key)]
        evaluation = dg.AssetCheckEvaluation(
            asset_key=check.asset_key,
            check_name=check.name,
            passed=False,
            partition=request.partition_key,
            metadata={**damage.numbers, "found_by": context.sensor_name},
            description=damage.description,
        )
        _report(context.instance, evaluation, str(request.run_key))
    return requests


def _report(instance: dg.DagsterInstance, evaluation: dg.AssetCheckEvaluation, run_key: str) -> None:
    """Store the evaluation under the key of the run that it causes, in place of a run's id.

    Events of a sensor's result have no run id at all, and Dagster 1.13 keeps but one evaluation of a check for each
    partition and run id: the second failure of a partition would fail the tick, and nothing would be repaired.
    """
    event = DagsterEvent(
        event_type_value=dg.DagsterEventType.ASSET_CHECK_EVALUATION.value,
        job_name=RUNLESS_JOB_NAME,
        event_specific_data=evaluation,
        message=evaluation.description,
    )
    instance.report_dagster_event(event, run_id=run_key)
