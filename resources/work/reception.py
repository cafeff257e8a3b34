"""Deliveries of webhooks at the door: whose each is, kept once in the inbox, or refused with a reason that is kept.

Nothing is done for a delivery here: `resources/work/inbox_handling.py` does it later, so that the sender has its answer
at once.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import SecretStr
from pydantic_core import from_json
from sqlalchemy import Connection, Engine

from resources.domain.errors import PermanentError
from resources.ledger import inbox, webhooks
from resources.ledger.inbox import UnstorableError
from resources.vault import Vault
from resources.webhooks.adapter import DeliveryInvalidError, WebhookAdapter, delivery_key
from resources.webhooks.routes import Routes

_LOG: Final = logging.getLogger(__name__)
_DIGEST_CHARS: Final = 32


class SecretMissingError(PermanentError):
    """A route whose secret is not known can take no delivery; its sender is asked to come again."""


class Outcome(StrEnum):
    """What became of a delivery."""

    STORED = "stored"
    REPEATED = "repeated"
    """It came before; counted."""
    UNSIGNED = "unsigned"
    """Not signed with the secret of its route; nothing of it is kept."""
    UNREADABLE = "unreadable"
    """From its sender, but nothing that could be handled; kept as a dead letter."""
    NO_ROUTE = "no route"
    """Nothing takes deliveries of this route; kept as a dead letter as long as there is room (AP-4)."""


@dataclass(frozen=True, slots=True)
class RouteSecrets:
    """The secret of each route, asked for with each delivery (AP-3), so that a new one holds at once.

    ``configured`` are those of the environment, by the name of their setting; the others stand sealed in the ledger.
    """

    configured: Mapping[str, SecretStr]
    vault: Vault

    def of(self, connection: Connection, adapter: WebhookAdapter) -> str:
        """The secret. Raises SecretMissingError, SecretUnreadableError."""
        if adapter.secret_setting is not None:
            found = self.configured.get(adapter.secret_setting)
            if found is None:
                raise _missing(adapter.route, f"set {adapter.secret_setting}")
            return found.get_secret_value()
        webhook = webhooks.get(connection, adapter.route)
        if webhook is None:
            raise _missing(adapter.route, f"run `waybill {adapter.route} webhook ensure`")
        return self.vault.open(webhook.secret, what=f"the secret of webhook {adapter.route}")


@dataclass(frozen=True, slots=True)
class Reception:
    """Takes deliveries; one for each process, shared by its threads."""

    engine: Engine
    routes: Routes
    secrets: RouteSecrets

    def receive(self, route: str, headers: Mapping[str, str], raw_body: bytes) -> Outcome:
        """Keep a delivery, committed when this returns. ``headers`` are looked up without case.

        Raises:
            SecretMissingError, SecretUnreadableError: nobody can tell who sent it; nothing is kept.
        """
        adapter = self.routes.get(route)
        if adapter is None:
            return self._refuse(Outcome.NO_ROUTE, route, raw_body, "nothing takes deliveries of this route")
        try:
            return self._accept(adapter, headers, raw_body)
        except (DeliveryInvalidError, UnstorableError) as error:
            return self._refuse(Outcome.UNREADABLE, route, raw_body, str(error))

    def _accept(self, adapter: WebhookAdapter, headers: Mapping[str, str], raw_body: bytes) -> Outcome:
        with self.engine.begin() as connection:
            if not adapter.verify(headers, raw_body, self.secrets.of(connection, adapter)):
                return Outcome.UNSIGNED
            key = delivery_key(adapter.route, adapter.key(headers, _parsed(adapter.route, raw_body)))
            new = inbox.store(connection, key=key, route=adapter.route, body=raw_body.decode())
        return Outcome.STORED if new else Outcome.REPEATED

    def _refuse(self, outcome: Outcome, route: str, raw_body: bytes, error: str) -> Outcome:
        digest = hashlib.sha256(raw_body).hexdigest()[:_DIGEST_CHARS]
        with self.engine.begin() as connection:
            kept = inbox.refuse(connection, route=route, digest=digest, body=raw_body, error=error)
        if not kept:
            _LOG.warning("no room for more refused deliveries: one of route %s (%s) is not kept", route, digest)
        return outcome


def _parsed(route: str, raw_body: bytes) -> Any:
    try:
        return from_json(raw_body, allow_inf_nan=False)
    except ValueError as error:
        raise DeliveryInvalidError(
            f"webhook {route}", expected="JSON", found=str(error), remedy="Let the sender send JSON in UTF-8."
        ) from None


def _missing(route: str, remedy: str) -> SecretMissingError:
    return SecretMissingError(
        f"webhook {route}",
        expected="the secret that its sender signs with",
        found="none",
        remedy=f"Please {remedy}; the sender tries again meanwhile.",
    )
