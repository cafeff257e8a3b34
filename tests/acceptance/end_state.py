"""Everything that two installations must have in common when the same work was done on both."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg import sql

from resources.embedder.wordllama import MODEL
from resources.vectors.connection import connect
from resources.vectors.schema import collection_name
from tests.acceptance.waybill_process import Addresses

# How a table's rows are put in order. Every id but those of dead letters derives from what it stands for.
TABLES: Final[Mapping[str, str]] = {
    "clients": "slug",
    "sources": "id",
    "batches": "id",
    "documents": "id",
    "document_versions": "id",
    "extractions": "id",
    "dead_letters": "subject",
}
# Who works at it, and how often somebody did. The lease's columns are NULL when nobody does, which is looked at too.
OF_THE_WORK: Final = frozenset({"version"})
OF_THE_ROW: Final = {"dead_letters": frozenset({"id"})}
_MATERIALIZED: Final = """
SELECT asset_key, partition FROM event_logs WHERE dagster_event_type = 'ASSET_MATERIALIZATION'
GROUP BY asset_key, partition ORDER BY asset_key, partition
"""
_PARTITIONS: Final = (
    "SELECT partitions_def_name, partition FROM dynamic_partitions ORDER BY partitions_def_name, partition"
)
_PAGE: Final = 10_000


def end_state(at: Addresses) -> dict[str, Any]:
    """The ledger row for row, the store point for point, Dagster's partitions and which of them are materialized.

    Of an instant only whether it is set. A version counts claims; run ids and Dagster's events count runs.
    """
    return {
        **{table: _rows(at, table, order) for table, order in TABLES.items()},
        "points": stored_points(at),
        "partitions": at.dagster_sql(_PARTITIONS),
        "materialized": at.dagster_sql(_MATERIALIZED),
    }


def assert_same(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Fail with what differs, table by table, and not with both states whole."""
    for table, rows in wanted.items():
        if found[table] != rows:
            missing = [row for row in rows if row not in found[table]]
            more = [row for row in found[table] if row not in rows]
            raise AssertionError(f"{table}: missing {missing[:5]}, instead {more[:5]}")


def stored_points(at: Addresses) -> dict[str, tuple[Any, Any]]:
    """Payload and vectors of every point, by its id."""
    client = connect(at.vectors, at.key)
    try:
        found, offset = client.scroll(collection_name(MODEL), limit=_PAGE, with_vectors=True)
        assert offset is None, "more points than one page; make the corpus smaller"
        return {str(point.id): (point.payload, point.model_dump()["vector"]) for point in found}
    finally:
        client.close()


def _rows(at: Addresses, table: str, order: str) -> list[dict[str, Any]]:
    query = sql.SQL("SELECT to_jsonb(t) FROM waybill.{} t ORDER BY {}").format(
        sql.Identifier(table), sql.Identifier(order)
    )
    with psycopg.connect(at.ledger) as connection:
        rows = [row for (row,) in connection.execute(query)]
    left_out = OF_THE_WORK | OF_THE_ROW.get(table, frozenset())
    return [{name: _timeless(name, value) for name, value in row.items() if name not in left_out} for row in rows]


def _timeless(column: str, value: Any) -> Any:
    return value is not None if column.endswith("_at") else value
