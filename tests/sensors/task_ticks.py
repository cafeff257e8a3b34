"""Ticks of the sensors of tasks, as the daemon makes them, on a real ledger, a real storage and the stand-in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import dagster as dg
from sqlalchemy import Engine

from resources.clickup.resource import ClickUpResource
from resources.domain.configuration import Configuration
from resources.ledger.resource import LedgerResource
from sensors.in_flight import PARTITION_TAG
from tests.watching import Watched


@dataclass(frozen=True)
class TaskTicks:
    """What a sensor takes."""

    instance: dg.DagsterInstance
    watched: Watched
    resources: dict[str, Any]

    @property
    def ledger(self) -> Engine:
        return self.watched.ledger

    def configured_as(self, configuration: Configuration) -> "TaskTicks":
        """The same with another waybill.toml."""
        return replace(self, resources=self.resources | {"configuration": configuration})

    def tick(self, sensor: dg.SensorDefinition) -> dg.SensorResult:
        """One tick; a reason to skip stands in the result."""
        with dg.build_sensor_context(instance=self.instance, resources=self.resources) as context:
            result = sensor(context)
        if isinstance(result, dg.SkipReason):
            return dg.SensorResult(skip_reason=result)
        assert isinstance(result, dg.SensorResult)
        return result

    def said(self, sensor: dg.SensorDefinition) -> str:
        """Why a tick asks for nothing."""
        result = self.tick(sensor)
        assert not result.run_requests
        assert not result.asset_events
        assert result.skip_reason is not None
        return str(result.skip_reason.skip_message)

    def run(self, partition: str, status: dg.DagsterRunStatus) -> str:
        """The id of a run for the partition."""
        run = dg.DagsterRun(job_name="make_knowledge_note", status=status, tags={PARTITION_TAG: partition})
        return self.instance.add_run(run).run_id


@contextmanager
def task_ticks(instance: dg.DagsterInstance, watched: Watched, url: str) -> Iterator[TaskTicks]:
    """Ticks over these parts."""
    host, ledger = watched.host, LedgerResource(url, pool_size=4)
    clickup = ClickUpResource(url=host.url, token=host.token, ledger=ledger, calls_a_minute=10_000)
    resources = {"ledger": ledger, "clickup": clickup, "configuration": watched.desk.configuration}
    try:
        yield TaskTicks(instance, watched, resources)
    finally:
        clickup.close()
        ledger.close()
