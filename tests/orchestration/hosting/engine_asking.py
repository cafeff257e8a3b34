"""Plain requests to a running engine, past the client."""

from typing import Any

import httpx

from resources.vectors.connection import connect
from resources.vectors.store import VectorStore
from tests.engines import RunningEngine
from tests.resources.vectors.samples import DIMENSIONS


def opened(engine: RunningEngine) -> VectorStore:
    return VectorStore(connect(engine.url, engine.key), "points", DIMENSIONS, retry_s=None)


def ask(engine: RunningEngine, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    return httpx.request(method, engine.url + path, json=body, headers={"api-key": engine.key} | headers, timeout=30)


def points(engine: RunningEngine) -> int:
    count: int = ask(engine, "POST", "/collections/points/points/count", {}).json()["result"]["count"]
    return count


def segments(engine: RunningEngine) -> int:
    count: int = ask(engine, "GET", "/collections/points").json()["result"]["segments_count"]
    return count
