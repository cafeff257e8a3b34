import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.embedder.wordllama import MODEL, TEXTS_A_CALL, TOKENS_A_SUM, WordLlamaEmbedder


@pytest.fixture(scope="module")
def embedder() -> WordLlamaEmbedder:
    return WordLlamaEmbedder()


def test_it_says_which_space_its_vectors_are_of(embedder: WordLlamaEmbedder) -> None:
    assert (embedder.model, embedder.dimensions) == (MODEL, 256)
    assert embedder.embed([]).shape == (0, 256)


@given(
    st.lists(
        st.one_of(
            st.text(), st.text(st.characters(exclude_categories=())), st.sampled_from(["", " ", "\0", "\ud800", "🎉"])
        )
    )
)
@settings(max_examples=100, deadline=None)
def test_every_row_has_length_one_or_is_zero(texts: list[str]) -> None:
    rows = SHARED.embed(texts)
    assert (rows.shape, rows.dtype) == ((len(texts), 256), np.float32)
    lengths = np.linalg.norm(rows, axis=1)
    assert np.all(np.isclose(lengths, 1, atol=1e-5) | (lengths == 0))
    assert all(length > 0 for text, length in zip(texts, lengths, strict=True) if text.strip())


SHARED = WordLlamaEmbedder()


def test_a_texts_vector_does_not_depend_on_its_neighbours(embedder: WordLlamaEmbedder) -> None:
    texts = ["short", "", "a much longer text " * 200, "middle sized words"] * TEXTS_A_CALL
    together = embedder.embed(texts)
    alone = np.concatenate([embedder.embed([text]) for text in texts[:4]])
    assert np.allclose(together, np.tile(alone, (TEXTS_A_CALL, 1)), atol=1e-6)


def test_of_a_very_long_text_every_token_counts(embedder: WordLlamaEmbedder) -> None:
    text = " ".join(map(str, range(2 * TOKENS_A_SUM)))
    (tokens,) = embedder._tokens.of([text])
    assert len(tokens) > 2 * TOKENS_A_SUM
    exact = embedder._vectors[tokens].sum(axis=0, dtype=np.float64)
    assert np.allclose(embedder.embed([text])[0], exact / np.linalg.norm(exact), atol=3e-6)


def test_likeness_follows_meaning(embedder: WordLlamaEmbedder) -> None:
    query, near, far = embedder.embed(["wing lift", "the lift of an aircraft's wings", "a recipe for apple cake"])
    assert query @ near > query @ far + 0.2


def test_threads_share_one_embedder(embedder: WordLlamaEmbedder) -> None:
    texts = [f"text number {n}" for n in range(100)]
    expected = embedder.embed(texts)
    results: list[bool] = []
    threads = [
        threading.Thread(target=lambda: results.append(np.allclose(embedder.embed(texts), expected))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 4


COMPARE = """
import sys, warnings
import numpy as np
from resources.embedder.wordllama import WordLlamaEmbedder
texts = ["The wing's lift.", "a", "  two  spaces\\n\\nand lines", "é 🎉 日本", "<s> not special", "word " * 700]
ours = WordLlamaEmbedder().embed(texts)
assert "wordllama" not in sys.modules
import logging
assert not logging.getLogger().handlers
import wordllama
from pathlib import Path
package = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
print(float(np.abs(ours - package.embed(texts, norm=True)).max()))
"""


def test_the_vectors_are_those_of_the_package_without_its_import() -> None:
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", COMPARE], cwd=root, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 1e-6
