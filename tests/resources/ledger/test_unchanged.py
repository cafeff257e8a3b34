"""An unchanged source changes no row, as Postgres itself counts."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from resources.ledger.engine import open_ledger
from resources.ledger.sources import Source
from tests.resources.ledger.making import found, list_source, ready, registered, sql

TEXTS = {
    "a": "The Ridgeline pack weighs 1,240 grams and costs 189 pounds.",
    "b": "The Leeds store opens on 16 May 2026 with 14 people.",
}
TABLES = ("documents", "document_versions", "extractions")
WRITES = """
SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables
WHERE schemaname = 'waybill' AND relname = ANY(:tables) ORDER BY relname
"""


@pytest.fixture
def alone(ledger_url: str) -> Iterator[Engine]:
    """One connection, so that it can be told to hand its counters in."""
    engine = open_ledger(ledger_url, pool_size=1)
    yield engine
    engine.dispose()


@pytest.fixture
def source(alone: Engine) -> Source:
    source = registered(alone)
    ready(alone, source, TEXTS)
    return source


def writes(engine: Engine) -> dict[str, int]:
    sql(engine, "SELECT pg_stat_force_next_flush()")
    return {row[0]: row[1] for row in sql(engine, WRITES, tables=list(TABLES))}


def row_versions(engine: Engine) -> list[tuple[object, ...]]:
    queries = (f"SELECT '{table}', id::text, xmin::text, ctid::text FROM waybill.{table}" for table in TABLES)
    return sql(engine, " UNION ALL ".join(queries) + " ORDER BY 1, 2")


def test_an_unchanged_listing_changes_no_row(alone: Engine, source: Source) -> None:
    counted, rows = writes(alone), row_versions(alone)
    list_source(alone, source, found(*TEXTS))
    assert writes(alone) == counted
    assert row_versions(alone) == rows


def test_the_counters_do_tell_one_changed_document(alone: Engine, source: Source) -> None:
    counted, rows = writes(alone), row_versions(alone)
    list_source(alone, source, [*found("a", fingerprint="2"), *found("b")])
    assert writes(alone) == {**counted, "documents": counted["documents"] + 1}
    assert row_versions(alone) != rows
