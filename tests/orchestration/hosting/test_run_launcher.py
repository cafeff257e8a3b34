"""No run stays unfinished for ever: a run whose worker is gone is found, one whose worker lives is left alone."""

import subprocess
import sys
import time
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent, EngineEventData
from dagster._core.events.log import EventLogEntry

from orchestration.hosting.backends import Backend, Backends
from orchestration.hosting.dagster_yaml import instance_config, open_instance
from orchestration.hosting.home import Home
from orchestration.hosting.run_launcher import PROCESS_TAG, end_abandoned_runs, process_tags
from orchestration.settings import Settings, load_settings
from resources.processes import identity
from tests.hosts import embedded_postgres
from tests.orchestration.hosting.toy_location import gated


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Backends]]:
    folder = tmp_path_factory.mktemp("launcher")
    with embedded_postgres(folder / "server") as host, pytest.MonkeyPatch.context() as environment:
        home = Home.at(folder / "home").make()
        nothing = Backend("vector engine", "embedded", "nowhere", "0")
        database = Backend("Postgres", "embedded", "there", "18")
        backends = Backends(
            home=home,
            database_url=host.url,
            database_direct_url=host.url,
            dagster_database_url=host.dagster_url,
            qdrant_url="http://127.0.0.1:1",
            qdrant_api_key=None,
            database=database,
            vectors=nothing,
        )
        for key, value in backends.environment().items():  # so that they are gone from this process afterwards
            environment.setenv(key, value)
        yield load_settings(home=home.path, database_url=None, qdrant_url=None), backends


@pytest.fixture
def instance(surroundings: tuple[Settings, Backends]) -> Iterator[dg.DagsterInstance]:
    with open_instance(*surroundings) as opened:
        yield opened
        opened.wipe()


def dead_process() -> str:
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as process:
        recorded = identity(process.pid)
        process.kill()
    return recorded


def run(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, **tags: str) -> str:
    return instance.create_run_for_job(gated, tags=tags, status=status).run_id


def status_of(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    found = instance.get_run_by_id(run_id)
    assert found is not None
    return found.status


def test_the_generated_configuration_is_one_that_dagster_takes(instance: dg.DagsterInstance) -> None:
    assert type(instance.run_launcher).__name__ == "WaybillRunLauncher"
    assert instance.run_monitoring_enabled
    assert instance.run_retries_enabled
    assert not instance.telemetry_enabled
    assert not instance.nux_enabled
    assert type(instance.run_storage).__name__ == "PostgresRunStorage"
    assert instance.get_settings("sensors")["use_threads"] is True
    queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    assert queue.max_concurrent_runs == 4


def test_no_password_is_written_down(surroundings: tuple[Settings, Backends]) -> None:
    settings, backends = surroundings
    assert backends.dagster_database_url not in str(instance_config(settings, backends))
    assert "postgresql" not in (backends.home.dagster / "dagster.yaml").read_text()


STARTED, CANCELING, NOT_STARTED = (
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
    dg.DagsterRunStatus.NOT_STARTED,
)


def test_CB_1_a_run_of_a_command_that_was_killed_is_ended(instance: dg.DagsterInstance) -> None:
    tags = {PROCESS_TAG: dead_process()}
    killed = [run(instance, status, **tags) for status in (STARTED, NOT_STARTED, CANCELING)]
    assert set(end_abandoned_runs(instance)) == set(killed)
    ends = [status_of(instance, each) for each in killed]
    assert ends == [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def test_a_run_of_a_living_command_and_one_that_nobody_has_begun_are_left_alone(instance: dg.DagsterInstance) -> None:
    ours = run(instance, STARTED, **process_tags())
    nobodys = run(instance, NOT_STARTED)
    assert end_abandoned_runs(instance) == []
    assert status_of(instance, ours) == STARTED
    assert status_of(instance, nobodys) == NOT_STARTED


def test_a_worker_whose_code_server_is_gone_counts_as_alive_while_its_process_lives(
    instance: dg.DagsterInstance,
) -> None:
    run_id = run(instance, STARTED)
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as worker:
        report(instance, run_id, worker.pid)
        assert end_abandoned_runs(instance) == []
        worker.kill()
    assert end_abandoned_runs(instance) == [run_id]


def report(instance: dg.DagsterInstance, run_id: str, pid: int) -> None:
    found = instance.get_run_by_id(run_id)
    instance.report_engine_event("Started process for run", found, EngineEventData.in_process(pid))


def test_a_younger_process_with_the_workers_pid_is_not_the_worker(instance: dg.DagsterInstance) -> None:
    run_id = run(instance, STARTED)
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        named = DagsterEvent("ENGINE_EVENT", "gated", event_specific_data=EngineEventData.in_process(stranger.pid))
        an_hour_ago = time.time() - 3600
        instance.event_log_storage.store_event(
            EventLogEntry(None, 20, "", run_id, an_hour_ago, job_name="gated", dagster_event=named)
        )
        assert end_abandoned_runs(instance) == [run_id]
        stranger.kill()


def test_a_worker_of_another_machine_is_not_judged_where_several_share_the_database(
    surroundings: tuple[Settings, Backends], instance: dg.DagsterInstance
) -> None:
    settings, backends = surroundings
    _, _, process = identity().partition("/")
    elsewhere = {PROCESS_TAG: f"another-boot/{process}"}
    shared = Backends(**{**vars(backends), "database": Backend("Postgres", "own", "there", "18")})
    with open_instance(settings, shared) as of_many:
        run_id = run(of_many, STARTED, **elsewhere)
        assert end_abandoned_runs(of_many) == []
    with open_instance(settings, backends) as of_one:
        assert end_abandoned_runs(of_one) == [run_id]
