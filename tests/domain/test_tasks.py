"""The one table of moves: what design §6 allows, nothing beside it, and no way into a corner."""

from itertools import product
from typing import Final

import pytest

from resources.domain.errors import PermanentError
from resources.domain.tasks import OPEN, TRANSITIONS, IllegalTransitionError, TaskEvent, TaskId, TaskState, target

# Design §6, line by line, and what `domain/tasks.py` says of a person amid the work and of what is sent after all.
DESIGNED: Final = """
waiting qualify ready
ready claim working
working deliver in_review
in_review approve delivered
ready disqualify waiting
working hold waiting
working expire ready
working fail failed
in_review fail failed
failed republish in_review
in_review request_changes ready
working request_changes ready
waiting|ready|working|in_review cancel cancelled
failed|delivered|cancelled reopen ready
"""


def designed() -> dict[tuple[str, str], str]:
    lines = (line.split() for line in DESIGNED.split("\n") if line)
    return {(state, event): then for states, event, then in lines for state in states.split("|")}


def test_the_table_is_the_design() -> None:
    assert {(str(at), str(event)): str(then) for (at, event), then in TRANSITIONS.items()} == designed()


@pytest.mark.parametrize(("state", "event"), [*product(TaskState, TaskEvent)])
def test_every_other_pair_is_refused_by_name_CB_16(state: TaskState, event: TaskEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert target(TaskId("t1"), state, event) is TRANSITIONS[state, event]
        return
    with pytest.raises(IllegalTransitionError, match=f"task t1, which is {state}.*found {event}") as refused:
        target(TaskId("t1"), state, event)
    assert isinstance(refused.value, PermanentError)
    allowed = {str(each) for at, each in TRANSITIONS if at is state}
    assert set(refused.value.expected.removeprefix("one of the events ").split(", ")) == allowed


def test_every_state_is_reached_and_left_and_leads_to_an_end() -> None:
    begin = {TaskState.WAITING, TaskState.READY}
    assert begin | set(TRANSITIONS.values()) == set(TaskState)
    assert {state for state, _ in TRANSITIONS} == set(TaskState)
    for state in OPEN:
        reached = {state}
        for _ in TaskState:
            reached |= {then for (at, _), then in TRANSITIONS.items() if at in reached and at in OPEN}
        assert reached - OPEN, state


def test_only_the_claim_leads_into_work() -> None:
    assert [event for (_, event), then in TRANSITIONS.items() if then is TaskState.WORKING] == [TaskEvent.CLAIM]


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[TaskState.READY, TaskEvent.DELIVER] = TaskState.DELIVERED
