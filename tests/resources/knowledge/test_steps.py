"""From a real folder to stored extractions: listing, fetching and extracting, in chunks, and again."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from resources.knowledge.extracting import Extracting, extract_batch
from resources.knowledge.fetching import Fetching, fetch_batch
from resources.knowledge.listing import list_source
from resources.ledger import documents, sources
from resources.ledger.batches import Batch
from resources.ledger.leases import LISTING, AlreadyClaimedError, held
from resources.ledger.sources import Source
from resources.sources.errors import ListingFailedError
from tests.resources.ledger.making import ACME, OWNER, batch_of, claimed, registered, sql, statements

FACTS = {f"{number:03d}.txt": f"Shop {number} in Leeds opens on 16 May 2026 with 14 people." for number in range(5)}
MAX_BYTES = 10_000
STATES = "SELECT state, count(*) FROM waybill.documents GROUP BY 1 ORDER BY 1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    for name, text in FACTS.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def source(ledger: Engine, folder: Path) -> Source:
    return registered(ledger, str(folder), batch_documents=1000)


def fetched(engine: Engine, batch: Batch, *, max_bytes: int = MAX_BYTES) -> Fetching:
    with claimed(engine, batch) as lease:
        return fetch_batch(engine, lease, batch, max_bytes=max_bytes)


def extracted(engine: Engine, batch: Batch) -> Extracting:
    with claimed(engine, batch) as lease:
        return extract_batch(engine, lease, batch)


def listed(engine: Engine, source: Source, *, max_bytes: int = MAX_BYTES) -> Batch:
    list_source(engine, source, owner=OWNER, max_bytes=max_bytes)
    return batch_of(engine, source)


def test_a_folder_is_listed_fetched_and_extracted_and_then_there_is_nothing_to_do(
    ledger: Engine, source: Source
) -> None:
    batch = listed(ledger, source)
    assert fetched(ledger, batch) == Fetching(fetched=5, failed=0)
    assert extracted(ledger, batch) == Extracting(documents=5, added=10, kept=0, retired=0)
    listed(ledger, source)
    assert fetched(ledger, batch) == Fetching(0, 0)
    assert extracted(ledger, batch) == Extracting(0, 0, 0, 0)


def test_a_bad_document_is_recorded_with_its_reason_and_stops_nobody_else(
    ledger: Engine, source: Source, folder: Path
) -> None:
    (folder / "empty.txt").write_text("  \n")
    (folder / "large.txt").write_text("x" * 20_000)
    (folder / "late.txt").write_text("It will be gone.")
    batch = listed(ledger, source)
    (folder / "late.txt").unlink()

    assert fetched(ledger, batch) == Fetching(fetched=5, failed=3)

    with ledger.begin() as connection:
        failures = {uri.rsplit("/", 1)[1]: f for uri, f in documents.failures(connection, source.id)}
    assert {name: (f["error"], f["retry_helps"]) for name, f in failures.items()} == {
        "empty.txt": ("DocumentEmptyError", False),
        "large.txt": ("DocumentTooLargeError", False),
        "late.txt": ("DocumentVanishedError", True),
    }
    assert extracted(ledger, batch).documents == 5
    listed(ledger, source)
    assert sql(ledger, STATES) == [("extracted", 5), ("failed", 2), ("gone", 1)]


def test_a_document_that_was_too_large_is_read_when_the_limit_is_raised(
    ledger: Engine, source: Source, folder: Path
) -> None:
    (folder / "large.txt").write_text("Shop 7 opens on 16 May 2026. " * 1000)
    batch = listed(ledger, source)
    assert fetched(ledger, batch) == Fetching(fetched=5, failed=1)
    listed(ledger, source)
    assert fetched(ledger, batch) == Fetching(0, 0), "the same limit refuses it again"
    listed(ledger, source, max_bytes=100_000)
    assert fetched(ledger, batch, max_bytes=100_000) == Fetching(fetched=1, failed=0)
    listed(ledger, source, max_bytes=100_000)
    assert fetched(ledger, batch, max_bytes=100_000) == Fetching(0, 0)


def test_a_changed_file_keeps_what_still_stands(ledger: Engine, source: Source, folder: Path) -> None:
    batch = listed(ledger, source)
    fetched(ledger, batch)
    extracted(ledger, batch)
    (folder / "000.txt").write_text(f"{FACTS['000.txt']} It has 3 floors and a roof.")
    listed(ledger, source)
    assert fetched(ledger, batch) == Fetching(1, 0)
    assert extracted(ledger, batch) == Extracting(documents=1, added=2, kept=1, retired=1)


def test_a_folder_that_cannot_be_read_changes_nothing(ledger: Engine, source: Source, folder: Path) -> None:
    batch = listed(ledger, source)
    fetched(ledger, batch)
    folder.rename(folder.with_name("moved"))
    with pytest.raises(ListingFailedError):
        list_source(ledger, source, owner=OWNER, max_bytes=MAX_BYTES)
    assert sql(ledger, STATES) == [("fetched", 5)]


def test_a_single_file_is_a_source_too(ledger: Engine, folder: Path) -> None:
    with ledger.begin() as connection:
        upload = sources.register(
            connection, client=ACME, kind="upload", location=str(folder / "001.txt"), name=None, batch_documents=3
        )
    batch = listed(ledger, upload)
    assert fetched(ledger, batch) == Fetching(1, 0)
    (folder / "001.txt").unlink()
    with pytest.raises(ListingFailedError):
        list_source(ledger, upload, owner=OWNER, max_bytes=MAX_BYTES)


def test_CB_4_two_listings_of_one_source_at_once_are_one(ledger: Engine, source: Source) -> None:
    with held(ledger, "sources", source.id, owner="ingest 7", length=LISTING):
        with pytest.raises(AlreadyClaimedError, match="already claimed by ingest 7"):
            list_source(ledger, source, owner=OWNER, max_bytes=MAX_BYTES)
        list_source(ledger, source, owner="ingest 7", max_bytes=MAX_BYTES)


def test_AP_7_statements_grow_by_the_chunk_and_not_by_the_document(
    ledger: Engine, source: Source, folder: Path
) -> None:
    for number in range(5, 450):
        (folder / f"{number:03d}.txt").write_text(f"Shop {number} opens on 16 May 2026 with 14 people.")
    batch = listed(ledger, source)
    with statements(ledger) as fetching:
        fetched(ledger, batch)
    with statements(ledger) as extracting:
        extracted(ledger, batch)
    assert sql(ledger, STATES) == [("extracted", 450)]
    assert len(fetching) <= 4 * 4 + 4, "three chunks of 200 documents, and the claim"
    assert len(extracting) <= 5 * 6 + 6, "five chunks of 100 documents, and the claim"
