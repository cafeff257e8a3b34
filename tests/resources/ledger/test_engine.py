"""What a transaction costs in round trips, and that a connection which died is noticed where nothing is lost."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

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


def test_every_transaction_runs_as_the_role_and_ends(engine: Engine) -> None:
    assert shown(engine)[:3] == ("waybill_app", "read committed", "UTC")
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(text("INSERT INTO waybill.polls (team) VALUES ('lost')"))
        connection.execute(text("SELECT 1 / 0"))
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM waybill.polls")).scalar_one() == 0
        assert connection.connection.driver_connection is not None
        assert connection.connection.driver_connection.info.transaction_status.name == "INTRANS"


def test_a_connection_that_died_is_replaced_at_the_begin(engine: Engine, postgres: PostgresHost) -> None:
    before = shown(engine)
    kill(postgres, before[3])
    after = shown(engine)
    assert after[:3] == before[:3]
    assert after[3] != before[3]


def test_another_isolation_holds_and_does_not_stay(engine: Engine, postgres: PostgresHost) -> None:
    for died in (False, True):
        if died:
            kill(postgres, shown(engine)[3])
        asked = engine.connect().execution_options(isolation_level="REPEATABLE READ")
        with asked as connection, connection.begin():
            user, isolation, *_ = connection.execute(SHOWN).one()
        assert (user, isolation) == ("waybill_app", "repeatable read")
        assert shown(engine)[1] == "read committed"


def test_one_that_dies_amid_a_transaction_is_an_error(engine: Engine, postgres: PostgresHost) -> None:
    with pytest.raises(DBAPIError), engine.begin() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        kill(postgres, pid)
        connection.execute(text("SELECT 1"))
    assert shown(engine)[3] != pid
