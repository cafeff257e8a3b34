"""Recurring tasks: one for each slot, also after a long stop, in every time zone, and by several lookers at once."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from resources.domain.configuration import Configuration, Recurring
from resources.domain.tasks import TaskState
from resources.work.recurrence import AT_MOST, chosen, last_slot, make_due, slots
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import NOTE, acme, configured, get

NOW = datetime(2026, 7, 15, 12, 30, 30, tzinfo=UTC)


def recurring(cron: str = "0 * * * *", **more: Any) -> Recurring:
    given_: dict[str, Any] = {"name": "weekly", "cron": cron, "type": NOTE, "client": "acme", "title": "What is new?"}
    return Recurring.model_validate(given_ | more)


def with_recurring(*each: Recurring) -> Configuration:
    return configured(recurring=[one.model_dump() for one in each])


def stopped_for(cleared: Engine, time: str, *names: str) -> None:
    """Waybill was down so long."""
    for name in names or ("weekly",):
        sql(
            cleared,
            "INSERT INTO waybill.recurrences (name, last_slot_at) VALUES (:name, now() - CAST(:time AS interval))"
            " ON CONFLICT (name) DO UPDATE SET last_slot_at = excluded.last_slot_at",
            name=name,
            time=time,
        )


def made(cleared: Engine) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in sql(cleared, "SELECT id, slot FROM waybill.tasks ORDER BY due_at")]


def test_a_name_that_is_new_begins_with_the_present(cleared: Engine) -> None:
    acme(cleared)
    assert make_due(cleared, with_recurring(recurring("* * * * *", missed="all"))) == []
    assert sql(cleared, "SELECT name FROM waybill.recurrences") == [("weekly",)]


def test_a_slot_that_came_is_one_ready_task_however_often_one_looks(cleared: Engine) -> None:
    acme(cleared)
    configuration = with_recurring(recurring(body="Since last week."))
    stopped_for(cleared, "1 hour")
    (task,) = make_due(cleared, configuration)
    assert make_due(cleared, configuration) == []
    found = get(cleared, task)
    assert (found.state, found.origin, found.name, found.body, found.client, found.type) == (
        TaskState.READY, "recurring", "What is new?", "Since last week.", "acme", NOTE,
    )  # fmt: skip
    assert found.due_at is not None
    assert found.id == f"recurring-weekly-{found.due_at - timedelta(hours=48):%Y%m%dT%H%M}"
    told = sql(cleared, "SELECT actor, reason FROM waybill.task_events")
    assert told == [("waybill", "a slot of weekly (0 * * * *)")]


@pytest.mark.parametrize(("missed", "number"), [("all", 5), ("last", 1)])
def test_after_a_long_stop_the_missed_slots_are_made_up_for_as_it_is_set(
    cleared: Engine, missed: str, number: int
) -> None:
    acme(cleared)
    stopped_for(cleared, "5 hours")
    configuration = with_recurring(recurring(missed=missed))
    assert len(make_due(cleared, configuration)) == number
    assert make_due(cleared, configuration) == []
    newest = made(cleared)[-1][0]
    ((last,),) = sql(cleared, "SELECT to_char(date_trunc('hour', now()), 'YYYYMMDD\"T\"HH24MI')")
    assert newest == f"recurring-weekly-{last}"


def test_with_none_only_a_slot_that_just_came_is_made() -> None:
    each = recurring(missed="none")
    slot = NOW.replace(second=0)
    assert chosen(each, [slot - timedelta(hours=1), slot], NOW) == [slot]
    assert chosen(each, [slot - timedelta(minutes=6)], NOW) == []
    assert chosen(each, [], NOW) == []


def test_after_a_very_long_stop_all_come_bit_by_bit_and_the_last_is_the_last(cleared: Engine) -> None:
    acme(cleared)
    every_minute = [recurring("* * * * *", name=name, missed=name) for name in ("all", "last", "none")]
    stopped_for(cleared, "3 days", "all", "last", "none")
    first = make_due(cleared, with_recurring(*every_minute))
    by_name = {name: [task for task in first if f"-{name}-" in task] for name in ("all", "last", "none")}
    assert [len(each) for each in by_name.values()] == [AT_MOST, 1, 1]
    assert by_name["last"][0].removeprefix("recurring-last") == by_name["none"][0].removeprefix("recurring-none")
    while again := make_due(cleared, with_recurring(*every_minute)):
        assert all("-all-" in task for task in again[:-2])
    ((number, slots_),) = sql(
        cleared, "SELECT count(*), count(DISTINCT slot) FROM waybill.tasks WHERE id LIKE '%-all-%'"
    )
    assert number == slots_
    assert 3 * 24 * 60 <= number <= 3 * 24 * 60 + 2


def test_DT_8_many_lookers_at_once_make_each_slot_once(cleared: Engine) -> None:
    acme(cleared)
    stopped_for(cleared, "20 hours")
    configuration, together = with_recurring(recurring(missed="all")), threading.Barrier(4)
    results: list[list[str]] = []

    def look() -> None:
        together.wait()
        results.append([*make_due(cleared, configuration)])

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(each) for each in results) == [0, 0, 0, 20]
    assert len(made(cleared)) == 20


def test_what_lacks_something_waits_and_says_so(cleared: Engine) -> None:
    stopped_for(cleared, "1 hour")
    (task,) = make_due(cleared, with_recurring(recurring()))
    assert get(cleared, task).reason == "its client 'acme' is unknown: ingest a source of it first"


def test_the_longest_name_has_room_in_the_tasks_id(cleared: Engine) -> None:
    acme(cleared)
    name = "n" * 63
    stopped_for(cleared, "1 hour", name)
    (task,) = make_due(cleared, with_recurring(recurring(name=name)))
    assert get(cleared, task).id.startswith(f"recurring-{name}-2")


@pytest.mark.parametrize(
    ("zone", "day", "local", "expected"),
    [
        ("Europe/London", "2026-03-28", "30 9 * * *", ["2026-03-28T09:30", "2026-03-29T08:30", "2026-03-30T08:30"]),
        ("Europe/London", "2026-10-24", "30 9 * * *", ["2026-10-24T08:30", "2026-10-25T09:30", "2026-10-26T09:30"]),
        ("America/New_York", "2026-03-07", "0 9 * * *", ["2026-03-07T14:00", "2026-03-08T13:00", "2026-03-09T13:00"]),
        ("Asia/Kolkata", "2026-03-07", "0 9 * * *", ["2026-03-07T03:30", "2026-03-08T03:30", "2026-03-09T03:30"]),
    ],
)
def test_slots_keep_the_local_hour_when_the_clocks_change(zone: str, day: str, local: str, expected: list[str]) -> None:
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    found = slots(
        recurring(local, time_zone=zone), midnight.astimezone(UTC), midnight.astimezone(UTC) + timedelta(days=3)
    )
    assert [f"{slot.astimezone(UTC):%Y-%m-%dT%H:%M}" for slot in found] == expected


@pytest.mark.parametrize("cron", ["30 1 * * *", "30 2 * * *"])
def test_an_hour_that_is_skipped_or_comes_twice_has_one_slot(cron: str) -> None:
    for day in (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)):
        for zone in ("Europe/London", "Europe/Berlin"):
            found = slots(recurring(cron, time_zone=zone), day - timedelta(hours=3), day + timedelta(hours=21))
            assert len({slot.astimezone(UTC) for slot in found}) == len(found) == 1, (zone, day)


@given(
    cron=st.sampled_from(
        ["* * * * *", "*/7 * * * *", "0 * * * *", "30 1 * * *", "15 2 * * 0", "0 0 1 * *", "0 9 29 2 *"]
    ),
    zone=st.sampled_from(["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
    began=st.integers(0, 400 * 24 * 3600),
    length_s=st.integers(0, 8 * 3600),
)
def test_the_last_slot_is_the_last_of_all(cron: str, zone: str, began: int, length_s: int) -> None:
    each = recurring(cron, time_zone=zone)
    last = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=began)
    now = last + timedelta(seconds=length_s, microseconds=1)
    assert last_slot(each, last, now) == slots(each, last, now)[-1:]
