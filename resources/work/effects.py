"""The kinds of effects on ClickUp: an attachment, a comment, a status; each sent once, and found again where it is.

A comment is found by the short visible reference that its text ends with, an attachment by its name, which carries
version and hash, and a status by itself. ClickUp knows no idempotency key: whoever repeats unseen makes a second one.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from resources.artefacts.store import ArtefactStore
from resources.clickup.client import ClickUpClient
from resources.clickup.errors import ClickUpError, ClickUpGoneError, ClickUpRefusedError, ClickUpUnclearError
from resources.clickup.models import ClickUpTask
from resources.clickup.resource import ClickUpResource
from resources.domain.configuration import folded
from resources.domain.errors import PermanentError
from resources.ledger.outbox import STATUS, Row
from resources.work.sending import Handler, Result

CLICKUP: Final = "clickup"
ATTACHMENT: Final = "attachment"
COMMENT: Final = "comment"
KINDS: Final = (ATTACHMENT, COMMENT, STATUS)
UNKNOWN_STATUS: Final = "CRTSK_001"
_CLOCKS_APART: Final = timedelta(hours=1)
"""How far ClickUp's clock may be behind the database's."""


class RemoteTaskGoneError(PermanentError):
    """The task was deleted in ClickUp: nothing can be written to it any more."""


class UnknownStatusError(PermanentError):
    """The task's list has no such status."""


def clickup_handlers(clickup: ClickUpResource, artefacts: ArtefactStore, settle: timedelta) -> dict[str, Handler]:
    """The handlers of every kind that ClickUp has, by kind. ``settle``: how long its reads may lag behind writes."""
    return {
        ATTACHMENT: AttachmentHandler(clickup, settle, artefacts),
        COMMENT: CommentHandler(clickup, settle),
        STATUS: StatusHandler(clickup, settle),
    }


def reference(key: str) -> str:
    """The visible mark of a comment of ours: ``[wb-`` and ten hex digits of its key's hash."""
    return f"[wb-{hashlib.sha256(key.encode()).hexdigest()[:10]}]"


class _OnTask:
    """What all of them do: ask for the task, and say clearly when it is gone."""

    channel = CLICKUP
    looks_first = False

    def __init__(self, clickup: ClickUpResource, settle: timedelta) -> None:
        self._clickup = clickup
        self.settle = settle

    @property
    def _client(self) -> ClickUpClient:
        return self._clickup.client

    def _task(self, row: Row) -> ClickUpTask:
        task = self._client.task(row.payload["task_id"])
        if task is None:
            raise _gone(row)
        return task

    def send(self, row: Row) -> Result:
        """Send it; where that was a repeat, look how many there are now."""
        try:
            result = self._sent(row)
        except ClickUpGoneError:
            raise _gone(row) from None
        if row.unclear_for is not None:
            with suppress(ClickUpError, SQLAlchemyError):  # it is sent: that is all that counts
                result["copies"] = max(1, len(self._found(row)))
        return result

    def look(self, row: Row) -> Result | None:
        """The ids of those that are there, ``copies`` of them: more than one is a duplicate."""
        try:
            found = self._found(row)
        except ClickUpGoneError:
            raise _gone(row) from None
        return {"id": found[0], "copies": len(found), "found": True} if found else None

    def _sent(self, row: Row) -> dict[str, object]:
        raise NotImplementedError

    def _found(self, row: Row) -> list[str]:
        raise NotImplementedError


class CommentHandler(_OnTask):
    """A comment. Payload: ``task_id``, ``text``."""

    def _sent(self, row: Row) -> dict[str, object]:
        text = f"{row.payload['text']}\n\n{reference(row.key)}"
        return {"id": self._client.post_comment(row.payload["task_id"], text).id}

    def _found(self, row: Row) -> list[str]:
        comments = self._client.comments(row.payload["task_id"], row.created_at - _CLOCKS_APART)
        return [comment.id for comment in comments if reference(row.key) in comment.text]


