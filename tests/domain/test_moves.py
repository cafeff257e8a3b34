"""CB-12: what a person means by moving a task, in each of its states."""

from itertools import product

import pytest

from resources.domain.configuration import Moves
from resources.domain.moves import MOVES, Meaning, event_of, meaning, status_kind
from resources.domain.tasks import TRANSITIONS, TaskEvent, TaskState

_S, _M, _E = TaskState, Meaning, TaskEvent
MOVES_OF = Moves(reopen=("to do", "Backlog"), approve=("Signed off",), cancel=("cancelled", "dropped"))
MEANT = {
    (_S.WAITING, _M.CANCEL): _E.CANCEL,
    (_S.READY, _M.CANCEL): _E.CANCEL,
    (_S.WORKING, _M.CANCEL): _E.CANCEL,
    (_S.WORKING, _M.CLOSE): _E.CANCEL,
    (_S.WORKING, _M.REOPEN): _E.REQUEST_CHANGES,
    (_S.IN_REVIEW, _M.CANCEL): _E.CANCEL,
    (_S.IN_REVIEW, _M.CLOSE): _E.APPROVE,
    (_S.IN_REVIEW, _M.REOPEN): _E.REQUEST_CHANGES,
    (_S.FAILED, _M.REOPEN): _E.REOPEN,
    (_S.DELIVERED, _M.REOPEN): _E.REOPEN,
    (_S.CANCELLED, _M.REOPEN): _E.REOPEN,
}


@pytest.mark.parametrize(("state", "said"), [*product(TaskState, Meaning)])
def test_CB_12_a_move_means_one_event_or_none_in_each_state(state: TaskState, said: Meaning) -> None:
    assert event_of(state, said) == MEANT.get((state, said))


def test_every_move_is_an_event_that_its_state_allows() -> None:
    assert {(state, event) for (state, _), event in MOVES.items()} <= TRANSITIONS.keys()


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        ("to do", "open", _M.REOPEN),
        (" TO DO ", "custom", _M.REOPEN),
        ("backlog", "open", _M.REOPEN),
        ("signed OFF", "custom", _M.CLOSE),
        ("complete", "closed", _M.CLOSE),
        ("shipped", "done", _M.CLOSE),
        ("Cancelled", "done", _M.CANCEL),
        ("dropped", "closed", _M.CANCEL),
        ("to do", "closed", _M.REOPEN),
        ("on hold", "custom", _M.OTHER),
        ("new", "open", _M.OTHER),
    ],
)
def test_names_in_the_configuration_come_before_the_type_of_the_status(status: str, kind: str, said: Meaning) -> None:
    assert meaning(status, kind, MOVES_OF) is said


@pytest.mark.parametrize(
    ("status", "kind", "own", "found"),
    [
        ("to do", "open", (), "open"),
        ("in progress", "custom", (), "other"),
        ("In Progress", "custom", ("in progress",), "open"),
        ("complete", "closed", (), "closed"),
        ("complete", "closed", ("complete",), "open"),
        ("cancelled", "done", (), "closed"),
        ("on hold", "custom", ("in progress",), "other"),
    ],
)
def test_a_status_of_our_own_is_no_move_of_a_persons(status: str, kind: str, own: tuple[str, ...], found: str) -> None:
    assert status_kind(status, kind, MOVES_OF, own) == found
