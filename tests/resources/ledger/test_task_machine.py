"""The table of tasks against a small pure model, by any road: states, history, leases, attempts, and who is fenced."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from resources.domain.tasks import TRANSITIONS, IllegalTransitionError, TaskEvent, TaskId, TaskState
from resources.ledger import claims, tasks
from resources.ledger.claims import Claim, Worker
from resources.ledger.leases import AlreadyClaimedError, LeaseLostError, require
from resources.ledger.tasks import TaskMovedError
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import ANNA, add, assert_unbroken, claim, expire, get

NUMBERS = count(1)
OWNERS = st.sampled_from(["run a", "run b", "run c"])
# A claim is begun with its attempt, by its own rule; the others are moves of whoever has the right to.
BY_WORKER = (TaskEvent.DELIVER, TaskEvent.FAIL, TaskEvent.HOLD)
BY_OTHERS = tuple(event for event in TaskEvent if event not in (*BY_WORKER, TaskEvent.CLAIM))


@dataclass
class Model:
    """What a task should be."""

    state: TaskState
    version: int = 1
    attempt: int = 0
    owner: str | None = None
    stale: bool = False
    open_attempt: bool = False
    history: list[tuple[TaskState | None, str, TaskState]] = field(default_factory=list)

    def move(self, event: TaskEvent, owner: str | None = None) -> bool:
        """Whether it is allowed; then it is done."""
        if (self.state, event) not in TRANSITIONS:
            return False
        then = TRANSITIONS[self.state, event]
        self.history.append((self.state, event.value, then))
        self.state, self.version = then, self.version + 1
        self.owner, self.stale = owner, False
        return True


class TaskMachine(RuleBasedStateMachine):
    """``claimed`` holds claims that were won at any time, most of them lost since."""

    ledger: Engine
    claimed: Bundle = Bundle("claimed")
    seen: Bundle = Bundle("seen")

    def __init__(self) -> None:
        super().__init__()
        self.name = TaskId(f"t{next(NUMBERS)}")
        self.model = Model(TaskState.WAITING)

    @initialize(eligible=st.booleans())
    def see(self, eligible: bool) -> None:
        state = TaskState.READY if eligible else TaskState.WAITING
        add(self.ledger, self.name, state=state, reason=None if eligible else "no due date", attempts_left=3)
        self.model = Model(state, history=[(None, "see", state)])

    @rule(target=seen)
    def read(self) -> tasks.Task:
        return get(self.ledger, self.name)

    @rule(target=claimed, owner=OWNERS)
    def claim(self, owner: str) -> Claim | None:
        model = self.model
        held = model.state is TaskState.WORKING
        try:
            won = claim(self.ledger, Worker(owner), self.name)
        except AlreadyClaimedError as error:
            told = (held and (model.owner != owner or model.stale), error.found)
            assert told == (True, f"already claimed by {model.owner}")
            return None
        except IllegalTransitionError:
            assert model.state not in (TaskState.READY, TaskState.WORKING)
            return None
        if held:
            assert (model.owner, model.stale, won.version) == (owner, False, model.version), "joined"
            return won
        assert model.move(TaskEvent.CLAIM, owner)
        model.attempt, model.open_attempt = model.attempt + 1, True
        assert (won.attempt.number, won.version) == (model.attempt, model.version)
        return won

    @rule(won=claimed, event=st.sampled_from(BY_WORKER))
    def work(self, won: Claim | None, event: TaskEvent) -> None:
        """A worker ends its attempt: only while its claim stands; a fenced one writes nothing."""
        if won is None:
            return
        mine = self.model.state is TaskState.WORKING and won.version == self.model.version
        try:
            with self.ledger.begin() as connection:
                require(connection, won)
                tasks.move(connection, won.task, event, ANNA, reason="r", along=claims.ending(event.value))
        except LeaseLostError:
            assert not mine
            return
        assert mine
        assert self.model.move(event)
        self.model.open_attempt = False

    @rule(event=st.sampled_from(BY_OTHERS))
    def decide(self, event: TaskEvent) -> None:
        """A person or a sensor moves the task as it is now."""
        at_work = self.model.open_attempt
        with self.ledger.begin() as connection:
            task = tasks.get(connection, self.name)
            try:
                ending = claims.ending("taken back") if at_work else None
                tasks.move(connection, task, event, ANNA, reason="r", along=ending, attempts_left=3)
            except IllegalTransitionError:
                assert (self.model.state, event) not in TRANSITIONS
                return
        assert self.model.move(event)
        self.model.open_attempt = False

    @rule(task=consumes(seen), event=st.sampled_from(TaskEvent))
    def decide_on_what_was_read(self, task: tasks.Task, event: TaskEvent) -> None:
        """CB-16: read, think, write: only when nothing happened between."""
        if event is TaskEvent.CLAIM or self.model.open_attempt:
            return
        allowed = (task.state, event) in TRANSITIONS
        try:
            with self.ledger.begin() as connection:
                tasks.move(connection, task, event, ANNA, reason="r", attempts_left=3)
        except IllegalTransitionError:
            assert not allowed
        except TaskMovedError:
            assert allowed
            assert task.version != self.model.version
        else:
            assert task.version == self.model.version
            assert self.model.move(event)

    @rule()
    def lose_the_worker(self) -> None:
        if self.model.state is TaskState.WORKING:
            expire(self.ledger, self.name)
            self.model.stale = True

    @invariant()
    def the_ledger_is_the_model(self) -> None:
        model = self.model
        if not model.history:
            return
        with self.ledger.begin() as connection:
            task, made = tasks.get(connection, self.name), claims.attempts(connection, self.name)
        assert (task.state, task.version, task.attempt) == (model.state, model.version, model.attempt)
        assert task.lease_owner == model.owner
        assert (task.lease_expires_at is not None) is (model.state is TaskState.WORKING)
        assert [each.number for each in made] == list(range(1, model.attempt + 1))
        assert [each.number for each in made if each.outcome is None] == [model.attempt] * model.open_attempt

    def teardown(self) -> None:
        found = sql(
            self.ledger,
            "SELECT from_state, event, to_state FROM waybill.task_events WHERE task_id = :id ORDER BY id",
            id=self.name,
        )
        assert found == [(before and before.value, event, then.value) for before, event, then in self.model.history]
        assert_unbroken(self.ledger)


def test_any_road_leaves_an_unbroken_history_CB_16_DT_1_DT_8(cleared: Engine) -> None:
    machine: Any = type("Machine", (TaskMachine,), {"ledger": cleared})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=[*HealthCheck]),
    )
    assert sql(cleared, "SELECT count(*) > 0 FROM waybill.task_events WHERE event = 'reopen'") == [(True,)]
