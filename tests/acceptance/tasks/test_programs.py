"""Outside programs under a running `waybill up`: delivered, cancelled, killed, tried again, and many tasks a run."""

import os
import signal
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import psutil
import pytest

from orchestration.task_types import plugged_in
from tests.acceptance.agency import state, wait_for_state
from tests.acceptance.served import ENDED, Served
from tests.acceptance.tasks.office import TASKS_AT_ONCE, Office
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

MANY: Final = 5
TOGETHER_S: Final = 150.0
"""Eight runs begin at once here, on what may be two busy cores: how soon is not what these tests are about."""
_STOP: Final = "mutation($id: String!) { stopSensor(id: $id) { __typename } }"
_START: Final = "mutation($sensor: SensorSelector!) { startSensor(sensorSelector: $sensor) { __typename } }"
_SENSOR: Final = """query($sensor: SensorSelector!) { sensorOrError(sensorSelector: $sensor) { ... on Sensor {
  id sensorState { ticks(limit: 1) { status } } } } }"""
_ADD: Final = """mutation($key: String!, $repository: RepositorySelector!) { addDynamicPartition(
  partitionKey: $key, partitionsDefName: "tasks", repositorySelector: $repository) { __typename } }"""
_BACKFILL: Final = """mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on PythonError { message } } }"""
_LAUNCH: Final = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_END: Final = "mutation($run: String!) { terminateRun(runId: $run) { __typename } }"
_STATUS: Final = "query($run: ID!) { runOrError(runId: $run) { ... on Run { status } } }"
_POOLS: Final = "{ assetNodes { assetKey { path } pools } }"
_REPOSITORY: Final = {"repositoryName": "__repository__", "repositoryLocationName": "waybill"}
_READY_TASKS: Final = {**_REPOSITORY, "sensorName": "ready_tasks_sensor"}


@dataclass(frozen=True)
class Gate:
    """A task whose program waits in ``folder`` until it is opened."""

    task: str
    folder: Path

    def pids(self, attempt: int = 1) -> list[int]:
        """The program's pid and its helper's; empty before it is at work."""
        told = self.folder / f"attempt-{attempt}"
        return [int(pid) for pid in told.read_text().split()] if told.exists() else []

    def is_quiet(self, attempt: int = 1) -> bool:
        """Whether it was at work and nothing of it runs any more."""
        pids = self.pids(attempt)
        return bool(pids) and not any(psutil.pid_exists(pid) for pid in pids)

    def wait_until_at_work(self, attempt: int = 1, within_s: float = TOGETHER_S) -> None:
        wait_until(lambda: self.pids(attempt), within_s, f"attempt {attempt} of the program of {self.task}")

    def open(self) -> None:
        (self.folder / "open").touch()


