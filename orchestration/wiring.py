"""Settings into resources: the one place where an address or a key is handed on."""

from dataclasses import dataclass, fields
from typing import Self

from orchestration.configuration import load_configuration
from orchestration.hosting.home import Home
from orchestration.settings import Settings
from resources.artefacts.store import ArtefactStore
from resources.artefacts.stores import open_artefacts
from resources.clickup.resource import ClickUpResource
from resources.domain.configuration import CALLS_A_MINUTE, Configuration
from resources.knowledge.index import IndexResource
from resources.ledger.resource import LedgerResource
from resources.limits import Limits
from resources.vault import VaultResource
from resources.writer.writer import Writer
from resources.writer.writers import open_writer


@dataclass(frozen=True, slots=True)
class Resources:
    """What assets, checks and sensors take as parameters, by the parameter's name."""

    ledger: LedgerResource
    index: IndexResource
    limits: Limits
    configuration: Configuration
    clickup: ClickUpResource
    artefacts: ArtefactStore
    vault: VaultResource
    writer: Writer

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Resources over the backends that ``settings`` name. Nothing is opened: they connect at first use.

        Raises:
            ConfigurationError, SettingsError: waybill.toml is wrong.
            ArtefactsUrlError: artefacts have no place that can be used.
            WriterInvalidError: the writer is not installed, or broken.
        """
        key, embedder_key, token = settings.qdrant_api_key, settings.embedder_api_key, settings.clickup_token
        secret_key, home = settings.secret_key, Home.at(settings.home)
        configuration = load_configuration(settings)
        clickup = configuration.clickup
        ledger = LedgerResource(
            settings.own_database_url or "",
            pool_size=settings.database_pool_size,
            behind_pooler=settings.behind_pooler,
        )
        return cls(
            ledger=ledger,
            index=IndexResource(
                qdrant_url=settings.qdrant_url or "",
                qdrant_api_key=key.get_secret_value() if key else None,
                prefix=settings.qdrant_collection_prefix,
                embedder=settings.embedder,
                embedder_url=settings.embedder_url,
                embedder_api_key=embedder_key.get_secret_value() if embedder_key else None,
            ),
            limits=Limits(max_document_bytes=settings.max_document_bytes),
            configuration=configuration,
            clickup=ClickUpResource(
                url=settings.clickup_url,
                token=token.get_secret_value() if token else None,
                ledger=ledger,
                calls_a_minute=clickup.calls_a_minute if clickup else CALLS_A_MINUTE,
                timeout_s=settings.clickup_timeout_s,
            ),
            artefacts=_artefacts(settings),
            writer=open_writer(settings.writer),
            vault=VaultResource(home.run, secret_key.get_secret_value() if secret_key else None),
        )

    def by_name(self) -> dict[str, object]:
        """For Dagster's definitions."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def close(self) -> None:
        """Close the connections that were opened."""
        self.clickup.close()
        self.ledger.close()
        self.index.close()


def _artefacts(settings: Settings) -> ArtefactStore:
    options = settings.artefacts_options.get_secret_value() if settings.artefacts_options else None
    return open_artefacts(Home.at(settings.home).artefacts, settings.artefacts_url, options)
