"""The client of the vector store: one for each process, made once and shared by its threads."""

from typing import Final
from urllib.parse import urlsplit

import httpx
from qdrant_client import QdrantClient

TIMEOUT_S = 30
"""For connecting, and between any two bytes. The slowest request (1,024 points upserted) takes 0.2 s."""
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_CONNECTIONS = 8
_IDLE_S = 30.0
"""Shorter than servers keep an idle connection (the embedded engine 75 s), so that none is closed under a request."""


def connect(url: str, api_key: str | None = None, *, timeout_s: int = TIMEOUT_S) -> QdrantClient:
    """A client for ``url``; nothing is sent yet. Close it at the end of the process.

    The key goes as a header of ours because qdrant-client warns of any key over plain HTTP, which on loopback is right.
    Connections are kept, which qdrant-client does not do by itself on loopback.
    """
    return QdrantClient(
        url=url,
        headers={} if api_key is None else {"api-key": api_key},
        timeout=timeout_s,
        check_compatibility=False,
        trust_env=urlsplit(url).hostname not in _LOOPBACK,  # a proxy of the environment does not reach our loopback
        limits=httpx.Limits(
            max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS, keepalive_expiry=_IDLE_S
        ),
    )
