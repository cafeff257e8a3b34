"""Watches the vector store against the ledger: points that were lost, and points that nobody has."""

import time
from collections.abc import Collection, Sequence
from typing import Final

import dagster as dg

from assets.checks import every_point_has_an_extraction
from resources.knowledge.comparison import compare
from resources.knowledge.index import IndexResource
from resources.ledger import batches
from resources.ledger import embeddings as links
from resources.ledger.resource import LedgerResource
from sensors.jobs import EMBED_BATCH
from sensors.repairs import Damage, request_repairs

DESCRIPTION: Final = (
    "Counts points and linked extractions of every batch, and compares some batches point by point;"
    " each that differs is mended."
)
COMPARING_S: Final = 2.0
"""How much of a tick goes into comparing batches point by point; one batch at least."""


def points_sensor(interval_s: int) -> dg.SensorDefinition:
    """The sensor that lays the points of all batches beside their rows every ``interval_s``."""

    @dg.sensor(
        name="points_sensor",
        job_name=EMBED_BATCH,
        minimum_interval_seconds=interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Counts points and linked extractions of every batch, and compares some batches point by point;"
        " each that differs is mended.",
    )
    def sensor(
        context: dg.SensorEvaluationContext,
        ledger: dg.ResourceParam[LedgerResource],
        index: dg.ResourceParam[IndexResource],
    ) -> dg.SensorResult:
        """For each batch that differs and is due: a failed check in the UI, and a run of `embeddings`."""
        seen, damaged, cursor = _look(ledger, index, context.cursor)
        requests = request_repairs(context, ledger, every_point_has_an_extraction.check_key, damaged)
        return dg.SensorResult(run_requests=requests, skip_reason=None if requests else seen, cursor=cursor)

    return sensor


def _look(
    ledger: LedgerResource, index: IndexResource, cursor: str | None
) -> tuple[dg.SkipReason, dict[str, Damage], str | None]:
    """What was looked at in words, the damage by partition key, and where the comparing in turn goes on.

    Fewer points than linked rows are damage. More may be those of orphans, so they are compared first. A store
    restored from an old copy may have the right number of wrong points, so all others are compared in turn, some a
    tick. Points of a batch that is gone or retired are deleted here: no run will ever look at them.
    """
    points = index.store.counts_by_batch()
    with ledger.engine.begin() as connection:
        known = links.linked_by_batch(connection)
    for stranger in points.keys() - {batch.id for batch in known}:
        index.store.delete_where(batch=stranger)
    more = {batch.partition_key: points.get(batch.id, 0) - batch.linked for batch in known if batch.due}
    suspect = _compared(ledger, index, sorted(key for key, number in more.items() if number > 0))
    in_turn = _compared(ledger, index, _in_turn([key for key, number in more.items() if not number], cursor))
    found = {key: _lost(-number) for key, number in more.items() if number < 0} | suspect | in_turn
    damaged = {key: damage for key, damage in found.items() if damage}
    return _nothing_to_do(len(more), len(suspect | in_turn), len(known)), damaged, next(reversed(in_turn), cursor)


def _in_turn(keys: Collection[str], after: str | None) -> list[str]:
    """All of ``keys``, beginning behind the one that was compared last."""
    return sorted(keys, key=lambda key: (key <= (after or ""), key))


def _compared(ledger: LedgerResource, index: IndexResource, keys: Sequence[str]) -> dict[str, Damage | None]:
    """What is wrong with each of the first ``keys``, as many as fit into ``COMPARING_S``."""
    compared: dict[str, Damage | None] = {}
    began_s = time.monotonic()
    for key in keys:
        with ledger.engine.begin() as connection:
            batch = batches.get(connection, key)
        found = compare(ledger.engine, batch, index.store, index.embedder.model)
        differ = found.missing or found.strangers
        compared[key] = _misplaced(len(found.missing), len(found.strangers)) if differ else None
        if time.monotonic() - began_s > COMPARING_S:
            break
    return compared


def _lost(missing: int) -> Damage:
    return Damage(
        f"At least {missing} linked extractions are without their point; a run of embeddings was asked for.",
        {"rows_whose_point_is_gone": missing},
    )


def _misplaced(missing: int, strangers: int) -> Damage:
    return Damage(
        f"{missing} linked extractions without their point and {strangers} points without a live extraction;"
        " a run of embeddings was asked for.",
        {"rows_whose_point_is_gone": missing, "points_without_a_row": strangers},
    )


def _nothing_to_do(due: int, compared: int, known: int) -> dg.SkipReason:
    return dg.SkipReason(
        f"Points and rows agree: counted in {due} of {known} batches, {compared} of them compared point by point."
    )
