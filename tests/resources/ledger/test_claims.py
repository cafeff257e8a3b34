"""One claim for every way in, taken with its attempt: who comes second is told by whom, who is late is fenced."""

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from resources import processes
from resources.domain.errors import WaybillError
from resources.domain.tasks import Act, IllegalTransitionError, TaskEvent, TaskState
from resources.ledger import claims, tasks
from resources.ledger.claims import AttemptPlan, Claim, Worker, hashed
from resources.ledger.leases import TASK, AlreadyClaimedError, LeaseLostError, Pulse, kept, require
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import (
    NOTE,
    PLAN,
    RUN_1,
    RUN_2,
    T1,
    add,
    add_many,
    assert_unbroken,
    attempts,
    claim,
    claiming_process,
    expire,
    get,
    history,
    kill,
    moved,
)
from tests.waiting import wait_until

CLAIM_WHEN_TOLD = """
import sys
from resources.domain.tasks import TaskId
from resources.ledger import claims
from resources.ledger.claims import AttemptPlan, Worker
from resources.ledger.engine import open_ledger
from resources.ledger.leases import AlreadyClaimedError
engine = open_ledger(sys.argv[1], pool_size=1)
engine.connect().close()
owner = sys.argv[2]
print("here", flush=True)
for name in sys.stdin.read().split():
    try:
        with engine.begin() as connection:
            task, now = claims.look(connection, TaskId(name))
            if claims.held_by(connection, task, now, owner) is None:
                claims.begin(connection, task, now, AttemptPlan("knowledge_note", {}, 900.0), Worker(owner))
        print(name, "mine", flush=True)
    except AlreadyClaimedError as error:
        print(name, error.found, flush=True)
"""


def at_once(*works: Callable[[], object]) -> list[object]:
    """What each returned or raised, begun at the same time."""
    together, results = threading.Barrier(len(works)), [None] * len(works)

    def run(number: int, work: Callable[[], object]) -> None:
        together.wait()
        try:
            results[number] = work()
        except WaybillError as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def is_stale(cleared: Engine) -> bool:
    with cleared.begin() as connection:
        task, now = claims.look(connection, T1)
    return claims.is_stale(task, now)


def fenced(cleared: Engine, claimed: Claim) -> bool:
    try:
        with cleared.begin() as connection:
            require(connection, claimed)
    except LeaseLostError:
        return True
    return False


def test_a_claim_is_state_lease_and_attempt_in_one(cleared: Engine) -> None:
    add(cleared)
    claimed = claim(cleared)
    task = get(cleared)
    assert (task.state, task.lease_owner, task.lease_process) == (TaskState.WORKING, "run 1", processes.identity())
    assert (task.attempt, task.attempts_left, task.version) == (1, 2, 2)
    assert claimed.task == task
    (attempt,) = attempts(cleared)
    assert claimed.attempt == attempt
    assert (attempt.owner, attempt.run_id, attempt.ended_at, attempt.outcome) == ("run 1", "1", None, None)
    assert attempt.deadline_at - attempt.started_at == timedelta(seconds=900)
    assert history(cleared)[-1] == ("ready", "claim", "working")


def test_CB_4_whoever_comes_second_is_told_by_whom_and_nothing_is_done(cleared: Engine) -> None:
    add(cleared)
    claim(cleared)
    before = get(cleared)
    with pytest.raises(AlreadyClaimedError, match="already claimed by run 1") as told:
        claim(cleared, RUN_2)
    assert told.value.retry_helps
    assert get(cleared) == before
    assert len(attempts(cleared)) == 1


def test_CB_4_of_many_threads_at_once_one_gets_the_task(cleared: Engine) -> None:
    for name in add_many(cleared, 8):
        results = at_once(*[lambda n=n, name=name: claim(cleared, Worker(f"run {n}"), name) for n in range(5)])
        (mine,) = [each for each in results if isinstance(each, Claim)]
        told = [str(each) for each in results if isinstance(each, AlreadyClaimedError)]
        assert len(told) == 4
        assert all(f"already claimed by {mine.owner}" in words for words in told)
        assert [each.number for each in attempts(cleared, name)] == [1]


