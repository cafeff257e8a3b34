"""`waybill sources remove` ends with nothing of the source, also when killed with -9 at a boundary and run again."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from orchestration.removal import finish_removal
from orchestration.serving import finish_removals
from orchestration.session import Session
from resources.domain.ids import ClientSlug
from resources.knowledge.search import search
from resources.ledger import sources
from resources.ledger.leases import KNOWLEDGE, held
from resources.ledger.sources import SourceConflictError
from tests.acceptance.end_state import assert_same, end_state
from tests.acceptance.turnstile import closed, wait_until_its_servers_are_gone
from tests.acceptance.twins import CLIENT, Beginning, Twin
from tests.acceptance.waybill_process import Running
from tests.hosts import PostgresHost
from tests.sessions import write
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

REMOVE: Final = ("sources", "remove", "old", "--client", CLIENT)
OLD: Final = {f"old_{number}": f"The old workshop mended {number}40 items in 19{number}0." for number in range(5)}
KEPT: Final = {"kept": "The Leeds store opens on 16 May 2026 with 14 people."}
ALL_ROWS: Final = (
    "SELECT count(*) FROM waybill.documents d JOIN waybill.sources s ON s.id = source_id WHERE name = 'old'"
)
REMOVING: Final = "SELECT count(*) FROM waybill.sources WHERE removing_at IS NOT NULL"
UNLINK: Final = """
UPDATE waybill.extractions SET embedding_id = NULL, embedding_model = NULL, embedded_at = NULL WHERE text LIKE %s
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of both sources."""
    return tmp_path_factory.mktemp("sources")


@pytest.fixture(scope="module")
def beginning(postgres: PostgresHost, place: Path, tmp_path_factory: pytest.TempPathFactory) -> Beginning:
    """Two ingested sources; of the old one the store has points whose ``embedding_id`` the ledger does not know."""
    empty = Beginning.empty(postgres)
    with empty.twin(tmp_path_factory.mktemp("former")) as twin:
        twin.ingest(write(place / "kept", **KEPT))
        twin.ingest(write(place / "old", **OLD))
        twin.at.sql(UNLINK, "The old workshop mended 1%")
    return empty.after(twin)


@pytest.fixture(scope="module")
def undisturbed(beginning: Beginning, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a removal leaves when nobody disturbs it."""
    with beginning.twin(tmp_path_factory.mktemp("undisturbed")) as twin:
        removed = twin.waybill.made(*REMOVE, "--json")
        assert removed.json() == {"source": "acme:old", "documents_removed": 5}
        left = end_state(twin.at)
    assert [source["name"] for source in left["sources"]] == ["kept"]
    assert [Path(document["uri"]).name for document in left["documents"]] == ["kept.txt"]
    assert {row["document_id"] for row in left["document_versions"]} == {row["id"] for row in left["documents"]}
    assert {row["embedding_id"] for row in left["extractions"]} == left["points"].keys(), "KX-11: not one point more"
    assert left["partitions"] == [("batches", "acme:kept:0000"), ("sources", "acme:kept")]
    return left


@contextmanager
def before_the_mark(twin: Twin) -> Iterator[Running]:
    with closed(twin.at.ledger, "waybill.sources") as (turnstile,), twin.waybill.start(*REMOVE) as running:
        turnstile.stop_at("SET removing_at")
        assert twin.at.sql(REMOVING) == [(0,)]
        yield running


@contextmanager
def before_the_points(twin: Twin) -> Iterator[Running]:
    with closed(twin.at.ledger, "waybill.sources") as (turnstile,), twin.waybill.start(*REMOVE) as running:
        turnstile.stop_at("SET removing_at")
        twin.engine.process.send_signal(signal.SIGSTOP)
        turnstile.open()
        wait_until(lambda: twin.at.sql(REMOVING) == [(1,)], what="the mark")
        yield running
        twin.engine.process.send_signal(signal.SIGCONT)


@contextmanager
def before_the_rows(twin: Twin) -> Iterator[Running]:
    with closed(twin.at.ledger, "waybill.extractions") as (turnstile,), twin.waybill.start(*REMOVE) as running:
        turnstile.stop_at("waybill.purge_documents")
        assert twin.at.sql(ALL_ROWS) == [(5,)]
        yield running


@contextmanager
def before_the_partitions(twin: Twin) -> Iterator[Running]:
    with closed(twin.at.dagster, "dynamic_partitions") as (turnstile,), twin.waybill.start(*REMOVE) as running:
        turnstile.stop_at("DELETE FROM dynamic_partitions")
        assert twin.at.sql(ALL_ROWS) == [(0,)]
        yield running


@contextmanager
def before_the_source(twin: Twin) -> Iterator[Running]:
    with closed(twin.at.ledger, "waybill.batches") as (turnstile,), twin.waybill.start(*REMOVE) as running:
        turnstile.stop_at("DELETE FROM waybill.batches")
        assert len(twin.at.dagster_sql("SELECT partition FROM dynamic_partitions")) == 2, "those of the other source"
        yield running


BOUNDARIES: Final = (before_the_mark, before_the_points, before_the_rows, before_the_partitions, before_the_source)


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=lambda boundary: boundary.__name__)
def test_KX_11_a_removal_killed_at_a_boundary_and_run_again_leaves_nothing(
    beginning: Beginning, undisturbed: dict[str, Any], place: Path, tmp_path: Path, boundary: Any
) -> None:
    with beginning.twin(tmp_path) as twin:
        with boundary(twin) as running:
            running.kill()
        wait_until_its_servers_are_gone(twin.at.ledger)
        with twin.session() as session:
            if boundary is not before_the_mark:
                assert_hidden(session)
                with pytest.raises(SourceConflictError, match="being removed"):
                    twin.ingest(place / "old")
            with session.ledger.engine.begin() as connection:
                source = sources.get(connection, "acme:old")
            finish_removal(session, source, owner="the second removal")
        assert_same(end_state(twin.at), undisturbed)


def test_KX_11_up_finishes_a_removal_that_was_broken_off_and_leaves_one_that_goes_on(
    beginning: Beginning, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    with beginning.twin(tmp_path) as twin, twin.session() as session:
        ((source,),) = twin.at.sql("UPDATE waybill.sources SET removing_at = now() WHERE name = 'old' RETURNING id")
        with held(session.ledger.engine, "sources", source, owner="a removal in another command", length=KNOWLEDGE):
            finish_removals(session)
            assert twin.at.sql(ALL_ROWS) == [(5,)]
        finish_removals(session)
        assert_same(end_state(twin.at), undisturbed)


def assert_hidden(session: Session) -> None:
    """From its mark on nothing of it is found, whatever of it still stands in the stores."""
    index = session.index
    found = search(
        session.ledger.engine, index.store, index.embedder, "old workshop mended items", client=ClientSlug(CLIENT)
    )
    assert {Path(hit.uri).name for hit in found} == {"kept.txt"}
