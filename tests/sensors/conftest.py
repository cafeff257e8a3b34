"""Dagster's storage for the sensors of tasks: one for the session."""

from collections.abc import Iterator

import dagster as dg
import psycopg
import pytest

from tests.hosts import PostgresHost
from tests.sensors.task_ticks import TaskTicks, task_ticks
from tests.sessions import dagster_template
from tests.watching import Watched


@pytest.fixture(scope="session")
def dagster_instance(postgres: PostgresHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    name, folder = "task_sensors", tmp_path_factory.mktemp("dagster")
    with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{dagster_template(postgres, admin)}"')
        url = postgres.url_of(name).replace("postgresql://", "postgresql+psycopg2://", 1)
        storage = f"storage: {{postgres: {{postgres_url: '{url}'}}}}\ntelemetry: {{enabled: false}}\n"
        (folder / "dagster.yaml").write_text(storage)
        instance = dg.DagsterInstance.from_config(str(folder))
        yield instance
        instance.dispose()
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def ticks(dagster_instance: dg.DagsterInstance, watched: Watched, cleared_url: str) -> Iterator[TaskTicks]:
    with task_ticks(dagster_instance, watched, cleared_url) as ticks:
        yield ticks
