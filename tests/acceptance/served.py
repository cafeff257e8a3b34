"""A running `waybill up`, asked as a browser and a daemon's log would be: its UI by GraphQL, its stores by SQL."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from tests.acceptance.waybill_process import ENDS_WITHIN_S, Addresses, Running, Waybill
from tests.orchestration.hosting.graphql import ask
from tests.waiting import wait_until

HEALS_WITHIN_S: Final = 60
"""The issue's minute: from the damage to the end of its repair."""
ENDED: Final = frozenset({"SUCCESS", "FAILURE", "CANCELED"})
_RUNS: Final = """query($job: String!) { runsOrError(filter: {pipelineName: $job}, limit: 1000) { ... on Runs {
  results { runId status jobName tags { key value } } } } }"""
_CHECKS: Final = """query($asset: [String!]!, $check: String!) {
  assetCheckExecutions(assetKey: {path: $asset}, checkName: $check, limit: 200) {
    status runId evaluation { partition success }
  } }"""
_TICKS: Final = """query($sensor: String!) { sensorOrError(sensorSelector: {sensorName: $sensor,
  repositoryName: "__repository__", repositoryLocationName: "waybill"}) { ... on Sensor {
    minIntervalSeconds sensorState { status ticks(limit: 50) { tickId status endTimestamp } } } } }"""


@dataclass(frozen=True)
class Run:
    """A Dagster run, as the UI lists it."""

    id: str
    status: str
    partition: str
    sensor: str | None
    run_key: str | None


@dataclass(frozen=True)
class Served:
    """What runs: its process, the UI's address, and the stores while they are held open."""

    process: Running
    url: str
    at: Addresses

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """GraphQL."""
        return ask(self.url, query, **variables)

    def runs(self, job: str, partition: str | None = None) -> list[Run]:
        """Runs of ``job``, newest first."""
        found = []
        for run in self.ask(_RUNS, job=job)["runsOrError"]["results"]:
            tags = {tag["key"]: tag["value"] for tag in run["tags"]}
            key = tags.get("dagster/partition", "")
            found.append(
                Run(run["runId"], run["status"], key, tags.get("dagster/sensor_name"), tags.get("dagster/run_key"))
            )
        return [run for run in found if partition in (None, run.partition)]

    def history(self, check: str, partition: str | None, asset: str = "embeddings") -> list[tuple[bool, str]]:
        """(passed, run id) of every evaluation for the partition, newest first. A sensor gives the key of the run."""
        executions = self.ask(_CHECKS, asset=[asset], check=check)["assetCheckExecutions"]
        done = [each for each in executions if each["evaluation"] and each["evaluation"]["partition"] == partition]
        return [(each["evaluation"]["success"], each["runId"]) for each in done]

    def ticks(self, sensor: str) -> list[dict[str, Any]]:
        """The sensor's ended ticks, newest first."""
        state = self.ask(_TICKS, sensor=sensor)["sensorOrError"]["sensorState"]
        return [tick for tick in state["ticks"] if tick["endTimestamp"]]

    def wait_for_ticks(self, *sensors: str, number: int) -> None:
        """Return when each sensor began and ended ``number`` more ticks."""
        # One that was under way when we looked began before, hence one more. Ticks that come in time are among the 50.
        for sensor, before in [(sensor, self.ticks(sensor)) for sensor in sensors]:
            wait_until(
                partial(self._has_ticked, sensor, before, number + 1),
                HEALS_WITHIN_S * 2,
                f"{number} more ticks of {sensor}",
            )

    def _has_ticked(self, sensor: str, before: list[dict[str, Any]], number: int) -> bool:
        return len([tick for tick in self.ticks(sensor) if tick not in before]) >= number

    def wait_for_runs(self, job: str, partition: str, number: int, timeout_s: float = HEALS_WITHIN_S) -> list[Run]:
        """The runs of ``job`` for the partition when ``number`` of them have ended; fails when there are more."""
        wait_until(
            lambda: len([run for run in self.runs(job, partition) if run.status in ENDED]) >= number,
            timeout_s,
            f"{number} ended runs of {job} for {partition}",
        )
        found = self.runs(job, partition)
        assert len(found) == number, found
        return found


@contextmanager
def serving(waybill: Waybill, *arguments: str) -> Iterator[Served]:
    """`waybill up` until the block ends; then it is ended by Ctrl-C, in order."""
    with waybill.start("up", *arguments) as running:
        url = _address(running)
        with waybill.held() as at:
            yield Served(running, url, at)
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(ENDS_WITHIN_S) == 0, running.said()


def _address(running: Running) -> str:
    assert running.process.stdout is not None
    for line in running.process.stdout:
        if line.startswith("Waybill is up: "):
            return line.split()[3]
    raise AssertionError(f"it ended with {running.process.wait()}: {running.said()}")
