"""A task as ClickUp shows it, in Waybill's terms: what the poll, a webhook's re-read and the sweep hand over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from resources.domain.tasks import TaskId


@dataclass(frozen=True, slots=True)
class SeenTask:
    """One look at a task. Two looks are ordered by ``updated_at``, which is ClickUp's own clock.

    Attributes:
        client: the client's slug, from the field's text; None when the field is empty.
        type_named: what the field for the type says, as a person chose it; None when it is empty.
        priority: from 1 (urgent) to 4 (low); None when unset.
        status_type: ClickUp's ``open``, ``custom``, ``done`` or ``closed``.
        fields: all its custom fields as text, by their names without case.
        ordered_by: who made the task; None when ClickUp does not tell.
    """

    id: TaskId
    name: str
    body: str
    url: str | None
    list_id: str | None
    client: str | None
    type_named: str | None
    auto_execute: bool
    due_at: datetime | None
    priority: int | None
    status: str
    status_type: str
    updated_at: datetime
    fields: Mapping[str, str] = field(default_factory=dict)
    ordered_by: str | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment of a person on a task; Waybill's own are left out."""

    actor: str
    text: str
    at: datetime
