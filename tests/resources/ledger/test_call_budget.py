"""No window holds more calls than the token may make, whoever makes them, and waiting costs next to nothing."""

import logging
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg
import pytest
from sqlalchemy import Engine, make_url

from resources.clickup.errors import ClickUpBusyError
from resources.domain.errors import TransientError
from resources.ledger import call_budget
from resources.ledger.call_budget import CallBudget
from resources.ledger.engine import open_ledger
from tests.hosts import PostgresHost
from tests.resources.ledger.making import sql, statements
from tests.waiting import wait_until

TOKEN: Final = "pk_183_QW5XN2"
LONGEST_S: Final = 2.0


def budget_of(ledger: Engine, calls: int, window_s: float, token: str = TOKEN) -> CallBudget:
    return CallBudget(ledger, token, calls_a_window=calls, window_s=window_s)


def call(budget: CallBudget, patience_s: float = 10) -> None:
    with budget.call(longest_s=LONGEST_S, patience_s=patience_s):
        return


def use_up(budget: CallBudget, calls: int) -> None:
    for _ in range(calls):
        call(budget, patience_s=0)


def slots(ledger: Engine) -> int:
    return int(sql(ledger, "SELECT count(*) FROM waybill.call_slots WHERE slot >= 0")[0][0])


def slots_free(ledger: Engine) -> int:
    return int(sql(ledger, "SELECT count(*) FROM waybill.call_slots WHERE slot >= 0 AND free_at <= now()")[0][0])


