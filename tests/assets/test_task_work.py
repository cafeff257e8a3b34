"""The assets of tasks: a run makes, hands over and shows; of several tasks a run, one that fails stops no other."""

import sys
from pathlib import Path
from typing import Any, Final

import dagster as dg
import pytest

from assets.command_results import command_results, delivered_command_results
from assets.knowledge_notes import delivered_knowledge_notes, knowledge_notes
from assets.partitions import TASKS
from orchestration.session import Session
from resources.domain.configuration import Configuration
from resources.domain.tasks import TaskId
from tests.resources.work.attempts import ready_task, stands
from tests.sessions import ingested, sql, write

FACTS = {"pack": "The Ridgeline pack weighs 1,240 grams. It was first sewn on 14 March 2011."}
URL = "https://app.clickup.com/t/1"
PROGRAM: Final = """
import json, sys
task = json.load(open(sys.argv[1]))
if task['name'] == 'Fail': sys.exit('cannot')
with open('done.txt', 'w') as file: file.write(task['name'])
with open(sys.argv[2], 'w') as file:
    json.dump({'summary': 'Done.', 'files': [{'name': 'done.txt', 'path': 'done.txt'}]}, file)
"""
CONFIGURATION: Final = Configuration.model_validate(
    {
        "task_types": {
            "command": {"settings": {"program": [sys.executable, "-I", "-S", "-c", PROGRAM, "{task}", "{result}"]}}
        }
    }
)
ASSETS: Final = [knowledge_notes, delivered_knowledge_notes, command_results, delivered_command_results]


class Running:
    """Runs of the assets of tasks, over the session's own parts."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def task(self, type_: str, name: str, **more: Any) -> TaskId:
        """A ready task, with its partition."""
        task = ready_task(self.session.ledger.engine, type_, name=name, **more)
        self.session.instance.add_dynamic_partitions(str(TASKS.name), [task])
        return task

    def __call__(self, kind: str, *tasks: TaskId) -> dg.ExecuteInProcessResult:
        """One run for these tasks; a range has to be contiguous, as a backfill's is."""
        several = {"dagster/asset_partition_range_start": tasks[0], "dagster/asset_partition_range_end": tasks[-1]}
        return dg.materialize(
            ASSETS,
            selection=[kind, f"delivered_{kind}"],
            instance=self.session.instance,
            resources={**self.session.resources.by_name(), "configuration": CONFIGURATION},
            raise_on_error=False,
            **({"partition_key": tasks[0]} if len(tasks) == 1 else {"tags": several}),
        )

    def shown(self, asset: str, task: TaskId) -> list[dict[str, Any]]:
        """The metadata of each materialization of the task's partition."""
        found = self.session.instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[task]), limit=10
        )
        materializations = [record.asset_materialization for record in found.records]
        return [{key: value.value for key, value in each.metadata.items()} for each in materializations if each]

    def state(self, task: TaskId) -> str:
        return str(stands(self.session.ledger.engine, task)["state"])


@pytest.fixture
def running(session: Session) -> Running:
    return Running(session)


def error_of(result: dg.ExecuteInProcessResult) -> str:
    """What the run's failed step says."""
    (failure, *_) = [event for event in result.all_events if event.is_step_failure]
    data = failure.step_failure_data
    assert data.error is not None
    return f"{data.error.to_string()} {data.user_failure_data.description if data.user_failure_data else ''}"


def test_a_question_becomes_a_note_in_review_and_the_page_shows_it(running: Running, tmp_path: Path) -> None:
    ingested(running.session, write(tmp_path / "site", **FACTS))
    task = running.task("knowledge_note", "How heavy is the pack?", url=URL)

    assert running("knowledge_notes", task).success

    assert running.state(task) == "in_review"
    for asset in ("knowledge_notes", "delivered_knowledge_notes"):
        (shown,) = running.shown(asset, task)
        assert (shown["version"], shown["task"], shown["citations"] > 0) == (1, URL, True)
        assert "1,240 grams" in shown["preview"]
        assert shown["files"].records[0].data["name"] == "how-heavy-is-the-pack.md"


def test_CB_4_a_second_run_is_told_and_does_nothing(running: Running) -> None:
    task = running.task("command", "Letter")
    assert running("command_results", task).success

    again = running("command_results", task)

    assert not again.success
    assert "expected a task that is ready; found in_review" in error_of(again)
    assert running.state(task) == "in_review"
    assert len(running.shown("delivered_command_results", task)) == 1


def test_a_task_of_another_kind_is_left_as_it_is(running: Running) -> None:
    task = running.task("command", "Letter")
    result = running("knowledge_notes", task)
    assert "found type 'command', of the kind command" in error_of(result)
    assert sql(running.session, "SELECT state, attempt FROM waybill.tasks WHERE id = :id", id=task) == [("ready", 0)]


def test_several_tasks_a_run_are_each_shown_once_with_their_own_words(running: Running) -> None:
    tasks = [running.task("command", f"Letter {number}") for number in range(3)]
    assert running("command_results", *tasks).success
    for number, task in enumerate(tasks):
        assert running.state(task) == "in_review"
        for asset in ("command_results", "delivered_command_results"):
            (shown,) = running.shown(asset, task)
            assert shown["files"].records[0].data["bytes"] == len(f"Letter {number}")


def test_one_that_fails_stops_no_other_and_only_whole_ones_are_materialized(running: Running) -> None:
    one, bad, two = (running.task("command", name) for name in ("One", "Fail", "Two"))
    result = running("command_results", one, bad, two)
    assert not result.success
    assert f"1 of 3 tasks failed: {bad}" in error_of(result)
    assert [len(running.shown("command_results", task)) for task in (one, bad, two)] == [1, 0, 1]
    assert running.state(bad) == "ready", "it has attempts left"
    made = "SELECT count(*) FROM waybill.deliverable_versions"
    assert sql(running.session, made) == [(2,)]
