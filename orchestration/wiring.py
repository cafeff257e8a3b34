"""Settings into resources: the one place where an address or a key is handed on."""

from dataclasses import dataclass
from typing import Self

from orchestration.settings import Settings
from resources.knowledge.index import IndexResource
from resources.ledger.resource import LedgerResource
from resources.limits import Limits


@dataclass(frozen=True, slots=True)
class Resources:
    """What assets, checks and sensors take as parameters, by the parameter's name."""

    ledger: LedgerResource
    index: IndexResource
    limits: Limits

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Resources over the backends that ``settings`` name. Nothing is opened: they connect at first use."""
        key, embedder_key = settings.qdrant_api_key, settings.embedder_api_key
        return cls(
            ledger=LedgerResource(settings.own_database_url or "", pool_size=settings.database_pool_size),
            index=IndexResource(
                qdrant_url=settings.qdrant_url or "",
                qdrant_api_key=key.get_secret_value() if key else None,
                prefix=settings.qdrant_collection_prefix,
                embedder=settings.embedder,
                embedder_url=settings.embedder_url,
                embedder_api_key=embedder_key.get_secret_value() if embedder_key else None,
            ),
            limits=Limits(max_document_bytes=settings.max_document_bytes),
        )

    def by_name(self) -> dict[str, object]:
        """For Dagster's definitions."""
        return {"ledger": self.ledger, "index": self.index, "limits": self.limits}

    def close(self) -> None:
        """Close the connections that were opened."""
        self.ledger.close()
        self.index.close()
