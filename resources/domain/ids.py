"""Identities. What derives from content is UUIDv5, so that doing a thing twice names it the same."""

from typing import NewType
from uuid import UUID, uuid5

ClientSlug = NewType("ClientSlug", str)
SourceId = NewType("SourceId", UUID)
BatchId = NewType("BatchId", UUID)
DocumentId = NewType("DocumentId", UUID)
VersionId = NewType("VersionId", UUID)
ExtractionId = NewType("ExtractionId", UUID)
PointId = NewType("PointId", UUID)
RunId = NewType("RunId", str)

NAMESPACE = UUID("6e0f3c52-8f0b-5c39-9d5f-0b6f0f7a2c11")
_SEPARATOR = "\x1f"


def derived(*parts: str) -> UUID:
    """The UUIDv5 of ``parts`` in order; no two different lists of parts share one, as parts never hold U+001F."""
    return uuid5(NAMESPACE, _SEPARATOR.join(part.replace(_SEPARATOR, " ") for part in parts))


def source_id(client: ClientSlug, kind: str, location: str) -> SourceId:
    """A client's source is what it points at: registering it twice is one source."""
    return SourceId(derived("source", client, kind, location))


def document_id(source: SourceId, uri: str) -> DocumentId:
    """A document is unique per source and uri (design §5)."""
    return DocumentId(derived("document", str(source), uri))


def extraction_id(document: DocumentId, template: str, text: str, occurrence: int) -> ExtractionId:
    """The ``occurrence``-th (from 0) time that ``text`` stands in the document under ``template``.

    Position is no part of it, so that a fact which a new version merely moves keeps its identity and its embedding.
    """
    return ExtractionId(derived("extraction", str(document), template, str(occurrence), text))


def point_id(extraction: ExtractionId, embedding_model: str) -> PointId:
    """An upsert repeated after a crash rewrites the same point (KX-1)."""
    return PointId(derived("point", str(extraction), embedding_model))