def test_DT_8_processes_at_once_share_the_tasks_and_none_is_begun_twice(cleared: Engine, cleared_url: str) -> None:
    names = add_many(cleared, 30)
    begun = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM_WHEN_TOLD, cleared_url, f"process {number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    assert [process.stdout.readline() for process in begun if process.stdout] == ["here\n"] * 2
    said: list[str] = []
    readers = [
        threading.Thread(target=lambda p=process: said.extend(p.communicate(" ".join(names))[0].splitlines()))
        for process in begun
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert sorted(line.split()[0] for line in said if line.endswith(" mine")) == names
    assert sum("already claimed by process" in line for line in said) == len(names)
    assert sql(cleared, "SELECT count(*), count(DISTINCT task_id) FROM waybill.task_attempts") == [(30, 30)]
    assert_unbroken(cleared)


def test_the_assets_of_a_run_share_its_claim(cleared: Engine) -> None:
    add(cleared)
    first = claim(cleared)
    again = claim(cleared)
    assert again == first
    assert len(attempts(cleared)) == 1


def test_only_a_ready_task_is_claimed(cleared: Engine) -> None:
    add(cleared, state=TaskState.WAITING, reason="on hold")
    with pytest.raises(IllegalTransitionError):
        claim(cleared)
    assert attempts(cleared) == []


def test_KX_5_a_lease_that_ran_out_is_stale_and_its_former_owner_writes_nothing(cleared: Engine) -> None:
    add(cleared)
    former = claim(cleared)
    assert not is_stale(cleared)
    assert not fenced(cleared, former)
    expire(cleared)
    assert is_stale(cleared)
    assert not fenced(cleared, former), "nobody took it over yet"
    moved(cleared, TaskEvent.EXPIRE)
    claim(cleared, RUN_2)
    assert fenced(cleared, former)
    with pytest.raises(AlreadyClaimedError, match="already claimed by run 2"):
        claim(cleared, RUN_1)


def test_CB_1_work_of_a_killed_process_is_stale_at_once(cleared: Engine, cleared_url: str) -> None:
    add(cleared)
    with claiming_process(cleared_url) as process:
        assert not is_stale(cleared)
        kill(process)
        assert is_stale(cleared)
    assert get(cleared).lease_expires_at > sql(cleared, "SELECT now()")[0][0]


def test_KX_5_work_on_another_machine_is_not_stale_before_its_lease_ran_out(cleared: Engine) -> None:
    add(cleared)
    claim(cleared)
    sql(cleared, "UPDATE waybill.tasks SET lease_process = 'another machine/1/2/3'")
    assert not is_stale(cleared)


def test_KX_5_the_heartbeat_renews_the_lease_and_tells_when_it_is_lost(cleared: Engine) -> None:
    add(cleared)
    claimed = claim(cleared)
    sql(cleared, "UPDATE waybill.tasks SET lease_expires_at = now() + interval '1 s'")
    soon = get(cleared).lease_expires_at
    assert soon is not None
    with kept(cleared, claimed, Pulse(TASK, timedelta(milliseconds=50))):
        wait_until(lambda: get(cleared).lease_expires_at > soon + TASK / 2, 5, "a renewed lease")
        assert get(cleared).version == claimed.version
        moved(cleared, TaskEvent.CANCEL, reason="not wanted")
        assert claimed.lost.wait(5)
    assert get(cleared).lease_expires_at is None


def test_DT_5_an_attempt_keeps_what_it_was_begun_with(cleared: Engine) -> None:
    add(cleared, body="More.")
    claimed = claim(cleared, plan=AttemptPlan(NOTE, {"hits": 3}, 60.0))
    sql(cleared, "UPDATE waybill.tasks SET name = 'Another question', body = ''")
    (attempt,) = attempts(cleared)
    assert attempt.settings == {"hits": 3}
    assert (attempt.input["name"], attempt.input["body"], attempt.kind) == ("What is open?", "More.", NOTE)
    assert attempt.input_hash == hashed(attempt.input)
    assert claim(cleared) == Claim(get(cleared), claimed.attempt)


@pytest.mark.parametrize(
    "change", ["name = 'x'", "body = 'x'", "client = 'x'", "feedback = 'x'", "round = 2", "due_at = NULL"]
)
def test_CB_4_what_an_attempt_works_from_makes_its_hash(cleared: Engine, change: str) -> None:
    add(cleared, "a")
    add(cleared, "b")
    add(cleared, "c")
    sql(cleared, f"UPDATE waybill.tasks SET {change} WHERE id = 'c'")
    a, b, c = (claim(cleared, task=name).attempt.input_hash for name in ("a", "b", "c"))
    assert a == b
    assert a != c


def test_DT_1_of_two_endings_at_once_the_first_stands(cleared: Engine) -> None:
    def end(name: str, outcome: str) -> Callable[[], object]:
        event = TaskEvent.DELIVER if outcome == "delivered" else TaskEvent.EXPIRE
        read = get(cleared, name)

        def ended() -> bool:
            ending = claims.ending(outcome, error={"reason": outcome})
            try:
                with cleared.begin() as connection:
                    return bool(tasks.move(connection, read, event, Act("anna", outcome), along=ending))
            except tasks.TaskMovedError:
                return False

        return ended

    for name in add_many(cleared, 40):
        claim(cleared, task=name)
        results = at_once(end(name, "delivered"), end(name, "timed out"))
        (attempt,) = attempts(cleared, name)
        assert sorted(results) == [False, True]
        assert attempt.outcome == ("delivered" if results[0] else "timed out")
        assert attempt.error == {"reason": attempt.outcome}


def test_attempts_are_numbered_through_and_the_last_one_left_is_counted_down(cleared: Engine) -> None:
    add(cleared, attempts_left=2)
    for number in (1, 2, 3):
        claimed = claim(cleared, Worker(f"run {number}"))
        assert claimed.attempt.number == number
        ending = claims.ending("abandoned")
        assert moved(cleared, TaskEvent.EXPIRE, along=ending).attempts_left == max(0, 2 - number)
    assert [(each.number, each.outcome) for each in attempts(cleared)] == [(n, "abandoned") for n in (1, 2, 3)]


def test_ready_tasks_come_urgent_first_then_by_due_date_when_their_pause_is_over(cleared: Engine) -> None:
    day = timedelta(days=1)
    base = get(cleared, add(cleared, "normal", priority=3).id).due_at
    assert base is not None
    add(cleared, "urgent", priority=1, due_at=base + 9 * day)
    add(cleared, "sooner", due_at=base - day)
    add(cleared, "later", due_at=base + day)
    add(cleared, "undated", due_at=None)
    add(cleared, "paused", priority=1)
    add(cleared, "waits", state=TaskState.WAITING, reason="r")
    sql(cleared, "UPDATE waybill.tasks SET not_before_at = now() + interval '1 h' WHERE id = 'paused'")
    with cleared.begin() as connection:
        found = [task.id for task in claims.ready(connection, at_most=10)]
        assert [task.id for task in claims.ready(connection, at_most=2)] == found[:2]
    assert found == ["urgent", "normal", "sooner", "later", "undated"]


def test_what_is_worked_on_is_listed_with_the_databases_clock(cleared: Engine) -> None:
    add_many(cleared, 3)
    claim(cleared, task="m0000")
    claim(cleared, RUN_2, task="m0002", plan=PLAN)
    with cleared.begin() as connection:
        found = claims.working(connection)
    assert sorted((task.id, task.lease_owner) for task, _ in found) == [("m0000", "run 1"), ("m0002", "run 2")]
    assert all(not claims.is_stale(task, now) for task, now in found)
