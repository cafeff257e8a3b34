"""Watches for extractions that have no embedding, reports the failed check, and asks for their embeddings."""

import dagster as dg

from assets.checks import every_extraction_is_embedded
from resources.ledger import embeddings as links
from resources.ledger.resource import LedgerResource
from sensors.jobs import EMBED_BATCH
from sensors.repairs import Damage, request_repairs


def orphans_sensor(interval_s: int) -> dg.SensorDefinition:
    """The sensor that runs the query of `every_extraction_is_embedded` over all batches every ``interval_s``."""

    @dg.sensor(
        name="orphans_sensor",
        job_name=EMBED_BATCH,
        minimum_interval_seconds=interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Runs the query of every_extraction_is_embedded over all batches; each that fails is repaired.",
    )
    def sensor(
        context: dg.SensorEvaluationContext, ledger: dg.ResourceParam[LedgerResource]
    ) -> dg.SensorResult | dg.SkipReason:
        """For each batch with orphans that is due: a failed check in the UI, and a run of `embeddings` for it alone.

        Batches whose orphans are all dead letters stay failed and are not asked for: a repair could not mend them.
        """
        with ledger.engine.begin() as connection:
            orphaned = links.orphans_by_batch(connection)
        due = {batch.partition_key: _damage(batch.orphans) for batch in orphaned if batch.due and batch.repairable}
        requests = request_repairs(context, ledger, every_extraction_is_embedded.check_key, due)
        if requests:
            return dg.SensorResult(requests)
        waiting = sum(batch.orphans for batch in orphaned)
        return dg.SkipReason(f"No batch is due for repair; {waiting} orphans in {len(orphaned)} batches wait.")

    return sensor


def _damage(orphans: int) -> Damage:
    have = "extraction has" if orphans == 1 else "extractions have"
    return Damage(f"{orphans} {have} no embedding; a run of embeddings was asked for.", {"orphans": orphans})
