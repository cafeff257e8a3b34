"""What an embedder is, and how it fails."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from resources.domain.errors import PermanentError, TransientError, WaybillError

Vectors = NDArray[np.float32]


class EmbedderUnavailableError(TransientError):
    """No text can be embedded now; that is no text's fault."""


class EmbedderMisconfiguredError(WaybillError):
    """No text can be embedded until a person changes a setting; that is no text's fault, so it is no PermanentError."""


class TextRefusedError(PermanentError):
    """The model refuses something in these texts; halving them finds which."""


class Embedder(Protocol):
    """Turns texts into vectors whose inner product is their likeness. Safe to share by threads."""

    @property
    def model(self) -> str:
        """Names the vector space: two vectors compare only under one name."""
        ...

    @property
    def dimensions(self) -> int:
        """How long each vector is. May ask the server once; raises as ``embed`` does."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, in order.

        Returns:
            float32 of shape ``(len(texts), dimensions)``. Rows have length 1, or are zero where a text holds nothing
            that the model knows; never NaN.

        Raises:
            TextRefusedError: one of the texts is refused.
            EmbedderUnavailableError: the model cannot be reached.
            EmbedderMisconfiguredError: key, address or model name are wrong.
        """
        ...


def encodable(text: str) -> str:
    """``text`` without lone surrogates, which no tokeniser and no server takes."""
    return text.encode("utf-8", "replace").decode()


def unit_rows(rows: Vectors) -> Vectors:
    """Scale each row to length 1, in place; rows of length zero, or that are not numbers, become zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    usable = np.isfinite(lengths) & (lengths > 0)
    np.divide(rows, lengths, out=rows, where=usable)
    rows[~usable[:, 0]] = 0
    return rows
