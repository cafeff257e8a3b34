"""The orphan queries at 10,000 and 1,000,000 extractions, 100 orphans in both: they cost what the orphans cost."""

import time
from collections.abc import Iterator
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, TextClause, text

from benchmarks.figures import Figure
from benchmarks.options import Options
from orchestration.session import open_session
from orchestration.settings import load_settings
from resources.ledger.embeddings import FIRST, ORPHANS_BY_BATCH, ORPHANS_OF_BATCH
from resources.ledger.engine import open_ledger

SMALL, LARGE = 10_000, 1_000_000
ROWS_A_BATCH = 20_000  # 1,000 documents with 20 extractions each
ORPHANS = 100
TRIES = 101
MAX_GROWTH = 2.0
INDEX = "extractions_orphans"
BATCH = UUID(int=2)
QUERIES: dict[str, tuple[TextClause, dict[str, Any]]] = {
    "orphans by batch": (ORPHANS_BY_BATCH, {}),
    "orphans of a batch": (ORPHANS_OF_BATCH, {"batch": BATCH, "after": FIRST, "at_most": 512}),
}

# Ids by md5 are spread like real ones, and rows are as wide as real ones. All orphans are in the first batch.
FILL = (
    "INSERT INTO waybill.clients (slug) VALUES ('bench') ON CONFLICT DO NOTHING",
    """INSERT INTO waybill.sources (id, client, name, kind, location, batch_documents)
       VALUES (:batch, 'bench', 'bench', 'folder', '/bench', 1000) ON CONFLICT DO NOTHING""",
    """INSERT INTO waybill.batches (id, source_id, ordinal, partition_key)
       SELECT CASE n WHEN 0 THEN CAST(:batch AS uuid) ELSE md5('batch' || n)::uuid END, :batch, n, 'bench-' || n
       FROM generate_series(0, (:rows - 1) / :rows_a_batch) n ON CONFLICT DO NOTHING""",
    """INSERT INTO waybill.documents (id, source_id, batch_id, uri, media_type, size_bytes, fingerprint)
       SELECT md5('document' || ordinal)::uuid, source_id, id, 'bench-' || ordinal, 'text/plain', 1200, 'f'
       FROM waybill.batches ON CONFLICT DO NOTHING""",
    """INSERT INTO waybill.document_versions (id, document_id, content_hash, text)
       SELECT md5('version' || ordinal)::uuid, md5('document' || ordinal)::uuid, 'h', 'text'
       FROM waybill.batches ON CONFLICT DO NOTHING""",
    """INSERT INTO waybill.extractions (id, document_id, batch_id, version_id, template, text, span_start, span_end,
                                        confidence, model, embedding_id, embedding_model, embedded_at)
       SELECT md5('extraction' || n)::uuid, md5('document' || ordinal)::uuid, id, md5('version' || ordinal)::uuid,
              'statement', repeat('words and more ', 8) || n, 0, 120, 1, 'offline',
              CASE WHEN n >= :small OR n % (:small / :orphans) <> 0 THEN md5('point' || n)::uuid END, 'wordllama', now()
       FROM generate_series(CAST(:already AS integer), :rows - 1) n
       JOIN waybill.batches ON ordinal = n / :rows_a_batch""",
    "ANALYZE waybill.extractions",
)


def fill(connection: Connection, rows: int, *, already: int) -> None:
    """From ``already`` extractions to ``rows``, of which the first ``SMALL`` have ``ORPHANS`` orphans among them."""
    values = {"batch": BATCH, "rows": rows, "rows_a_batch": ROWS_A_BATCH, "already": already}
    values |= {"small": SMALL, "orphans": ORPHANS}
    for statement in FILL:
        clause = text(statement)
        connection.execute(clause, {name: values[name] for name in clause.compile().params})


def query_ms(engine: Engine, query: TextClause, values: dict[str, Any]) -> float:
    """The median of many tries, in milliseconds, from asking to having all rows."""
    took_s = []
    for _ in range(TRIES):
        with engine.begin() as connection:
            connection.exec_driver_sql("SELECT 1")  # so that the transaction's own start is not counted
            started = time.perf_counter()
            connection.execute(query, values).all()
            took_s.append(time.perf_counter() - started)
    return median(took_s) * 1000


def uses_index(engine: Engine, query: TextClause, values: dict[str, Any]) -> bool:
    """Whether the plan reads the orphans from their partial index."""
    with engine.begin() as connection:
        plan = connection.execute(text(f"EXPLAIN {query.text}"), values).scalars()
        return any(INDEX in line for line in plan)


def run(options: Options) -> Iterator[Figure]:
    """Each query's time at both sizes, how much it grew, and how many of the plans use the index."""
    large = options.size(LARGE, 10 * SMALL)
    with open_session(load_settings(home=options.folder / "home")) as session:
        engine, owner = session.ledger.engine, open_ledger(session.backends.database_url, role="waybill_owner")
        measured: dict[int, dict[str, float]] = {}
        for rows, already in ((SMALL, 0), (large, SMALL)):
            with owner.begin() as connection:
                fill(connection, rows, already=already)
            measured[rows] = {name: query_ms(engine, *query) for name, query in QUERIES.items()}
        for name in QUERIES:
            yield Figure(f"{name}, {SMALL:,} rows", measured[SMALL][name], "ms")
            yield Figure(f"{name}, {large:,} rows", measured[large][name], "ms")
            yield Figure(f"{name}, growth", measured[large][name] / measured[SMALL][name], "times", at_most=MAX_GROWTH)
        indexed = sum(uses_index(engine, *query) for query in QUERIES.values())
        yield Figure("plans that use the partial index", indexed, "plans", at_least=len(QUERIES))
