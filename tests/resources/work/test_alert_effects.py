"""Alerts go out by webhook and mail through the outbox, each once, and again only after an unclear answer."""

from collections.abc import Iterator

import pytest

from resources.domain.configuration import Alerts, Email
from resources.ledger import alerts
from resources.work.alert_effects import EMAIL, WEBHOOK, alert_handlers
from tests.resources.ledger.making import sql
from tests.resources.notifications.receiving import Mailbox, Receiver, mail_server, web_server
from tests.resources.work.draining import Desk, running
from tests.waiting import wait_until


@pytest.fixture
def receivers(desk: Desk) -> Iterator[tuple[Mailbox, Receiver]]:
    with mail_server() as box, web_server() as receiver:
        mail = Email(host="127.0.0.1", port=box.port, tls="none", sender="w@acme.example", to=("ann@acme.example",))
        desk.more_handlers = alert_handlers(Alerts(webhook=receiver.url, email=mail), None)
        yield box, receiver
        desk.more_handlers[WEBHOOK].sender.close()


def raised(desk: Desk, key: str) -> None:
    with desk.ledger.begin() as connection:
        alerts.raise_alert(connection, key=key, kind="stuck", subject=f"It is stuck: {key}", body="Look.")


def sent(desk: Desk, number: int) -> bool:
    return sql(desk.ledger, "SELECT count(*) FROM waybill.outbox WHERE state = 'sent'") == [(number,)]


def test_each_alert_goes_out_once_on_each_channel(desk: Desk, receivers: tuple[Mailbox, Receiver]) -> None:
    box, receiver = receivers
    with running(desk.drainer(), desk.ledger_url):
        for key in ("e1", "e2", "e1"):
            raised(desk, key)
        wait_until(lambda: sent(desk, 4), 20)
    with running(desk.drainer(), desk.ledger_url):  # another process finds nothing to do
        raised(desk, "e1")
        raised(desk, "e3")
        wait_until(lambda: sent(desk, 6), 20)
    assert sorted(content["subject"] for _, content in receiver.got) == [f"It is stuck: e{n}" for n in (1, 2, 3)]
    assert sorted(mail["Subject"] for mail in box.mails) == [f"It is stuck: e{n}" for n in (1, 2, 3)]


def test_after_an_unclear_answer_it_is_sent_again_with_the_same_key(
    desk: Desk, receivers: tuple[Mailbox, Receiver]
) -> None:
    box, receiver = receivers
    box.lost, receiver.answers = 1, [None]
    raised(desk, "e1")
    with running(desk.drainer(), desk.ledger_url):
        wait_until(lambda: sent(desk, 2), 20)
    assert [headers["Idempotency-Key"] for headers, _ in receiver.got] == [f"alert:e1:{WEBHOOK}"] * 2
    assert len({mail["Message-ID"] for mail in box.mails}) == 1
    assert len(box.mails) == 2


def test_a_channel_that_refuses_becomes_a_dead_letter_and_no_alert_of_its_own(
    desk: Desk, receivers: tuple[Mailbox, Receiver]
) -> None:
    _, receiver = receivers
    receiver.answers = [(410, {})]
    raised(desk, "e1")
    with running(desk.drainer(), desk.ledger_url):
        wait_until(lambda: set(desk.states().values()) == {"sent", "dead"}, 20)
    assert desk.states() == {f"alert:e1:{WEBHOOK}": "dead", f"alert:e1:{EMAIL}": "sent"}
    assert sql(desk.ledger, "SELECT count(*) FROM waybill.alerts") == [(1,)]
