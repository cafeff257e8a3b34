"""The stand-in's faults: each kind fails as it says, before or after the effect, and alike under one seed."""

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.clickup_server.host import ClickUpHost, clickup_host
from tests.waiting import wait_until

HELD_S = 0.3


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickUpHost]:
    with clickup_host(tmp_path_factory.mktemp("clickup")) as host:
        yield host


@pytest.fixture
def host(running: ClickUpHost) -> Iterator[ClickUpHost]:
    yield running
    running.heal()
    running.lag(0)
    running.delay(0)
    running.limit(10_000)


@pytest.fixture
def api(host: ClickUpHost) -> Iterator[httpx.Client]:
    with host.api() as client:
        yield client


def comment(api: httpx.Client, task: str) -> httpx.Response:
    return api.post(f"/task/{task}/comment", json={"comment_text": "Words", "notify_all": False})


def comments(host: ClickUpHost, task: str) -> int:
    said = host.task(task)["comments"]
    assert isinstance(said, list)
    return len(said)


@pytest.mark.parametrize(("kind", "status"), [("429", 429), ("500", 500), ("502_html", 502), ("timeout_before", 504)])
def test_an_answer_that_fails_had_no_effect(host: ClickUpHost, api: httpx.Client, kind: str, status: int) -> None:
    task = host.create_task(kind)
    host.fail([{"kind": kind, "times": 1, "hold_s": HELD_S}])
    assert comment(api, task).status_code == status
    assert comments(host, task) == 0
    assert comment(api, task).is_success, "once only"


def test_a_time_out_after_the_effect_had_it(host: ClickUpHost, api: httpx.Client) -> None:
    task = host.create_task("After")
    host.fail([{"kind": "timeout_after", "times": 1, "hold_s": HELD_S}])
    assert comment(api, task).status_code == 504
    assert comments(host, task) == 1


@pytest.mark.parametrize(("kind", "effects"), [("reset_before", 0), ("reset_after", 1)])
def test_a_connection_is_reset_before_or_after(host: ClickUpHost, api: httpx.Client, kind: str, effects: int) -> None:
    task = host.create_task(kind)
    host.fail([{"kind": kind, "times": 1}])
    with pytest.raises(httpx.ReadError, match="reset"):
        comment(api, task)
    assert comments(host, task) == effects


@pytest.mark.parametrize(("kind", "effects"), [("timeout_before", 0), ("timeout_after", 1), ("slow", 1)])
def test_a_client_that_waits_no_longer_ends_the_hold(
    host: ClickUpHost, api: httpx.Client, kind: str, effects: int
) -> None:
    task = host.create_task(kind)
    host.fail([{"kind": kind, "times": 1, "hold_s": 60}])
    with pytest.raises(httpx.ReadTimeout), host.api(timeout=HELD_S) as hurried:
        comment(hurried, task)
    assert comments(host, task) == effects
    assert api.get("/user").is_success


def test_a_slow_answer_comes_in_the_end(host: ClickUpHost, api: httpx.Client) -> None:
    task = host.create_task("Slow")
    host.fail([{"kind": "slow", "times": 1, "hold_s": HELD_S}])
    began_s = time.monotonic()
    assert comment(api, task).is_success
    assert time.monotonic() - began_s >= HELD_S


def test_a_proxys_error_is_html_and_an_error_can_hide_an_effect(host: ClickUpHost, api: httpx.Client) -> None:
    task = host.create_task("Hidden effect")
    host.fail([{"kind": "502_html", "effect": True, "times": 1}])
    answer = comment(api, task)
    assert answer.headers["content-type"] == "text/html"
    assert answer.text.startswith("<html>")
    assert comments(host, task) == 1


def test_a_rule_hits_what_its_method_and_path_say(host: ClickUpHost, api: httpx.Client) -> None:
    task = host.create_task("Aimed at")
    host.fail([{"kind": "500", "method": "POST", "path": r"/task/\w+/comment$", "skip": 1}])
    assert api.get(f"/task/{task}/comment").is_success
    assert comment(api, task).is_success, "the first is spared"
    assert comment(api, task).status_code == 500
    host.heal()
    assert comment(api, task).is_success


