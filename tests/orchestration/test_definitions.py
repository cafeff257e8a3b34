"""What Dagster is given: assets, checks, jobs, schedules and sensors, with and without a workspace of ClickUp."""

from pathlib import Path
from typing import Final

import dagster as dg
import pytest

from orchestration.definitions import build_definitions
from orchestration.settings import load_settings
from orchestration.wiring import Resources
from resources.domain.task_types import kinds

CLICKUP: Final = '[clickup]\nteam = "1"\nspaces = ["2"]\npoll_interval_s = 45\n'
OF_CLICKUP: Final = {"clickup_tasks_sensor", "clickup_sweep_sensor", "webhook_health_sensor"}
OF_TASKS: Final = {
    "ready_tasks_sensor", "stale_work_sensor", "due_tasks_sensor", "recurring_tasks_sensor", "retention_sensor",
    "inbox_sensor",
}  # fmt: skip
OF_KNOWLEDGE: Final = {"changed_batches_sensor", "orphans_sensor", "points_sensor"}
CHECKS: Final = {
    "no_work_is_stuck", "nothing_is_dead_lettered", "clickup_agrees_with_the_ledger",
    "every_deliverable_has_its_files",
}  # fmt: skip


def repository(folder: Path, toml: str) -> dg.RepositoryDefinition:
    file = folder / "waybill.toml"
    file.write_text(toml)
    settings = load_settings(home=folder / "home", config=file)
    return build_definitions(settings, Resources.of(settings)).get_repository_def()


@pytest.mark.parametrize(
    ("toml", "sensors"), [("", OF_TASKS | OF_KNOWLEDGE), (CLICKUP, OF_CLICKUP | OF_TASKS | OF_KNOWLEDGE)]
)
def test_sensors_and_schedules_are_those_there_is_something_to_watch_for_and_run_from_the_first_start(
    tmp_path: Path, toml: str, sensors: set[str]
) -> None:
    found = repository(tmp_path, toml)
    assert {sensor.name for sensor in found.sensor_defs} == sensors
    assert all(sensor.default_status is dg.DefaultSensorStatus.RUNNING for sensor in found.sensor_defs)
    assert {schedule.name for schedule in found.schedule_defs} == {"reread_sources", "look_at_tasks"}
    assert all(each.default_status is dg.DefaultScheduleStatus.RUNNING for each in found.schedule_defs)
    told = [each.description for each in (*found.sensor_defs, *found.schedule_defs)]
    assert all(words and len(words) > 40 for words in told), told


def test_the_interval_of_the_poll_is_the_one_in_waybill_toml(tmp_path: Path) -> None:
    assert repository(tmp_path, CLICKUP).get_sensor_def("clickup_tasks_sensor").minimum_interval_seconds == 45


def test_every_kind_of_work_has_its_job_which_only_the_ledger_retries(tmp_path: Path) -> None:
    found = repository(tmp_path, "")
    for kind in kinds().values():
        job = found.get_job(kind.job)
        assert job.tags["dagster/max_retries"] == "0"
        assert len(job.description or "") > 40
        *made, delivered = sorted(job.asset_layer.executable_asset_keys, key=lambda key: "delivered" in key.path[0])
        assert delivered.path[0].startswith("delivered_")
        (last,) = found.asset_graph.get(delivered).parent_keys
        assert last in made, "what is handed over is what was made"
    asked = {job.name for job in found.get_sensor_def("ready_tasks_sensor").jobs}
    assert asked == {kind.job for kind in kinds().values()}


def test_checks_on_tasks_stand_on_clickup_tasks_and_have_a_job_of_their_own(tmp_path: Path) -> None:
    found = repository(tmp_path, "")
    keys = found.asset_graph.asset_check_keys
    assert {key.name for key in keys if key.asset_key == dg.AssetKey("clickup_tasks")} == CHECKS
    assert len(found.get_job("check_tasks").nodes) == len(CHECKS)
    assert found.asset_graph.get(dg.AssetKey("clickup_tasks")).is_external, "a sensor reports it; no run makes it"


def test_a_folder_is_watched_where_one_is_named(tmp_path: Path) -> None:
    def watched(**settings: object) -> list[str]:
        configured = load_settings(home=tmp_path / "home", **settings)
        definitions = build_definitions(configured, Resources.of(configured))
        return [each.name for each in definitions.sensors or () if each.name == "watch_folder_sensor"]

    assert watched() == []
    assert watched(watch_folder=tmp_path / "drop") == ["watch_folder_sensor"]
