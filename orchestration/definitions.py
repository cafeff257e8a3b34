"""The composition root: settings in, Dagster definitions out. Imported by Dagster's processes and the command line."""

import dagster as dg

from assets.checks import CHECKS
from assets.embeddings import embeddings
from assets.extractions import extractions
from assets.source_documents import source_documents
from assets.source_listings import source_listings
from orchestration.hosting.leash import die_with_parent
from orchestration.jobs import JOBS
from orchestration.schedules import reread_sources
from orchestration.settings import Settings, load_settings
from orchestration.wiring import Resources
from sensors.changed_batches_sensor import changed_batches_sensor
from sensors.orphans_sensor import orphans_sensor
from sensors.points_sensor import points_sensor


def build_definitions(settings: Settings, resources: Resources) -> dg.Definitions:
    """Everything that Dagster shows and runs, over the backends that ``settings`` names.

    Nothing is opened here: resources connect at first use, so definitions load without a database.
    """
    return dg.Definitions(
        assets=dg.with_source_code_references([source_listings, source_documents, extractions, embeddings]),
        asset_checks=CHECKS,
        jobs=JOBS,
        schedules=[reread_sources(settings.reread_cron)],
        sensors=[
            changed_batches_sensor,
            orphans_sensor(settings.orphan_check_interval_s),
            points_sensor(settings.orphan_check_interval_s),
        ],
        executor=dg.in_process_executor,
        resources=resources.by_name(),
    )


die_with_parent()
settings = load_settings()
defs = build_definitions(settings, Resources.of(settings))
