"""How much there is of everything, counted by the database (DT-4)."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from resources.ledger.tasks import count_by_state

_COUNTS: Final = text("""
SELECT (SELECT count(*) FROM waybill.sources) AS sources,
       (SELECT count(*) FROM waybill.batches WHERE retired_at IS NULL) AS batches,
       (SELECT count(*) FROM waybill.extractions WHERE retired_at IS NULL) AS extractions,
       (SELECT count(*) FROM waybill.extractions WHERE embedding_id IS NULL AND retired_at IS NULL) AS orphans,
       (SELECT count(*) FROM waybill.dead_letters WHERE replayed_at IS NULL AND dropped_at IS NULL) AS dead_letters,
       (SELECT count(*) FROM waybill.outbox WHERE state IN ('pending', 'sending')) AS effects_to_send,
       (SELECT count(*) FROM waybill.inbox WHERE handled_at IS NULL) AS deliveries_to_handle,
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS connections,
       current_setting('max_connections')::int AS max_connections
""")
_STATES: Final = text("SELECT state, count(*) AS n FROM waybill.documents GROUP BY state ORDER BY state")


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of the ledger. ``documents`` and ``tasks`` by state; ``extractions`` and ``orphans`` without retired ones.

    ``connections`` are those to the ledger's database, of at most ``max_connections`` of the whole server (KX-10).
    """

    sources: int
    batches: int
    documents: dict[str, int]
    extractions: int
    orphans: int
    dead_letters: int
    effects_to_send: int
    deliveries_to_handle: int
    tasks: dict[str, int]
    connections: int
    max_connections: int


def count(connection: Connection) -> Counts:
    """All counts of one moment."""
    row = connection.execute(_COUNTS).one()
    documents = {state.state: state.n for state in connection.execute(_STATES)}
    return Counts(**row._mapping, documents=documents, tasks=count_by_state(connection))
