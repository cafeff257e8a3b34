"""A session over real parts of its own: a migrated ledger, a Dagster storage, a vector engine, all for one test."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import dagster as dg
import psycopg
import pytest
from dagster_postgres import DagsterPostgresStorage
from sqlalchemy import text

from orchestration.ingestion import Report, ingest, register
from orchestration.session import Session, open_session
from orchestration.settings import load_settings
from resources.domain.ids import ClientSlug
from tests.engines import RunningEngine, running_engine
from tests.hosts import PostgresHost

CLIENT: Final = ClientSlug("acme")
_numbers = count(1)


class Silent:
    """Progress that nobody watches."""

    def start(self, what: str, total: int) -> None:
        """Not shown."""

    def advance(self, what: str) -> None:
        """Not shown."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RunningEngine]:
    with running_engine(tmp_path / "vectors") as running:
        yield running


@pytest.fixture
def session(postgres: PostgresHost, ledger_url: str, engine: RunningEngine, tmp_path: Path) -> Iterator[Session]:
    with new_session(postgres, ledger_url, engine, tmp_path / "home") as session:
        yield session


@contextmanager
def new_session(postgres: PostgresHost, ledger_url: str, engine: RunningEngine, home: Path) -> Iterator[Session]:
    """A session on these parts, with a Dagster storage of its own, made from an empty database."""
    name = f"test_dagster_{next(_numbers)}"
    with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{dagster_template(postgres, admin)}"')
        settings = load_settings(
            home=home,
            database_url=ledger_url,
            dagster_database_url=postgres.url_of(name),
            qdrant_url=engine.url,
            qdrant_api_key=engine.key,
            batch_size_documents=3,
        )
        with unchanged_environment(), open_session(settings) as session:
            yield session
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def unchanged_environment() -> Iterator[None]:
    """What the block does to the environment is undone: a session tells Dagster by it where its backends are."""
    former = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(former)


def dagster_template(postgres: PostgresHost, admin: psycopg.Connection) -> str:
    """A database with Dagster's tables, made once: that takes a second."""
    name = "dagster_template"
    if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
        admin.execute(f'CREATE DATABASE "{name}"')
        url = postgres.url_of(name).replace("postgresql://", "postgresql+psycopg2://", 1)
        storage = DagsterPostgresStorage(url, should_autocreate_tables=True)
        for part in (storage.run_storage, storage.event_log_storage, storage.schedule_storage):
            part.dispose()
    return name


def ingested(session: Session, folder: Path) -> Report:
    """Ingest ``folder`` for the client, as `waybill ingest` does."""
    source = register(session, folder, client=CLIENT, name=None)
    return ingest(session, source, Silent())


def write(folder: Path, **texts: str) -> Path:
    """One text file for each name; makes the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in texts.items():
        (folder / f"{name}.txt").write_text(content)
    return folder


def sql(session: Session, statement: str, **values: object) -> list[tuple[Any, ...]]:
    """Rows of ``statement`` in the ledger, as the app."""
    with session.ledger.engine.begin() as connection:
        result = connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []


def run(session: Session, job: str, partition_key: str) -> dg.ExecuteInProcessResult:
    """One run of ``job``, as from the UI: it claims for itself."""
    return session.definitions.resolve_job_def(job).execute_in_process(
        instance=session.instance, partition_key=partition_key, raise_on_error=False
    )


def check_results(session: Session, check: str, partition: str) -> list[bool]:
    """The outcomes of a check of ``embeddings`` or ``extractions`` for one partition, newest first."""
    asset = "extractions" if check == "every_span_quotes_its_document" else "embeddings"
    key = dg.AssetCheckKey(dg.AssetKey(asset), check)
    records = session.instance.event_log_storage.get_asset_check_execution_history(key, limit=50)
    evaluations = [record.evaluation for record in records]
    return [e.passed for e in evaluations if isinstance(e, dg.AssetCheckEvaluation) and e.partition == partition]
