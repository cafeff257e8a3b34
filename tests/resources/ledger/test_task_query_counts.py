"""AP-7: a page of tasks that did not change costs what one costs; of ones that did, by their changes alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from resources.domain.seen import SeenTask
from resources.domain.tasks import Act
from resources.work.intake import Intake, recheck, take_in
from tests.resources.ledger.making import sql, statements
from tests.resources.ledger.tasks_making import CONFIGURATION, acme, look


def nobody_asks(*_: object) -> Act:
    raise AssertionError("no task was moved by a person")


def looks(number: int) -> list[SeenTask]:
    return [look(f"x{n:03d}") for n in range(number)]


def taken(cleared: Engine, seen: list[SeenTask]) -> tuple[Intake, int]:
    with statements(cleared) as sent:
        intake = take_in(cleared, CONFIGURATION, seen, nobody_asks)
    return intake, len(sent)


@pytest.mark.parametrize("number", [1, 100])
def test_AP_7_unchanged_tasks_cost_one_query_whatever_their_number(cleared: Engine, number: int) -> None:
    acme(cleared)
    seen = looks(number)
    first, cost = taken(cleared, seen)
    assert (len(first.new), cost) == (number, 6)
    again, cost = taken(cleared, seen)
    assert not again
    assert cost == 1


def test_AP_7_what_changed_costs_by_itself(cleared: Engine) -> None:
    acme(cleared)
    seen = looks(100)
    taken(cleared, seen)
    changed = [replace(one, name="new", updated_at=one.updated_at + timedelta(seconds=1)) for one in seen[:10]]
    intake, cost = taken(cleared, changed + seen[10:])
    assert len(intake.changed) == 10
    assert cost <= 4 + 4 * 10


def test_AP_7_closed_tasks_of_a_workspace_cost_the_same_at_each_look(cleared: Engine) -> None:
    closed = [replace(one, status="complete", status_type="closed") for one in looks(100)]
    for _ in range(2):
        intake, cost = taken(cleared, closed)
        assert not intake
        assert cost <= 5
    assert sql(cleared, "SELECT * FROM waybill.tasks") == []


def test_AP_7_tasks_that_are_not_for_us_are_not_judged_again_and_again(cleared: Engine) -> None:
    """A workspace is full of tasks without a type, or without a client: time alone changes nothing about them."""
    acme(cleared)
    seen = [replace(one, type_named=None) for one in looks(50)]
    taken(cleared, [*seen, *(replace(look(f"y{n}"), client=None) for n in range(50))])
    assert sql(cleared, "SELECT count(*), count(recheck_at) FROM waybill.tasks WHERE state = 'waiting'") == [(100, 0)]
    with statements(cleared) as sent:
        assert recheck(cleared, CONFIGURATION) == 0
    assert len(sent) <= 4