def test_chance_is_settled_by_the_seed(host: ClickUpHost, api: httpx.Client) -> None:
    def run(seed: int) -> list[int]:
        host.fail([{"kind": "500", "probability": 0.5, "seed": seed}])
        return [api.get("/user").status_code for _ in range(30)]

    first = run(1)
    assert set(first) == {200, 500}
    assert run(1) == first
    assert run(2) != first


def test_a_rule_of_no_kind_is_refused(host: ClickUpHost) -> None:
    with pytest.raises(AssertionError, match="kind of fault"):
        host.fail([{"kind": "503"}])


def test_the_log_tells_every_request_with_its_fault(host: ClickUpHost, api: httpx.Client) -> None:
    task = host.create_task("Logged")
    since = len(host.requests())
    comment(api, task)
    host.fail([{"kind": "reset_after", "times": 1}])
    with pytest.raises(httpx.ReadError):
        comment(api, task)
    first, second = host.requests(since)
    assert (first["method"], first["path"], first["status"]) == ("POST", f"/api/v2/task/{task}/comment", 200)
    assert first["body"] == {"comment_text": "Words", "notify_all": False}
    assert (second["status"], second["fault"], second["number"]) == (None, "reset_after", since + 1)


def test_reads_lag_behind_writes_and_catch_up(host: ClickUpHost, api: httpx.Client) -> None:
    task = host.create_task("Lagging")
    host.lag(700)
    wait_until(lambda: api.get(f"/task/{task}").is_success, what="the task in a read")
    host.move(task, "in review")
    comment(api, task)
    assert host.task(task)["status"] == "in review"
    assert api.get(f"/task/{task}").json()["status"]["status"] == "to do"
    assert api.get(f"/task/{task}/comment").json()["comments"] == []
    tasks = api.get(f"/team/{host.team}/task", params={"statuses[]": "in review"}).json()["tasks"]
    assert task not in [one["id"] for one in tasks]
    wait_until(lambda: api.get(f"/task/{task}/comment").json()["comments"], what="the comment in a read")
    assert api.get(f"/task/{task}").json()["status"]["status"] == "in review"


def test_a_new_task_is_not_there_for_reads_that_lag(host: ClickUpHost, api: httpx.Client) -> None:
    host.lag(60_000)
    task = host.create_task("Too new")
    assert api.get(f"/task/{task}").status_code == 404
    assert api.get(f"/team/{host.team}/task").json()["tasks"] == []
    assert comment(api, task).is_success, "writes do not lag"


def test_every_answer_can_be_delayed(host: ClickUpHost, api: httpx.Client) -> None:
    host.delay(200)
    began_s = time.monotonic()
    assert api.get("/user").is_success
    assert time.monotonic() - began_s >= 0.2


def test_the_limit_counts_down_refuses_and_begins_anew(host: ClickUpHost, api: httpx.Client) -> None:
    host.limit(3, window_s=1.0)
    answers = [api.get("/user") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    refused = answers[-1]
    assert refused.json() == {"err": "Rate limit reached", "ECODE": "APP_002"}
    assert refused.headers["X-RateLimit-Limit"] == "3"
    reset_s = int(refused.headers["X-RateLimit-Reset"])
    assert 0 < reset_s - time.time() <= 2
    wait_until(lambda: time.time() >= reset_s, what="the end of the window")
    assert api.get("/user").is_success


def test_the_limit_is_each_tokens_own(host: ClickUpHost, api: httpx.Client) -> None:
    host.limit(1)
    assert [api.get("/user").status_code for _ in range(2)] == [200, 429]
    assert httpx.get(f"{host.url}/user", headers={"Authorization": "Bearer 183_standin_oauth"}).is_success


def test_a_429_that_is_switched_on_has_the_headers_of_a_real_one(host: ClickUpHost, api: httpx.Client) -> None:
    host.limit(100, window_s=2.0)
    host.fail([{"kind": "429", "times": 1}])
    answer = api.get("/user")
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert 0 < int(answer.headers["X-RateLimit-Reset"]) - time.time() <= 3