@pytest.mark.parametrize(("calls", "window_s"), [(10, 0.5), (1_000, 3.0)])
def test_no_window_holds_more_calls_than_slots(ledger_url: str, ledger: Engine, calls: int, window_s: float) -> None:
    until_s = time.monotonic() + 5.2 * window_s
    spans: list[tuple[float, float]] = []
    other = open_ledger(ledger_url)  # as another process has one
    budgets = [budget_of(ledger, calls, window_s), budget_of(other, calls, window_s)]

    def work(budget: CallBudget) -> None:
        while time.monotonic() < until_s:
            with budget.call(longest_s=LONGEST_S, patience_s=10):
                began_s = time.monotonic()
                threading.Event().wait(0.002)
                spans.append((began_s, time.monotonic()))

    threads = [threading.Thread(target=work, args=(budget,)) for budget in budgets * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.dispose()
    # Wherever in its span a call is counted: the one that is `calls` places on began a window after this one ended.
    ends, begins = sorted(end for _, end in spans), sorted(begin for begin, _ in spans)
    assert min(begin - end for end, begin in zip(ends, begins[calls:], strict=False)) >= window_s
    assert len(spans) >= 1.5 * calls


def test_a_call_waits_for_the_slot_that_comes_free_next(ledger: Engine) -> None:
    budget = budget_of(ledger, 2, 0.6)
    began_s = time.monotonic()
    for _ in range(3):
        call(budget)
    assert 0.6 <= time.monotonic() - began_s < 1.5


def test_when_nothing_comes_free_in_time_it_is_busy_at_once_and_says_until_when(ledger: Engine) -> None:
    budget = budget_of(ledger, 2, 60)
    use_up(budget, 2)
    began_s, now = time.monotonic(), datetime.now(UTC)
    with pytest.raises(ClickUpBusyError, match="a free call of 2 in 60 s") as busy:
        call(budget, patience_s=20)
    assert time.monotonic() - began_s < 5
    assert timedelta(seconds=55) < busy.value.retry_at - now < timedelta(seconds=65)
    assert isinstance(busy.value, TransientError)


def test_waiting_asks_the_database_seldom(ledger: Engine) -> None:
    budget = budget_of(ledger, 1, 1.2)
    call(budget)
    with statements(ledger) as sent:
        threads = [threading.Thread(target=call, args=(budget,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(sent) < 30  # 2.4 s of two threads


def test_a_call_alone_takes_two_statements_and_one_among_others_takes_one(ledger: Engine) -> None:
    budget = budget_of(ledger, 50, 60)
    call(budget)
    with statements(ledger) as alone:
        call(budget)
    assert len(alone) == 2
    with budget.call(longest_s=LONGEST_S, patience_s=0), statements(ledger) as among:
        use_up(budget, 5)
    assert len(among) == 5


def test_a_busy_process_takes_slots_in_advance_and_gives_back_what_it_did_not_use(ledger: Engine) -> None:
    budget = budget_of(ledger, 10_000, 60)
    with ExitStack() as under_way:
        for _ in range(8):
            under_way.enter_context(budget.call(longest_s=LONGEST_S, patience_s=5))
        budget._hand.drop()
        with statements(ledger) as sent:
            use_up(budget, 9)
        assert len(sent) == 1
        use_up(budget, 1)
        assert slots_free(ledger) < 10_000 - 18
    assert slots_free(ledger) == 10_000 - 18


def test_what_was_taken_in_advance_is_for_soon_and_for_calls_no_longer(ledger: Engine) -> None:
    budget = budget_of(ledger, 1_000, 60)
    with budget.call(longest_s=LONGEST_S, patience_s=5), statements(ledger) as sent:
        call(budget)  # and one in advance
        with budget.call(longest_s=LONGEST_S + 1, patience_s=5):
            assert len(sent) == 2
        assert budget._hand.pick(LONGEST_S) is not None
        use_until_s = budget._hand._use_until_s
        call(budget)
        wait_until(lambda: time.monotonic() > use_until_s + 0.1, what="the end of their use")
        sent.clear()
        call(budget)
        assert len(sent) == 1


def test_a_pause_ends_what_was_taken_in_advance(ledger: Engine) -> None:
    budget = budget_of(ledger, 10_000, 60)
    with budget.call(longest_s=LONGEST_S, patience_s=5):
        call(budget)
        budget.pause_until(datetime.now(UTC) + timedelta(seconds=30))
        with pytest.raises(ClickUpBusyError):
            call(budget, patience_s=0)


def test_what_ended_beside_a_long_call_is_not_lost(ledger: Engine) -> None:
    budget = budget_of(ledger, 2, 0.3)
    with budget.call(longest_s=60, patience_s=0):
        for _ in range(3):
            call(budget, patience_s=5)
    assert sql(ledger, "SELECT count(*) FROM waybill.call_slots WHERE free_at > now() + interval '1 s'") == [(0,)]


def test_a_call_that_never_ended_blocks_its_slot_for_the_longest_time_and_a_window(ledger: Engine) -> None:
    with ExitStack() as dead:
        dead.enter_context(budget_of(ledger, 1, 0.2).call(longest_s=1.0, patience_s=0))
        began_s = time.monotonic()
        call(budget_of(ledger, 1, 0.2), patience_s=10)
        assert 1.1 <= time.monotonic() - began_s < 3


def test_a_pause_holds_for_every_process_and_an_earlier_one_shortens_nothing(ledger: Engine) -> None:
    one, other = budget_of(ledger, 5, 60), budget_of(ledger, 5, 60)
    call(one)
    one.pause_until(datetime.now(UTC) + timedelta(seconds=1))
    one.pause_until(datetime.now(UTC) + timedelta(seconds=0.1))
    with pytest.raises(ClickUpBusyError):
        call(other, patience_s=0.5)
    began_s = time.monotonic()
    call(other, patience_s=5)
    assert 0.5 < time.monotonic() - began_s < 2


def test_tokens_have_budgets_of_their_own_and_only_a_hash_is_stored(ledger: Engine) -> None:
    use_up(budget_of(ledger, 1, 60), 1)
    use_up(budget_of(ledger, 1, 60, token="pk_other"), 1)
    stored = sql(ledger, "SELECT token FROM waybill.call_slots")
    assert len(stored) == 2
    assert all(TOKEN not in token and len(token) == 64 for (token,) in stored)


def test_fewer_calls_take_slots_away_at_once(ledger: Engine) -> None:
    call(budget_of(ledger, 20, 60))
    lower = budget_of(ledger, 4, 60)
    call(lower)
    assert slots(ledger) == 4
    use_up(lower, slots_free(ledger))
    with pytest.raises(ClickUpBusyError):
        call(lower, patience_s=0)


def test_slots_that_join_later_are_free_only_after_a_window(ledger: Engine) -> None:
    use_up(budget_of(ledger, 3, 60), 3)
    budget_of(ledger, 1, 60)._make_slots(timedelta(seconds=60))
    higher = budget_of(ledger, 3, 60)
    with pytest.raises(ClickUpBusyError):
        call(higher, patience_s=0)  # or six calls would stand in one window
    assert slots(ledger) == 3


def test_many_that_begin_at_once_make_the_slots_once(ledger: Engine) -> None:
    budgets = [budget_of(ledger, 30, 60) for _ in range(8)]
    threads = [threading.Thread(target=call, args=(budget,)) for budget in budgets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (slots(ledger), slots_free(ledger)) == (30, 22)


def test_an_emptied_table_is_filled_again(ledger: Engine) -> None:
    budget = budget_of(ledger, 3, 60)
    call(budget)
    sql(ledger, "DELETE FROM waybill.call_slots")
    call(budget, patience_s=1)
    assert slots(ledger) == 3


def test_a_call_that_succeeded_stays_so_without_a_database(
    postgres: PostgresHost, ledger_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    database = make_url(ledger_url).database
    engine = open_ledger(ledger_url)
    with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as superuser, caplog.at_level(logging.DEBUG):
        with budget_of(engine, 3, 60).call(longest_s=LONGEST_S, patience_s=5):
            superuser.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false')
            superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database])
        superuser.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true')
    engine.dispose()
    assert "come free later" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("free", [0, 10_000])
def test_taking_slots_reads_few_of_10000_whether_none_is_free_or_all_are(ledger: Engine, free: int) -> None:
    budget = budget_of(ledger, 10_000, 60)
    call(budget)
    at = "now() - interval '1 min'" if free else "now() + interval '1 min'"
    sql(ledger, f"UPDATE waybill.call_slots SET free_at = {at}")
    values = {"token": budget._token, "pause": call_budget.PAUSE, "window": timedelta(minutes=1), "number": 20}
    more = {"held": timedelta(minutes=2), "ended": [1], "unused": [2]}
    plan = sql(ledger, f"EXPLAIN (ANALYZE) {call_budget._TAKE.text}", **values, **more)
    lines = [str(line) for (line,) in plan]
    assert any("using call_slots_free" in line and f"rows={min(free, 20)}.00" in line for line in lines), lines
    assert not any("Rows Removed" in line or "Seq Scan" in line or "Sort" in line for line in lines), lines


def test_a_pause_in_the_past_pauses_nobody(ledger: Engine) -> None:
    budget = budget_of(ledger, 3, 60)
    budget.pause_until(datetime.now(UTC) - timedelta(seconds=5))
    use_up(budget, 2)
    assert slots_free(ledger) == 1
