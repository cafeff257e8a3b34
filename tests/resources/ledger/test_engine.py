"""What a transaction costs in round trips, and that a connection which died is noticed where nothing is lost."""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from resources.domain.tasks import Act, TaskEvent, TaskId
from resources.ledger import claims, driver, tasks
from resources.ledger.claims import AttemptPlan, Worker
from resources.ledger.engine import open_ledger
from tests.hosts import PostgresHost
from tests.resources.ledger.tracing import round_trips

SHOWN = text(
    "SELECT current_user, current_setting('transaction_isolation'), current_setting('timezone'), pg_backend_pid()"
)


@pytest.fixture
def engine(ledger: Engine) -> Iterator[Engine]:
    """An engine of its own, of one connection."""
    opened = open_ledger(ledger.url.render_as_string(hide_password=False), pool_size=1)
    yield opened
    opened.dispose()


@pytest.fixture(params=[False, True], ids=["direct", "behind a pooler"])
def either(request: pytest.FixtureRequest, ledger: Engine) -> Iterator[Engine]:
    """One of one connection, with what a pooler between us and the server needs and without."""
    url = ledger.url.render_as_string(hide_password=False)
    opened = open_ledger(url, pool_size=1, behind_pooler=request.param)
    yield opened
    opened.dispose()


def shown(engine: Engine) -> tuple[str, str, str, int]:
    with engine.begin() as connection:
        user, isolation, timezone, pid = connection.execute(SHOWN).one()
    return user, isolation, timezone, pid


def kill(postgres: PostgresHost, pid: int) -> None:
    with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_a_transaction_of_one_statement_is_three_round_trips(engine: Engine, tmp_path: Path) -> None:
    with round_trips(engine, tmp_path / "trace") as trips:
        shown(engine)
    assert trips == ["BEGIN", "SELECT", "COMMIT"], "no try of the connection, and the begin with all its settings"


def test_DT_8_a_claim_and_its_ending_are_seven_round_trips_of_statements_planned_before(
    engine: Engine, tmp_path: Path
) -> None:
    """The second time on a connection nothing is parsed: what is bound is a statement that is prepared."""
    see(engine, "t1", "t2")
    claimed_and_ended(engine, "t1")
    with round_trips(engine, tmp_path / "trace") as trips:
        claimed_and_ended(engine, "t2")
    looked, claimed, ended = trips[1], trips[2], trips[5]
    assert trips == ["BEGIN", looked, claimed, "COMMIT", "BEGIN", ended, "COMMIT"]
    assert all(re.fullmatch(r"_\d+", each) for each in (looked, claimed, ended))


def test_behind_a_pooler_nothing_is_prepared(ledger: Engine, tmp_path: Path) -> None:
    pooled = open_ledger(ledger.url.render_as_string(hide_password=False), pool_size=1, behind_pooler=True)
    see(pooled, "t1", "t2")
    for task in ("t1", "t2"):
        claimed_and_ended(pooled, task)
    with pooled.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one() == 0
    pooled.dispose()


def test_only_what_asks_for_it_is_prepared(engine: Engine) -> None:
    see(engine, "t1")
    for _ in range(20):
        shown(engine)
    claimed_and_ended(engine, "t1")
    with engine.begin() as connection:
        found = connection.execute(text("SELECT statement FROM pg_prepared_statements")).scalars().all()
    assert len(found) == 3
    assert all("waybill.tasks WHERE id = $" in each or "UPDATE waybill.tasks" in each for each in found)


def test_a_plan_from_when_the_table_was_small_ends_when_it_is_analysed(engine: Engine, postgres: PostgresHost) -> None:
    see(engine, *(f"t{n}" for n in range(20)))
    with psycopg.connect(postgres.url_of(engine.url.database or ""), autocommit=True) as superuser:
        superuser.execute("ANALYZE waybill.tasks")
        for n in range(10):
            claimed_and_ended(engine, f"t{n}")
        see(engine, *(f"u{n}" for n in range(2_000)))
        superuser.execute("ANALYZE waybill.tasks")
    claimed_and_ended(engine, "u1")
    found = kept_plans(engine)
    assert len(found) == 3
    assert all("tasks_pkey" in plan and "Seq Scan on tasks" not in plan for plan in found)


