"""Runs that are asked for: each by a key that was never used, and the partitions that should stand."""

from datetime import timedelta

from sqlalchemy import Engine

from resources.domain.tasks import TaskEvent, TaskId, TaskState
from resources.ledger import claims, requests
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import T1, add, add_many, claim, get, history, moved

KEPT = timedelta(days=30)


def note(cleared: Engine, *names: str) -> dict[str, str]:
    with cleared.begin() as connection:
        return {**requests.note(connection, [TaskId(name) for name in names])}


def partitions(cleared: Engine) -> set[str]:
    with cleared.begin() as connection:
        return requests.partitions(connection, kept=KEPT)


def make_due(cleared: Engine) -> None:
    sql(cleared, "UPDATE waybill.tasks SET not_before_at = now() - interval '1 s' WHERE not_before_at IS NOT NULL")


def test_a_task_is_asked_for_once_and_again_when_its_run_never_began(cleared: Engine) -> None:
    add_many(cleared, 2)
    assert note(cleared, "m0000", "m0001") == {
        "m0000": "m0000 attempt 1 request 1", "m0001": "m0001 attempt 1 request 1",
    }  # fmt: skip
    assert note(cleared, "m0000") == {}
    with cleared.begin() as connection:
        assert claims.ready(connection, at_most=9) == []
    make_due(cleared)
    assert note(cleared, "m0000") == {"m0000": "m0000 attempt 1 request 2"}


def test_no_run_key_comes_twice_and_a_request_is_no_change_of_state(cleared: Engine) -> None:
    add(cleared)
    keys = []
    for number in range(3):
        keys += note(cleared, T1).values()
        claim(cleared)
        assert moved(cleared, TaskEvent.EXPIRE).attempt == number + 1
    assert len(set(keys)) == len(keys) == 3
    assert get(cleared).version == 1 + 2 * 3
    assert [event for _, event, _ in history(cleared)] == ["see", *["claim", "expire"] * 3]


def test_what_is_not_ready_is_not_asked_for(cleared: Engine) -> None:
    add(cleared)
    claim(cleared)
    add(cleared, "waits", state=TaskState.WAITING, reason="r")
    assert note(cleared, T1, "waits", "nobody") == {}


def test_a_claim_needs_no_request(cleared: Engine) -> None:
    add(cleared)
    note(cleared, T1)
    claim(cleared)
    assert get(cleared).not_before_at is None


def test_CB_19_partitions_are_those_of_tasks_at_work_and_of_ended_ones_for_a_while(cleared: Engine) -> None:
    add_many(cleared, 3)
    add(cleared, "waits", state=TaskState.WAITING, reason="r")
    for name in ("held", "done", "old"):
        add(cleared, name)
        claim(cleared, task=name)
    moved(cleared, TaskEvent.HOLD, "held", reason="r")
    add(cleared, "unwanted")
    moved(cleared, TaskEvent.CANCEL, "unwanted", reason="r")
    for name in ("done", "old"):
        moved(cleared, TaskEvent.FAIL, name, reason="r")
    sql(
        cleared, "UPDATE waybill.tasks SET changed_at = now() - interval '31 days' WHERE id IN ('old', 'held', 'm0000')"
    )
    assert partitions(cleared) == {"m0000", "m0001", "m0002", "held", "done"}
