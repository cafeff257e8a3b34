"""Messages by e-mail, over SMTP.

The Message-ID derives from the message's key. After an unclear answer the message is sent again, as nobody can look
whether it came: at least once, and mail systems that fold copies of one Message-ID show it once.
"""

import hashlib
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Final, Literal

from resources.notifications.message import (
    Message,
    NotificationError,
    NotificationRefusedError,
    NotificationUnclearError,
    NotificationUnreachableError,
)

TIMEOUT_S: Final = 15.0
"""Of each step of the conversation."""
_PERMANENT: Final = 500
_REMEDY: Final = "See alerts.email in waybill.toml and WAYBILL_SMTP_PASSWORD."
_SUBJECT_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Mailed:
    """``refused``: recipients that the server would not take, when it took others."""

    message_id: str
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SmtpSender:
    """Where mail is handed in. Each message has a connection of its own, so that threads share it.

    ``tls``: from the first byte, or after STARTTLS, or not at all.
    """

    host: str
    port: int
    sender: str
    to: Sequence[str]
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_s: float = TIMEOUT_S
    context: ssl.SSLContext | None = field(default=None, repr=False)
    """None: the system's authorities are trusted."""

    def send(self, message: Message) -> Mailed:
        """Hand ``message`` in for every recipient.

        Raises:
            NotificationUnreachableError: nothing was accepted.
            NotificationUnclearError: it may have been.
            NotificationRefusedError: the server will not take it, for any of the recipients.
        """
        mail = self._mail(message)
        with self._explained() as stage, self._let_in() as smtp:
            stage.append("sent")
            refused = smtp.send_message(mail)
        return Mailed(str(mail["Message-ID"]), tuple(sorted(refused)))

    def knock(self) -> None:
        """Log in and leave again, without a message.

        Raises:
            NotificationUnreachableError, NotificationRefusedError: the server does not let us in.
        """
        with self._explained(), self._let_in() as smtp:
            smtp.noop()

    @contextmanager
    def _let_in(self) -> Iterator[smtplib.SMTP]:
        smtp = self._connected()
        try:
            smtp.ehlo_or_helo_if_needed()
            if self.tls == "starttls":
                smtp.starttls(context=self.context or ssl.create_default_context())
            if self.user is not None:
                smtp.login(self.user, self.password or "")
            yield smtp
        finally:
            with suppress(smtplib.SMTPException, OSError):  # it is accepted by now, or the first error tells more
                smtp.quit()
            smtp.close()

    def _connected(self) -> smtplib.SMTP:
        if self.tls == "tls":
            context = self.context or ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_s, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"] = self.sender, ", ".join(self.to)
        mail["Subject"] = " ".join(message.subject.split())[:_SUBJECT_CHARS]
        mail["Date"] = format_datetime(message.at)
        name, domain = (
            hashlib.sha256(message.key.encode()).hexdigest()[:32],
            parseaddr(self.sender)[1].rpartition("@")[2],
        )
        mail["Message-ID"] = f"<waybill-{name}@{domain or 'localhost'}>"
        mail["Auto-Submitted"] = "auto-generated"  # so that no answering machine answers
        mail.set_content(f"{message.body}\n" + (f"\nTask: {message.task}\n" if message.task else ""))
        return mail

    @contextmanager
    def _explained(self) -> Iterator[list[str]]:
        """Our errors for the library's, which may quote what was sent; the block appends when content is on its way."""
        stage: list[str] = []
        try:
            yield stage
        except smtplib.SMTPRecipientsRefused as error:
            codes = sorted({code for code, _ in error.recipients.values()})
            raise self._error(codes[0], f"every recipient refused ({', '.join(map(str, codes))})") from None
        except smtplib.SMTPResponseException as error:
            raise self._error(error.smtp_code, f"{type(error).__name__} {error.smtp_code}") from None
        except smtplib.SMTPNotSupportedError:
            raise self._error(_PERMANENT, f"a server without what {self.tls} or a login needs") from None
        except (smtplib.SMTPException, OSError) as error:
            kind = NotificationUnclearError if stage else NotificationUnreachableError
            raise kind(self._where, expected="an answer", found=type(error).__name__, remedy=_REMEDY) from None

    def _error(self, code: int, found: str) -> NotificationError:
        """A refused login is no fault of the message: it goes out when the password is right."""
        permanent = code >= _PERMANENT and not found.startswith("SMTPAuthenticationError")
        kind = NotificationRefusedError if permanent else NotificationUnreachableError
        return kind(self._where, expected="consent", found=found, remedy=_REMEDY)

    @property
    def _where(self) -> str:
        return f"mail server {self.host}:{self.port}"
