"""Bounds that the settings give to the assets."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """``max_document_bytes``: a larger document is recorded as failed and never read whole."""

    max_document_bytes: int
