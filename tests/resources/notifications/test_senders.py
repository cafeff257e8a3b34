"""A message reaches a webhook or a mailbox, says when it did not, and never shows what is secret."""

from datetime import UTC, datetime

import pytest

from resources.notifications.mail import SmtpSender
from resources.notifications.message import (
    Message,
    NotificationBusyError,
    NotificationRefusedError,
    NotificationUnclearError,
    NotificationUnreachableError,
)
from resources.notifications.webhook import WebhookSender
from tests.resources.notifications.receiving import Mailbox, free_port, mail_server, web_server

AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
MESSAGE = Message("alert:e1", "stuck", "A task is stuck:\r\nBcc: x", "Schau, das ist für dich.", AT, "9hx")


def smtp(port: int, **more: object) -> SmtpSender:
    given = {"tls": "none", "timeout_s": 2.0, **more}
    return SmtpSender("127.0.0.1", port, "Waybill <waybill@acme.example>", ["ann@acme.example"], **given)


def test_a_webhook_gets_json_with_a_key_to_fold_by() -> None:
    with web_server() as receiver:
        sender = WebhookSender(receiver.url)
        assert sender.send(MESSAGE) == 204
        sender.close()
    ((headers, content),) = receiver.got
    assert headers["Idempotency-Key"] == "alert:e1"
    assert content == {
        "kind": "stuck",
        "subject": MESSAGE.subject,
        "body": MESSAGE.body,
        "at": AT.isoformat(),
        "task": "9hx",
    }


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((400, {}), NotificationRefusedError),
        ((302, {"Location": "http://127.0.0.1/"}), NotificationRefusedError),
        ((408, {}), NotificationUnreachableError),
        ((429, {"Retry-After": "7"}), NotificationBusyError),
        ((503, {"Retry-After": "7"}), NotificationBusyError),
        ((500, {}), NotificationUnclearError),
        (None, NotificationUnclearError),
    ],
)
def test_a_webhooks_answer_says_what_to_do(answer: tuple[int, dict[str, str]] | None, error: type[Exception]) -> None:
    with web_server() as receiver:
        receiver.answers = [answer]
        sender = WebhookSender(receiver.url)
        with pytest.raises(error) as raised:
            sender.send(MESSAGE)
        sender.close()
    assert "s3cret" not in str(raised.value) + repr(sender)
    if isinstance(raised.value, NotificationBusyError):
        assert raised.value.pause_s == 7


def test_a_webhook_that_is_away_is_unreachable() -> None:
    sender = WebhookSender(f"http://127.0.0.1:{free_port()}/s3cret")
    with pytest.raises(NotificationUnreachableError) as raised:
        sender.send(MESSAGE)
    sender.close()
    assert "s3cret" not in str(raised.value)


def test_mail_arrives_with_the_same_id_each_time() -> None:
    with mail_server() as box:
        first, second = (smtp(box.port).send(MESSAGE) for _ in range(2))
    assert first == second
    assert {mail["Message-ID"] for mail in box.mails} == {first.message_id}
    mail = box.mails[0]
    assert mail["Subject"] == "A task is stuck: Bcc: x"
    assert mail["Bcc"] is None
    assert mail["To"] == "ann@acme.example"
    assert "für dich" in mail.get_content()
    assert "Task: 9hx" in mail.get_content()


def test_a_login_is_made_and_a_wrong_password_is_never_shown() -> None:
    box = Mailbox()
    with mail_server(authenticator=box.authenticate, auth_require_tls=False) as server:
        smtp(server.port, user="ann", password="right").send(MESSAGE)
        wrong = smtp(server.port, user="ann", password="wr0ng")
        with pytest.raises(NotificationUnreachableError) as raised:
            wrong.send(MESSAGE)
    assert box.logins == [("ann", "right"), ("ann", "wr0ng")]
    assert len(server.mails) == 1
    assert "wr0ng" not in str(raised.value) + repr(wrong)


@pytest.mark.parametrize(
    ("answer", "error"),
    [("552 too much", NotificationRefusedError), ("451 later", NotificationUnreachableError)],
)
def test_a_mail_servers_answer_says_what_to_do(answer: str, error: type[Exception]) -> None:
    with mail_server() as box:
        box.answers = [answer]
        with pytest.raises(error):
            smtp(box.port).send(MESSAGE)
        assert box.mails == []


def test_recipients_that_are_refused_are_named_and_the_others_served() -> None:
    with mail_server() as box:
        box.refused_recipients = {"ann@acme.example"}
        with pytest.raises(NotificationRefusedError):
            smtp(box.port).send(MESSAGE)
        both = SmtpSender("127.0.0.1", box.port, "w@acme.example", ["ann@acme.example", "bob@acme.example"], "none")
        assert both.send(MESSAGE).refused == ("ann@acme.example",)
    assert len(box.mails) == 1


def test_a_line_that_drops_behind_the_message_is_unclear() -> None:
    with mail_server() as box:
        box.lost = 1
        with pytest.raises(NotificationUnclearError):
            smtp(box.port).send(MESSAGE)


def test_a_mail_server_that_is_away_or_has_no_tls_is_told() -> None:
    with pytest.raises(NotificationUnreachableError):
        smtp(free_port()).send(MESSAGE)
    with mail_server() as box, pytest.raises(NotificationRefusedError, match="starttls"):
        smtp(box.port, tls="starttls").send(MESSAGE)
