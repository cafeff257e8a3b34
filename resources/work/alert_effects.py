"""The kinds of effects that pass alerts on: a webhook and e-mail, each at least once, with a key to fold by."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from resources.domain.configuration import Alerts
from resources.ledger.outbox import Row
from resources.notifications.mail import SmtpSender
from resources.notifications.message import Message
from resources.notifications.webhook import WebhookSender
from resources.work.sending import Handler, Result

WEBHOOK: Final = "alert_webhook"
EMAIL: Final = "alert_email"
_AT_ONCE: Final = timedelta(0)
"""Nobody can look whether a message came, so there is nothing to wait for before it is sent again."""


def alert_handlers(alerts: Alerts, smtp_password: str | None) -> dict[str, Handler]:
    """The handlers of the channels that are configured, by kind."""
    handlers: dict[str, Handler] = {}
    if alerts.webhook is not None:
        handlers[WEBHOOK] = WebhookHandler(WebhookSender(alerts.webhook))
    if (mail := alerts.email) is not None:
        sender = SmtpSender(mail.host, mail.port, mail.sender, mail.to, mail.tls, mail.user, smtp_password)
        handlers[EMAIL] = EmailHandler(sender)
    return handlers


@dataclass(frozen=True, slots=True)
class WebhookHandler:
    """Payload: an alert's ``kind``, ``subject``, ``body``, ``at``, ``task``."""

    sender: WebhookSender
    channel: str = WEBHOOK
    settle: timedelta = _AT_ONCE
    looks_first: bool = False

    def look(self, row: Row) -> Result | None:  # noqa: ARG002 - as all handlers
        """Nobody can."""
        return None

    def send(self, row: Row) -> Result:
        """Post it."""
        return {"status": self.sender.send(_message(row))}


@dataclass(frozen=True, slots=True)
class EmailHandler:
    """Payload: as of the webhook."""

    sender: SmtpSender
    channel: str = EMAIL
    settle: timedelta = _AT_ONCE
    looks_first: bool = False

    def look(self, row: Row) -> Result | None:  # noqa: ARG002 - as all handlers
        """Nobody can."""
        return None

    def send(self, row: Row) -> Result:
        """Hand it in."""
        mailed = self.sender.send(_message(row))
        return {"message_id": mailed.message_id, "refused": list(mailed.refused)}


def _message(row: Row) -> Message:
    said = row.payload
    return Message(
        key=row.key,
        kind=said["kind"],
        subject=said["subject"],
        body=said["body"],
        at=datetime.fromisoformat(said["at"]),
        task=said["task"],
    )
