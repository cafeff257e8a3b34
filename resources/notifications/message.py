"""A message to the people who look after Waybill, and how passing it on can fail."""

from dataclasses import dataclass
from datetime import datetime

from resources.domain.errors import PermanentError, TransientError, WaybillError


@dataclass(frozen=True, slots=True)
class Message:
    """``key`` is the same for the same message, however often it is sent: receivers fold by it.

    ``kind`` is a word for machines, ``at`` when it happened, ``task`` the id of the task that it speaks of.
    """

    key: str
    kind: str
    subject: str
    body: str
    at: datetime
    task: str | None = None


class NotificationError(WaybillError):
    """A message was not passed on, or may not have been."""


class NotificationUnreachableError(NotificationError, TransientError):
    """Nothing was accepted: a repeat is safe, and may help."""


class NotificationBusyError(NotificationError, TransientError):
    """The receiver asks to be left alone for ``pause_s`` seconds; nothing was accepted."""

    def __init__(self, where: str, *, expected: str, found: str, remedy: str, pause_s: float) -> None:
        super().__init__(where, expected=expected, found=found, remedy=remedy)
        self.pause_s = pause_s


class NotificationUnclearError(NotificationError, TransientError):
    """The message left and no clear answer came. A repeat may be a second copy, with the same key."""


class NotificationRefusedError(NotificationError, PermanentError):
    """The receiver understood and said no; the same message will be refused again."""
