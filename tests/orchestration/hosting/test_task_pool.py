"""However many runs there are, only so many tasks are worked on at once."""

from concurrent.futures import ThreadPoolExecutor

import dagster as dg

from assets.partitions import TASK_POOL
from orchestration.hosting.dagster_yaml import size_task_pool
from orchestration.session import Session
from tests.waiting import wait_until

STEP = "work"
happened: list[str] = []


@dg.op(pool=TASK_POOL)
def work() -> None:
    happened.append("worked")


@dg.job(executor_def=dg.in_process_executor)
def work_on_a_task() -> None:
    work()


def claimed(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether the run has its place now; it asks for one, or goes on waiting."""
    return instance.event_log_storage.claim_concurrency_slot(TASK_POOL, run_id, STEP, 0).is_claimed


def test_the_pool_has_as_many_places_as_it_was_given_last(session: Session) -> None:
    instance = session.instance
    size_task_pool(instance, 2)
    assert [claimed(instance, run) for run in ("one", "two", "three")] == [True, True, False]
    size_task_pool(instance, 3)
    assert [claimed(instance, run) for run in ("three", "four")] == [True, False]
    size_task_pool(instance, 1)
    for run in ("one", "two", "three", "four"):
        instance.event_log_storage.free_concurrency_slot_for_step(run, STEP)
    assert [claimed(instance, run) for run in ("five", "six")] == [True, False]


def test_a_run_works_once_it_has_a_place_and_gives_it_back(session: Session) -> None:
    instance = session.instance
    size_task_pool(instance, 1)
    assert claimed(instance, "another")

    def make_room() -> None:
        storage = instance.event_log_storage
        wait_until(lambda: len(storage.get_concurrency_info(TASK_POOL).pending_steps) == 2, 30, "a run that waits")
        happened.append("room was made")
        storage.free_concurrency_slot_for_step("another", STEP)

    with ThreadPoolExecutor(1) as thread:
        room = thread.submit(make_room)
        assert work_on_a_task.execute_in_process(instance=instance).success
    room.result()
    assert happened == ["room was made", "worked"]
    assert claimed(instance, "a third")
