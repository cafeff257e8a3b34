"""ClickUp's webhook: registered once for our endpoint, its secret sealed in the ledger, its health looked at.

ClickUp and the ledger share no transaction, so ClickUp is looked at first: a webhook of our endpoint that a killed run
made is taken over when ClickUp tells its secret, else ended and made anew. So there never are two for long.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine

from resources.clickup.client import ClickUpClient
from resources.clickup.errors import ClickUpGoneError
from resources.clickup.models import Webhook as Hook
from resources.domain.errors import PermanentError
from resources.ledger import webhooks
from resources.ledger.alerts import raise_alert
from resources.ledger.webhooks import Webhook
from resources.vault import SecretUnreadableError, Vault
from resources.webhooks.clickup import ROUTE

EVENTS: Final = (
    *("taskCreated", "taskUpdated", "taskDeleted", "taskStatusUpdated", "taskPriorityUpdated", "taskDueDateUpdated"),
    *("taskMoved", "taskCommentPosted"),
)
"""What can change a task's course. Of what else there is, each would only ask for one more look at its task."""
REGISTERED: Final = "registered"
ACTIVE: Final = "active"
SUSPENDED: Final = "suspended"
GONE: Final = "gone"
"""Our word for the health of a webhook that ClickUp does not list any more."""


class NoSecretError(PermanentError):
    """ClickUp made a webhook and did not tell its secret."""


class NotRegisteredError(PermanentError):
    """No webhook of ClickUp was registered from here."""


@dataclass(frozen=True, slots=True)
class Registration:
    """How the webhook stands now, and what was found and done for it.

    Attributes:
        found: ``registered`` when nothing had to be done, else what was not as it should be.
        done: ``kept``, ``taken over``, ``registered``.
        removed: how many of ours were ended at ClickUp.
    """

    webhook: Webhook
    found: str
    done: str
    removed: int


def ensure(engine: Engine, client: ClickUpClient, vault: Vault, *, team: str, endpoint: str) -> Registration:
    """See that exactly one healthy webhook of ours leads to ``endpoint``; its secret is stored, and shown nowhere.

    One run at a time; a second connection of the pool is used meanwhile. A suspended one is an alert, and is registered
    anew. Killed at any point, the next run goes on.

    Raises:
        ClickUpError: ClickUp could not be asked, or refused; what was done there is found by the next run.
    """
    with engine.begin() as connection:
        webhooks.exclusively(connection, ROUTE)
        stored = webhooks.get(connection, ROUTE)
        ours = _ours(client.webhooks(team), stored, endpoint)
        _tell_of_suspended(engine, ours)
        found, kept = _judged(ours, stored, vault, endpoint)
        removed = _end(client, [hook for hook in ours if hook is not kept])
        if kept is None:
            webhook = _store(connection, vault, client.create_webhook(team, endpoint, EVENTS))
            return Registration(webhook, found, "registered", removed)
        if found == REGISTERED:
            health, fail_count = kept.health.status, kept.health.fail_count
            noted = webhooks.note_health(connection, ROUTE, kept.id, health=health, fail_count=fail_count)
            assert noted is not None, "the transaction holds the lock"
            return Registration(noted, found, "kept", removed)
        return Registration(_store(connection, vault, kept), found, "taken over", removed)


def look(engine: Engine, client: ClickUpClient, *, team: str) -> Webhook:
    """The stored webhook with its health as ClickUp tells it now; a suspended one is an alert.

    Raises:
        NotRegisteredError: there is none.
    """
    with engine.begin() as connection:
        stored = webhooks.get(connection, ROUTE)
    if stored is None:
        raise NotRegisteredError(
            f"webhook {ROUTE}",
            expected="one that is registered",
            found="none",
            remedy="Register it with `waybill clickup webhook ensure`; polling goes on without.",
        )
    hook = next((each for each in client.webhooks(team) if each.id == stored.remote_id), None)
    _tell_of_suspended(engine, [hook] if hook else [])
    health, fail_count = (hook.health.status, hook.health.fail_count) if hook else (GONE, stored.fail_count)
    with engine.begin() as connection:
        return webhooks.note_health(connection, ROUTE, stored.remote_id, health=health, fail_count=fail_count) or stored


