"""Models of the optional package fastembed, run on this machine; each is downloaded when it is first opened."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

import numpy as np

from resources.embedder.embedder import EmbedderMisconfiguredError, Vectors, encodable, unit_rows

TEXTS_A_CALL: Final = 64


class FastEmbedEmbedder:
    """A text model of fastembed, by its name there, such as ``BAAI/bge-small-en-v1.5``."""

    def __init__(self, model: str) -> None:
        """Load the model.

        Raises:
            EmbedderMisconfiguredError: the package is not installed, or does not know or cannot get the model.
        """
        where = f"WAYBILL_EMBEDDER=fastembed:{model}"
        if find_spec("fastembed") is None:
            raise EmbedderMisconfiguredError(
                where,
                expected="the package fastembed",
                found="none",
                remedy="Install the extra: pip install 'waybill[fastembed]'.",
            )
        from fastembed import TextEmbedding

        try:
            self._embedding = TextEmbedding(model)
        except (ValueError, OSError) as error:
            raise EmbedderMisconfiguredError(
                where,
                expected="a model that fastembed knows and can download",
                found=str(error)[:300],
                remedy="Choose one of fastembed.TextEmbedding.list_supported_models().",
            ) from error
        self._model = model
        self._dimensions = int(self._embedding.embedding_size)

    @property
    def model(self) -> str:
        """The model's name in fastembed."""
        return self._model

    @property
    def dimensions(self) -> int:
        """How long each vector is."""
        return self._dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, in order; what exceeds the model's context is cut off by it."""
        rows = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        vectors = self._embedding.embed([encodable(text) for text in texts], batch_size=TEXTS_A_CALL)
        for row, vector in zip(rows, vectors, strict=True):
            row[:] = vector
        return unit_rows(rows)
