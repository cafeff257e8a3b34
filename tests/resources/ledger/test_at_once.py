"""Listings, batches and removals that run at the same time wait for each other, and never in a circle."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest
from sqlalchemy import Engine, text

from resources import processes
from resources.domain.documents import ListedDocument
from resources.domain.ids import PointId
from resources.ledger import batches, embeddings, listings, removals
from resources.ledger.batches import Batch
from resources.ledger.leases import KNOWLEDGE, LISTING, AlreadyClaimedError, held
from resources.ledger.sources import Source
from tests.resources.ledger.making import (
    OWNER,
    batch_of,
    claimed,
    extract,
    fetch,
    found,
    list_source,
    ready,
    registered,
    sql,
)
from tests.waiting import wait_until

TEXTS = {f"{number:03d}": f"Shop {number} opens on 16 May 2026 with 14 people." for number in range(200)}
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def source(ledger: Engine) -> Source:
    return registered(ledger, batch_documents=200)


@pytest.fixture
def batch(ledger: Engine, source: Source) -> Batch:
    return ready(ledger, source, TEXTS)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def until_waiting(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as superuser:
        wait_until(lambda: (superuser.execute(WAITING).fetchone() or [0])[0], 10, "somebody waiting for a lock")


def test_an_extraction_that_waits_for_a_listing_finds_what_is_gone(
    ledger: Engine, ledger_url: str, source: Source, batch: Batch, pool: ThreadPoolExecutor
) -> None:
    list_source(ledger, source, found(*TEXTS, fingerprint="2"))
    fetch(ledger, batch, {name: f"Now {text}" for name, text in TEXTS.items()})
    with held(ledger, "sources", source.id, owner=OWNER, length=LISTING) as lease:
        with ledger.begin() as connection:
            listings.record(connection, lease, source, found("000", fingerprint="2"), extractor="offline-1")
            extracting = pool.submit(extract, ledger, batch)
            until_waiting(ledger_url)
        assert extracting.result(30).documents == 1
    assert sql(
        ledger,
        "SELECT d.state, count(*) FILTER (WHERE e.retired_at IS NULL) > 0 FROM waybill.documents d"
        " JOIN waybill.extractions e ON e.document_id = d.id GROUP BY 1 ORDER BY 1",
    ) == [("extracted", True), ("gone", False)]


def test_a_link_and_a_listing_that_retires_its_rows_wait_in_one_order(
    ledger: Engine, ledger_url: str, source: Source, batch: Batch, pool: ThreadPoolExecutor
) -> None:
    orphans = [row[0] for row in sql(ledger, "SELECT id FROM waybill.extractions")]
    with claimed(ledger, batch) as lease:
        with ledger.begin() as connection:
            lease.fence(connection)
            listing = pool.submit(list_source, ledger, source, [])
            until_waiting(ledger_url)
            embeddings.link(connection, lease, orphans, [PointId(key) for key in orphans], "m")
        assert listing.result(30).gone == 200
    with ledger.begin() as connection:
        assert len(embeddings.leftovers(connection, batch.id, at_most=1000)) == len(orphans)
        assert batches.live_partition_keys(connection) == {batch.partition_key}


def test_a_batch_that_is_claimed_while_a_removal_begins_is_claimed_by_one_of_them(
    ledger: Engine, ledger_url: str, source: Source, batch: Batch, pool: ThreadPoolExecutor
) -> None:
    """The run comes second: it waits for the removal's mark, and is refused."""
    with held(ledger, "sources", source.id, owner="removal 1", length=KNOWLEDGE) as lease, ExitStack() as run:
        with ledger.begin() as connection:
            removals.begin(connection, lease, source.id, length=KNOWLEDGE)
            claiming: Future[object] = pool.submit(run.enter_context, claimed(ledger, batch, "run 2"))
            until_waiting(ledger_url)
        with pytest.raises(AlreadyClaimedError):
            claiming.result(30)
        with pytest.raises(AlreadyClaimedError, match="already claimed by the removal of its source"):
            run.enter_context(claimed(ledger, batch, "run 2"))


def test_a_run_that_claims_first_stops_the_removal_which_marks_nothing(
    ledger: Engine, ledger_url: str, source: Source, batch: Batch, pool: ThreadPoolExecutor
) -> None:
    def remove() -> None:
        with (
            held(ledger, "sources", source.id, owner="removal 1", length=KNOWLEDGE) as lease,
            ledger.begin() as connection,
        ):
            removals.begin(connection, lease, source.id, length=KNOWLEDGE)

    with ledger.begin() as claiming:
        claiming.execute(
            text(
                "UPDATE waybill.batches SET lease_owner = 'run 2', lease_process = :process, version = version + 1,"
                " lease_expires_at = now() + interval '1 min'"
            ),
            {"process": processes.identity()},
        )
        removing = pool.submit(remove)
        until_waiting(ledger_url)
    with pytest.raises(AlreadyClaimedError, match="already claimed by run 2"):
        removing.result(30)
    assert sql(ledger, "SELECT removing_at FROM waybill.sources") == [(None,)]


def test_a_listing_that_runs_beside_a_fetch_of_another_source_waits_for_nothing(
    ledger: Engine, source: Source, batch: Batch
) -> None:
    other = registered(ledger, "/data/other")
    with claimed(ledger, batch) as lease, ledger.begin() as connection:
        lease.fence(connection)
        documents = [ListedDocument("file:///data/other/x.txt", "1", 1, "text/plain")]
        assert list_source(ledger, other, documents).new == 1
    assert batch_of(ledger, other).ordinal == 0
