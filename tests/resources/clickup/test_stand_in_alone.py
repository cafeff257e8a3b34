"""The stand-in alone: what it tells a person, its page, and its end with whoever started it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.clickup_server.host import ROOT, ClickUpHost, clickup_host
from tests.waiting import wait_until


@pytest.fixture
def host(tmp_path: Path) -> Iterator[ClickUpHost]:
    with clickup_host(tmp_path) as host:
        yield host


def test_a_person_is_told_how_to_point_waybill_to_it() -> None:
    command = [sys.executable, "-m", "tests.clickup_server", "--port", "0", "--real-limits"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = "".join(iter(process.stdout.readline, "Everything is in memory: it is gone when this ends (Ctrl+C).\n"))
        settings = dict(re.findall(r"(WAYBILL_CLICKUP_\w+)=(\S+)", told))
        header = {"Authorization": settings["WAYBILL_CLICKUP_TOKEN"]}
        answer = httpx.get(f"{settings['WAYBILL_CLICKUP_URL']}/team", headers=header, trust_env=False)
        assert answer.headers["X-RateLimit-Limit"] == "100"
        assert f'team = "{answer.json()["teams"][0]["id"]}"' in told
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_it_ends_with_whoever_started_it() -> None:
    command = [sys.executable, "-m", "tests.clickup_server", "--port", "0", "--json", "--until-eof"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"{")
    process.stdin.close()
    wait_until(lambda: process.poll() is not None, what="the end of the stand-in")
    process.stdout.close()


def test_it_starts_again_on_the_port_that_it_had(tmp_path: Path) -> None:
    with clickup_host(tmp_path) as first:
        port = httpx.URL(first.url).port
    assert port is not None
    with clickup_host(tmp_path, port=port) as second:
        assert second.url == first.url


def test_a_person_makes_a_task_moves_it_and_comments_on_it(host: ClickUpHost) -> None:
    page = host.client.get("/").text
    field = re.search(r'Task type <select name="([\w-]+)"', page)
    assert field is not None
    form = {"name": "<b>Press</b>", "description": "One\r\nTwo", "list_id": f"{host.list_id} Content"}
    made = host.client.post("/tasks", data=form | {field[1]: "press_release"})
    place = made.headers["location"]
    host.client.post(f"{place}/status", data={"status": "in review"})
    host.client.post(f"{place}/comments", data={"text": "<script>alert(1)</script>"})
    task = host.task(place.removeprefix("/t/"))
    assert (task["name"], task["description"], task["status"]) == ("<b>Press</b>", "One\nTwo", "in review")
    assert task["fields"] == {"Task type": "press_release", "Client": None, "Auto execute": None}
    shown = host.client.get(place).text
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown + host.client.get("/").text
    assert "&lt;b&gt;Press&lt;/b&gt;" in host.client.get("/").text


def test_the_page_hands_out_files_as_downloads(host: ClickUpHost) -> None:
    task = host.create_task("Filed")
    with host.api() as api:
        api.post(f"/task/{task}/attachment", files={"attachment": ("a.html", b"<script>")})
    link = re.search(r'href="(/attachments/[^"]+)"', host.client.get(f"/t/{task}").text)
    assert link is not None
    answer = host.client.get(link[1])
    assert answer.content == b"<script>"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_task_that_is_not_there_has_a_page_that_says_so(host: ClickUpHost) -> None:
    assert host.client.get("/t/nope").status_code == 404
    task = host.create_task("Gone")
    host.delete(task)
    assert "Deleted" in host.client.get(f"/t/{task}").text
    assert host.client.post(f"/t/{task}/comments", data={"text": "?"}).status_code == 404
