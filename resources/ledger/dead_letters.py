"""What was given up after every attempt: with its full request, so that it can be looked at and tried again."""

import json
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, text

from resources.domain.ids import BatchId

_RECORD: Final = text("""
INSERT INTO waybill.dead_letters (stage, subject, batch_id, request, error, attempts)
VALUES (:stage, :subject, :batch, CAST(:request AS jsonb), :error, :attempts)
ON CONFLICT (stage, subject) DO UPDATE
SET request = excluded.request, error = excluded.error, attempts = excluded.attempts, replayed_at = NULL
""")
_REPLAY: Final = text("""
WITH replayed AS (
    UPDATE waybill.dead_letters SET replayed_at = now() WHERE stage = 'embedding' AND replayed_at IS NULL
    RETURNING subject)
UPDATE waybill.extractions SET embedding_failures = 0 WHERE id IN (SELECT CAST(subject AS uuid) FROM replayed)
""")


def record(
    connection: Connection,
    *,
    stage: str,
    subject: str,
    batch: BatchId,
    request: Mapping[str, object],
    error: str,
    attempts: int,
) -> None:
    """Keep one dead letter for each stage and subject; the newest error stands."""
    values = {"stage": stage, "subject": subject, "batch": batch, "error": error, "attempts": attempts}
    connection.execute(_RECORD, {**values, "request": json.dumps(request)})


def replay_embeddings(connection: Connection) -> int:
    """Give every dead extraction its attempts again; return how many."""
    return connection.execute(_REPLAY).rowcount
