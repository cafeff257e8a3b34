"""Hot queries use their index, in a table large enough for the planner to care; each test fails when it is lost."""

from collections.abc import Iterator
from typing import Final

import psycopg
import pytest
from sqlalchemy import Connection, Engine, TextClause, create_engine, text

from resources.ledger import batches, embeddings
from tests.hosts import PostgresHost
from tests.resources.ledger.making import registered, sql

BATCHES: Final = 60
ROWS: Final = 60_000
ORPHANS: Final = 100
LEFTOVERS: Final = 50
FILL = f"""
INSERT INTO waybill.batches (id, source_id, ordinal, partition_key)
    SELECT md5('batch' || n)::uuid, :source, n, 'b' || n FROM generate_series(1, {BATCHES}) n;
INSERT INTO waybill.documents (id, source_id, batch_id, uri, media_type, size_bytes, fingerprint, fetched_fingerprint)
    SELECT md5('document' || n)::uuid, :source, md5('batch' || 1 + n % {BATCHES})::uuid, 'file:///' || n, 'text/plain',
           1, '1', CASE WHEN n > 10 THEN '1' END
    FROM generate_series(1, {ROWS} / 10) n;
INSERT INTO waybill.document_versions (id, document_id, content_hash, text)
    SELECT md5('version' || n)::uuid, md5('document' || n)::uuid, 'x', 'text' FROM generate_series(1, {ROWS} / 10) n;
INSERT INTO waybill.extractions (id, document_id, batch_id, version_id, template, text, span_start, span_end,
                                 confidence, model, embedding_id, embedding_model, embedded_at, retired_at)
    SELECT md5('extraction' || n)::uuid, md5('document' || d)::uuid, md5('batch' || 1 + d % {BATCHES})::uuid,
           md5('version' || d)::uuid, 'passage', repeat('text ', 20), 0, 4, 1, 'm',
           CASE WHEN n > {ORPHANS} THEN md5('point' || n)::uuid END, 'm', now(),
           CASE WHEN n > {ROWS - LEFTOVERS} THEN now() END
    FROM generate_series(1, {ROWS}) n, LATERAL (SELECT 1 + n % ({ROWS} / 10) AS d) x
"""
UNINDEXED_REFERENCES: Final = """
SELECT conname FROM pg_constraint c
WHERE contype = 'f' AND connamespace = 'waybill'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indpred IS NULL
                  AND i.indkey[0] = c.conkey[1])
"""


@pytest.fixture(scope="module")
def large(postgres: PostgresHost) -> Iterator[Engine]:
    """A superuser's engine on a ledger that the module's tests only read, so that it may vacuum and lose an index."""
    with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as superuser:
        superuser.execute("CREATE DATABASE large TEMPLATE waybill")
    engine = create_engine(postgres.url_of("large").replace("postgresql://", "postgresql+psycopg://"))
    source = registered(engine).id
    with engine.begin() as connection:
        for statement in FILL.split(";"):
            connection.execute(text(statement), {"source": source})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE waybill.extractions, waybill.documents, waybill.batches"))
    yield engine
    engine.dispose()


def plan(connection: Connection, query: TextClause, **values: object) -> str:
    explained = connection.execute(text(f"EXPLAIN (ANALYZE, BUFFERS) {query.text}"), values)
    return "\n".join(str(line) for line in explained.scalars())


def without(engine: Engine, index: str, query: TextClause, **values: object) -> str:
    """The plan when the index is lost."""
    with engine.connect() as connection, connection.begin() as lost:
        connection.execute(text(f"DROP INDEX waybill.{index}"))
        found = plan(connection, query, **values)
        lost.rollback()
    return found


def planned(engine: Engine, query: TextClause, **values: object) -> str:
    with engine.begin() as connection:
        return plan(connection, query, **values)


def test_orphans_are_read_from_the_partial_index_alone(large: Engine) -> None:
    (batch,) = sql(large, "SELECT batch_id FROM waybill.extractions WHERE embedding_id IS NULL LIMIT 1")[0]
    of_batch = {"batch": batch, "after": embeddings.FIRST, "at_most": 512}
    for query, values in ((embeddings.ORPHANS_BY_BATCH, {}), (embeddings.ORPHANS_OF_BATCH, of_batch)):
        assert "extractions_orphans" in planned(large, query, **values)
        assert "Seq Scan on extractions" not in planned(large, query, **values)
        assert "extractions_orphans" not in without(large, "extractions_orphans", query, **values)


def test_an_orphan_costs_what_the_orphans_cost(large: Engine) -> None:
    """Pages touched, not time: 100 orphans of 60,000 rows need no more than some pages an orphan."""
    found = planned(large, embeddings.ORPHANS_BY_BATCH)
    pages = max(int(line.split("hit=")[1].split()[0]) for line in found.splitlines() if "hit=" in line)
    assert pages < 4 * ORPHANS


def test_leftovers_are_read_from_their_partial_index(large: Engine) -> None:
    (batch,) = sql(large, "SELECT batch_id FROM waybill.extractions WHERE retired_at IS NOT NULL LIMIT 1")[0]
    values = {"batch": batch, "at_most": 1000}
    assert "extractions_leftovers" in planned(large, embeddings._LEFTOVERS, **values)
    assert "extractions_leftovers" not in without(large, "extractions_leftovers", embeddings._LEFTOVERS, **values)


def test_linked_rows_are_counted_from_the_index_without_the_table(large: Engine) -> None:
    found = planned(large, embeddings._LINKED_BY_BATCH)
    assert "Index Only Scan using extractions_of_batch" in found
    assert "Heap Fetches: 0" in found
    assert "Index Only Scan" not in without(large, "extractions_of_batch", embeddings._LINKED_BY_BATCH)


def test_changed_batches_are_found_by_what_is_pending(large: Engine) -> None:
    found = planned(large, batches._CHANGED, at_most=100)
    assert "documents_pending" in found
    assert "extractions_leftovers" in found
    assert "Seq Scan on documents" not in found
    assert "Seq Scan on extractions" not in found
    assert "Seq Scan on documents" in without(large, "documents_pending", batches._CHANGED, at_most=100)


def test_batches_with_work_are_found_without_reading_documents_or_extractions(large: Engine) -> None:
    (source,) = sql(large, "SELECT id FROM waybill.sources")[0]
    found = planned(large, batches._WITH_WORK, source=source)
    assert "Seq Scan on extractions" not in found
    assert "Seq Scan on documents" not in found


def test_every_reference_is_found_by_an_index_that_begins_with_it(large: Engine) -> None:
    """Else each deletion of what is referred to reads the whole table that refers."""
    assert sql(large, UNINDEXED_REFERENCES) == []
    with large.connect() as connection, connection.begin() as lost:
        connection.execute(text("DROP INDEX waybill.extractions_of_version"))
        assert connection.execute(text(UNINDEXED_REFERENCES)).scalar_one() == "extractions_version_id_fkey"
        lost.rollback()
