"""One tick of a sensor as the daemon makes it, on the session's real backends."""

from dataclasses import dataclass
from uuid import UUID

import dagster as dg

from assets.checks import CHECKS
from orchestration.session import Session
from resources.domain.ids import BatchId
from tests.sessions import sql


@dataclass(frozen=True)
class Tick:
    """What the tick asked for and reported: (check, partition) of each failed evaluation, and their numbers."""

    requested: list[str]
    run_keys: list[str]
    failed_checks: list[tuple[str, str]]
    numbers: list[dict[str, object]]
    skipped: str | None
    cursor: str | None


def tick(session: Session, sensor: str, cursor: str | None = None) -> Tick:
    """Evaluate ``sensor`` once."""
    repository, before = session.definitions.get_repository_def(), len(reported(session))
    with dg.build_sensor_context(
        instance=session.instance,
        cursor=cursor,
        repository_def=repository,
        sensor_name=sensor,
        resources=session.resources.by_name(),
    ) as context:
        result = repository.get_sensor_def(sensor)(context)
    assert isinstance(result, dg.SensorResult | dg.SkipReason)
    requests, skip = (
        (result.run_requests or [], result.skip_reason) if isinstance(result, dg.SensorResult) else ([], result)
    )
    failed = reported(session)[before:]
    return Tick(
        requested=[str(request.partition_key) for request in requests],
        run_keys=[str(request.run_key) for request in requests],
        failed_checks=[(evaluation.check_name, str(evaluation.partition)) for evaluation in failed],
        numbers=[{name: value.value for name, value in evaluation.metadata.items()} for evaluation in failed],
        skipped=skip.skip_message if skip else None,
        cursor=result.cursor if isinstance(result, dg.SensorResult) else cursor,
    )


def reported(session: Session) -> list[dg.AssetCheckEvaluation]:
    """Every failed evaluation that a sensor reported, oldest first: those that belong to no run."""
    found = []
    for check in CHECKS:
        for key in check.check_keys:
            records = session.instance.event_log_storage.get_asset_check_execution_history(key, limit=1000)
            found += [(r.id, r.evaluation) for r in records if not session.instance.has_run(r.run_id)]
    return [each for _, each in sorted(found) if isinstance(each, dg.AssetCheckEvaluation) and not each.passed]


def batch_id(session: Session, partition_key: str) -> BatchId:
    """The id of the batch."""
    found = sql(session, "SELECT id FROM waybill.batches WHERE partition_key = :key", key=partition_key)
    return BatchId(UUID(str(found[0][0])))


def orphan(session: Session, partition_key: str, at_most: int = 1000) -> int:
    """Take the links of some live rows of the batch away, as a crash between the two stores would; how many."""
    unlinked = sql(
        session,
        """UPDATE waybill.extractions SET embedding_id = NULL WHERE id IN (
           SELECT e.id FROM waybill.extractions e JOIN waybill.batches b ON b.id = e.batch_id
           WHERE b.partition_key = :key AND e.retired_at IS NULL LIMIT :at_most) RETURNING id""",
        key=partition_key,
        at_most=at_most,
    )
    return len(unlinked)


def make_due(session: Session) -> None:
    """Let the time of every batch's next repair have come."""
    sql(session, "UPDATE waybill.batches SET next_repair_at = now() - interval '1 second'")
