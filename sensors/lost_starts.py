"""Runs that were being started when their code server died, and count as on their way for five minutes more."""

import time
from typing import Final

import dagster as dg
from dagster._core.launcher import WorkerStatus

BEGINS_WITHIN_S: Final = 20.0
"""A code server knows its worker long before that, however slowly the worker begins."""


def end_lost_starts(instance: dg.DagsterInstance, *, older_than_s: float = BEGINS_WITHIN_S) -> list[str]:
    """Report runs as failed that were launched longer ago, have not begun, and have no worker; return their ids.

    Dagster looks at the health of begun runs only, and gives the others the whole `start_timeout_seconds`. The ledger
    has nothing to lose by it: such a run has claimed nothing.
    """
    launcher, ended = instance.run_launcher, []
    for record in instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTING])):
        run = record.dagster_run
        launched_s = instance.get_run_stats(run.run_id).launch_time or record.create_timestamp.timestamp()
        if time.time() - launched_s < older_than_s or not launcher.supports_check_run_worker_health:
            continue
        health = launcher.check_run_worker_health(run)
        if health.status in (WorkerStatus.FAILED, WorkerStatus.NOT_FOUND):
            instance.report_run_failed(run, f"It was launched and has not begun: {health.msg}.")
            ended.append(run.run_id)
    return ended
