"""A run whose worker died before it began does not keep its task waiting for the whole start time-out (CB-1)."""

import dagster as dg

from orchestration.hosting.run_launcher import process_tags
from orchestration.session import Session
from sensors.in_flight import without_runs_in_flight
from sensors.lost_starts import end_lost_starts


def started(session: Session, key: str, **tags: str) -> str:
    run = session.instance.create_run_for_job(
        job_def=session.definitions.resolve_job_def("embed_batch"),
        status=dg.DagsterRunStatus.STARTING,
        tags={"dagster/partition": key, **tags},
    )
    return run.run_id


def test_CB_1_a_run_that_was_launched_and_has_no_worker_is_reported_failed_and_its_place_is_free(
    session: Session,
) -> None:
    lost, alive = started(session, "lost"), started(session, "alive", **process_tags())
    try:
        assert without_runs_in_flight(session.instance, ["lost", "alive"]) == []
        assert end_lost_starts(session.instance) == [], "it was launched a moment ago"
        assert end_lost_starts(session.instance, older_than_s=0) == [lost]
        assert without_runs_in_flight(session.instance, ["lost", "alive"]) == ["lost"]
        assert end_lost_starts(session.instance, older_than_s=0) == []
    finally:
        session.instance.delete_run(alive)
