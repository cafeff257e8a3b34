import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from resources.sources.errors import (
    DocumentChangingError,
    DocumentForbiddenError,
    DocumentTooLargeError,
    DocumentVanishedError,
    NotADocumentError,
    UriUnsupportedError,
)
from resources.sources.fetch import CHUNK_BYTES, fetch
from resources.sources.folder import list_file
from tests.resources.sources.permissions import as_nobody
from tests.waiting import wait_until

LIMIT = 10 * CHUNK_BYTES


def test_the_bytes_come_with_the_fingerprint_that_the_listing_saw(tmp_path: Path) -> None:
    path = tmp_path / "a b\n.txt"
    content = os.urandom(2 * CHUNK_BYTES + 1)
    path.write_bytes(content)
    listed = list_file(path)
    got = fetch(listed.uri, max_bytes=LIMIT)
    assert got.content == content
    assert got.fingerprint == listed.fingerprint


@pytest.mark.parametrize("size", [0, 1, 100])
def test_a_document_of_just_the_limit_is_read_and_one_byte_more_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * size)
    assert len(fetch(path.as_uri(), max_bytes=size).content) == size
    path.write_bytes(b"x" * (size + 1))
    with pytest.raises(DocumentTooLargeError, match=f"at most {size} bytes; found {size + 1} bytes"):
        fetch(path.as_uri(), max_bytes=size)


def test_a_file_larger_than_memory_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(DocumentTooLargeError, match="1099511627776 bytes"):
        fetch(path.as_uri(), max_bytes=LIMIT)


def test_a_file_that_holds_more_than_it_says_is_not_read_beyond_the_limit() -> None:
    with pytest.raises(DocumentTooLargeError, match="found 11 bytes"):
        fetch("file:///proc/self/status", max_bytes=10)


@contextmanager
def growing(path: Path) -> Iterator[None]:
    """A writer that never stops."""
    done = threading.Event()
    ready = threading.Event()

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            while not done.is_set():
                file.write(b"x")
                ready.set()

    writer = threading.Thread(target=write)
    writer.start()
    ready.wait()
    try:
        yield
    finally:
        done.set()
        writer.join()


def test_bytes_of_a_file_that_is_written_to_meanwhile_are_never_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 4 * CHUNK_BYTES)
    outcomes: list[int | DocumentChangingError] = []

    def fetch_until_changed() -> bool:
        try:
            got = fetch(path.as_uri(), max_bytes=1000 * CHUNK_BYTES)
            outcomes.append(int(got.fingerprint.split("-")[0]) - len(got.content))
        except DocumentChangingError as error:
            outcomes.append(error)
        return isinstance(outcomes[-1], DocumentChangingError)

    with growing(path):
        wait_until(fetch_until_changed, what="a file that changed during every read")
    assert isinstance(outcomes[-1], DocumentChangingError)
    assert outcomes[-1].retry_helps
    assert not any(outcomes[:-1])  # what was taken before had the size of its fingerprint


def test_what_is_no_file_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "file.txt").write_text("x")
    (tmp_path / "link.txt").symlink_to(tmp_path / "file.txt")
    for name in ("pipe.txt", "link.txt", "."):
        with pytest.raises(NotADocumentError, match="expected a regular file"):
            fetch((tmp_path / name).as_uri(), max_bytes=LIMIT)
    with pytest.raises(NotADocumentError):
        fetch("file:///dev/zero", max_bytes=LIMIT)


@pytest.mark.parametrize("below", ["gone.txt", "file.txt/below.txt"])
def test_a_document_that_vanished_says_so(tmp_path: Path, below: str) -> None:
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(DocumentVanishedError) as caught:
        fetch((tmp_path / below).as_uri(), max_bytes=LIMIT)
    assert caught.value.retry_helps


@pytest.mark.parametrize(
    "uri", ["https://acme.example/a", "file://host/a", "file:a.txt", "/a.txt", "file:///a%00b", ""]
)
def test_other_addresses_are_refused(uri: str) -> None:
    with pytest.raises(UriUnsupportedError, match="file:///absolute/path"):
        fetch(uri, max_bytes=LIMIT)


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x")
    path.chmod(0)
    with pytest.raises(DocumentForbiddenError, match="Permission denied") as caught:
        as_nobody(lambda: fetch(path.as_uri(), max_bytes=LIMIT))
    assert caught.value.retry_helps
