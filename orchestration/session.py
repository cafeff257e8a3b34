"""What every command works with: backends that run, a migrated ledger, the index, and Dagster's instance."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import dagster as dg
from pydantic import SecretStr

from orchestration.hosting import dagster_connections
from orchestration.hosting.backends import Backends, open_backends
from orchestration.hosting.dagster_yaml import open_instance
from orchestration.settings import Settings
from orchestration.wiring import Resources
from resources.knowledge.index import IndexResource
from resources.ledger.migrate import migrate
from resources.ledger.resource import LedgerResource


@dataclass(frozen=True)
class Session:
    """One command's time with the backends. ``settings`` name them, embedded or own alike."""

    settings: Settings
    backends: Backends

    @cached_property
    def resources(self) -> Resources:
        """The session's connections, closed at its end."""
        return Resources.of(self.settings)

    @cached_property
    def definitions(self) -> dg.Definitions:
        """Assets and jobs over these resources. Imported late: Dagster's assets take a second to load."""
        from orchestration.definitions import build_definitions

        return build_definitions(self.settings, self.resources)

    @property
    def ledger(self) -> LedgerResource:
        """The ledger, at its head."""
        return self.resources.ledger

    @property
    def index(self) -> IndexResource:
        """The embedder and its store."""
        return self.resources.index

    @cached_property
    def instance(self) -> dg.DagsterInstance:
        """Dagster's storage: runs of this process show in the UI with all others."""
        instance = open_instance(self.settings, self.backends)
        dagster_connections.keep_open(instance)
        return instance

    def close(self) -> None:
        """Close what was opened."""
        if "resources" in self.__dict__:
            self.resources.close()
        if "instance" in self.__dict__:
            dagster_connections.close(self.instance)


@contextmanager
def open_session(settings: Settings) -> Iterator[Session]:
    """Start or join the backends, migrate, and hand out the session.

    Raises:
        WaybillError: a backend cannot be reached, or a migration failed; nothing was started that stays.
    """
    with open_backends(settings) as backends:
        session = Session(configured(settings, backends), backends)
        migrate(backends.database_direct_url, backends.dagster_database_url)
        try:
            yield session
        finally:
            session.close()


def configured(settings: Settings, backends: Backends) -> Settings:
    """The settings with the backends' addresses in them, whether they are embedded or one's own."""
    key = SecretStr(backends.qdrant_api_key) if backends.qdrant_api_key else None
    urls = {
        "database_url": SecretStr(backends.database_url),
        "dagster_database_url": SecretStr(backends.dagster_database_url),
        "qdrant_url": backends.qdrant_url,
        "qdrant_api_key": key,
    }
    return settings.model_copy(update=urls)
