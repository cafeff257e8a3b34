from importlib.util import find_spec

import pytest

from resources.embedder.embedder import EmbedderMisconfiguredError
from resources.embedder.embedders import open_embedder
from resources.embedder.openai import OpenAIEmbedder
from tests.resources.embedder.model_server import DIMENSIONS, model_server


def test_the_default_needs_nothing() -> None:
    assert open_embedder("wordllama").embed(["words"]).shape == (1, 256)


def test_a_model_behind_a_url_is_opened_by_its_name() -> None:
    with model_server() as server:
        embedder = open_embedder("openai:org/model:latest", server.url, "key")
        assert isinstance(embedder, OpenAIEmbedder)
        assert (embedder.model, embedder.dimensions) == ("org/model:latest", DIMENSIONS)
        embedder.close()
        assert server.requests[0]["model"] == "org/model:latest"
        assert server.keys == ["Bearer key"]


@pytest.mark.parametrize("name", ["", "wordllama:x", "openai:", "openai:small", "fastembed", "fastembed:", "bert"])
def test_what_is_no_embedder_is_refused_with_what_is(name: str) -> None:
    with pytest.raises(EmbedderMisconfiguredError, match="wordllama, fastembed:MODEL, or openai:MODEL"):
        open_embedder(name)


@pytest.mark.skipif(find_spec("fastembed") is not None, reason="the extra is installed")
def test_a_missing_extra_says_how_to_install_it() -> None:
    with pytest.raises(EmbedderMisconfiguredError, match=r"pip install 'waybill\[fastembed\]'"):
        open_embedder("fastembed:BAAI/bge-small-en-v1.5")
