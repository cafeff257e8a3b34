"""A task and its comments as ClickUp tells them, in Waybill's terms. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from resources.clickup.fields import CHECKED, text_of
from resources.clickup.models import ClickUpTask, Comment, User
from resources.domain.configuration import ClickUp, folded
from resources.domain.seen import Remark, SeenTask
from resources.domain.tasks import UNKNOWN_PERSON, TaskId

OWN_REFERENCE: Final = re.compile(r"\[wb-[0-9a-f]{8,}\]")
"""What every comment of Waybill's own carries, for people to see: ``[wb-3fa9c1d27b]``."""
_NO_SLUG: Final = re.compile(r"[^a-z0-9]+")


def seen(task: ClickUpTask, configuration: ClickUp) -> SeenTask:
    """What the task says now; its custom fields by the names of the configuration, without case.

    The due instant is the one that ClickUp gives: of a date without a time, 04:00 where the people are.
    """
    texts = _texts(task)
    names = configuration.fields
    client = texts.get(folded(names.client))
    return SeenTask(
        id=TaskId(task.id),
        name=task.name,
        body=task.text_content or task.description or "",
        url=task.url,
        list_id=None if task.list is None else task.list.id,
        client=None if client is None else slug_of(client),
        type_named=texts.get(folded(names.type)),
        auto_execute=texts.get(folded(names.auto_execute)) == CHECKED,
        due_at=task.due_date,
        priority=task.priority,
        status=task.status.status,
        status_type=task.status.type,
        updated_at=task.date_updated,
        fields=texts,
        ordered_by=None if task.creator is None else actor_of(task.creator),
    )


def slug_of(name: str) -> str:
    """A client's slug: ``Acme Outdoor`` is ``acme-outdoor``, ``Café Ü`` is ``cafe-u``.

    A name with letters that no slug has stays as it is: better no client than another one.
    """
    plain = "".join(each for each in unicodedata.normalize("NFKD", folded(name)) if not unicodedata.combining(each))
    if any(each.isalnum() and not each.isascii() for each in plain):
        return name
    return _NO_SLUG.sub("-", plain).strip("-") or name


def remarks(comments: Iterable[Comment], own_mark: re.Pattern[str] = OWN_REFERENCE) -> list[Remark]:
    """What people said, in the order given; what carries Waybill's own mark, or says nothing, is left out."""
    return [
        Remark(actor_of(comment.user), comment.text.strip(), comment.date)
        for comment in comments
        if comment.text.strip() and not own_mark.search(comment.text)
    ]


def actor_of(user: User | None) -> str:
    """How the ledger names a person of ClickUp's."""
    if user is None:
        return UNKNOWN_PERSON
    return user.username or user.email or f"ClickUp user {user.id}"


def _texts(task: ClickUpTask) -> dict[str, str]:
    """Each field's text by its name; of several with one name, the first that has a value."""
    texts: dict[str, str] = {}
    for field in task.custom_fields:
        text = text_of(field)
        if text is not None:
            texts.setdefault(folded(field.name), text)
    return texts
