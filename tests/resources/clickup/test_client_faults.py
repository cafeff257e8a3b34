"""What is repeated, what is not, and what each failure is called (CB-3)."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from resources.clickup import calls
from resources.clickup.client import ClickUpClient
from resources.clickup.errors import (
    ClickUpAnswerError,
    ClickUpBusyError,
    ClickUpCredentialsError,
    ClickUpError,
    ClickUpRefusedError,
    ClickUpUnclearError,
    ClickUpUnreachableError,
)
from resources.domain.errors import PermanentError, TransientError
from tests.clickup_server.host import ClickUpHost, clickup_host
from tests.resources.clickup.calling import TOKEN, Unmetered, client_of
from tests.resources.clickup.canned import Reply, answering

FAULTS = ["500", "502_html", "timeout_before", "timeout_after", "reset_before", "reset_after", "slow"]
HAPPENS = {"timeout_after", "reset_after", "slow"}
LIMITED = b'{"err": "Rate limit reached", "ECODE": "APP_002"}'
ME = b'{"user": {"id": 183}}'


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickUpHost]:
    with clickup_host(tmp_path_factory.mktemp("clickup"), per_minute=1_000_000) as host:
        yield host


@pytest.fixture
def client(host: ClickUpHost) -> Iterator[ClickUpClient]:
    with client_of(host.url, host.token) as client:
        yield client
    host.heal()
    host.revoke(revoked=False)
    host.limit(1_000_000)


@pytest.mark.parametrize("kind", FAULTS)
def test_a_read_is_repeated(host: ClickUpHost, client: ClickUpClient, kind: str) -> None:
    task = host.create_task("Read me")
    host.fail([{"kind": kind, "method": "GET", "times": 2}])
    found = client.task(task)
    assert found is not None
    assert found.name == "Read me"


@pytest.mark.parametrize("kind", FAULTS)
def test_a_read_that_fails_on_is_unreachable(host: ClickUpHost, client: ClickUpClient, kind: str) -> None:
    host.fail([{"kind": kind, "method": "GET"}])
    since = len(host.requests())
    with pytest.raises(ClickUpUnreachableError) as failed:
        client.user()
    assert isinstance(failed.value, TransientError)
    assert 2 <= len(host.requests(since)) <= calls.ATTEMPTS


@pytest.mark.parametrize("kind", FAULTS)
def test_a_write_without_a_clear_answer_is_unclear_and_never_repeated_CB_3(
    host: ClickUpHost, client: ClickUpClient, kind: str
) -> None:
    task = host.create_task("Write me")
    since = len(host.requests())
    host.fail([{"kind": kind, "method": "POST"}])
    with pytest.raises(ClickUpUnclearError, match="Look in ClickUp whether it happened") as failed:
        client.post_comment(task, "Once")
    assert isinstance(failed.value, TransientError)
    assert len(host.requests(since)) == 1
    comments = host.task(task)["comments"]
    assert isinstance(comments, list)
    assert len(comments) == (1 if kind in HAPPENS else 0)


def test_a_gateways_page_becomes_one_readable_line(host: ClickUpHost, client: ClickUpClient) -> None:
    host.fail([{"kind": "502_html"}])
    with pytest.raises(ClickUpUnclearError) as failed:
        client.set_status("86x", "to do")
    assert "HTTP 502: 502 Bad Gateway" in str(failed.value)
    assert "<" not in str(failed.value)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_after_429_everybody_waits_and_the_call_is_made_again(
    host: ClickUpHost, client: ClickUpClient, method: str
) -> None:
    host.limit(1_000_000, window_s=1)
    task = host.create_task("Busy")
    since = len(host.requests())
    host.fail([{"kind": "429", "method": method, "times": 1}])
    client.user() if method == "GET" else client.post_comment(task, "Once")
    assert [one["status"] for one in host.requests(since)] == [429, 200]


def test_when_the_limit_lasts_beyond_the_deadline_the_caller_learns_until_when(
    host: ClickUpHost, client: ClickUpClient
) -> None:
    host.fail([{"kind": "429"}])  # for a minute
    since, now = len(host.requests()), datetime.now(UTC)
    with pytest.raises(ClickUpBusyError, match="Rate limit reached") as busy:
        client.user()
    assert len(host.requests(since)) == 1
    assert timedelta(seconds=50) < busy.value.retry_at - now < timedelta(seconds=70)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "7", "X-RateLimit-Reset": "4102444800"}, 7),
        ({"X-RateLimit-Reset": "4102444800"}, 600),  # in the year 2100: not believed
        ({"X-RateLimit-Reset": "soon"}, 60),
        ({"X-RateLimit-Reset": "12"}, 0),
        ({}, 60),
    ],
)
def test_a_429_says_when_to_come_back_by_whichever_header(headers: dict[str, str], wait_s: float) -> None:
    budget = Unmetered()
    with answering(Reply(LIMITED, 429, headers)) as server, client_of(server.url, budget=budget) as client:
        now = datetime.now(UTC)
        with pytest.raises(ClickUpBusyError):
            client.within(0.1).user()
    told_s = [(pause - now).total_seconds() for pause in budget.pauses]
    assert told_s
    assert all(wait_s - 1 < told < wait_s + 5 for told in told_s)


def test_a_dead_token_is_told_from_a_place_out_of_reach(host: ClickUpHost, client: ClickUpClient) -> None:
    host.revoke()
    with pytest.raises(ClickUpCredentialsError, match="OAUTH_019") as dead:
        client.user()
    assert isinstance(dead.value, PermanentError)
    host.revoke(revoked=False)
    with pytest.raises(ClickUpRefusedError, match="OAUTH_027"):
        client.list_("90170000000")


@pytest.mark.parametrize("ecode", ["OAUTH_017", "OAUTH_019", "OAUTH_021", "OAUTH_025", "OAUTH_077"])
def test_each_code_of_a_dead_token_is_known(ecode: str) -> None:
    refused = Reply(f'{{"err": "Token invalid", "ECODE": "{ecode}"}}'.encode(), 401)
    with (
        answering(refused) as server,
        client_of(server.url) as client,
        pytest.raises(ClickUpCredentialsError, match=ecode),
    ):
        client.post_comment("9hx", "x")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_write_that_cannot_connect_was_surely_not_sent_and_is_repeated() -> None:
    budget = Unmetered()
    with (
        client_of(f"http://127.0.0.1:{free_port()}", budget=budget) as client,
        pytest.raises(ClickUpUnreachableError, match="ConnectError"),
    ):
        client.post_comment("9hx", "x")
    assert len(budget.calls) == calls.ATTEMPTS


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"user": {"id": 183, "username": 5}}', "user.username"),
        (b'{"user": {}}', "user.id"),
        (b'{"someone": {}}', "user"),
        (b"[]", "the answer"),
    ],
)
def test_a_read_with_a_wrong_field_names_it_and_is_not_repeated_DT_10(body: bytes, field: str) -> None:
    with answering(Reply(body)) as server, client_of(server.url) as client:
        with pytest.raises(ClickUpAnswerError, match=f"expected {field}: ") as wrong:
            client.user()
        assert (wrong.value.field, len(server.asked)) == (field, 1)
    assert isinstance(wrong.value, PermanentError)


def test_a_write_with_an_unreadable_answer_is_unclear() -> None:
    for body in (b"<html>Well done</html>", b'{"id": 5}', b"", b"\xff\xfe"):
        with answering(Reply(body)) as server, client_of(server.url) as client:
            with pytest.raises(ClickUpUnclearError):
                client.post_comment("9hx", "x")
            assert len(server.asked) == 1


def test_a_page_in_place_of_an_answer_is_read_again() -> None:
    page = Reply(b"<html><style>p{}</style><body>Down for  maintenance</body></html>")
    with answering(page) as server, client_of(server.url) as client:
        with pytest.raises(ClickUpUnreachableError, match="HTTP 200: Down for maintenance"):
            client.user()
        assert len(server.asked) == calls.ATTEMPTS


def test_a_404_of_something_between_is_no_deleted_task() -> None:
    with (
        answering(Reply(b"<html>404 page not found</html>", 404)) as server,
        client_of(server.url) as client,
        pytest.raises(ClickUpRefusedError, match="HTTP 404: 404 page not found"),
    ):
        client.task("9hx")


def test_a_redirect_is_not_followed_with_the_token() -> None:
    with answering(Reply(ME)) as other, answering(Reply(b"", 302, {"Location": other.url})) as server:
        with client_of(server.url) as client, pytest.raises(ClickUpRefusedError, match="HTTP 302"):
            client.user()
        assert other.asked == []


def test_an_answer_without_end_is_cut_off() -> None:
    endless = Reply(bytes(calls.MAX_ANSWER_BYTES + 1))
    slow = httpx.Timeout(30)
    with answering(endless) as server, client_of(server.url, timeout=slow, deadline_s=30.0) as client:
        with pytest.raises(ClickUpAnswerError, match="an answer of at most 64000000 bytes"):
            client.user()
        with pytest.raises(ClickUpUnclearError, match="a longer one"):
            client.post_comment("9hx", "x")


def test_a_trickling_answer_ends_in_time() -> None:
    began_s = time.monotonic()
    with (
        answering(Reply(b" " * 1_000, trickles=True)) as server,
        client_of(server.url, attempts=1) as client,
        pytest.raises(ClickUpUnreachableError, match="an answer within 1 s"),
    ):
        client.user()
    assert time.monotonic() - began_s < 5


def test_within_ends_sooner_and_shares_the_connections(host: ClickUpHost, client: ClickUpClient) -> None:
    host.fail([{"kind": "timeout_before", "method": "GET"}])
    began_s = time.monotonic()
    with pytest.raises(ClickUpUnreachableError):
        client.within(0.3).user()
    assert time.monotonic() - began_s < 2
    host.heal()
    assert client.within(2).user().username == "Waybill"


def test_pages_in_the_wrong_order_are_refused_rather_than_skipped() -> None:
    task = '{{"id": "{0}", "name": "n", "status": {{"status": "to do", "type": "open"}}, "date_updated": "{0}"}}'
    backwards = f'{{"tasks": [{task.format(2)}, {task.format(1)}], "last_page": true}}'.encode()
    with (
        answering(Reply(backwards)) as server,
        client_of(server.url) as client,
        pytest.raises(ClickUpAnswerError, match="in the order of their last update"),
    ):
        client.team_tasks("1", ["2"], updated_after=None)


def test_threads_share_a_client(host: ClickUpHost, client: ClickUpClient) -> None:
    task = host.create_task("Shared")
    failures: list[ClickUpError] = []

    def work(number: int) -> None:
        try:
            for each in range(10):
                client.post_comment(task, f"{number}-{each}")
        except ClickUpError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    texts = [one.text for one in client.comments(task, datetime(2020, 1, 1, tzinfo=UTC))]
    assert sorted(texts) == sorted(f"{number}-{each}" for number in range(8) for each in range(10))


def test_oauth_tokens_stand_behind_bearer_and_personal_ones_alone(host: ClickUpHost) -> None:
    assert host.token.startswith("pk_")
    with client_of(host.url, host.token) as personal:
        assert personal.user().username == "Waybill"
    with client_of(host.url, TOKEN) as unknown, pytest.raises(ClickUpCredentialsError, match="OAUTH_025"):
        unknown.user()
