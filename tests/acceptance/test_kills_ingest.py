"""`waybill ingest` killed with -9 at every boundary and started again: the end is that of an undisturbed run.

The source was ingested before, and has a new, a changed, a vanished and an unreadable document since. Each test stops
the command from outside at one statement, kills it there, and starts it again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from orchestration.hosting.run_launcher import end_abandoned_runs
from tests.acceptance.end_state import assert_same, end_state
from tests.acceptance.turnstile import closed, wait_until_its_servers_are_gone
from tests.acceptance.twins import CLIENT, Beginning, Twin
from tests.acceptance.waybill_process import Running
from tests.hosts import PostgresHost
from tests.sensors.ticks import tick
from tests.sessions import write

pytestmark = pytest.mark.slow

FORMER: Final = {
    "one": "The Ridgeline pack weighs 1,240 grams. It was first sewn on 14 March 2011.",
    "two": '"We repair what we sell," said Maya Lindqvist in Sheffield. The workshop mended 6,340 items in 2025.',
    "three": "The Leeds store opens on 16 May 2026 with 14 people.",
    "four": "Brown bears sleep through the winter in caves.",
    "five": "Repairs take 10 working days on average.",
    "six": "The Skarv shell costs 410 pounds and weighs 380 grams.",
}
CHANGES: Final = {
    "one": "The Ridgeline pack weighs 1,190 grams. It was first sewn on 14 March 2011. It costs 189 pounds.",
    "seven": "Return postage is free within the United Kingdom for 60 days.",
}
ORPHANS: Final = "SELECT count(*) FROM waybill.extractions WHERE embedding_id IS NULL AND retired_at IS NULL"
LEFTOVERS: Final = "SELECT count(*) FROM waybill.extractions WHERE embedding_id IS NOT NULL AND retired_at IS NOT NULL"
LINKED: Final = "SELECT count(embedding_id) FROM waybill.extractions"
STATES: Final = "SELECT state, count(*) FROM waybill.documents GROUP BY state ORDER BY state"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source: one place for all, since ids derive from it."""
    return write(tmp_path_factory.mktemp("source") / "site", **FORMER)


@pytest.fixture(scope="module")
def beginning(postgres: PostgresHost, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Beginning:
    """The source as it was is ingested; its folder holds what it is now."""
    empty = Beginning.empty(postgres)
    with empty.twin(tmp_path_factory.mktemp("former")) as twin:
        assert not twin.ingest(folder).failures
    write(folder, **CHANGES)
    (folder / "two.txt").unlink()
    (folder / "bad.txt").write_bytes(b"\x00\x01\x02\xff\xfe\x00" * 200)
    return empty.after(twin)


@pytest.fixture(scope="module")
def undisturbed(beginning: Beginning, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an ingest makes of the changes when nobody disturbs it."""
    with beginning.twin(tmp_path_factory.mktemp("undisturbed")) as twin:
        assert len(twin.ingest(folder).failures) == 1
        assert twin.at.sql(STATES) == [("extracted", 6), ("failed", 1), ("gone", 1)]
        assert twin.at.sql(LINKED) == [(twin.at.points(),)]
        return end_state(twin.at)


@contextmanager
def stopped_at(twin: Twin, folder: Path, table: str, words: str) -> Iterator[Running]:
    """An ingest that stands before its first statement on ``table`` with these words; whoever waits then is freed."""
    with (
        closed(twin.at.ledger, table) as (turnstile,),
        twin.waybill.start("ingest", folder, "--client", CLIENT) as running,
    ):
        turnstile.stop_at(words)
        yield running
    wait_until_its_servers_are_gone(twin.at.ledger)


def is_in_the_listing(twin: Twin) -> bool:
    return twin.at.sql(STATES) == [("extracted", 6)]


def has_listed(twin: Twin) -> bool:
    return twin.at.sql(STATES) == [("extracted", 4), ("gone", 1), ("listed", 3)]


def has_fetched(twin: Twin) -> bool:
    return ("fetched", 1) in twin.at.sql(STATES) and twin.at.sql(ORPHANS) == [(0,)]


def has_points_deleted(twin: Twin) -> bool:
    """Of rows that still name them."""
    return twin.at.sql(LEFTOVERS) > [(0,)] and twin.at.sql(LINKED) > [(twin.at.points(),)]


def has_points_of_orphans(twin: Twin) -> bool:
    return twin.at.sql(ORPHANS) > [(0,)] and twin.at.sql(LINKED) < [(twin.at.points(),)]


BOUNDARIES: Final = {
    "in_the_listing": ("waybill.extractions", "SET retired_at = now() FROM gone", is_in_the_listing),
    "after_the_listing": ("waybill.document_versions", "INSERT INTO waybill.document_versions", has_listed),
    "after_the_fetch": ("waybill.documents", "SET extracted_version_id = c.version", has_fetched),
    "in_the_extraction": ("waybill.extractions", "COPY waybill.extractions", has_fetched),
    "between_delete_and_unlink": ("waybill.extractions", "SET embedding_id = NULL", has_points_deleted),
    "between_upsert_and_link": ("waybill.extractions", "SET embedding_id = l.point", has_points_of_orphans),
}


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_KX_1_DT_8_an_ingest_killed_at_a_boundary_and_started_again_ends_as_if_undisturbed(
    beginning: Beginning, undisturbed: dict[str, Any], folder: Path, tmp_path: Path, boundary: str
) -> None:
    table, words, stands_there = BOUNDARIES[boundary]
    with beginning.twin(tmp_path) as twin:
        with stopped_at(twin, folder, table, words) as running:
            assert stands_there(twin)
            running.kill()
        assert stands_there(twin), "what was not committed is as it was"
        twin.ingest(folder)
        assert_same(end_state(twin.at), undisturbed)


def test_KX_2_an_ingest_killed_after_the_link_is_materialized_when_it_is_started_again(
    postgres: PostgresHost, tmp_path: Path
) -> None:
    """The ledger has nothing left to do then, and still the UI must not show the partition as missing.

    Under `waybill up` a sensor asks for it.
    """
    source, empty = write(tmp_path / "new", **FORMER), Beginning.empty(postgres)
    with empty.twin(tmp_path / "undisturbed") as twin:
        twin.ingest(source)
        wanted = end_state(twin.at)
    with empty.twin(tmp_path / "killed") as twin:
        with (
            closed(twin.at.ledger, "waybill.extractions") as (links,),
            twin.waybill.start("ingest", source, "--client", CLIENT) as running,
        ):
            links.stop_at("SET embedding_id = l.point")
            links.let_one_through()
            links.stop_at("SET embedding_id = l.point")
            with closed(twin.at.dagster, "event_logs") as (events,):
                links.open()
                events.stop_at("INSERT INTO event_logs")
                assert twin.at.sql(ORPHANS) == [(0,)]
                running.kill()
        wait_until_its_servers_are_gone(twin.at.ledger)
        with twin.session() as session:
            end_abandoned_runs(session.instance)
            assert tick(session, "changed_batches_sensor").requested == ["acme:new:0001"]
        twin.ingest(source)
        assert_same(end_state(twin.at), wanted)
