"""The default embedder: averaged token vectors, whose weights ship in the wheel of wordllama. No network, no server.

Only the package's files are used, not its code: importing that configures the root logger, and its pooling pads every
text to the longest of its batch, which costs 7 times the time on texts of mixed length. The vectors are equal.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
from safetensors import safe_open
from tokenizers import Tokenizer

from resources.embedder.embedder import EmbedderMisconfiguredError, Vectors, encodable, unit_rows
from resources.embedder.word_tokens import WordTokens

MODEL: Final = "wordllama-l2-supercat-256"
WEIGHTS: Final = "weights/l2_supercat_256.safetensors"
VOCABULARY: Final = "tokenizers/l2_supercat_tokenizer_config.json"
TEXTS_A_CALL: Final = 256
"""So many texts are tokenised at once; bounds the memory of their tokens."""
TOKENS_A_SUM: Final = 8_192
"""Vectors of so many tokens are gathered at once, 8 MiB of them."""


class WordLlamaEmbedder:
    """256 dimensions; about 1 KB of memory a token while it works, 35 MB for the weights."""

    def __init__(self) -> None:
        """Load the weights, in about 0.1 s.

        Raises:
            EmbedderMisconfiguredError: the wheel is missing or holds no weights.
        """
        folder = _folder()
        self._tokens = WordTokens(Tokenizer.from_file(str(folder / VOCABULARY)))
        with safe_open(folder / WEIGHTS, framework="np") as weights:
            self._vectors: Vectors = weights.get_tensor("embedding.weight").astype(np.float32)

    @property
    def model(self) -> str:
        """Names package, configuration and length."""
        return MODEL

    @property
    def dimensions(self) -> int:
        """How long each vector is."""
        return int(self._vectors.shape[1])

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The mean of the vectors of a text's tokens, scaled to length 1; zero for an empty text. Refuses nothing."""
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(texts), TEXTS_A_CALL):
            tokens = self._tokens.of(map(encodable, texts[start : start + TEXTS_A_CALL]))
            for row, ids in zip(rows[start:], tokens, strict=False):
                self._add(row, ids)
        return unit_rows(rows)

    def _add(self, row: Vectors, tokens: list[int]) -> None:
        for start in range(0, len(tokens), TOKENS_A_SUM):
            some = tokens[start : start + TOKENS_A_SUM]
            row += np.ones(len(some), dtype=np.float32) @ self._vectors.take(some, axis=0)


def _folder() -> Path:
    spec = find_spec("wordllama")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    if folder is None or not (folder / WEIGHTS).is_file() or not (folder / VOCABULARY).is_file():
        raise EmbedderMisconfiguredError(
            "WAYBILL_EMBEDDER=wordllama",
            expected=f"the package wordllama with {WEIGHTS} and {VOCABULARY}",
            found=str(folder or "no such package"),
            remedy="Install the pinned requirements again.",
        )
    return folder
