"""The desk: signed deliveries are kept once and answered at once; all else is refused, and its traces are bounded."""

import json
import logging
import random
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from sqlalchemy import Engine

from orchestration.desk.webhooks import BODY_DEADLINE_S, MAX_BODY_BYTES
from resources.ledger import dead_letters, inbox
from resources.vault import Vault
from tests.hosts import PostgresHost
from tests.orchestration.desk.serving import FORMS_SECRET, SECRET, Desk, count, desk, register
from tests.resources.ledger.making import sql
from tests.resources.webhooks.clickup_samples import samples, signature

SEEDS = range(3)
DELIVERIES = 300
ROUNDS = 5
AT_ONCE = 2
ANSWER_WITHIN_MS = 100
EVENT = {"webhook_id": "w", "event": "taskCreated", "task_id": "t1", "history_items": [{"id": "1"}]}


def events(number: int) -> list[dict[str, object]]:
    return [EVENT | {"history_items": [{"id": str(n)}]} for n in range(number)]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_samples_doubled_and_in_any_order_are_kept_once_each(served: Desk, ledger: Engine, seed: int) -> None:
    every = list(samples().values())
    sent = [*every, *every]
    random.Random(seed).shuffle(sent)
    assert {served.deliver(body).status_code for body in sent} == {200}
    rows = sql(ledger, "SELECT deliveries, route, body::text FROM waybill.inbox")
    assert [row[:2] for row in rows] == [(2, "clickup")] * len(every)
    kept = sorted(json.dumps(json.loads(body), sort_keys=True) for *_, body in rows)
    assert kept == sorted(json.dumps(body, sort_keys=True) for body in every)
    assert count(ledger, "dead_letters") == 0


