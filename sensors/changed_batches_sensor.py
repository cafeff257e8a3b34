"""Watches the ledger for batches with documents to fetch or extract, and asks for a run of each."""

import dagster as dg

from assets.embeddings import embeddings
from assets.source_listings import align_partitions
from resources.ledger import batches
from resources.ledger import embeddings as links
from resources.ledger.leases import release_dead
from resources.ledger.resource import LedgerResource
from sensors.in_flight import without_runs_in_flight
from sensors.jobs import MAKE_KNOWLEDGE
from sensors.repairs import REQUESTS_A_TICK


@dg.sensor(
    job_name=MAKE_KNOWLEDGE,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks for a run of each batch that has new, changed or gone documents and that nobody works on.",
)
def changed_batches_sensor(
    context: dg.SensorEvaluationContext, ledger: dg.ResourceParam[LedgerResource]
) -> dg.SensorResult | dg.SkipReason:
    """One request for each changed batch that is due, paced from its second attempt on.

    Also for each that was never materialized: its run was killed after the last write, before it could say so. Claims
    of processes that were killed on this machine are released first, so that their work goes on at once.
    """
    release_dead(ledger.engine)
    align_partitions(context.instance, ledger)
    told = context.instance.get_materialized_partitions(embeddings.key)
    with ledger.engine.begin() as connection:
        changed = batches.changed(connection, at_most=REQUESTS_A_TICK)
        untold = [key for key in batches.due(connection) if key not in told]
    wanted = list(dict.fromkeys([*changed, *untold]))[:REQUESTS_A_TICK]
    due = without_runs_in_flight(context.instance, wanted)
    if not due:
        return dg.SkipReason("No batch has documents to work on that nobody works on yet.")
    with ledger.engine.begin() as connection:
        attempts = links.pace_repairs(connection, due)
    return dg.SensorResult(
        run_requests=[dg.RunRequest(partition_key=key, run_key=f"{key} {attempts[key]}") for key in attempts]
    )
