"""The token stands in one header and nowhere else: not in a log, an error, a traceback or a repr."""

import io
import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from resources.clickup.calls import Calls
from resources.clickup.client import ClickUpClient
from resources.clickup.errors import ClickUpCredentialsError, ClickUpError, ClickUpRefusedError
from resources.clickup.resource import ClickUpResource
from resources.ledger.resource import LedgerResource
from tests.clickup_server.host import ClickUpHost, clickup_host
from tests.resources.clickup.calling import TOKEN, Unmetered, client_of
from tests.resources.clickup.canned import Reply, answering

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickUpHost]:
    with clickup_host(tmp_path_factory.mktemp("clickup"), per_minute=1_000_000, token=TOKEN) as host:
        yield host


def told(error: BaseException) -> str:
    """All that a report of an error may show, what led to it too."""
    seen, parts = {id(error)}, ["".join(traceback.format_exception(error)), repr(error), repr(vars(error))]
    for each in (error.__cause__, error.__context__):
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            parts += [str(each), repr(each)]
    return "\n".join(parts)


@pytest.mark.parametrize(
    "kind", ["429", "500", "502_html", "timeout_before", "timeout_after", "reset_before", "reset_after", "slow"]
)
def test_no_failure_shows_the_token(
    host: ClickUpHost, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    task = host.create_task("Secret")
    host.fail([{"kind": kind}])
    shown: list[str] = []
    with caplog.at_level(logging.DEBUG), client_of(host.url, host.token, attempts=2) as client:
        for ask in (
            client.user,
            lambda: client.post_comment(task, "x"),
            lambda: client.attach(task, "x", io.BytesIO(b"x"), 1, "text/plain"),
        ):
            with pytest.raises(ClickUpError) as failed:
                ask()
            shown.append(told(failed.value))
    host.heal()
    assert TOKEN not in caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert all(TOKEN not in each for each in (*shown, *capsys.readouterr()))


def test_no_good_day_shows_the_token(host: ClickUpHost, caplog: pytest.LogCaptureFixture) -> None:
    task = host.create_task("Secret")
    with caplog.at_level(logging.DEBUG), client_of(host.url, host.token) as client:
        client.post_comment(task, "x")
        found = client.comments(task, LONG_AGO)
        shown = f"{client!r} {client._calls!r} {client._calls.http!r} {found!r} {client.within(3)!r}"
    assert "x" in [one.text for one in found]
    assert caplog.records  # somebody logs: httpx does
    assert TOKEN not in shown + caplog.text


def test_a_server_that_echoes_the_token_is_blotted_out() -> None:
    echo = Reply(f'{{"err": "Token {TOKEN} not allowed", "ECODE": "ACCESS_1"}}'.encode(), 403)
    with answering(echo) as server, client_of(server.url) as client, pytest.raises(ClickUpRefusedError) as refused:
        client.user()
    assert TOKEN not in told(refused.value)
    assert refused.value.said == "Token *** not allowed"


@pytest.mark.parametrize("token", [f"{TOKEN}\n", f"{TOKEN}é", f"{TOKEN} x", "", f"\x00{TOKEN}", "Bearer "])
def test_a_token_that_cannot_stand_in_a_header_is_refused_unseen(token: str) -> None:
    with pytest.raises(ClickUpCredentialsError) as refused:
        ClickUpClient("http://127.0.0.1:9", token, budget=Unmetered())
    assert TOKEN not in told(refused.value)


def test_the_resource_hides_it_and_says_when_none_is_set(ledger_url: str) -> None:
    ledger = LedgerResource(ledger_url, pool_size=2)
    resource = ClickUpResource(url="http://127.0.0.1:9", token=TOKEN, ledger=ledger, calls_a_minute=90)
    none = ClickUpResource(url="http://127.0.0.1:9", token=None, ledger=ledger, calls_a_minute=90)
    assert TOKEN not in f"{resource!r} {resource.client!r} {resource.client._calls!r}"
    assert (repr(none), resource.client is resource.client) == (
        "ClickUpResource('http://127.0.0.1:9', token not set)",
        True,
    )
    with pytest.raises(ClickUpCredentialsError, match="WAYBILL_CLICKUP_TOKEN: expected a token of ClickUp; found none"):
        _ = none.client
    for each in (resource, none, ledger):
        each.close()


def test_a_resource_spends_the_budget_of_the_ledger(host: ClickUpHost, ledger_url: str) -> None:
    ledger = LedgerResource(ledger_url, pool_size=2)
    resource = ClickUpResource(url=host.url, token=host.token, ledger=ledger, calls_a_minute=2, window_s=60)
    assert isinstance(resource.client._calls, Calls)
    for _ in range(2):
        resource.client.user()
    with pytest.raises(ClickUpError, match="a free call of 2 in 60 s"):
        resource.client.within(1).user()
    resource.close()
    ledger.close()
