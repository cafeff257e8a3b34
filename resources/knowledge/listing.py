"""What a source holds, written into the ledger whole."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine

from resources.domain.documents import ListedDocument
from resources.extractors.offline import MODEL
from resources.ledger import listings
from resources.ledger.leases import LISTING, held
from resources.ledger.listings import Listing
from resources.ledger.sources import Source
from resources.sources.folder import Skipped, list_file, list_folder
from resources.sources.parse import VERSION


def list_source(
    engine: Engine, source: Source, *, owner: str, max_bytes: int, skipped: Skipped | None = None
) -> Listing:
    """List ``source`` and merge what was found; documents that are not there any more are marked gone.

    ``skipped`` counts what was left out. Documents over ``max_bytes`` are listed, and fail when they are fetched.

    Raises:
        AlreadyClaimedError: another owner lists or ingests it.
        ListingFailedError: the source could not be read whole; the ledger stays as it was.
    """
    with held(engine, "sources", source.id, owner=owner, length=LISTING) as lease, engine.begin() as connection:
        found = (_marked(document, max_bytes) for document in _read(source, skipped))
        return listings.record(connection, lease, source, found, extractor=MODEL)


def _read(source: Source, skipped: Skipped | None) -> Iterator[ListedDocument]:
    path = Path(source.location)
    return list_folder(path, skipped=skipped) if source.kind == "folder" else iter([list_file(path)])


def _marked(document: ListedDocument, max_bytes: int) -> ListedDocument:
    """What else decides about its text joins the fingerprint: a new parser or a raised limit reads it again."""
    limit = f" over {max_bytes}" if document.size_bytes > max_bytes else ""
    return replace(document, fingerprint=parsed_as(document.fingerprint) + limit)


def parsed_as(fingerprint: str) -> str:
    """The fingerprint of a document's bytes, with the version of the parser that makes its text."""
    return f"{VERSION} {fingerprint}"
