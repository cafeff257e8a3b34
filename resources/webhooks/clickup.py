"""ClickUp's webhooks. Their order is not promised and they may come twice, so each only says: read this task again.

The key that ClickUp documents, webhook and history item, is not unique: paired events share their history items, edits
of one comment share theirs, and a deletion has none. So the event's name belongs to it, and a hash of the body where
the history items do not tell two deliveries apart.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from resources.domain.tasks import TaskId
from resources.webhooks.adapter import DeliveryInvalidError, Reread, signed

ROUTE: Final = "clickup"
SIGNATURE: Final = "x-signature"
EDITS: Final = frozenset({"taskUpdated", "taskCommentUpdated"})


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Word = Annotated[str, BeforeValidator(_text), Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)


class _HistoryItem(_Part):
    id: Word


class _Event(_Part):
    webhook_id: Word
    event: Word
    task_id: Annotated[str, BeforeValidator(_text), Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")] | None = None
    history_items: list[_HistoryItem] = []


@dataclass(frozen=True, slots=True)
class ClickUpWebhook:
    """The adapter of ``POST /webhooks/clickup``. Its secret is made by ClickUp, so the ledger holds it."""

    route: str = ROUTE
    secret_setting: str | None = None

    def verify(self, headers: Mapping[str, str], raw_body: bytes, secret: str) -> bool:
        """Whether ClickUp signed it."""
        return signed(raw_body, secret, headers.get(SIGNATURE, ""))

    def key(self, headers: Mapping[str, str], body: Any) -> str:  # noqa: ARG002 - all is in the body
        """Webhook, event, task, history items, and where these do not suffice a hash of the whole."""
        event = _read(body)
        parts = [event.webhook_id, event.event, event.task_id or "", *(item.id for item in event.history_items)]
        if event.event in EDITS or not event.history_items:
            parts.append(_digest(body))
        return ":".join(parts)

    def work(self, body: Any) -> Reread:
        """The task to read again; none for events of lists, folders and spaces."""
        task = _read(body).task_id
        return Reread((TaskId(task),) if task else ())


def _digest(body: Any) -> str:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def _read(body: Any) -> _Event:
    try:
        return _Event.model_validate(body)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors())
        raise DeliveryInvalidError(
            f"webhook {ROUTE}",
            expected="an event of ClickUp: webhook_id, event, and mostly task_id and history_items",
            found=faults,
            remedy="If ClickUp changed its events, Waybill has to follow; polling goes on meanwhile.",
        ) from None
