"""The embedder and the store that go together: a collection belongs to an embedding model (design §4)."""

from functools import cached_property

from resources.embedder.embedder import Embedder
from resources.embedder.embedders import open_embedder
from resources.vectors.store import VectorStore, open_store


class IndexResource:
    """Hands out one embedder and one store a process, made at first use. A plain object: no key shows in the UI."""

    def __init__(
        self,
        *,
        qdrant_url: str,
        qdrant_api_key: str | None,
        embedder: str,
        embedder_url: str | None,
        embedder_api_key: str | None,
        prefix: str = "waybill",
    ) -> None:
        """``prefix`` begins the collection's name: two installations that share a store need two.

        ``embedder``: ``wordllama``, ``fastembed:MODEL`` or ``openai:MODEL`` (the latter with its URL).
        """
        self._prefix = prefix
        self._qdrant_url, self._qdrant_api_key = qdrant_url, qdrant_api_key
        self._embedder = (embedder, embedder_url, embedder_api_key)

    @cached_property
    def embedder(self) -> Embedder:
        """The model. Raises EmbedderUnavailableError, or what says that it is not installed."""
        name, url, api_key = self._embedder
        return open_embedder(name, url=url, api_key=api_key)

    @cached_property
    def store(self) -> VectorStore:
        """The collection of the model, made if it is not there. Raises VectorStoreUnavailableError."""
        model, dimensions = self.embedder.model, self.embedder.dimensions
        store = open_store(self._qdrant_url, self._qdrant_api_key, model, dimensions, prefix=self._prefix)
        store.ensure_collection()
        return store

    def close(self) -> None:
        """Close the connections that were opened. Only a model behind a server has any."""
        if "store" in self.__dict__:
            self.store.close()
        if close_embedder := getattr(self.__dict__.get("embedder"), "close", None):
            close_embedder()
