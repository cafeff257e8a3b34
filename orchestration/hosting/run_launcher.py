"""Dagster's default run launcher and what it lacks: a health check, so that no run stays "started" after a crash.

Runs have two kinds of worker: a process of the code server, or a command (`waybill ingest`) that executes the run in
its own process and tags it with its identity.
"""

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Self

import dagster as dg
from dagster import DagsterInstance, DagsterRun, Field
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.events import DagsterEventType
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import GetCurrentRunsResult
from dagster._serdes import ConfigurableClassData, deserialize_value

from resources.processes import identity, is_alive, started_at

PROCESS_TAG: Final = "waybill/process"
_CLOCK_SLACK_S: Final = 2.0
"""The kernel counts a process's start in ticks since boot; the wall clock may have been set since."""
_UNFINISHED: Final = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


class WaybillRunLauncher(DefaultRunLauncher):
    """Knows whether a run's worker lives: by the code server's list, else by the process that the run's events name.

    ``single_machine``: every worker runs on this machine, since the database has no other way in. A process of
    another boot or container is then a dead one; otherwise it is left to the run's time-out.
    """

    def __init__(self, inst_data: ConfigurableClassData | None = None, *, single_machine: bool = True) -> None:
        self._single_machine = single_machine
        super().__init__(inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Field]:
        """What dagster.yaml may say."""
        return {"single_machine": Field(bool, default_value=True, is_required=False)}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]) -> Self:
        """As Dagster makes it from dagster.yaml."""
        return cls(inst_data, **config_value)

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Run monitoring asks us."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """RUNNING while a worker lives or may live; FAILED when it is gone."""
        if GRPC_INFO_TAG not in run.tags and PROCESS_TAG in run.tags:
            return self._of_command(run.tags[PROCESS_TAG])
        if run.run_id in _current_runs(run):
            return CheckRunHealthResult(WorkerStatus.RUNNING, "the code server runs it")
        for pid, event_at_s in _worker_pids(self._instance, run):
            began_s = started_at(pid)
            # A process that is younger than the event which names it only has the dead worker's number.
            if began_s is not None and began_s <= event_at_s + _CLOCK_SLACK_S:
                return CheckRunHealthResult(WorkerStatus.RUNNING, f"process {pid} lives")
        return CheckRunHealthResult(WorkerStatus.FAILED, "no process works on it: it ended without a word")

    def _of_command(self, process: str) -> CheckRunHealthResult:
        alive = is_alive(process)
        if alive or (alive is None and not self._single_machine):
            return CheckRunHealthResult(WorkerStatus.RUNNING, f"the command {process} runs it")
        return CheckRunHealthResult(WorkerStatus.FAILED, f"the command that ran it ({process}) ended without a word")

    def terminate(self, run_id: str) -> bool:
        """Interrupt the run's worker; a command's run by the signal of a Ctrl-C."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished or GRPC_INFO_TAG in run.tags or not is_alive(run.tags.get(PROCESS_TAG, "")):
            inherited: Callable[[str], bool] = super().terminate
            return inherited(run_id)
        self._instance.report_run_canceling(run)
        os.kill(int(run.tags[PROCESS_TAG].split("/")[2]), signal.SIGINT)
        return True


def process_tags() -> dict[str, str]:
    """The tags of a run that this very process executes."""
    return {PROCESS_TAG: identity()}


def end_abandoned_runs(instance: DagsterInstance) -> list[str]:
    """Report every unfinished run whose worker is gone as failed (or canceled, if that was asked); return their ids.

    For the start of `waybill up`: run monitoring would give a run that was only starting its whole start time-out.
    A run that nobody has taken up yet (not started, no process named) is left to its queue.
    """
    launcher, ended = instance.run_launcher, []
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)):
        if run.status == dg.DagsterRunStatus.NOT_STARTED and PROCESS_TAG not in run.tags:
            continue
        health = launcher.check_run_worker_health(run)
        if health.status != WorkerStatus.FAILED:
            continue
        report = (
            instance.report_run_canceled if run.status == dg.DagsterRunStatus.CANCELING else instance.report_run_failed
        )
        report(run, f"Found at the start of Waybill: {health.msg}.")
        ended.append(run.run_id)
    return ended


def _current_runs(run: DagsterRun) -> list[str]:
    """The ids that the run's code server works on; empty when it does not answer."""
    address = json.loads(run.tags.get(GRPC_INFO_TAG, "{}"))
    if not address.get("socket") and not address.get("port"):
        return []
    client = DagsterGrpcClient(
        host=address.get("host"),
        port=address.get("port"),
        socket=address.get("socket"),
        use_ssl=bool(address.get("use_ssl")),
    )
    try:
        answer = deserialize_value(client.get_current_runs(), GetCurrentRunsResult)
    except DagsterUserCodeUnreachableError:
        return []
    return list(answer.current_runs)


def _worker_pids(instance: DagsterInstance, run: DagsterRun) -> Iterator[tuple[int, float]]:
    """(pid, when it was written in Unix seconds) of each engine event that names the process it came from."""
    for entry in instance.all_logs(run.run_id, of_type=DagsterEventType.ENGINE_EVENT):
        event = entry.dagster_event
        metadata = event.engine_event_data.metadata if event else {}
        if "pid" in metadata and str(pid := metadata["pid"].value).isdigit():
            yield int(str(pid)), entry.timestamp
