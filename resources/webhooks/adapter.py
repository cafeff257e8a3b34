"""What a sender of webhooks needs to be understood: whose a delivery is, which one it is, and what to do for it.

An adapter is pure: it looks at the delivery and at nothing else. Programmed ones are entry points in the group
`waybill.webhooks`, each an object that fulfils `WebhookAdapter`, or a class that makes one without arguments.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, runtime_checkable

from resources.domain.errors import PermanentError
from resources.domain.tasks import TaskId

LONGEST_KEY_CHARS: Final = 400
"""Postgres indexes at most 2,704 bytes of a key."""


class DeliveryInvalidError(PermanentError):
    """A delivery whose sender is known does not say what it should; the same one will fail again."""


@dataclass(frozen=True, slots=True)
class WantedTask:
    """A local task to make. ``type`` is the key or the option of a task type in waybill.toml.

    Attributes:
        client: the client's slug.
        due_at: aware; None: as soon as possible.
    """

    name: str
    type: str
    client: str
    body: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reread:
    """Look at these tasks in ClickUp again. None at all: nothing is to be done."""

    tasks: tuple[TaskId, ...]


@dataclass(frozen=True, slots=True)
class MakeTask:
    """Make this local task, once for the delivery."""

    task: WantedTask


WebhookWork = Reread | MakeTask


@runtime_checkable
class WebhookAdapter(Protocol):
    """One sender's webhooks."""

    @property
    def route(self) -> str:
        """Deliveries come to ``/webhooks/`` and this: small letters, digits, and ``/ _ -`` between them."""

    @property
    def secret_setting(self) -> str | None:
        """The environment variable of the shared secret, ``WAYBILL_WEBHOOK_SECRET_…``; None: the ledger holds it."""

    def verify(self, headers: Mapping[str, str], raw_body: bytes, secret: str) -> bool:
        """Whether the sender signed just these bytes. ``headers`` are looked up without case.

        Compare with `hmac.compare_digest`, whose time tells nothing.
        """

    def key(self, headers: Mapping[str, str], body: Any) -> str:
        """What is the same for a delivery and its repeats, and for no other of this route. ``body`` is its JSON.

        Raises:
            DeliveryInvalidError: the delivery has none.
        """

    def work(self, body: Any) -> WebhookWork:
        """What is to be done for the delivery; it may be done twice.

        Raises:
            DeliveryInvalidError: the delivery does not say.
        """


def signed(raw_body: bytes, secret: str, signature: str) -> bool:
    """Whether ``signature`` is the HMAC-SHA256 of ``raw_body`` in hexadecimal, compared in constant time."""
    expected = hmac.new(secret.encode(), raw_body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())


def delivery_key(route: str, key: str) -> str:
    """The key of a delivery among those of all routes; a very long one is hashed."""
    short = key if len(key) <= LONGEST_KEY_CHARS else f"sha256-{hashlib.sha256(key.encode()).hexdigest()}"
    return f"{route}:{short}"
