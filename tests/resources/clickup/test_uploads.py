"""A file goes out piece by piece, under its own name, whole or not at all."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.clickup import multipart
from resources.clickup.errors import ClickUpRefusedError, ClickUpUnclearError, ClickUpUnreachableError
from resources.clickup.multipart import FileChangedError, Upload, UploadSlowError
from tests.clickup_server.host import ROOT, ClickUpHost, clickup_host
from tests.resources.clickup.calling import Unmetered, client_of
from tests.resources.clickup.canned import Reply, answering

ATTACHED = b'{"id": "a", "title": "report.pdf", "date": 1569988578766}'
ME = b'{"user": {"id": 183}}'
LARGE_BYTES = 200_000_000


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickUpHost]:
    with clickup_host(tmp_path_factory.mktemp("clickup"), per_minute=1_000_000) as host:
        yield host


def test_memory_does_not_grow_with_the_file_AP_6(tmp_path: Path) -> None:
    file = tmp_path / "large.pdf"
    with file.open("wb") as content:
        content.truncate(LARGE_BYTES)
    with answering(Reply(ME), Reply(ATTACHED)) as server:
        command = [sys.executable, "-m", "tests.resources.clickup.calling", "attach", server.url, str(file)]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout
    peak = json.loads(told)
    assert server.received_bytes > LARGE_BYTES
    assert peak["after_kib"] - peak["before_kib"] < 20_000


@pytest.mark.parametrize(
    "name", ["note.md", 'Größe und "Maß".md', "with\r\nX-Header: 1.md", "back\\slash;a=b.md", "木.md"]
)
def test_a_file_arrives_byte_for_byte_under_its_name(host: ClickUpHost, name: str) -> None:
    task, content = host.create_task("Attach"), bytes(range(256)) * 1_000 + b"\r\n--\r\n"
    with client_of(host.url, host.token) as client:
        made = client.attach(task, name, io.BytesIO(content), len(content), "text/markdown")
        listed = client.task(task)
    assert listed is not None
    assert [(one.id, one.size) for one in listed.attachments] == [(made.id, len(content))]
    assert made.title == "".join(each if each.isprintable() else " " for each in name)
    assert host.attachment(task, made.id) == content


def test_it_begins_where_the_file_stands(host: ClickUpHost) -> None:
    task, content = host.create_task("Attach"), io.BytesIO(b"head and body")
    content.seek(9)
    with client_of(host.url, host.token) as client:
        made = client.attach(task, "body.txt", content, 4, "text/plain")
    assert host.attachment(task, made.id) == b"body"


@pytest.mark.parametrize("told_bytes", [2, 4])
def test_a_file_of_another_size_is_broken_off_and_not_attached(host: ClickUpHost, told_bytes: int) -> None:
    task = host.create_task("Attach")
    with (
        client_of(host.url, host.token) as client,
        pytest.raises(FileChangedError, match=f"expected {told_bytes} bytes"),
    ):
        client.attach(task, "x.txt", io.BytesIO(b"abc"), told_bytes, "text/plain")
    assert host.task(task)["attachments"] == []


def test_a_refused_upload_is_sent_whole_once_more_after_429(host: ClickUpHost) -> None:
    task = host.create_task("Attach")
    host.limit(1_000_000, window_s=1)
    host.fail([{"kind": "429", "method": "POST", "times": 1}])
    with client_of(host.url, host.token) as client:
        made = client.attach(task, "x.txt", io.BytesIO(b"abc"), 3, "text/plain")
    assert host.attachment(task, made.id) == b"abc"


class Pipe(io.RawIOBase):
    """Can be read once only."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._left = content

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece, self._left = self._left[:size], self._left[size:]
        return piece


def test_what_can_be_read_once_only_is_sent_once_only() -> None:
    busy = Reply(b'{"err": "Rate limit reached", "ECODE": "APP_002"}', 429, {"Retry-After": "0"})
    with answering(busy, Reply(ATTACHED)) as server, client_of(server.url) as client:
        with pytest.raises(Exception, match="Rate limit reached"):
            client.attach("9hx", "x.txt", Pipe(b"abc"), 3, "text/plain")
        assert len(server.asked) == 1


def test_the_budget_knows_how_long_a_large_upload_may_take() -> None:
    budget = Unmetered()
    with answering(Reply(ME), Reply(ATTACHED)) as server, client_of(server.url, budget=budget) as client:
        client.user()
        client.attach("9hx", "x.txt", io.BytesIO(bytes(1_000_000)), 1_000_000, "text/plain")
    (short_s, _), (long_s, _) = budget.calls
    assert long_s - short_s == multipart.upload_limit_s(1_000_000)


def test_an_upload_that_the_server_refuses_midway_is_refused() -> None:
    full = Reply(b'{"err": "Storage full", "ECODE": "GBUSED_005"}', 400, {"Connection": "close"}, early=True)
    size = 30_000_000
    with answering(full) as server, client_of(server.url) as client:
        with pytest.raises((ClickUpRefusedError, ClickUpUnclearError)) as refused:
            client.attach("9hx", "x.bin", io.BytesIO(bytes(size)), size, "application/octet-stream")
        assert not isinstance(refused.value, ClickUpUnreachableError)
        assert server.received_bytes < size


def test_bytes_that_leave_too_slowly_are_given_up() -> None:
    upload = Upload("x.bin", io.BytesIO(bytes(200_000)), 200_000, "application/octet-stream")
    upload.limit_s = 0.0
    pieces = upload.pieces()
    next(pieces)
    with pytest.raises(UploadSlowError, match="of 200000 bytes"):
        next(pieces)


def test_a_hostile_media_type_makes_no_header() -> None:
    body = b"".join(Upload("x", io.BytesIO(b""), 0, "text/plain\r\nX: 1").pieces())
    assert b"X: 1" not in body
    assert b"application/octet-stream" in body
