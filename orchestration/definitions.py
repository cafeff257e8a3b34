"""The composition root: settings in, Dagster definitions out. Imported by Dagster's processes and the command line."""

from typing import Final

import dagster as dg

from assets.checks import CHECKS
from assets.clickup_tasks import clickup_tasks
from assets.embeddings import embeddings
from assets.extractions import extractions
from assets.source_documents import source_documents
from assets.source_listings import source_listings
from assets.task_checks import TASK_CHECKS
from orchestration.hosting.leash import die_with_parent
from orchestration.jobs import JOBS
from orchestration.schedules import look_at_tasks, reread_sources
from orchestration.settings import Settings, load_settings
from orchestration.task_types import PluggedIn, plugged_in
from orchestration.wiring import Resources
from resources.webhooks.routes import Routes
from sensors.changed_batches_sensor import changed_batches_sensor
from sensors.clickup_sweep_sensor import clickup_sweep_sensor
from sensors.clickup_tasks_sensor import clickup_tasks_sensor
from sensors.due_tasks_sensor import due_tasks_sensor
from sensors.inbox_sensor import inbox_sensor
from sensors.orphans_sensor import orphans_sensor
from sensors.points_sensor import points_sensor
from sensors.ready_tasks_sensor import ready_tasks_sensor
from sensors.recurring_tasks_sensor import recurring_tasks_sensor
from sensors.retention_sensor import retention_sensor
from sensors.stale_work_sensor import stale_work_sensor
from sensors.watch_folder_sensor import watch_folder_sensor
from sensors.webhook_health_sensor import webhook_health_sensor

ASSETS: Final = [source_listings, source_documents, extractions, embeddings]
"""Of knowledge; those of work come with its kinds."""


def build_definitions(settings: Settings, resources: Resources) -> dg.Definitions:
    """Everything that Dagster shows and runs, over the backends that ``settings`` names.

    Nothing is opened here: resources connect at first use, so definitions load without a database.
    """
    work = plugged_in()
    assets = [*ASSETS, *(asset for each in work for asset in each.assets)]
    return dg.Definitions(
        assets=[*dg.with_source_code_references(assets), clickup_tasks],
        asset_checks=[*CHECKS, *TASK_CHECKS, *(check for each in work for check in each.checks)],
        jobs=[*JOBS, *(each.job for each in work)],
        schedules=[reread_sources(settings.reread_cron), look_at_tasks(settings.check_cron)],
        sensors=[
            *_knowledge_sensors(settings),
            *_task_sensors(settings, resources, work),
            *_clickup_sensors(resources),
        ],
        executor=dg.in_process_executor,
        resources=resources.by_name(),
    )


def _knowledge_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    interval_s = settings.orphan_check_interval_s
    return [changed_batches_sensor, orphans_sensor(interval_s), points_sensor(interval_s)]


def _task_sensors(settings: Settings, resources: Resources, work: list[PluggedIn]) -> list[dg.SensorDefinition]:
    ready = ready_tasks_sensor(
        [each.job for each in work],
        min_free_memory_mb=settings.min_free_memory_mb,
        closed_task_days=settings.closed_task_days,
    )
    inbox = inbox_sensor(Routes.of(resources.configuration))
    watched = [watch_folder_sensor(settings.watch_folder)] if settings.watch_folder else []
    return [ready, stale_work_sensor, due_tasks_sensor, recurring_tasks_sensor, retention_sensor, inbox, *watched]


def _clickup_sensors(resources: Resources) -> list[dg.SensorDefinition]:
    """None without `[clickup]` in waybill.toml: there is nothing to watch."""
    clickup = resources.configuration.clickup
    if clickup is None:
        return []
    return [
        clickup_tasks_sensor(clickup.poll_interval_s),
        clickup_sweep_sensor(clickup.sweep_cron),
        webhook_health_sensor,
    ]


die_with_parent()
settings = load_settings()
defs = build_definitions(settings, Resources.of(settings))