def look_after(
    engine: Engine, client: Callable[[], ClickUpClient], vault: Callable[[], Vault], *, team: str
) -> Registration | None:
    """`ensure` for the endpoint that was registered before; None: none ever was, and none is made unasked."""
    with engine.begin() as connection:
        stored = webhooks.get(connection, ROUTE)
    return ensure(engine, client(), vault(), team=team, endpoint=stored.endpoint) if stored else None


def _ours(listed: Sequence[Hook], stored: Webhook | None, endpoint: str) -> list[Hook]:
    """Those of our endpoint, and the one that we stored, should it lead elsewhere; that one first."""
    known = stored.remote_id if stored else None
    ours = [hook for hook in listed if hook.endpoint == endpoint or hook.id == known]
    return sorted(ours, key=lambda hook: hook.id != known)


def _judged(ours: Sequence[Hook], stored: Webhook | None, vault: Vault, endpoint: str) -> tuple[str, Hook | None]:
    """What was found, and the one of ``ours`` to keep, if any can be."""
    for hook in ours:
        if _fault(hook, endpoint) is None:
            told = hook.secret.get_secret_value() if hook.secret else None
            known = _known_secret(hook, stored, vault)
            if known is not None and told in (None, known):
                return REGISTERED, hook
            if told is not None:
                return "its secret was not known here", hook
    if ours:
        return _fault(ours[0], endpoint) or "its secret is lost", None
    return "gone from ClickUp" if stored else "none", None


def _fault(hook: Hook, endpoint: str) -> str | None:
    if hook.endpoint != endpoint:
        return f"it led to {hook.endpoint}"
    if hook.health.status == SUSPENDED:
        return SUSPENDED
    lacking = [] if "*" in hook.events else [event for event in EVENTS if event not in hook.events]
    return f"it did not tell of {', '.join(lacking)}" if lacking else None


def _known_secret(hook: Hook, stored: Webhook | None, vault: Vault) -> str | None:
    """The secret of ``hook`` that we hold; None: we hold none, or cannot open it."""
    if stored is None or stored.remote_id != hook.id:
        return None
    with suppress(SecretUnreadableError):
        return vault.open(stored.secret, what=f"the secret of webhook {ROUTE}")
    return None


def _end(client: ClickUpClient, hooks: Sequence[Hook]) -> int:
    for hook in hooks:
        with suppress(ClickUpGoneError):
            client.delete_webhook(hook.id)
    return len(hooks)


def _store(connection: Connection, vault: Vault, hook: Hook) -> Webhook:
    if hook.secret is None:
        raise NoSecretError(
            f"webhook {ROUTE}",
            expected="the secret that ClickUp signs with",
            found="an answer without one",
            remedy="Run `waybill clickup webhook ensure` again; without it no delivery can be trusted.",
        )
    return webhooks.put(
        connection,
        route=ROUTE,
        remote_id=hook.id,
        endpoint=hook.endpoint,
        secret=vault.seal(hook.secret.get_secret_value()),
        health=hook.health.status,
        fail_count=hook.health.fail_count,
    )


def _tell_of_suspended(engine: Engine, hooks: Sequence[Hook]) -> None:
    """In a transaction of its own: the alert stays whatever becomes of the registration. Once for each webhook."""
    for hook in hooks:
        if hook.health.status == SUSPENDED:
            with engine.begin() as connection:
                raise_alert(
                    connection,
                    key=f"webhook {ROUTE} {hook.id} suspended",
                    kind="webhook_suspended",
                    subject="ClickUp suspended our webhook",
                    body=f"After {hook.health.fail_count} failed deliveries to {hook.endpoint} ClickUp sends none any"
                    " more. Waybill registers it anew; polling goes on meanwhile. See that the address is reached from"
                    " outside, and that `waybill up` runs behind it.",
                )
