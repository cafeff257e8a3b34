"""ClickUp's webhook, against the stand-in: one of ours whatever happened before, its secret sealed and never shown."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Engine

from resources.clickup.client import ClickUpClient
from resources.clickup.errors import ClickUpError, ClickUpUnclearError
from resources.ledger import alerts, webhooks
from resources.vault import Vault
from resources.work import webhook_registration
from resources.work.webhook_registration import EVENTS, NotRegisteredError, Registration, look, look_after
from tests.clickup_server.host import ClickUpHost, clickup_host
from tests.resources.clickup.calling import client_of
from tests.waiting import wait_until

ENDPOINT: Final = "http://127.0.0.1:9/webhooks/clickup"
Ensure = Callable[..., Registration]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickUpHost]:
    with clickup_host(tmp_path_factory.mktemp("clickup"), webhook_pause_s=0.01) as host:
        yield host


@pytest.fixture
def host(running: ClickUpHost) -> Iterator[ClickUpHost]:
    yield running
    running.heal()
    with client_of(running.url, running.token) as client:
        for hook in client.webhooks(running.team):
            client.delete_webhook(hook.id)


@pytest.fixture
def client(host: ClickUpHost) -> Iterator[ClickUpClient]:
    with client_of(host.url, host.token) as client:
        yield client


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.of(tmp_path, None)


@pytest.fixture
def ensure(ledger: Engine, client: ClickUpClient, vault: Vault, host: ClickUpHost) -> Ensure:
    return partial(webhook_registration.ensure, ledger, client, vault, team=host.team, endpoint=ENDPOINT)


def told(ledger: Engine) -> list[str]:
    with ledger.begin() as connection:
        return [alert.key for alert in alerts.recent(connection, 10)]


def holds(ledger: Engine, vault: Vault, host: ClickUpHost, endpoint: str = ENDPOINT) -> bool:
    """Whether ClickUp has one webhook, and the ledger the secret of just that one."""
    (hook,) = host.webhooks()
    with ledger.begin() as connection:
        stored = webhooks.get(connection, "clickup")
    assert stored is not None
    assert str(hook["secret"]).encode() not in stored.secret
    opened = vault.open(stored.secret, what="it")
    return (stored.remote_id, stored.endpoint, opened) == (hook["id"], endpoint, hook["secret"])


@contextmanager
def answering(status: int) -> Iterator[str]:
    """An endpoint that answers every delivery so."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/webhooks/clickup"
        finally:
            server.shutdown()
            thread.join()


def test_it_is_registered_once_and_kept_after_that(
    ensure: Ensure, ledger: Engine, vault: Vault, host: ClickUpHost
) -> None:
    first = ensure()
    assert (first.found, first.done, first.removed, first.webhook.health) == ("none", "registered", 0, "active")
    assert holds(ledger, vault, host)
    again = ensure()
    assert (again.found, again.done, again.removed) == ("registered", "kept", 0)
    assert (again.webhook.remote_id, again.webhook.created_at) == (first.webhook.remote_id, first.webhook.created_at)
    assert set(host.webhooks()[0]["events"]) == set(EVENTS)
    assert holds(ledger, vault, host)
    assert told(ledger) == []


def test_no_secret_shows_in_what_is_returned(ensure: Ensure, host: ClickUpHost) -> None:
    said = repr(ensure())
    assert str(host.webhooks()[0]["secret"]) not in said
    assert "secret" not in said


def test_after_an_unclear_answer_the_webhook_that_was_made_is_taken_over(
    ensure: Ensure, ledger: Engine, vault: Vault, host: ClickUpHost
) -> None:
    host.fail([{"kind": "reset_after", "method": "POST", "path": "/webhook$", "times": 1}])
    with pytest.raises(ClickUpUnclearError):
        ensure()
    (made,) = host.webhooks()
    taken = ensure()
    assert (taken.done, taken.webhook.remote_id, taken.removed) == ("taken over", made["id"], 0)
    assert holds(ledger, vault, host)


def test_runs_at_once_make_one_webhook(ensure: Ensure, ledger: Engine, vault: Vault, host: ClickUpHost) -> None:
    host.delay(100)
    try:
        with ThreadPoolExecutor(2) as pool:
            done = sorted(each.done for each in pool.map(lambda _: ensure(), range(2)))
    finally:
        host.delay(0)
    assert done == ["kept", "registered"]
    assert holds(ledger, vault, host)


