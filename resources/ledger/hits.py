"""What search shows of the points that it found: only what the ledger says is live (design §5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from resources.domain.ids import ClientSlug, DocumentId, ExtractionId, VersionId
from resources.domain.spans import Span

_LIVE: Final = text("""
SELECT e.id, e.document_id, e.version_id, e.template, e.span_start, e.span_end, d.uri, coalesce(d.title, '') AS title
FROM waybill.extractions e
JOIN waybill.documents d ON d.id = e.document_id JOIN waybill.sources s ON s.id = d.source_id
WHERE e.id = ANY(:ids) AND s.client = :client
  AND e.retired_at IS NULL AND d.gone_at IS NULL AND s.removing_at IS NULL
""")
_QUOTES: Final = text("""
SELECT substr(v.text, q.span_start + 1, q.span_end - q.span_start)
FROM unnest(CAST(:versions AS uuid[]), CAST(:starts AS int[]), CAST(:ends AS int[]))
     WITH ORDINALITY AS q(version, span_start, span_end, position)
JOIN waybill.document_versions v ON v.id = q.version ORDER BY q.position
""")


@dataclass(frozen=True, slots=True)
class LiveExtraction:
    """An extraction that search may show, and the document that it quotes."""

    id: ExtractionId
    document_id: DocumentId
    version_id: VersionId
    template: str
    span: Span
    uri: str
    title: str


def live(connection: Connection, client: ClientSlug, ids: Sequence[ExtractionId]) -> dict[ExtractionId, LiveExtraction]:
    """Those of ``ids`` that are the client's, and neither retired, gone nor being removed. One query (AP-7)."""
    found = {}
    for row in connection.execute(_LIVE, {"ids": list(ids), "client": client}):
        span = Span(row.span_start, row.span_end)
        found[row.id] = LiveExtraction(row.id, row.document_id, row.version_id, row.template, span, row.uri, row.title)
    return found


def quotes(connection: Connection, spans: Sequence[tuple[VersionId, Span]]) -> list[str]:
    """The stored text of each span, in order. One query (AP-7)."""
    values = {
        "versions": [version for version, _ in spans],
        "starts": [span.start for _, span in spans],
        "ends": [span.end for _, span in spans],
    }
    return list(connection.execute(_QUOTES, values).scalars())
