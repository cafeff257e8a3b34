"""Every source is read anew, once each time, but for those that are being removed."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from orchestration.ingestion import register
from orchestration.session import Session
from tests.sessions import CLIENT, sql, write

AT = datetime(2026, 11, 22, 3, tzinfo=UTC)


def requests(session: Session) -> list[tuple[str | None, str | None]]:
    """Partition and run key of each request of the tick at ``AT``."""
    schedule = session.definitions.get_repository_def().get_schedule_def("reread_sources")
    with dg.build_schedule_context(
        instance=session.instance,
        scheduled_execution_time=AT,
        resources=session.resources.by_name(),
        repository_def=session.definitions.get_repository_def(),
    ) as context:
        data = schedule.evaluate_tick(context)
    return [(request.partition_key, request.run_key) for request in data.run_requests or []]


def test_each_source_is_listed_once_a_tick_unless_it_is_being_removed(session: Session, tmp_path: Path) -> None:
    assert requests(session) == []
    for name in ("one", "two", "three"):
        register(session, write(tmp_path / name, text="A text."), client=CLIENT, name=None)
    sql(session, "UPDATE waybill.sources SET removing_at = now() WHERE name = 'three'")

    asked = requests(session)

    assert [partition for partition, _ in asked] == ["acme:one", "acme:two"]
    assert asked == requests(session), "the same tick, evaluated again, launches nothing twice"
    assert all(run_key == f"{partition} {AT.isoformat()}" for partition, run_key in asked)


def test_the_schedule_is_on_from_the_first_start_and_follows_the_setting(session: Session) -> None:
    schedule = session.definitions.get_repository_def().get_schedule_def("reread_sources")
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert (schedule.cron_schedule, schedule.execution_timezone) == (session.settings.reread_cron, "UTC")
