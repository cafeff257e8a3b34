"""KX-11: a removal that is killed with -9, at whatever step, is finished by the next."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy import Engine

from resources.embedder.embedder import Embedder
from resources.ledger.sources import Source
from resources.vectors.store import VectorStore
from tests.engines import RunningEngine
from tests.resources.knowledge.indexing import TEXTS, embed
from tests.resources.knowledge.removing import assert_the_other_is_whole, left, remove
from tests.resources.ledger.making import OTHER, ready, registered
from tests.waiting import wait_until

REMOVER = """
import sys
from resources.knowledge.removal import remove_source
from resources.ledger import sources
from resources.ledger.engine import open_ledger
from resources.vectors.connection import connect
from resources.vectors.store import VectorStore

url, qdrant_url, key, collection = sys.argv[1:]
engine = open_ledger(url)
with engine.begin() as connection:
    source = sources.get(connection, "acme:site")
store = VectorStore(connect(qdrant_url, key, timeout_s=60), collection, 256, retry_s=None)
remove_source(engine, store, source, owner="removal 1", forget=lambda keys: None)
"""
ALIVE: Final = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'waybill'"
# What holds a removal up before it: the lock on a table, or a store that never answers.
STEPS: Final = {"mark": "batches", "points": None, "rows": "documents", "source": "dead_letters"}


@dataclass(frozen=True)
class Scene:
    """A source with documents and points, beside another client's with the same."""

    ledger: Engine
    url: str
    source: Source
    store: VectorStore
    engine: RunningEngine

    def backends(self, condition: str = "true") -> int:
        with psycopg.connect(self.url) as superuser:
            return len(superuser.execute(f"{ALIVE} AND {condition}".encode()).fetchall())


@pytest.fixture
def scene(
    ledger: Engine, ledger_url: str, embedder: Embedder, store: VectorStore, vector_engine: RunningEngine
) -> Scene:
    for client in (OTHER, None):
        source = registered(ledger, client=client) if client else registered(ledger)
        embed(ledger, ready(ledger, source, TEXTS), embedder, store)
    return Scene(ledger, ledger_url, source, store, vector_engine)


@contextmanager
def silent_store() -> Iterator[socket.socket]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        yield listener


@contextmanager
def locked(url: str, table: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """Nobody else reads or writes the table."""
    with psycopg.connect(url) as connection:
        connection.execute(f"LOCK TABLE waybill.{table} IN ACCESS EXCLUSIVE MODE".encode())
        yield connection


def kill_before(step: str, scene: Scene) -> None:
    """Start a removal that cannot take ``step``, and kill it with -9 there."""
    table = STEPS[step]
    with silent_store() as listener, locked(scene.url, table) if table else nullcontext():
        silent_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        store = scene.engine.url if table else silent_url
        command = [sys.executable, "-c", REMOVER, scene.url, store, scene.engine.key, scene.store.collection]
        with subprocess.Popen(command) as child:
            try:
                if table:
                    wait_until(lambda: scene.backends("wait_event_type = 'Lock'"), 30, f"the removal before {step}")
                else:
                    connection, _ = listener.accept()
                    assert connection.recv(4) == b"POST"
                    child.kill()
                    connection.close()
            finally:
                child.kill()
    wait_until(lambda: not scene.backends(), 30, "the end of the killed removal in the database")


@pytest.mark.parametrize(
    ("step", "documents", "points"), [("mark", 3, 6), ("points", 3, 6), ("rows", 3, 0), ("source", 0, 0)]
)
def test_KX_11_a_removal_killed_with_9_is_finished_by_the_next(
    scene: Scene, step: str, documents: int, points: int
) -> None:
    scene.ledger.dispose()
    kill_before(step, scene)
    still = left(scene.ledger, scene.store, scene.source)
    assert (still.get("documents", 0), still.get("points", 0)) == (documents, points)
    assert still["sources"] == still["batches"] == 1

    remove(scene.ledger, scene.store, scene.source)

    assert left(scene.ledger, scene.store, scene.source) == {}
    assert_the_other_is_whole(scene.ledger, scene.store)
