"""When sources are read anew, and when the promises about tasks are looked at."""

from collections.abc import Iterator

import dagster as dg

from orchestration.jobs import check_tasks, list_source
from resources.ledger import sources
from resources.ledger.resource import LedgerResource


def reread_sources(cron: str) -> dg.ScheduleDefinition:
    """A schedule that lists every source at ``cron`` (UTC); what changed follows by the sensors."""

    @dg.schedule(
        job=list_source,
        cron_schedule=cron,
        execution_timezone="UTC",
        name="reread_sources",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Lists every source anew. New, changed and gone documents follow through the sensors.",
    )
    def schedule(
        context: dg.ScheduleEvaluationContext, ledger: dg.ResourceParam[LedgerResource]
    ) -> Iterator[dg.RunRequest]:
        with ledger.engine.begin() as connection:
            every = [source for source in sources.every(connection) if source.removing_at is None]
        for source in every:
            yield dg.RunRequest(
                partition_key=source.partition_key,
                run_key=f"{source.partition_key} {context.scheduled_execution_time.isoformat()}",
            )

    return schedule


def look_at_tasks(cron: str) -> dg.ScheduleDefinition:
    """A schedule that runs the checks on tasks at ``cron`` (UTC); one that fails alerts."""
    return dg.ScheduleDefinition(
        name="look_at_tasks",
        job=check_tasks,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Looks whether work is stuck or given up, and whether ClickUp and the ledger agree.",
    )
