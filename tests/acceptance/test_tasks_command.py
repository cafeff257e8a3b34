"""Outside programs under a running `waybill up`: delivered, cancelled, killed, tried again, and many tasks a run."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import psutil
import pytest

from tests.acceptance.agency import Agency, agency, state, wait_for_state
from tests.acceptance.served import ENDED, Served, serving
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PROGRAM: Final = """
import json, os, subprocess, sys, time
task = json.load(open(sys.argv[1]))
print('at work on', task['name'], flush=True)
if task['body']:  # a folder: tell there who works, and wait until it is opened
    helper = subprocess.Popen(['sleep', '600'])
    with open(task['body'] + '/unfinished', 'w') as file: file.write(f'{os.getpid()} {helper.pid}')
    os.rename(task['body'] + '/unfinished', task['body'] + f"/attempt-{task['attempt']}")
    while not os.path.exists(task['body'] + '/open'): time.sleep(0.05)
with open('letter.md', 'w') as file: file.write(f"{task['name']}, version {task['version']}")
names = ['letter.md', 'lost.md'] if task['name'].startswith('Half') else ['letter.md']
with open(sys.argv[2], 'w') as file:
    json.dump({'summary': 'Done.', 'files': [{'name': name, 'path': name} for name in names]}, file)
"""
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
class Office:
    """What the tests share. All gated tasks are at work at once, which takes as long as one."""

    agency: Agency
    up: Served
    many: list[str]
    whole: str
    half: str
    claimed: Gate
    cancelled: Gate
    killed: Gate
    ended: Gate
    retried: Gate

    def show(self, task: str) -> dict[str, Any]:
        return self.agency.show(task)

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
        found = self.up.at.dagster_sql(
            "SELECT count(*) FROM event_logs WHERE run_id = %s AND event LIKE %s", run, f"%{words}%"
        )
        return found != [(0,)]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("command")
    program = json.dumps([sys.executable, "-I", "-S", "-c", PROGRAM, "{task}", "{result}"])
    toml = f"[task_types.command.settings]\nprogram = {program}\n"
    settings = {"WAYBILL_MAX_CONCURRENT_RUNS": "9", "WAYBILL_MAX_CONCURRENT_TASKS": "8"}
    with agency(folder, toml, **settings) as made, serving(made.waybill, "--example") as up:
        many = backfilled(made, up)

        def gate(name: str) -> Gate:
            (folder / name).mkdir()
            return Gate(made.add(f"The {name} letter", "command", "--body", str(folder / name)), folder / name)

        (folder / "cancelled").mkdir()
        cancelled = made.ask("The cancelled letter", type_="command", description=str(folder / "cancelled"))
        whole, half = (made.ask(name, type_="command") for name in ("A whole letter", "Half a letter"))
        gates = [gate(name) for name in ("claimed", "killed", "ended", "retried")]
        claimed, killed, ended, retried = gates
        yield Office(
            made, up, many, whole, half, claimed, Gate(cancelled, folder / "cancelled"), killed, ended, retried
        )


def backfilled(made: Agency, up: Served) -> list[str]:
    """Ready tasks that no sensor has asked for yet, with a backfill of them on its way."""
    sensor = partial(up.ask, _SENSOR, sensor=_READY_TASKS)
    up.ask(_STOP, id=sensor()["sensorOrError"]["id"])
    wait_until(lambda: sensor()["sensorOrError"]["sensorState"]["ticks"][0]["status"] != "STARTED", 30, "its last tick")
    many = [made.add(f"Letter {number}", "command") for number in range(MANY)]
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
def struck(office: Office) -> Office:
    """Four of the five that were at work are disturbed, each in its own way."""
    for gate in (office.claimed, office.cancelled, office.killed, office.ended, office.retried):
        gate.wait_until_at_work()
    ((process,),) = office.up.at.sql("SELECT lease_process FROM waybill.tasks WHERE id = %s", office.killed.task)
    os.kill(int(process.split("/")[2]), signal.SIGKILL)
    office.up.ask(_END, run=office.run_of(office.ended.task))
    retried = office.agency.waybill.within("task", "retry", office.retried.task, "--set", "deadline_s=1")
    assert retried.out == f"{office.retried.task} is ready.\n"
    cancelled = office.agency.waybill.within("task", "cancel", office.cancelled.task, "--reason", "not wanted")
    assert cancelled.out == f"{office.cancelled.task} is cancelled: not wanted\n"
    wait_until(office.cancelled.is_quiet, 10, "CP-1: the end of the cancelled program")
    return office


def test_CB_5_a_program_s_result_is_delivered_and_nothing_of_half_of_one(office: Office) -> None:
    truth = office.agency.wait_until_shown(office.whole, "in review", TOGETHER_S)
    ((attachment,), (comment,)) = truth["attachments"], truth["comments"]
    assert office.agency.clickup.attachment(office.whole, attachment["id"]) == b"A whole letter, version 1"
    assert "Done." in comment["text"]

    truth = office.agency.wait_until_shown(office.half, "failed", TOGETHER_S)
    assert (truth["attachments"], truth["comments"]) == ([], [])
    shown = office.show(office.half)
    assert "files.1.path" in shown["reason"]
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["failed"], "another attempt could not help"
    assert [output["name"] for output in shown["attempts"][0]["log"]] == ["stdout.txt", "stderr.txt"]


def test_CP_1_a_cancelled_program_ends_with_all_that_it_started_and_sends_nothing(struck: Office) -> None:
    task, run = struck.cancelled.task, struck.run_of(struck.cancelled.task)
    wait_until(lambda: struck.status(run) in ENDED, 60, "the end of its run")
    struck.cancelled.open()
    shown = struck.show(task)
    assert (shown["state"], shown["versions"]) == ("cancelled", [])
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["taken back"]
    truth = struck.agency.clickup.task(task)
    assert (truth["attachments"], truth["comments"]) == ([], [])


def test_CB_4_DT_8_a_second_way_in_is_told_who_works_and_does_nothing(struck: Office) -> None:
    task, first = struck.claimed.task, struck.run_of(struck.claimed.task)
    second = struck.launch(task)
    wait_until(lambda: struck.status(second) in ENDED, TOGETHER_S, "the end of the second run")
    assert struck.status(second) == "FAILURE"
    assert struck.said_in(second, f"already claimed by run {first}")
    assert [attempt["run_id"] for attempt in struck.show(task)["attempts"]] == [first]

    struck.claimed.open()
    wait_for_state(struck.up, task, "in_review", within_s=TOGETHER_S)
    shown = struck.show(task)
    assert (len(shown["attempts"]), len(shown["versions"])) == (1, 1)
    wait_until(lambda: struck.status(first) == "SUCCESS", 30, "the success of the first run")


def test_CP_1_DT_5_a_retry_uses_its_settings_and_each_attempt_keeps_those_it_was_made_with(struck: Office) -> None:
    task = struck.retried.task
    wait_until(lambda: struck.outcomes(task)[1:] == ["failed"], TOGETHER_S, "the end of another attempt")
    assert struck.retried.is_quiet(1)
    assert struck.retried.is_quiet(2)
    struck.retried.open()
    assert struck.agency.waybill.within("task", "retry", task, "--set", "deadline_s=77").code == 0
    wait_for_state(struck.up, task, "in_review", within_s=TOGETHER_S)

    shown = struck.show(task)
    attempts = [(each["settings"]["deadline_s"], each["outcome"]) for each in shown["attempts"]]
    assert attempts == [(600.0, "taken back"), (1.0, "failed"), (77.0, "delivered")]
    assert "found that it still ran after 1 s" in shown["attempts"][1]["error"]["reason"]
    assert len({each["input_hash"] for each in shown["attempts"]}) == 3
    assert shown["overrides"] == {}


def test_CB_1_a_killed_worker_s_task_is_done_by_another_and_a_person_is_told(struck: Office) -> None:
    task = struck.killed.task
    wait_until(struck.killed.is_quiet, 15, "the end of the killed worker's program")
    wait_until(lambda: struck.outcomes(task)[0], 30, "the end of the first attempt")
    struck.killed.open()
    wait_for_state(struck.up, task, "in_review", within_s=TOGETHER_S)

    shown = struck.show(task)
    assert [each["outcome"] for each in shown["attempts"]] == ["abandoned", "delivered"]
    assert shown["attempts_left"] == 1, "of three"
    alerts = struck.agency.waybill.within("alerts", "--json").json()["alerts"]
    assert [each["task_id"] for each in alerts if each["kind"] == "work recovered"] == [task]


def test_a_run_that_a_person_terminates_costs_no_attempt(struck: Office) -> None:
    task = struck.ended.task
    wait_until(lambda: struck.outcomes(task)[0], 60, "the end of the first attempt")
    struck.ended.open()
    wait_for_state(struck.up, task, "in_review", within_s=TOGETHER_S)

    shown = struck.show(task)
    assert [each["outcome"] for each in shown["attempts"]] == ["interrupted", "delivered"]
    assert shown["attempts_left"] == 2, "of three, the delivering one took the first"
    assert struck.ended.is_quiet(1)


def test_a_backfill_takes_several_tasks_a_run_in_their_pool(office: Office) -> None:
    wait_until(lambda: all(state(office.up, task) == "in_review" for task in office.many), TOGETHER_S, "the backfill")
    runs = {office.run_of(task) for task in office.many}
    assert len(runs) == 1, "all of them in one"
    (run,) = runs
    wait_until(lambda: office.status(run) == "SUCCESS", 60, "its success")
    pools = {node["assetKey"]["path"][-1]: node["pools"] for node in office.up.ask(_POOLS)["assetNodes"]}
    assert {name for name, pool in pools.items() if pool == ["tasks"]} == {
        "knowledge_notes", "delivered_knowledge_notes", "command_results", "delivered_command_results"
    }  # fmt: skip
    limit = "SELECT \"limit\" FROM concurrency_limits WHERE concurrency_key = 'tasks'"
    assert office.up.at.dagster_sql(limit) == [(8,)]
