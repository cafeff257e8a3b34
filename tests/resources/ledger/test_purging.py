"""The one way to delete what is append-only: by a function that asks whether the source is being removed."""

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from resources.ledger.leases import KNOWLEDGE, LeaseLostError, held
from resources.ledger.removals import purge_some
from resources.ledger.sources import Source
from tests.resources.ledger.making import ready, registered, sql

TEXTS = {
    "a": "The Ridgeline pack weighs 1,240 grams and costs 189 pounds.",
    "b": "The Leeds store opens on 16 May 2026 with 14 people.",
}
PURGE = "SELECT waybill.purge_documents(:id, 1000)"
VERSIONS = "SELECT count(*) FROM waybill.document_versions"


@pytest.fixture
def source(ledger: Engine) -> Source:
    source = registered(ledger)
    ready(ledger, source, TEXTS)
    return source


def test_a_source_that_stays_is_not_purged(ledger: Engine, source: Source) -> None:
    with pytest.raises(DBAPIError, match="is not being removed"):
        sql(ledger, PURGE, id=source.id)
    assert sql(ledger, VERSIONS) == [(2,)]


def test_a_temporary_table_does_not_deceive_the_purge(ledger: Engine, source: Source) -> None:
    with pytest.raises(DBAPIError, match="is not being removed"), ledger.begin() as connection:
        connection.execute(text("CREATE TEMP TABLE sources (id uuid, removing_at timestamptz) ON COMMIT DROP"))
        connection.execute(text("INSERT INTO pg_temp.sources VALUES (:id, now())"), {"id": source.id})
        connection.execute(text(PURGE), {"id": source.id})
    assert sql(ledger, VERSIONS) == [(2,)]


def test_nobody_but_the_app_and_the_owner_may_purge(ledger: Engine, ledger_url: str, source: Source) -> None:
    with psycopg.connect(ledger_url) as superuser:
        superuser.execute("CREATE ROLE nobody_in_particular")
        superuser.execute("GRANT USAGE ON SCHEMA waybill TO nobody_in_particular")
        superuser.execute("SET ROLE nobody_in_particular")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="purge_documents"):
            superuser.execute("SELECT waybill.purge_documents(%s, 1)", (source.id,))
        superuser.rollback()


def test_CB_16_a_former_owner_purges_nothing(ledger: Engine, source: Source) -> None:
    with held(ledger, "sources", source.id, owner="removal 1", length=KNOWLEDGE) as lease:
        sql(ledger, "UPDATE waybill.sources SET version = version + 1, removing_at = now()")
        with pytest.raises(LeaseLostError), ledger.begin() as connection:
            purge_some(connection, lease, source.id)
    assert sql(ledger, VERSIONS) == [(2,)]