def kept_plans(engine: Engine) -> list[str]:
    """The plans that the engine's connection will use again, whatever the values."""
    plans = []
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT name, statement FROM pg_prepared_statements")).all()
        for name, statement in rows:
            values = ", ".join(["NULL"] * max(map(int, re.findall(r"\$(\d+)", statement))))
            lines = connection.exec_driver_sql(f"EXPLAIN EXECUTE {name}({values})").scalars()
            plans.append("\n".join(map(str, lines)))
    return plans


def test_an_error_of_the_driver_is_raised_as_any_other(engine: Engine, postgres: PostgresHost) -> None:
    with pytest.raises(ProgrammingError, match="no_such_table"), engine.begin() as connection:
        driver.one_or_none(connection, "SELECT * FROM no_such_table WHERE id = :id", {"id": 1})
    with pytest.raises(ValueError, match="several rows"), engine.begin() as connection:
        driver.one_or_none(connection, "SELECT generate_series(1, :last)", {"last": 3})
    with pytest.raises(ProgrammingError, match="syntax error"), engine.begin() as connection:
        driver.command(connection, "BEGIN WITH NOTHING")
    with pytest.raises(OperationalError) as lost, engine.begin() as connection:
        kill(postgres, connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        driver.one_or_none(connection, "SELECT :id", {"id": 1})
    assert lost.value.connection_invalidated
    assert shown(engine)[0] == "waybill_app"


def see(engine: Engine, *names: str) -> None:
    with engine.begin() as connection:
        tasks.act(connection, Act("anna", "made"), "see")
        connection.execute(
            text(
                "INSERT INTO waybill.tasks (id, origin, name, client, type, state, attempts_left)"
                " SELECT id, 'local', id, 'acme', 'knowledge_note', 'ready', 3 FROM unnest(CAST(:ids AS text[])) id"
            ),
            {"ids": list(names)},
        )


def claimed_and_ended(engine: Engine, name: str) -> None:
    """As the work does it: looked at, claimed, and ended by a move that writes the attempt's ending."""
    with engine.begin() as connection:
        task, now = claims.look(connection, TaskId(name))
        plan = AttemptPlan("knowledge_note", {}, deadline_s=900.0)
        claim = claims.begin(connection, task, now, plan, Worker("owner"))
    with engine.begin() as connection:
        ending = claims.ending("delivered")
        tasks.move(connection, claim.task, TaskEvent.DELIVER, Act("anna", "done"), along=ending)


def test_every_transaction_runs_as_the_role_and_ends(either: Engine) -> None:
    assert shown(either)[:3] == ("waybill_app", "read committed", "UTC")
    with pytest.raises(DBAPIError), either.begin() as connection:
        connection.execute(text("INSERT INTO waybill.polls (team) VALUES ('lost')"))
        connection.execute(text("SELECT 1 / 0"))
    with either.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM waybill.polls")).scalar_one() == 0
        assert connection.connection.driver_connection is not None
        assert connection.connection.driver_connection.info.transaction_status.name == "INTRANS"


def test_a_connection_that_died_is_replaced_at_the_begin(either: Engine, postgres: PostgresHost) -> None:
    before = shown(either)
    kill(postgres, before[3])
    after = shown(either)
    assert after[:3] == before[:3]
    assert after[3] != before[3]


def test_a_begin_that_is_refused_leaves_nothing_behind(ledger: Engine) -> None:
    refused = open_ledger(ledger.url.render_as_string(hide_password=False), pool_size=1, lock_timeout_s=-1)
    for _ in range(2):
        with pytest.raises(DBAPIError, match="outside the valid range"), refused.begin():
            pytest.fail("it began")
    refused.dispose()


def test_another_isolation_holds_and_does_not_stay(either: Engine, postgres: PostgresHost) -> None:
    for died in (False, True):
        if died:
            kill(postgres, shown(either)[3])
        asked = either.connect().execution_options(isolation_level="REPEATABLE READ")
        with asked as connection, connection.begin():
            user, isolation, *_ = connection.execute(SHOWN).one()
        assert (user, isolation) == ("waybill_app", "repeatable read")
        assert shown(either)[1] == "read committed"


def test_one_that_dies_amid_a_transaction_is_an_error(either: Engine, postgres: PostgresHost) -> None:
    with pytest.raises(DBAPIError), either.begin() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        kill(postgres, pid)
        connection.execute(text("SELECT 1"))
    assert shown(either)[3] != pid