def test_AP_15_deliveries_are_answered_within_100_ms(served: Desk, ledger: Engine) -> None:
    """The best of some rounds: others may use the machine, and they are slow together with us."""

    def timed(body: dict[str, object]) -> float:
        began = time.perf_counter()
        assert served.deliver(body).status_code == 200
        return (time.perf_counter() - began) * 1000

    p95_ms = []
    for number in range(1, ROUNDS + 1):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            took_ms = sorted(pool.map(timed, events(number * DELIVERIES)[-DELIVERIES:]))
        assert count(ledger, "inbox") == number * DELIVERIES
        p95_ms.append(took_ms[DELIVERIES * 95 // 100])
        logging.getLogger(__name__).info("p50 %.1f ms, p95 %.1f ms", took_ms[DELIVERIES // 2], p95_ms[-1])
        if p95_ms[-1] < ANSWER_WITHIN_MS:
            break
    assert min(p95_ms) < ANSWER_WITHIN_MS, p95_ms


@pytest.mark.parametrize("sent", ["wrong secret", "no header", "changed body", "empty"])
def test_what_is_not_signed_is_refused_without_suspending_the_webhook(served: Desk, ledger: Engine, sent: str) -> None:
    raw = json.dumps(EVENT).encode()
    headers = {
        "wrong secret": {"X-Signature": signature(raw, "guess")},
        "no header": {},
        "changed body": {"X-Signature": signature(raw + b" ", SECRET)},
        "empty": {"X-Signature": ""},
    }[sent]
    answer = served.client.post("/webhooks/clickup", content=raw, headers=headers)
    assert answer.status_code == 403  # at 401 and 410 ClickUp suspends
    assert count(ledger, "inbox") + count(ledger, "dead_letters") == 0


def test_AP_3_each_route_has_its_own_secret(served: Desk, ledger: Engine) -> None:
    form = {"id": 7, "title": "What?"}
    for secret, header, status in ((SECRET, "X-Forms", 403), (FORMS_SECRET, "X-Signature", 403)):
        assert served.deliver(form, route="forms/typed", secret=secret, header=header).status_code == status
    assert served.deliver(EVENT, secret=FORMS_SECRET).status_code == 403
    assert served.deliver(form, route="forms/typed", secret=FORMS_SECRET, header="X-Forms").status_code == 200
    assert sql(ledger, "SELECT key, route FROM waybill.inbox") == [("forms/typed:7", "forms/typed")]


def test_AP_3_a_new_secret_holds_from_the_next_delivery_on(served: Desk, ledger: Engine, vault: Vault) -> None:
    register(ledger, vault, "new secret")
    assert served.deliver(EVENT).status_code == 403
    assert served.deliver(EVENT, secret="new secret").status_code == 200


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"NaN", b"\xff\xfe", b'{"a":"\\u0000"}', b"[" * 5000, b"[]", b'{"event": 1}']
)
def test_AP_4_what_cannot_be_read_is_told_and_kept(served: Desk, ledger: Engine, raw: bytes) -> None:
    if b"u0000" in raw:
        raw = json.dumps(EVENT | {"x": "\0"}).encode()
    assert served.deliver(raw).status_code == 400
    with ledger.begin() as connection:
        (letter,) = dead_letters.list_open(connection)
    assert letter.subject.startswith("refused:clickup:")
    assert letter.request["bytes"] == len(raw)
    assert "webhook clickup" in letter.error
    assert count(ledger, "inbox") == 0


def test_AP_4_an_event_for_a_route_that_is_not_there_becomes_a_dead_letter(served: Desk, ledger: Engine) -> None:
    assert served.deliver(EVENT, route="absent/route").status_code == 404
    with ledger.begin() as connection:
        (letter,) = dead_letters.list_open(connection)
    assert letter.request["route"] == "absent/route"
    assert json.loads(letter.request["excerpt"]) == EVENT


def test_whoever_can_reach_us_cannot_fill_the_disk(served: Desk, ledger: Engine) -> None:
    for n in range(inbox.ROOM_OF_ROUTE + 5):
        assert served.client.post("/webhooks/absent", content=b"x" * 100_000 + str(n).encode()).status_code == 404
    assert count(ledger, "dead_letters") == inbox.ROOM_OF_ROUTE
    ((size,),) = sql(ledger, "SELECT max(length(request::text)) FROM waybill.dead_letters")
    assert size < 2 * inbox.EXCERPT_BYTES


@pytest.mark.parametrize("path", ["", "Clickup", "..%2f..%2fetc", "a%0ab", "x" * 64, "-"])
def test_a_path_that_no_adapter_can_have_leaves_nothing(served: Desk, ledger: Engine, path: str) -> None:
    assert served.client.post(f"/webhooks/{path}", content=b"{}").status_code == 404
    assert count(ledger, "dead_letters") == 0


def test_a_body_that_is_too_long_is_refused_before_it_is_read(served: Desk, ledger: Engine) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as caller:
        head = f"POST /webhooks/clickup HTTP/1.1\r\nHost: x\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n"
        caller.sendall(head.encode())  # and none of the body
        assert caller.recv(1000).startswith(b"HTTP/1.1 413")
    assert count(ledger, "inbox") + count(ledger, "dead_letters") == 0


def test_a_body_without_a_length_is_cut_off_when_it_gets_too_long(served: Desk, ledger: Engine) -> None:
    sent = 0

    def endless() -> object:
        nonlocal sent
        while sent < 100 * MAX_BODY_BYTES:
            sent += 65_536
            yield b"x" * 65_536

    with suppress(httpx.TransportError):  # when it is cut off amid a chunk
        assert served.client.post("/webhooks/clickup", content=endless()).status_code == 413
    assert sent < 50 * MAX_BODY_BYTES
    assert count(ledger, "inbox") + count(ledger, "dead_letters") == 0


def test_a_body_of_the_greatest_length_is_taken(served: Desk, ledger: Engine) -> None:
    raw = json.dumps(EVENT).encode()
    raw = raw[:-1] + b" " * (MAX_BODY_BYTES - len(raw)) + b"}"
    assert served.deliver(raw).status_code == 200


def test_a_sender_that_never_ends_its_body_is_let_go(served: Desk) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=BODY_DEADLINE_S + 10) as caller:
        caller.sendall(b"POST /webhooks/clickup HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert caller.recv(1000).startswith(b"HTTP/1.1 408")


def test_a_sender_that_hangs_up_leaves_no_trace(served: Desk, ledger: Engine, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", served.port), timeout=10) as caller:
            caller.sendall(b"POST /webhooks/clickup HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert served.deliver(EVENT).status_code == 200
    assert count(ledger, "inbox") == 1
    assert "Traceback" not in caplog.text


def test_without_its_secret_a_sender_is_asked_to_come_again(
    ledger: Engine, vault: Vault, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with desk(ledger, vault) as unregistered:
        answer = unregistered.deliver(EVENT)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        register(ledger, Vault.of(tmp_path_factory.mktemp("other"), None))
        assert unregistered.deliver(EVENT).status_code == 503, "sealed with another key"
        register(ledger, vault)
        assert unregistered.deliver(EVENT).status_code == 200


def test_CB_20_it_is_alive_always_and_ready_only_with_its_database(
    postgres: PostgresHost, ledger_url: str, ledger: Engine, vault: Vault
) -> None:
    register(ledger, vault)
    with desk(ledger, vault) as running:
        assert running.client.get("/healthz").text == "alive"
        assert running.client.get("/readyz").text == "ready"
        shut(postgres, urlsplit(ledger_url).path.strip("/"))
        assert running.client.get("/healthz").status_code == 200
        assert running.client.get("/readyz").status_code == 503
        assert running.deliver(EVENT).status_code == 503


def shut(postgres: PostgresHost, database: str) -> None:
    """Let nobody into the database any more, and whoever is there out."""
    with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false')
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database])


def test_no_secret_and_no_body_gets_into_the_log(served: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    served.deliver(EVENT | {"note": "confidential"})
    served.deliver(EVENT, secret="guess")
    served.deliver(b"confidential")
    served.deliver({"words": "confidential"}, route="absent")
    assert [record.getMessage().split(" bytes")[0] for record in caplog.records if record.name == "waybill.desk"] == [
        "route=clickup outcome='stored'",
        "route=clickup outcome='unsigned'",
        "route=clickup outcome='unreadable'",
        "route=absent outcome='no route'",
    ]
    assert "confidential" not in caplog.text
    assert SECRET not in caplog.text


def test_deliveries_at_once_wait_their_turn_for_the_ledger(ledger: Engine, vault: Vault) -> None:
    register(ledger, vault)
    with desk(ledger, vault, threads=2) as running, ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(running.deliver, events(100)))
    assert {answer.status_code for answer in answers} == {200}
    with ledger.begin() as connection:
        taken = inbox.take(connection, 100)
    assert len(taken) == 100
    assert all(one.id < two.id for one, two in pairwise(taken))