class AttachmentHandler(_OnTask):
    """A file. Payload: ``task_id``, ``name``, ``content_hash``, ``size_bytes``, ``media_type``."""

    def __init__(self, clickup: ClickUpResource, settle: timedelta, artefacts: ArtefactStore) -> None:
        super().__init__(clickup, settle)
        self._artefacts = artefacts

    def _sent(self, row: Row) -> dict[str, object]:
        payload = row.payload
        with self._artefacts.open(payload["content_hash"]) as content:
            made = self._client.attach(
                payload["task_id"], payload["name"], content, payload["size_bytes"], payload["media_type"]
            )
        return {"id": made.id}

    def _found(self, row: Row) -> list[str]:
        attachments = self._task(row).attachments
        return [each.id for each in attachments if each.title == row.payload["name"] and not each.deleted]


class StatusHandler(_OnTask):
    """A status. Payload: ``task_id``, ``status``, ``expected`` (what the ledger had seen) and ``seen_at`` (when).

    A move that a person made since is not written over: the poll tells the ledger of it. What is written is read back
    until it shows; what still does not show when reads have settled is written again.
    """

    looks_first = True

    def look(self, row: Row) -> Result | None:
        """The status when it is the wanted one, or a person's own; None: it can be written."""
        task = self._task(row)
        shown = {"status": task.status.status, "updated_at": task.date_updated.isoformat()}
        if folded(task.status.status) == folded(row.payload["status"]):
            return shown
        if is_of_a_person(row, task):
            return shown | {"superseded": task.status.status}
        return None

    def send(self, row: Row) -> Result:
        """Write it, and read it back once; the rest of the looks are paced by the outbox."""
        task_id, wanted = row.payload["task_id"], row.payload["status"]
        try:
            self._client.set_status(task_id, wanted)
        except ClickUpGoneError:
            raise _gone(row) from None
        except ClickUpRefusedError as error:
            if error.ecode != UNKNOWN_STATUS:
                raise
            raise self._unknown(row) from None
        shown = self.look(row)
        if shown is None:
            raise ClickUpUnclearError(
                f"status of task {task_id}",
                expected=f"{wanted!r}, which was written",
                found="another one",
                remedy="It is looked for until ClickUp's reads have settled, then written again.",
            )
        return shown

    def _unknown(self, row: Row) -> UnknownStatusError:
        task = self._task(row)
        known = self._client.list_(task.list.id).statuses if task.list is not None else ()
        return UnknownStatusError(
            f"task {row.payload['task_id']} in list {task.list.name if task.list else '?'}",
            expected=f"one of the statuses {', '.join(repr(each.status) for each in known) or 'of its list'}",
            found=repr(row.payload["status"]),
            remedy="Correct clickup.statuses in waybill.toml or add the status to the list, then replay.",
        )


def is_of_a_person(row: Row, task: ClickUpTask) -> bool:
    """Whether the status that ``task`` shows was set by somebody else since the ledger last looked.

    It is not when it is one of ours, when this look is from before our last write, or when the ledger had seen it and
    we have written nothing since.
    """
    shown, own = folded(task.status.status), row.own
    if shown in map(folded, own.statuses):
        return False
    if own.updated_at is not None and task.date_updated <= own.updated_at:
        return False
    seen_at = row.payload.get("seen_at")
    outdated = own.updated_at is not None and seen_at is not None and own.updated_at > datetime.fromisoformat(seen_at)
    return outdated or shown not in [folded(each) for each in row.payload["expected"] if each is not None]


def _gone(row: Row) -> RemoteTaskGoneError:
    payload: Mapping[str, object] = row.payload
    return RemoteTaskGoneError(
        f"task {payload['task_id']}",
        expected="that it is in ClickUp",
        found="that it was deleted there",
        remedy="Restore it in ClickUp and replay, or drop the dead letter.",
    )
