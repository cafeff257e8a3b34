"""What a person means by moving a task in ClickUp: back to "to do" reopens, a closed status approves (CB-12)."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from resources.domain.configuration import Moves, folded
from resources.domain.tasks import TaskEvent, TaskState


class Meaning(StrEnum):
    """What a status says to Waybill, whoever set it."""

    REOPEN = "reopen"
    CLOSE = "close"
    CANCEL = "cancel"
    OTHER = "other"


CLOSED_TYPES: Final = frozenset({"closed", "done"})
"""ClickUp's own types of statuses that end a task."""

_S, _M, _E = TaskState, Meaning, TaskEvent
MOVES: Final[Mapping[tuple[TaskState, Meaning], TaskEvent]] = MappingProxyType(
    {
        (_S.IN_REVIEW, _M.CLOSE): _E.APPROVE,
        (_S.IN_REVIEW, _M.REOPEN): _E.REQUEST_CHANGES,
        (_S.WORKING, _M.REOPEN): _E.REQUEST_CHANGES,
        # Closed by hand amid the work: somebody did it, or it is not wanted any more.
        (_S.WORKING, _M.CLOSE): _E.CANCEL,
        **{(state, _M.CANCEL): _E.CANCEL for state in (_S.WAITING, _S.READY, _S.WORKING, _S.IN_REVIEW)},
        **{(state, _M.REOPEN): _E.REOPEN for state in (_S.FAILED, _S.DELIVERED, _S.CANCELLED)},
    }
)
"""Moves that are events. A waiting or ready task has no other: what it is moved to is a matter of eligibility."""


def meaning(status: str, status_type: str, moves: Moves) -> Meaning:
    """What ``status`` says. Names in the configuration come before ClickUp's type of the status."""
    name = folded(status)
    if name in map(folded, moves.reopen):
        return Meaning.REOPEN
    if name in map(folded, moves.cancel):
        return Meaning.CANCEL
    if name in map(folded, moves.approve) or status_type in CLOSED_TYPES:
        return Meaning.CLOSE
    return Meaning.OTHER


def status_kind(status: str, status_type: str, moves: Moves, own: Collection[str]) -> str:
    """``open``, ``closed`` or ``other``, as eligibility takes it; a status of our own is no move of a person's."""
    if folded(status) in map(folded, own):
        return "open"
    said = meaning(status, status_type, moves)
    return {Meaning.REOPEN: "open", Meaning.CLOSE: "closed", Meaning.CANCEL: "closed"}.get(said, "other")


def event_of(state: TaskState, said: Meaning) -> TaskEvent | None:
    """The event that a person's move is in ``state``; None: it is none."""
    return MOVES.get((state, said))
