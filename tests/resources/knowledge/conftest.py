"""A real vector engine for the session, and a collection of its own for each test."""

from collections.abc import Iterator
from itertools import count

import pytest

from resources.embedder.wordllama import WordLlamaEmbedder
from resources.vectors.connection import connect
from resources.vectors.store import VectorStore
from tests.engines import RunningEngine, running_engine

_numbers = count(1)


@pytest.fixture(scope="session")
def vector_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    with running_engine(tmp_path_factory.mktemp("knowledge") / "vectors") as running:
        yield running


@pytest.fixture(scope="session")
def embedder() -> WordLlamaEmbedder:
    return WordLlamaEmbedder()


@pytest.fixture
def store(vector_engine: RunningEngine, embedder: WordLlamaEmbedder) -> Iterator[VectorStore]:
    client = connect(vector_engine.url, vector_engine.key)
    store = VectorStore(client, f"knowledge-{next(_numbers)}", embedder.dimensions, retry_s=None)
    store.ensure_collection()
    yield store
    client.delete_collection(store.collection)
    store.close()
