"""What the embedded engine refuses: by name, in Qdrant's shape, and with nothing stored."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.engines import RunningEngine, running_engine
from tests.orchestration.hosting.engine_asking import ask, opened, points
from tests.resources.vectors.samples import DIMENSIONS, Sample, store_samples


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    with running_engine(tmp_path_factory.mktemp("engine") / "vectors") as running:
        store = opened(running)
        store.ensure_collection()
        store_samples(store, [Sample(1, "cargo", axis=1), Sample(2, "vessel", axis=2)])
        store.close()
        yield running


def test_health_and_version_need_no_key(engine: RunningEngine) -> None:
    assert httpx.get(f"{engine.url}/healthz").status_code == 200
    assert httpx.get(engine.url).json()["version"].startswith("1.")


@pytest.mark.parametrize("key", ["", "wrong"])
def test_every_other_route_needs_the_key(engine: RunningEngine, key: str) -> None:
    for method, path in [
        ("GET", "/collections"),
        ("POST", "/collections/points/points/count"),
        ("PUT", "/collections/x"),
    ]:
        answer = ask(engine, method, path, {}, **{"api-key": key})
        assert answer.status_code == 401
        assert "api-key" in answer.json()["status"]["error"]
        assert engine.key not in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/collections/points/points/payload"),
        ("PUT", "/collections/points/points/vectors"),
        ("POST", "/collections/points/points/search"),
        ("POST", "/collections/points/points/recommend"),
        ("POST", "/collections/points/snapshots"),
        ("DELETE", "/collections/points/index/client"),
        ("PATCH", "/collections/points"),
        ("GET", "/cluster"),
    ],
)
def test_a_route_that_it_lacks_is_refused_by_name(engine: RunningEngine, method: str, path: str) -> None:
    answer = ask(engine, method, path, {})
    assert answer.status_code == 404
    assert f"{method} {path}" in answer.json()["status"]["error"]


CONDITION = "/collections/points/points/count"
QUERY = "/collections/points/points/query"
UPSERT = "/collections/points/points"


@pytest.mark.parametrize(
    ("method", "path", "body", "named"),
    [
        ("POST", CONDITION, {"shard_key": "a"}, "shard_key"),
        ("POST", CONDITION, {"filter": {"min_should": {}}}, "min_should"),
        ("POST", CONDITION, {"filter": {"must": [{"key": "n", "range": {"gt": 1}}]}}, "range"),
        ("POST", CONDITION, {"filter": {"must": [{"key": "n", "match": {"text": "a"}}]}}, "text"),
        ("POST", CONDITION, {"filter": {"must": [{"key": "n", "match": {"except": ["a"]}}]}}, "except"),
        ("POST", CONDITION, {"filter": {"must": [{"is_empty": {"key": "n"}}]}}, "is_empty"),
        ("POST", CONDITION, {"filter": {"must": [{"nested": {}}]}}, "nested"),
        ("POST", QUERY, {"query": {"recommend": {}}}, "recommend"),
        ("POST", QUERY, {"query": {"order_by": "n"}}, "order_by"),
        ("POST", QUERY, {"query": {"fusion": "rrf"}}, "fusion"),
        ("POST", QUERY, {"query": {"nearest": [1], "mmr": {}}}, "mmr"),
        ("POST", QUERY, {"query": [1], "score_threshold": 1}, "score_threshold"),
        ("POST", QUERY, {"query": [1], "params": {"hnsw_ef": 1}}, "hnsw_ef"),
        ("POST", QUERY, {"query": [1], "with_payload": {"include": ["a"]}}, "with_payload"),
        ("POST", QUERY, {"prefetch": [{"query": [1]}], "query": [1]}, "prefetch"),
        ("POST", "/collections/points/points/scroll", {"order_by": "n"}, "order_by"),
        ("POST", "/collections/points/points/delete", {"vector": ["dense"]}, "vector"),
        ("PUT", UPSERT, {"points": [], "update_filter": {}}, "update_filter"),
        ("PUT", UPSERT, {"batch": {"ids": [], "vectors": {"dense": []}, "x": 1}}, "x"),
        ("PUT", UPSERT, {"points": [{"id": 1, "vector": {"colour": [1]}}]}, "colour"),
        ("PUT", f"{UPSERT}?ordering=strong", {"points": []}, "ordering"),
        ("PUT", f"{UPSERT}?wait=false", {"points": []}, "wait=false"),
        ("PUT", "/collections/points/index", {"field_name": "n", "field_schema": "geo"}, "field_schema"),
        (
            "PUT",
            "/collections/points/index",
            {"field_name": "n", "field_schema": {"type": "uuid", "nested": "a"}},
            "nested",
        ),
        ("PUT", "/collections/y", {"vectors": {"a": {"size": 4, "distance": "Dot", "on_disk": True}}}, "on_disk"),
        (
            "PUT",
            "/collections/y",
            {"vectors": {"a": {"size": 4, "distance": "Dot"}}, "shard_number": 2},
            "shard_number",
        ),
        ("PUT", "/collections/..%2Fy", {"vectors": {"a": {"size": 4, "distance": "Dot"}}}, ""),
    ],
)
def test_what_it_does_not_know_is_refused_by_name(
    engine: RunningEngine, method: str, path: str, body: Any, named: str
) -> None:
    answer = ask(engine, method, path, body)
    assert 400 <= answer.status_code < 500, answer.text
    assert named in answer.json()["status"]["error"]
    assert points(engine) == 2


GOOD = {"id": 1, "vector": {"dense": [1] * DIMENSIONS}}


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        ({"id": 2, "vector": {"dense": [1, 2]}}, "point 2"),
        ({"id": 2, "vector": {"dense": [1e300] * DIMENSIONS}}, "finite"),
        ({"id": 2, "vector": {"dense": ["a"] * DIMENSIONS}}, "numbers"),
        ({"id": 2, "vector": {"bm25": {"indices": [1, 1], "values": [1, 2]}}}, "each index once"),
        ({"id": 2, "vector": {"bm25": {"indices": [1], "values": [1, 2]}}}, "as many values"),
        ({"id": 2, "vector": {"bm25": {"indices": [-1], "values": [1]}}}, "indices from 0"),
        ({"id": "no-uuid", "vector": {"dense": [1] * DIMENSIONS}}, "no-uuid"),
        ({"id": 2, "vector": {"dense": [1] * DIMENSIONS}, "payload": [1]}, "payload"),
        ({"id": 2}, "vector"),
        (7, "points[1]"),
    ],
)
def test_one_wrong_point_refuses_the_request_and_stores_none(engine: RunningEngine, bad: Any, found: str) -> None:
    answer = ask(engine, "PUT", f"{UPSERT}?wait=true", {"points": [GOOD, bad]})
    assert answer.status_code == 400
    assert found in answer.json()["status"]["error"]
    assert points(engine) == 2


def test_a_body_that_is_no_json_or_too_large_is_refused(engine: RunningEngine) -> None:
    headers = {"api-key": engine.key}
    for path, method in [(UPSERT, "PUT"), (CONDITION, "POST")]:
        assert httpx.request(method, engine.url + path, content=b"{", headers=headers).status_code == 400
    chunked = httpx.put(engine.url + UPSERT, content=iter([b"{}"]), headers=headers)
    assert (chunked.status_code, "known length" in chunked.text) == (413, True)
