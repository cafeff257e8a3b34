"""Tasks: their states, the events that move them, and the one table of allowed moves (design §6).

A lease is not a state: who works on a task stands beside it in the ledger. Every event has an actor and a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NewType

from resources.domain.errors import PermanentError

TaskId = NewType("TaskId", str)
"""ClickUp's id, or ``local-…`` for a task that ClickUp does not know. It is the partition key too."""

LOCAL: Final = "local-"


class TaskState(StrEnum):
    """Where a task stands. ``waiting``, ``failed`` and ``cancelled`` always have a reason beside them."""

    WAITING = "waiting"
    READY = "ready"
    WORKING = "working"
    IN_REVIEW = "in_review"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN: Final = frozenset({TaskState.WAITING, TaskState.READY, TaskState.WORKING, TaskState.IN_REVIEW})
"""What still asks for somebody's work."""


class TaskEvent(StrEnum):
    """What happened to a task."""

    QUALIFY = "qualify"
    """It is eligible now."""
    DISQUALIFY = "disqualify"
    """It is not eligible any more."""
    CLAIM = "claim"
    DELIVER = "deliver"
    """Its deliverable is whole, and what publishes it stands in the outbox."""
    EXPIRE = "expire"
    """Its worker is gone or its time is over, and attempts are left."""
    FAIL = "fail"
    """A permanent error, or the last attempt is spent, or its publication was given up."""
    HOLD = "hold"
    """A person must choose, or the budget is spent."""
    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    REOPEN = "reopen"
    REPUBLISH = "republish"
    """What publishes it was given up and is tried again: the work itself is done, and is not paid for twice."""
    CANCEL = "cancel"


_S, _E = TaskState, TaskEvent
TRANSITIONS: Final[Mapping[tuple[TaskState, TaskEvent], TaskState]] = MappingProxyType(
    {
        (_S.WAITING, _E.QUALIFY): _S.READY,
        (_S.READY, _E.DISQUALIFY): _S.WAITING,
        (_S.READY, _E.CLAIM): _S.WORKING,
        (_S.WORKING, _E.DELIVER): _S.IN_REVIEW,
        (_S.WORKING, _E.EXPIRE): _S.READY,
        (_S.WORKING, _E.FAIL): _S.FAILED,
        (_S.WORKING, _E.HOLD): _S.WAITING,
        # A person who moves a task back amid the work wants it begun anew: the attempt at it is fenced out.
        (_S.WORKING, _E.REQUEST_CHANGES): _S.READY,
        (_S.IN_REVIEW, _E.APPROVE): _S.DELIVERED,
        (_S.IN_REVIEW, _E.REQUEST_CHANGES): _S.READY,
        (_S.IN_REVIEW, _E.FAIL): _S.FAILED,
        (_S.FAILED, _E.REPUBLISH): _S.IN_REVIEW,
        **{(state, _E.CANCEL): _S.CANCELLED for state in sorted(OPEN)},
        **{(state, _E.REOPEN): _S.READY for state in (_S.FAILED, _S.DELIVERED, _S.CANCELLED)},
    }
)


class IllegalTransitionError(PermanentError):
    """The event is not allowed in the task's state; nothing was changed."""


def target(task: TaskId, state: TaskState, event: TaskEvent) -> TaskState:
    """The state after ``event``.

    Raises:
        IllegalTransitionError: ``event`` is not allowed in ``state``; the message names the events that are.
    """
    if (state, event) not in TRANSITIONS:
        allowed = sorted(each.value for at, each in TRANSITIONS if at == state)
        raise IllegalTransitionError(
            f"task {task}, which is {state.value}",
            expected=f"one of the events {', '.join(allowed)}",
            found=event.value,
            remedy="Look at it with `waybill task show`.",
        )
    return TRANSITIONS[state, event]


@dataclass(frozen=True, slots=True)
class Act:
    """Who moves a task and why; ``run_id`` where a Dagster run does. Both words are kept for ever."""

    actor: str
    reason: str
    run_id: str | None = None


WAYBILL: Final = "waybill"
"""The actor of what nobody asked for: sensors, recovery, the start."""
UNKNOWN_PERSON: Final = "unknown ClickUp user"
NO_COMMENT: Final = "moved back without comment"
