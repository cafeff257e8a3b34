"""The ledger's schema: one road to the head, two roles, and no way around what is append-only."""

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from resources.ledger.migrate import current, head, migrate, require_head
from tests.hosts import PostgresHost


def test_migrating_twice_changes_nothing(postgres: PostgresHost, ledger: Engine) -> None:
    assert migrate(postgres.url_of("waybill"), postgres.url_of("waybill_dagster")) == head()
    assert current(ledger) == head()
    require_head(ledger)


def test_the_app_cannot_rewrite_what_is_append_only(ledger: Engine) -> None:
    for statement in (
        "DELETE FROM waybill.document_versions",
        "UPDATE waybill.document_versions SET text = ''",
        "DROP TABLE waybill.documents",
    ):
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), ledger.begin() as connection:
            connection.execute(text(statement))


def test_the_app_is_no_superuser_and_stays_under_row_security(ledger: Engine) -> None:
    with ledger.begin() as connection:
        role = connection.execute(
            text("SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        ).one()
    assert tuple(role) == ("waybill_app", False, False)


def test_AP_1_every_instant_of_the_ledger_is_timestamptz(ledger_url: str) -> None:
    with psycopg.connect(ledger_url) as connection:
        naive = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'waybill' AND data_type = 'timestamp without time zone'"
        ).fetchall()
        aware = connection.execute(
            "SELECT count(*) FROM information_schema.columns"
            " WHERE table_schema = 'waybill' AND data_type = 'timestamp with time zone' AND column_name LIKE '%\\_at'"
        ).fetchone()
    assert naive == []
    assert aware is not None
    assert aware[0] > 10
