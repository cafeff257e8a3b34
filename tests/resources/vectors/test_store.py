"""What the store does when nobody answers, answers late, or says no."""

import socket
import threading
from pathlib import Path

import pytest

from resources.vectors.connection import connect
from resources.vectors.errors import PointRefusedError, VectorStoreRefusedError, VectorStoreUnavailableError
from resources.vectors.schema import collection_name
from resources.vectors.store import VectorStore, open_store
from tests.engines import RunningEngine, running_engine
from tests.resources.vectors.samples import DIMENSIONS, Sample, search, store_samples
from tests.waiting import wait_until


def opened(engine: RunningEngine, *, key: str | None = None, retry_s: float | None = None) -> VectorStore:
    return VectorStore(connect(engine.url, key or engine.key), "contract", DIMENSIONS, retry_s=retry_s)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_nobody_listening_is_an_outage() -> None:
    store = VectorStore(connect(f"http://127.0.0.1:{free_port()}"), "contract", DIMENSIONS, retry_s=None)
    with pytest.raises(VectorStoreUnavailableError, match="ConnectError") as outage:
        store.count()
    assert outage.value.retry_helps
    store.close()


def test_an_answer_that_does_not_come_is_an_outage() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        store = VectorStore(connect(url, timeout_s=1), "contract", DIMENSIONS, retry_s=None)
        with pytest.raises(VectorStoreUnavailableError, match="ReadTimeout"):
            store.ensure_collection()
        store.close()


def test_an_outage_blames_no_point(tmp_path: Path) -> None:
    with running_engine(tmp_path / "vectors") as engine:
        store = opened(engine)
        store.ensure_collection()
        engine.kill()
        with pytest.raises(VectorStoreUnavailableError) as outage:
            store_samples(store, [Sample(1)])
        assert not isinstance(outage.value, PointRefusedError)
        store.close()


def test_a_wrong_key_is_a_refusal_that_no_retry_helps(tmp_path: Path) -> None:
    with running_engine(tmp_path / "vectors") as engine:
        store = opened(engine, key="wrong", retry_s=60)
        with pytest.raises(VectorStoreRefusedError, match=r"401.*api-key") as refused:
            store.ensure_collection()
        assert not refused.value.retry_helps
        store.close()


def test_a_wrong_key_blames_no_point(tmp_path: Path) -> None:
    with running_engine(tmp_path / "vectors") as engine:
        store = opened(engine, key="wrong")
        with pytest.raises(VectorStoreRefusedError) as refused:
            store_samples(store, [Sample(1)])
        assert not isinstance(refused.value, PointRefusedError)
        store.close()


def test_an_upsert_outlasts_a_restart_of_the_engine(tmp_path: Path) -> None:
    folder = tmp_path / "vectors"
    port = free_port()
    with running_engine(folder, port=port) as engine:
        store = opened(engine, retry_s=30)
        store.ensure_collection()
        engine.kill()
    upserting = threading.Thread(target=store_samples, args=(store, [Sample(1)]))
    upserting.start()
    with running_engine(folder, port=port, key=engine.key):
        wait_until(lambda: not upserting.is_alive(), what="the upsert's end")
        assert store.count() == 1
        store.close()


def test_a_store_opened_by_model_makes_that_models_collection(tmp_path: Path) -> None:
    with running_engine(tmp_path / "vectors") as engine:
        store = open_store(engine.url, engine.key, "BAAI/bge small:en v1.5", DIMENSIONS)
        store.ensure_collection()
        store_samples(store, [Sample(1, "cargo")])
        assert store.collection == "waybill-baai-bge-small-en-v1.5"
        assert [found.id for found in search(store, "cargo")] == [Sample(1).id]
        store.close()


@pytest.mark.parametrize("model", ["wordllama", "wordllama-256", "../../etc/passwd", "Ünïcode/model", "a" * 40])
def test_a_collections_name_is_safe_for_every_store(model: str) -> None:
    name = collection_name(model)
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.-")
    assert "/" not in name
    assert not name.startswith(".")
