"""Artefacts in a store of objects: a real server of S3's kind on loopback, and what happens when it is away."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import s3fs
from moto.server import ThreadedMotoServer

from orchestration.hosting.parts import free_port
from resources.artefacts.remote import ArtefactsUrlError, RemoteArtefactStore, options_of
from resources.artefacts.store import ArtefactMissingError, ArtefactStore, ArtefactStoreUnavailableError
from resources.artefacts.stores import open_artefacts

NOTE = b"# A note\n"
UPLOAD = """
import json, sys
from resources.artefacts.remote import RemoteArtefactStore
def blocks():
    for number in range(40):
        yield bytes([number]) * 1_000_000
    print("all read", flush=True)
RemoteArtefactStore(sys.argv[1], json.loads(sys.argv[2])).put(blocks())
print("stored", flush=True)
"""

GROWTH = """
import json, resource, sys
from resources.artefacts.remote import RemoteArtefactStore
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
store = RemoteArtefactStore(sys.argv[1], json.loads(sys.argv[2]))
store.verify(store.put(b"first").content_hash)
before = peak()
kept = store.put(bytes([number]) * 1_000_000 for number in range(120))
assert store.verify(kept.content_hash)
print(peak() - before)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    served = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port("127.0.0.1"), verbose=False)
    served.start()
    try:
        yield f"http://127.0.0.1:{served._port}"
    finally:
        served.stop()


def options(url: str) -> dict[str, object]:
    return {"endpoint_url": url, "key": "test", "secret": "test"}


@pytest.fixture
def bucket(server: str) -> str:
    name = f"artefacts-{uuid4().hex[:8]}"
    s3fs.S3FileSystem(**options(server)).mkdir(name)
    return name


@pytest.fixture
def store(server: str, bucket: str) -> RemoteArtefactStore:
    return RemoteArtefactStore(f"s3://{bucket}/agency", options(server))


def names(server: str, bucket: str) -> list[str]:
    files = s3fs.S3FileSystem(**options(server), use_listings_cache=False)
    return sorted(str(path).rsplit("/", 1)[-1] for path in files.find(bucket))


def test_a_content_is_stored_under_its_hash_whatever_way_it_comes(
    store: RemoteArtefactStore, server: str, bucket: str, tmp_path: Path
) -> None:
    path = tmp_path / "note"
    path.write_bytes(NOTE)
    with path.open("rb") as stream:
        stored = [store.put(NOTE), store.put([NOTE[:3], NOTE[3:]]), store.put(stream)]
    assert len(set(stored)) == 1
    assert stored[0].content_hash == hashlib.sha256(NOTE).hexdigest()
    assert names(server, bucket) == [stored[0].content_hash]
    with store.open(stored[0].content_hash) as found:
        assert found.read() == NOTE
    assert store.verify(stored[0].content_hash)


def test_cb10_what_was_damaged_is_seen_and_stored_again_it_is_whole(
    store: RemoteArtefactStore, server: str, bucket: str
) -> None:
    kept = store.put(NOTE)
    files = s3fs.S3FileSystem(**options(server), use_listings_cache=False)
    (path,) = files.find(bucket)
    files.pipe_file(path, b"X" * len(NOTE))
    assert not store.verify(kept.content_hash)
    store.put(NOTE)
    assert store.verify(kept.content_hash)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "ab", "A" * 64, "0" * 64])
def test_what_is_not_there_or_no_hash_is_refused(store: RemoteArtefactStore, name: str) -> None:
    with pytest.raises(ArtefactMissingError):
        store.open(name)
    assert not store.verify(name)


def test_ap6_a_large_file_does_not_fit_into_memory_and_need_not(store: RemoteArtefactStore, server: str) -> None:
    command = [sys.executable, "-c", GROWTH, store.url, json.dumps(options(server))]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert int(ended.stdout) < 80, f"{ended.stdout} MB for a file of 120 MB"


def test_a_killed_upload_leaves_nothing_under_a_name_and_a_repeat_stores_it(
    store: RemoteArtefactStore, server: str, bucket: str
) -> None:
    command = [sys.executable, "-c", UPLOAD, store.url, json.dumps(options(server))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "all read\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    content = [bytes([number]) * 1_000_000 for number in range(40)]
    name = hashlib.sha256(b"".join(content)).hexdigest()
    assert names(server, bucket) in ([], [name])
    assert names(server, bucket) == [] or store.verify(name), "what is there is whole"
    assert store.put(content).content_hash == name
    assert store.verify(name)


def test_a_server_that_is_away_is_a_transient_error_in_bounded_time(bucket: str) -> None:
    away = RemoteArtefactStore(f"s3://{bucket}", options(f"http://127.0.0.1:{free_port('127.0.0.1')}"))
    begun = time.monotonic()
    with pytest.raises(ArtefactStoreUnavailableError, match="WAYBILL_ARTEFACTS_URL") as told:
        away.put(NOTE)
    with pytest.raises(ArtefactStoreUnavailableError):
        away.verify("0" * 64)
    assert time.monotonic() - begun < 60
    assert "secret" not in str(told.value)


def test_a_url_says_where_they_are_kept(tmp_path: Path) -> None:
    assert open_artefacts(tmp_path, None, None).folder == tmp_path
    local = open_artefacts(tmp_path / "a", f"file://{tmp_path}/b", None)
    assert (type(local), local.folder) == (ArtefactStore, tmp_path / "b")
    assert isinstance(open_artefacts(tmp_path, "s3://bucket/x", '{"key": "k"}'), RemoteArtefactStore)


@pytest.mark.parametrize("url", ["memory://x", "nosuch://x", "data://x"])
def test_a_store_that_cannot_be_is_refused_by_its_name(tmp_path: Path, url: str) -> None:
    with pytest.raises(ArtefactsUrlError, match=url.split(":", maxsplit=1)[0]):
        open_artefacts(tmp_path, url, None)


@pytest.mark.parametrize("text", ["no json", "[1]", '"secret"'])
def test_options_that_are_none_are_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ArtefactsUrlError) as refused:
        options_of(text)
    assert text not in str(refused.value)
