"""Removing a source, and what is left of it."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Engine

from resources.knowledge.removal import remove_source
from resources.ledger.sources import Source
from resources.vectors.store import VectorStore
from tests.resources.knowledge.indexing import agree
from tests.resources.ledger.making import OTHER, sql

ROWS: Final = (
    "SELECT 'sources', count(*) FROM waybill.sources WHERE client = 'acme' UNION ALL "
    "SELECT 'batches', count(*) FROM waybill.batches WHERE partition_key LIKE 'acme:%' UNION ALL "
    "SELECT 'documents', count(*) FROM waybill.documents WHERE uri LIKE '%/site/%' AND source_id = :id UNION ALL "
    "SELECT 'extractions', count(*) FROM waybill.extractions e WHERE NOT EXISTS"
    " (SELECT FROM waybill.documents d WHERE d.id = e.document_id AND d.source_id <> :id) UNION ALL "
    "SELECT 'versions', count(*) FROM waybill.document_versions v WHERE NOT EXISTS"
    " (SELECT FROM waybill.documents d WHERE d.id = v.document_id AND d.source_id <> :id)"
)


def remove(engine: Engine, store: VectorStore, source: Source, owner: str = "removal 2") -> tuple[int, list[str]]:
    forgotten: list[str] = []

    def forget(keys: Sequence[str]) -> None:
        forgotten.extend(keys)

    return remove_source(engine, store, source, owner=owner, forget=forget), forgotten


def left(engine: Engine, store: VectorStore, source: Source) -> dict[str, int]:
    rows = {name: count for name, count in sql(engine, ROWS, id=source.id) if count}
    points = store.count(source=source.id)
    return {**rows, "points": points} if points else rows


def assert_the_other_is_whole(engine: Engine, store: VectorStore) -> None:
    assert store.count(client=OTHER) == store.count() == 6
    assert agree(engine, store)
