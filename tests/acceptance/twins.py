"""Installations that begin in the same state, so that what was done to one can be laid beside another."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from orchestration.ingestion import Report
from orchestration.session import Session, open_session
from orchestration.settings import load_settings
from tests.acceptance.waybill_process import Addresses, Waybill
from tests.engines import RunningEngine, running_engine
from tests.hosts import PostgresHost
from tests.sessions import dagster_template, ingested, unchanged_environment

CLIENT: Final = "acme"
BATCH_DOCUMENTS: Final = 4
_numbers = count(1)


@dataclass(frozen=True)
class Twin:
    """An installation on servers of one's own: databases in the tests' Postgres, and a vector engine."""

    waybill: Waybill
    at: Addresses
    engine: RunningEngine

    @contextmanager
    def session(self) -> Iterator[Session]:
        """What a command works with, in this very process: a fifth of the time that a process of its own takes."""
        settings = load_settings(
            home=self.waybill.home,
            database_url=self.at.ledger,
            dagster_database_url=self.at.dagster,
            qdrant_url=self.at.vectors,
            qdrant_api_key=self.at.key,
            batch_size_documents=BATCH_DOCUMENTS,
        )
        with unchanged_environment(), open_session(settings) as session:
            yield session

    def ingest(self, folder: Path) -> Report:
        """What `waybill ingest` does, in this very process."""
        with self.session() as session:
            return ingested(session, folder)


@dataclass(frozen=True)
class Beginning:
    """The state that twins begin in: two template databases and a vector engine's folder."""

    postgres: PostgresHost
    ledger: str
    dagster: str
    vectors: Path | None = None

    @classmethod
    def empty(cls, postgres: PostgresHost) -> "Beginning":
        """Migrated, and nothing in it."""
        with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as admin:
            return cls(postgres, "waybill", dagster_template(postgres, admin))

    @contextmanager
    def twin(self, folder: Path) -> Iterator[Twin]:
        """An installation that begins in this state; its vectors stand in ``folder``, and stay there."""
        number = next(_numbers)
        names = {f"twin_{number}": self.ledger, f"twin_{number}_dagster": self.dagster}
        if self.vectors is not None:
            shutil.copytree(self.vectors, folder / "vectors")
        with (
            psycopg.connect(self.postgres.url_of("postgres"), autocommit=True) as admin,
            running_engine(folder / "vectors") as engine,
        ):
            for name, template in names.items():
                statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
                admin.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
            ledger, dagster = (self.postgres.url_of(name) for name in names)
            addresses = {
                "WAYBILL_DATABASE_URL": ledger,
                "WAYBILL_DAGSTER_DATABASE_URL": dagster,
                "WAYBILL_QDRANT_URL": engine.url,
                "WAYBILL_QDRANT_API_KEY": engine.key,
                "WAYBILL_BATCH_SIZE_DOCUMENTS": str(BATCH_DOCUMENTS),
            }
            waybill = Waybill(folder / "home", addresses)
            try:
                yield Twin(waybill, Addresses(ledger, dagster, engine.url, engine.key), engine)
            finally:
                waybill.kill_all()

    def after(self, twin: Twin) -> "Beginning":
        """The state that ``twin`` ended in. It must be closed: nobody may be connected to what is copied."""
        ledger, dagster = (url.rpartition("/")[2].partition("?")[0] for url in (twin.at.ledger, twin.at.dagster))
        return Beginning(self.postgres, ledger, dagster, twin.engine.folder)
