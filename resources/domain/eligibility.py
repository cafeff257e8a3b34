"""Whether a task may be begun now, and if not, why (CB-13): a pure function with a reason for every no."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from resources.domain.configuration import Configuration
from resources.domain.task_types import kinds, lack


@dataclass(frozen=True, slots=True)
class Facts:
    """What eligibility rests on.

    Attributes:
        type: the key of the task type; None when no type is called ``type_named``.
        client_known: whether the ledger has that client.
        status_kind: ``open``: it asks for work, or the status is our own; ``closed``; ``other``: moved by hand.
        fields: the task's custom fields as text, by their names without case.
        has_workbook: whether a workbook was dropped for it.
    """

    type: str | None
    type_named: str | None
    client: str | None
    client_known: bool
    auto_execute: bool
    due_at: datetime | None
    status: str | None
    status_kind: str
    fields: Mapping[str, str] = field(default_factory=dict)
    has_workbook: bool = False


@dataclass(frozen=True, slots=True)
class Ineligible:
    """Why not, for people; and when to look again, where time alone changes it."""

    reason: str
    recheck_at: datetime | None = None


LOOK_AGAIN: Final = timedelta(minutes=5)
NO_TYPE: Final = "no task type is chosen"
NO_CLIENT: Final = "no client is chosen"
NOT_AUTOMATIC: Final = "auto-execute is off"
NO_DUE_DATE: Final = "it has no due date"
NO_WORKBOOK: Final = "its workbook has not come yet: it is dropped into the watch folder"


def why_not(facts: Facts, configuration: Configuration, now: datetime) -> Ineligible | None:
    """The first reason not to begin the task at ``now``; None: it is eligible."""
    lack = _lack(facts, configuration)
    if lack is not None:
        reason, mendable = lack
        return Ineligible(reason, recheck_at=now + LOOK_AGAIN if mendable else None)
    assert facts.type is not None
    assert facts.due_at is not None
    opens_at = facts.due_at - timedelta(days=configuration.task_types[facts.type].window_days)
    if opens_at > now:
        return Ineligible(
            f"it is due on {facts.due_at:%Y-%m-%d}, beyond the window: it can begin on {opens_at:%Y-%m-%d %H:%M} UTC",
            recheck_at=opens_at,
        )
    return None


def _lack(facts: Facts, configuration: Configuration) -> tuple[str, bool] | None:
    """What is missing or in the way, whatever the time: the first that holds, and whether it may end by itself.

    A type can be added to waybill.toml and a client's source be ingested while the task itself stays as it is. All else
    is changed in the task, which is seen then: a workspace is full of tasks that never have a type.
    """
    known = ", ".join(sorted(each.option for each in configuration.task_types.values()))
    unknown_type = NO_TYPE if not facts.type_named else f"its type '{facts.type_named}' is unknown; known are {known}"
    lacks = (
        (facts.status_kind == "closed", f"it is closed in ClickUp ({facts.status})", False),
        (facts.status_kind == "other", f"it was moved by hand to '{facts.status}'", False),
        (facts.type is None, unknown_type, bool(facts.type_named)),
        (facts.client is None, NO_CLIENT, False),
        (not facts.client_known, f"its client '{facts.client}' is unknown: ingest a source of it first", True),
        (not facts.auto_execute, NOT_AUTOMATIC, False),
        (facts.due_at is None, NO_DUE_DATE, False),
        *_lacks_of_kind(facts, configuration),
    )
    return next(((reason, mendable) for holds, reason, mendable in lacks if holds), None)


def _lacks_of_kind(facts: Facts, configuration: Configuration) -> list[tuple[bool, str, bool]]:
    """What its kind of work needs beside: its own fields of the task, a workbook."""
    found = configuration.task_types.get(facts.type or "")
    if found is None:
        return []
    kind = kinds()[found.kind]
    field_lack = lack(kind, facts.fields)
    waits = configuration.takes_workbook(facts.type) and not facts.has_workbook
    return [(field_lack is not None, field_lack or "", False), (waits, NO_WORKBOOK, False)]