@dataclass(frozen=True)
class Work:
    """Programs that are at work all at once, which takes as long as one, and tasks of a backfill that is on its way."""

    office: Office
    many: list[str]
    claimed: Gate
    cancelled: Gate
    killed: Gate
    ended: Gate
    retried: Gate

    @property
    def up(self) -> Served:
        return self.office.up

    def show(self, task: str) -> dict[str, Any]:
        return self.office.show(task)

    def outcomes(self, task: str) -> list[str | None]:
        """How each attempt ended; None: it has not."""
        rows = self.up.at.sql("SELECT outcome FROM waybill.task_attempts WHERE task_id = %s ORDER BY number", task)
        return [outcome for (outcome,) in rows]

    def run_of(self, task: str) -> str:
        newest = "SELECT run_id FROM waybill.task_attempts WHERE task_id = %s ORDER BY number DESC LIMIT 1"
        return str(self.up.at.sql(newest, task)[0][0])

    def launch(self, task: str) -> str:
        """The id of a run of the task's partition, launched as the web pages do."""
        params = {
            "selector": {**_REPOSITORY, "jobName": "run_command"}, "mode": "default", "runConfigData": "{}",
            "executionMetadata": {"tags": [{"key": "dagster/partition", "value": task}]},
        }  # fmt: skip
        answer = self.up.ask(_LAUNCH, params=params)["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["runId"])

    def status(self, run: str) -> str:
        return str(self.up.ask(_STATUS, run=run)["runOrError"]["status"])

    def said_in(self, run: str, words: str) -> bool:
        """Whether an event of the run has these words."""
        found = "SELECT count(*) FROM event_logs WHERE run_id = %s AND event LIKE %s"
        return self.up.at.dagster_sql(found, run, f"%{words}%") != [(0,)]


@pytest.fixture(scope="module")
def work(office: Office) -> Work:
    many = backfilled(office)
    folders = {name: office.folder / name for name in ("claimed", "cancelled", "killed", "ended", "retried")}
    gates = {}
    for name, folder in folders.items():
        folder.mkdir()
        if name in {"claimed", "cancelled"}:
            task = office.agency.ask(f"The {name} letter", type_="command", description=str(folder))
        else:
            task = office.agency.add(f"The {name} letter", "command", "--body", str(folder))
        gates[name] = Gate(task, folder)
    return Work(office, many, **gates)


def backfilled(office: Office) -> list[str]:
    """Ready tasks that no sensor has asked for yet, with a backfill of them on its way."""
    up, sensor = office.up, partial(office.up.ask, _SENSOR, sensor=_READY_TASKS)
    up.ask(_STOP, id=sensor()["sensorOrError"]["id"])
    wait_until(lambda: sensor()["sensorOrError"]["sensorState"]["ticks"][0]["status"] != "STARTED", 30, "its last tick")
    many = [office.agency.add(f"Letter {number}", "command") for number in range(MANY)]
    for task in many:
        up.ask(_ADD, key=task, repository=_REPOSITORY)
    assets = [{"path": [name]} for name in ("command_results", "delivered_command_results")]
    answer = up.ask(_BACKFILL, params={"assetSelection": assets, "partitionNames": many})["launchPartitionBackfill"]
    assert answer["__typename"] == "LaunchBackfillSuccess", answer
    # As if a sensor had asked for them a moment ago: it asks again after a while.
    up.at.sql(
        "UPDATE waybill.tasks SET not_before_at = now() + interval '1 hour' WHERE id = ANY(%s) RETURNING id", many
    )
    up.ask(_START, sensor=_READY_TASKS)
    return many


@pytest.fixture(scope="module")
def struck(work: Work) -> Work:
    """Four of the five that were at work are disturbed, each in its own way."""
    for gate in (work.claimed, work.cancelled, work.killed, work.ended, work.retried):
        gate.wait_until_at_work()
    ((process,),) = work.up.at.sql("SELECT lease_process FROM waybill.tasks WHERE id = %s", work.killed.task)
    os.kill(int(process.split("/")[2]), signal.SIGKILL)
    work.up.ask(_END, run=work.run_of(work.ended.task))
    retried = work.office.waybill("task", "retry", work.retried.task, "--set", "deadline_s=1")
    assert retried == f"{work.retried.task} is ready.\n"
    cancelled = work.office.waybill("task", "cancel", work.cancelled.task, "--reason", "not wanted")
    assert cancelled == f"{work.cancelled.task} is cancelled: not wanted\n"
    wait_until(work.cancelled.is_quiet, 10, "CP-1: the end of the cancelled program")
    return work


def test_CP_1_a_cancelled_program_ends_with_all_that_it_started_and_sends_nothing(struck: Work) -> None:
    task, run = struck.cancelled.task, struck.run_of(struck.cancelled.task)
    wait_until(lambda: struck.status(run) in ENDED, 60, "the end of its run")
    struck.cancelled.open()
    shown = struck.show(task)
    assert (shown["state"], shown["versions"]) == ("cancelled", [])
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["taken back"]
    truth = struck.office.clickup.task(task)
    assert (truth["attachments"], truth["comments"]) == ([], [])


def test_CB_4_DT_8_a_second_way_in_is_told_who_works_and_does_nothing(struck: Work) -> None:
    task, first = struck.claimed.task, struck.run_of(struck.claimed.task)
    second = struck.launch(task)
    wait_until(lambda: struck.status(second) in ENDED, TOGETHER_S, "the end of the second run")
    assert struck.status(second) == "FAILURE"
    assert struck.said_in(second, f"already claimed by run {first}")
    assert [attempt["run_id"] for attempt in struck.show(task)["attempts"]] == [first]

    struck.claimed.open()
    truth = struck.office.agency.wait_until_shown(task, "in review", TOGETHER_S)
    ((attachment,), (comment,)) = truth["attachments"], truth["comments"]
    assert struck.office.clickup.attachment(task, attachment["id"]) == b"The claimed letter, version 1"
    assert "Done." in comment["text"]
    shown = struck.show(task)
    assert (len(shown["attempts"]), len(shown["versions"])) == (1, 1)
    assert [output["name"] for output in shown["attempts"][0]["log"]] == ["stdout.txt", "stderr.txt"]
    wait_until(lambda: struck.status(first) == "SUCCESS", 30, "the success of the first run")


def test_CP_1_DT_5_a_retry_uses_its_settings_and_each_attempt_keeps_those_it_was_made_with(struck: Work) -> None:
    task = struck.retried.task
    wait_until(lambda: struck.outcomes(task)[1:] == ["failed"], TOGETHER_S, "the end of another attempt")
    assert struck.retried.is_quiet(1)
    assert struck.retried.is_quiet(2)
    struck.retried.open()
    struck.office.waybill("task", "retry", task, "--set", "deadline_s=77")
    wait_for_state(struck.up, task, "in_review", within_s=TOGETHER_S)

    shown = struck.show(task)
    attempts = [(each["settings"]["deadline_s"], each["outcome"]) for each in shown["attempts"]]
    assert attempts == [(600.0, "taken back"), (1.0, "failed"), (77.0, "delivered")]
    assert "found that it still ran after 1 s" in shown["attempts"][1]["error"]["reason"]
    assert len({each["input_hash"] for each in shown["attempts"]}) == 3
    assert shown["overrides"] == {}


def test_CB_1_a_killed_worker_s_task_is_done_by_another_and_a_person_is_told(struck: Work) -> None:
    task = struck.killed.task
    wait_until(struck.killed.is_quiet, 15, "the end of the killed worker's program")
    wait_until(lambda: struck.outcomes(task)[0], 30, "the end of the first attempt")
    struck.killed.open()
    wait_for_state(struck.up, task, "in_review", within_s=TOGETHER_S)

    shown = struck.show(task)
    assert [each["outcome"] for each in shown["attempts"]] == ["abandoned", "delivered"]
    assert shown["attempts_left"] == 1, "of three"
    alerts = struck.office.waybill("alerts", "--json")["alerts"]
    assert [each["task_id"] for each in alerts if each["kind"] == "work recovered"] == [task]


def test_a_run_that_a_person_terminates_costs_no_attempt(struck: Work) -> None:
    task = struck.ended.task
    wait_until(lambda: struck.outcomes(task)[0], 60, "the end of the first attempt")
    struck.ended.open()
    wait_for_state(struck.up, task, "in_review", within_s=TOGETHER_S)

    shown = struck.show(task)
    assert [each["outcome"] for each in shown["attempts"]] == ["interrupted", "delivered"]
    assert shown["attempts_left"] == 2, "of three, the delivering one took the first"
    assert struck.ended.is_quiet(1)


def test_a_backfill_takes_several_tasks_a_run_in_their_pool(work: Work) -> None:
    wait_until(lambda: all(state(work.up, task) == "in_review" for task in work.many), TOGETHER_S, "the backfill")
    runs = {work.run_of(task) for task in work.many}
    assert len(runs) == 1, "all of them in one"
    (run,) = runs
    wait_until(lambda: work.status(run) == "SUCCESS", 60, "its success")
    pools = {node["assetKey"]["path"][-1]: node["pools"] for node in work.up.ask(_POOLS)["assetNodes"]}
    of_tasks = {asset.key.path[-1] for each in plugged_in() for asset in each.assets}
    assert len(of_tasks) >= 14
    assert {name for name, pool in pools.items() if pool == ["tasks"]} == of_tasks
    limit = "SELECT \"limit\" FROM concurrency_limits WHERE concurrency_key = 'tasks'"
    assert work.up.at.dagster_sql(limit) == [(TASKS_AT_ONCE,)]
