"""What a database could not do is told apart from what we asked wrongly, whoever met with it and however deep."""

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from resources.domain.errors import WaybillError
from resources.ledger.failures import database_failure


def test_a_lock_that_does_not_come_in_time_is_named(ledger: Engine) -> None:
    with ledger.begin() as holder, ledger.begin() as other, pytest.raises(DBAPIError) as raised:
        holder.execute(text("LOCK TABLE waybill.clients IN SHARE MODE"))
        other.execute(text("SET LOCAL lock_timeout = '10ms'"))
        other.execute(text("INSERT INTO waybill.clients (slug) VALUES ('acme')"))

    failure = database_failure(raised.value)
    assert failure is not None
    assert failure.expected == "a lock in time"
    assert "55P03" in failure.found
    assert failure.retry_helps


def test_a_server_that_ends_the_session_is_found_under_what_came_of_it(ledger: Engine, ledger_url: str) -> None:
    with psycopg.connect(ledger_url) as victim, psycopg.connect(ledger_url) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (victim.info.backend_pid,))
        with pytest.raises(RuntimeError) as raised:
            broken_off(victim)

    failure = database_failure(raised.value)
    assert failure is not None
    assert failure.expected == "a database that keeps running"


def test_a_database_that_nobody_serves_is_named() -> None:
    with pytest.raises(psycopg.OperationalError) as raised:
        psycopg.connect("postgresql://me@127.0.0.1:9/absent", connect_timeout=2)

    failure = database_failure(raised.value)
    assert failure is not None
    assert failure.expected == "a database that answers"


def test_a_wrong_statement_is_no_failure_of_the_database(ledger: Engine) -> None:
    with ledger.begin() as connection, pytest.raises(DBAPIError) as raised:
        connection.execute(text("SELECT no_such_column FROM waybill.clients"))

    assert database_failure(raised.value) is None
    assert database_failure(ValueError("none")) is None
    assert not isinstance(raised.value, WaybillError)


def broken_off(connection: psycopg.Connection) -> None:
    try:
        connection.execute("SELECT 1")
    except psycopg.Error as error:
        raise RuntimeError("the step failed") from error
