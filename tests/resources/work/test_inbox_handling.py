"""Deliveries handled: one look a task, one task a delivery, and none forgotten whatever fails."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from resources.clickup.errors import ClickUpBusyError, ClickUpCredentialsError, ClickUpUnreachableError
from resources.domain.configuration import Configuration
from resources.domain.errors import PermanentError, TransientError
from resources.domain.tasks import TaskId
from resources.ledger import dead_letters, inbox
from resources.webhooks.adapter import delivery_key
from resources.webhooks.clickup import ClickUpWebhook
from resources.webhooks.routes import Routes
from resources.work.inbox_handling import ATTEMPTS, LONGEST_PAUSE, Handled, InboxHandler, make_task, pause_after
from tests.orchestration.desk.serving import CONFIGURATION
from tests.resources.ledger.making import registered, sql
from tests.resources.webhooks.clickup_samples import samples

ROUTES = Routes.of(CONFIGURATION)
LONG_S = 60.0
SEEDS = range(4)
WORDS = {"expected": "an answer", "found": "none", "remedy": "Wait."}


class LostTaskError(PermanentError):
    """Nobody can read this task."""


class SlowTaskError(TransientError):
    """This task could not be read now."""


@dataclass
class ClickUp:
    """Remembers which tasks were read again; fails at those of ``failing``."""

    looked_at: list[TaskId] = field(default_factory=list)
    failing: dict[str, Exception] = field(default_factory=dict)
    at_look: Callable[[], object] = lambda: None

    def reread(self, task: TaskId) -> None:
        self.looked_at.append(task)
        self.at_look()
        if task in self.failing:
            raise self.failing[task]


@pytest.fixture
def clickup() -> ClickUp:
    return ClickUp()


@pytest.fixture
def handle(ledger: Engine, clickup: ClickUp) -> Callable[..., Handled]:
    handler = InboxHandler(ledger, ROUTES, clickup.reread, partial(make_task, ledger, CONFIGURATION))
    return partial(handler.handle, at_most=100, within_s=LONG_S)


def deliver(ledger: Engine, *bodies: object, route: str = "clickup") -> None:
    adapter = ROUTES.get(route) or ClickUpWebhook()
    with ledger.begin() as connection:
        for body in bodies:
            key = delivery_key(route, adapter.key({}, body))
            inbox.store(connection, key=key, route=route, body=json.dumps(body))


def event(task: str, number: int = 1) -> dict[str, object]:
    return {"webhook_id": "w", "event": "taskMoved", "task_id": task, "history_items": [{"id": str(number)}]}


def form(number: int, **changed: object) -> dict[str, object]:
    return {"id": number, "title": f"Question {number}", **changed}


def outcomes(ledger: Engine) -> list[str | None]:
    return [row[0] for row in sql(ledger, "SELECT outcome FROM waybill.inbox ORDER BY id")]


def due_now(ledger: Engine) -> None:
    sql(ledger, "UPDATE waybill.inbox SET next_at = now()")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_samples_doubled_and_in_any_order_end_in_the_same(
    ledger: Engine, clickup: ClickUp, handle: Callable[..., Handled], seed: int
) -> None:
    chance, coming = random.Random(seed), [*samples().values()] * 2
    chance.shuffle(coming)
    while coming:  # some come between the rounds, and some again after they were handled
        few, coming = coming[:9], coming[9:]
        deliver(ledger, *few)
        handle(at_most=chance.randint(1, 10))
    while handle().taken:
        pass
    assert set(clickup.looked_at) == {body["task_id"] for body in samples().values() if "task_id" in body}
    assert len(clickup.looked_at) <= len(samples()), "a delivery that came again was handled again"
    assert set(outcomes(ledger)) == {"read again", "nothing to do"}
    assert len(outcomes(ledger)) == len(samples())


def test_many_deliveries_of_a_task_are_one_look(
    ledger: Engine, clickup: ClickUp, handle: Callable[..., Handled]
) -> None:
    deliver(ledger, *(event(task, number) for number in range(5) for task in ("a", "b")))
    handled = handle()
    assert clickup.looked_at == ["a", "b"]
    assert (handled.done, handled.reread, handled.taken) == (10, 2, 10)
    assert handle().taken == 0


def test_a_task_that_cannot_be_read_now_is_postponed_and_holds_up_no_other(
    ledger: Engine, clickup: ClickUp, handle: Callable[..., Handled]
) -> None:
    clickup.failing["a"] = SlowTaskError("task a", **WORDS)
    deliver(ledger, event("a"), event("a", 2), event("b"))
    handled = handle()
    assert clickup.looked_at == ["a", "b"], "one look for both deliveries of a"
    assert (handled.done, handled.postponed, handled.error) == (1, 2, clickup.failing["a"])
    assert handle().taken == 0
    assert sql(
        ledger, "SELECT count(*) FROM waybill.inbox WHERE error LIKE 'task a: expected%' AND next_at > now()"
    ) == [(2,)]
    clickup.failing.clear()
    due_now(ledger)
    assert handle().done == 2


def test_CB_8_after_the_last_attempt_it_is_a_dead_letter_that_can_be_replayed(
    ledger: Engine, clickup: ClickUp, handle: Callable[..., Handled]
) -> None:
    clickup.failing["a"] = SlowTaskError("task a", **WORDS)
    deliver(ledger, event("a"))
    for _ in range(ATTEMPTS):
        due_now(ledger)
        handle()
    assert outcomes(ledger) == ["dead"]
    with ledger.begin() as connection:
        (letter,) = dead_letters.list_open(connection)
        assert (letter.attempts, letter.request["body"]) == (ATTEMPTS, event("a"))
        dead_letters.replay(connection, letter.id, "ann")
    clickup.failing.clear()
    assert handle().done == 1
    assert outcomes(ledger) == ["read again"]


@pytest.mark.parametrize("error", [LostTaskError("task a", **WORDS), ValueError("a bug")])
def test_what_waiting_cannot_mend_is_given_up_at_once_and_a_bug_is_not(
    ledger: Engine, clickup: ClickUp, handle: Callable[..., Handled], error: Exception
) -> None:
    clickup.failing["a"] = error
    deliver(ledger, event("a"), event("b"))
    handled = handle()
    permanent = isinstance(error, PermanentError)
    assert (handled.done, handled.dead, handled.postponed) == (1, int(permanent), int(not permanent))
    assert outcomes(ledger) == ["dead" if permanent else None, "read again"]


@pytest.mark.parametrize(
    "away",
    [
        ClickUpUnreachableError("GET task", **WORDS),
        ClickUpCredentialsError("GET task", **WORDS),
        ClickUpBusyError("GET task", **WORDS, retry_at=datetime.now(UTC) + timedelta(hours=5)),
    ],
)
def test_while_clickup_is_away_no_attempt_counts_and_it_is_asked_once(
    ledger: Engine, clickup: ClickUp, handle: Callable[..., Handled], away: Exception
) -> None:
    clickup.failing["b"] = away
    deliver(ledger, event("a"), event("b"), event("c"), event("a", 2))
    for _ in range(ATTEMPTS + 1):
        due_now(ledger)
        handled = handle()
        assert handled.error is away
    assert clickup.looked_at == ["a", *["b"] * (ATTEMPTS + 1)]
    assert outcomes(ledger) == ["read again", None, None, "read again"]
    ((attempts, wait),) = sql(
        ledger, "SELECT max(attempts), min(next_at - now()) FROM waybill.inbox WHERE handled_at IS NULL"
    )
    assert attempts == 0
    assert wait > timedelta(hours=4 if isinstance(away, ClickUpBusyError) else 0, seconds=20)


def test_when_the_time_is_over_the_rest_is_given_back(
    ledger: Engine, clickup: ClickUp, handle: Callable[..., Handled]
) -> None:
    deliver(ledger, event("a"), event("b"), event("a", 2))
    handled = handle(within_s=0.0)
    assert (handled.done, handled.given_back, clickup.looked_at) == (0, 3, [])
    assert [(row[0], row[1]) for row in sql(ledger, "SELECT attempts, next_at <= now() FROM waybill.inbox")] == [
        (0, True)
    ] * 3
    assert handle().done == 3


def test_an_error_of_the_ledger_is_raised_and_what_was_taken_comes_again(
    ledger: Engine, clickup: ClickUp, handle: Callable[..., Handled]
) -> None:
    def cancelled() -> None:
        sql(ledger, "SET LOCAL statement_timeout = 1; SELECT pg_sleep(5)")

    clickup.at_look = cancelled
    deliver(ledger, event("a"))
    with pytest.raises(OperationalError):
        handle()
    assert handle().taken == 0, "held for a while"
    clickup.at_look = lambda: None
    due_now(ledger)
    assert handle().done == 1


def test_AP_4_a_delivery_whose_adapter_is_gone_becomes_a_dead_letter_and_is_handled_when_it_is_back(
    ledger: Engine, clickup: ClickUp, handle: Callable[..., Handled]
) -> None:
    deliver(ledger, event("a"))
    bare = InboxHandler(ledger, Routes.of(Configuration()), clickup.reread, partial(make_task, ledger, CONFIGURATION))
    assert bare.handle(at_most=10, within_s=LONG_S).dead == 1
    with ledger.begin() as connection:
        (letter,) = dead_letters.list_open(connection)
        assert "a route that nothing takes deliveries of" in letter.error
        dead_letters.replay(connection, letter.id, "ann")
    assert handle().done == 1
    assert clickup.looked_at == ["a"]


def test_AP_2_a_delivery_makes_its_local_task_once(ledger: Engine, handle: Callable[..., Handled]) -> None:
    registered(ledger)  # the client acme
    deliver(ledger, form(1), form(2), form(1), route="forms/typed")
    made = handle().made
    assert len(made) == 2
    sql(ledger, "UPDATE waybill.inbox SET handled_at = NULL, outcome = NULL, next_at = now()")
    assert handle().made == made, "handled twice, as after a kill"
    rows = sql(ledger, "SELECT id, origin, name, type, client, state FROM waybill.tasks ORDER BY name")
    assert rows == [
        (made[0], "webhook", "Question 1", "knowledge_note", "acme", "ready"),
        (made[1], "webhook", "Question 2", "knowledge_note", "acme", "ready"),
    ]
    assert sql(ledger, "SELECT actor, reason FROM waybill.task_events ORDER BY id LIMIT 1") == [
        ("webhook forms/typed", "delivery forms/typed:1")
    ]


def test_CB_13_a_task_for_an_unknown_client_waits_with_its_reason(
    ledger: Engine, handle: Callable[..., Handled]
) -> None:
    deliver(ledger, form(1), route="forms/typed")
    assert len(handle().made) == 1
    ((state, reason),) = sql(ledger, "SELECT state, reason FROM waybill.tasks")
    assert state == "waiting"
    assert "acme" in reason


def test_a_delivery_without_what_the_mapping_needs_becomes_a_dead_letter(
    ledger: Engine, handle: Callable[..., Handled]
) -> None:
    deliver(ledger, form(1, title=""), form(2), route="forms/typed")
    handled = handle()
    assert (handled.dead, handled.done) == (1, 1)
    with ledger.begin() as connection:
        assert "$.title" in dead_letters.list_open(connection)[0].error


def test_pauses_double_up_to_half_an_hour() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, 200)]
    assert pauses[:3] == [timedelta(seconds=10), timedelta(seconds=20), timedelta(seconds=40)]
    assert max(pauses) == pauses[-1] == LONGEST_PAUSE