def test_with_another_key_the_secret_is_sealed_anew(
    ensure: Ensure, ledger: Engine, host: ClickUpHost, client: ClickUpClient, tmp_path: Path
) -> None:
    ensure()
    (tmp_path / "other").mkdir()
    other = Vault.of(tmp_path / "other", None)
    done = webhook_registration.ensure(ledger, client, other, team=host.team, endpoint=ENDPOINT)
    assert done.done == "taken over"
    assert holds(ledger, other, host)


def test_where_clickup_does_not_tell_a_lost_secret_the_webhook_is_made_anew(
    ensure: Ensure, client: ClickUpClient, host: ClickUpHost, vault: Vault
) -> None:
    stored = ensure().webhook
    (hook,) = (each.model_copy(update={"secret": None}) for each in client.webhooks(host.team))
    judged = webhook_registration._judged
    assert judged([hook], stored, vault, ENDPOINT) == ("registered", hook)
    assert judged([hook], None, vault, ENDPOINT) == ("its secret is lost", None)


def test_a_suspended_webhook_is_an_alert_once_and_is_registered_anew(
    ensure: Ensure, ledger: Engine, vault: Vault, host: ClickUpHost, client: ClickUpClient
) -> None:
    with answering(410) as endpoint:
        first = ensure(endpoint=endpoint).webhook
        host.create_task("New")
        wait_until(lambda: host.webhooks()[0]["health"]["status"] == "suspended", 20, "a suspension")
        for _ in range(2):
            assert look(ledger, client, team=host.team).health == "suspended"
        assert told(ledger) == [f"webhook clickup {first.remote_id} suspended"]
        again = look_after(ledger, lambda: client, lambda: vault, team=host.team)
    assert again is not None
    assert (again.found, again.done, again.removed) == ("suspended", "registered", 1)
    assert again.webhook.remote_id != first.remote_id
    assert again.webhook.health == "active"
    assert holds(ledger, vault, host, endpoint)
    assert len(told(ledger)) == 1


def test_the_alert_of_a_suspension_stays_when_the_registration_fails(
    ensure: Ensure, ledger: Engine, host: ClickUpHost
) -> None:
    with answering(410) as endpoint:
        ensure(endpoint=endpoint)
        host.create_task("New")
        wait_until(lambda: host.webhooks()[0]["health"]["status"] == "suspended", 20, "a suspension")
        host.fail([{"kind": "500", "method": "POST", "path": "/webhook$"}])
        with pytest.raises(ClickUpError):
            ensure(endpoint=endpoint)
        assert len(told(ledger)) == 1
        host.heal()
        assert ensure(endpoint=endpoint).found == "gone from ClickUp"


def test_a_new_address_ends_the_old_webhook_and_others_are_left_alone(
    ensure: Ensure, ledger: Engine, vault: Vault, host: ClickUpHost, client: ClickUpClient
) -> None:
    stranger = client.create_webhook(host.team, "https://example.org/theirs", ["taskCreated"])
    ensure()
    moved = ensure(endpoint="http://127.0.0.1:9/new/clickup")
    assert (moved.found, moved.done, moved.removed) == (f"it led to {ENDPOINT}", "registered", 1)
    assert sorted(str(hook["endpoint"]) for hook in host.webhooks()) == [
        "http://127.0.0.1:9/new/clickup",
        "https://example.org/theirs",
    ]
    client.delete_webhook(stranger.id)
    assert holds(ledger, vault, host, "http://127.0.0.1:9/new/clickup")


def test_one_that_tells_of_too_little_is_made_anew(
    ensure: Ensure, ledger: Engine, vault: Vault, host: ClickUpHost, client: ClickUpClient
) -> None:
    client.create_webhook(host.team, ENDPOINT, ["taskCreated", "taskMoved"])
    done = ensure()
    assert done.found.startswith("it did not tell of taskUpdated")
    assert (done.done, done.removed) == ("registered", 1)
    assert holds(ledger, vault, host)


def test_one_that_somebody_ended_shows_as_gone_and_comes_back(
    ensure: Ensure, ledger: Engine, vault: Vault, host: ClickUpHost, client: ClickUpClient
) -> None:
    client.delete_webhook(ensure().webhook.remote_id)
    assert look(ledger, client, team=host.team).health == "gone"
    assert ensure().found == "gone from ClickUp"
    assert holds(ledger, vault, host)


def test_none_is_made_unasked(ledger: Engine, client: ClickUpClient, vault: Vault, host: ClickUpHost) -> None:
    assert look_after(ledger, lambda: client, lambda: vault, team=host.team) is None
    with pytest.raises(NotRegisteredError, match="waybill clickup webhook ensure"):
        look(ledger, client, team=host.team)
    assert host.webhooks() == []
