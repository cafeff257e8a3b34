"""From a folder to knowledge, through the assets, on real backends."""

from pathlib import Path

import dagster as dg
import pytest

from orchestration.ingestion import ingest, register
from orchestration.session import Session
from resources.knowledge.search import search
from resources.ledger.leases import LISTING as MINUTES
from resources.ledger.leases import AlreadyClaimedError, held
from sensors.jobs import LIST_SOURCE, MAKE_KNOWLEDGE
from tests.sessions import CLIENT, Silent, check_results, ingested, run, sql, write

FACTS = {
    "one": "The Ridgeline pack weighs 1,240 grams. It was first sewn on 14 March 2011.",
    "two": '"We repair what we sell," said Maya Lindqvist in Sheffield. The workshop mended 6,340 items in 2025.',
    "three": "The Leeds store opens on 16 May 2026 with 14 people.",
    "four": "Brown bears sleep through the winter in caves.",
}
STATE = """
SELECT id, document_id, template, text, span_start, span_end, embedding_id, retired_at IS NULL
FROM waybill.extractions ORDER BY id
"""


def test_a_folder_becomes_documents_extractions_and_points(session: Session, tmp_path: Path) -> None:
    report = ingested(session, write(tmp_path / "site", **FACTS))

    assert report.failures == []
    assert sql(session, "SELECT state, count(*) FROM waybill.documents GROUP BY 1") == [("extracted", 4)]
    live = sql(session, "SELECT count(*), count(embedding_id) FROM waybill.extractions WHERE retired_at IS NULL")[0]
    assert live[0] == live[1] == session.index.store.count()
    assert sql(session, "SELECT partition_key FROM waybill.batches ORDER BY 1") == [
        ("acme:site:0000",),
        ("acme:site:0001",),
    ]


def test_runs_of_the_command_line_show_in_dagster_with_their_partitions_and_checks(
    session: Session, tmp_path: Path
) -> None:
    ingested(session, write(tmp_path / "site", **FACTS))

    runs = session.instance.get_runs()
    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
    assert {run.tags["dagster/partition"] for run in runs} == {"acme:site", "acme:site:0000", "acme:site:0001"}
    assert set(session.instance.get_dynamic_partitions("batches")) == {"acme:site:0000", "acme:site:0001"}
    for check in ("every_extraction_is_embedded", "every_point_has_an_extraction", "every_span_quotes_its_document"):
        assert check_results(session, check, "acme:site:0001") == [True]


def test_an_unchanged_source_asks_for_no_batch_and_changes_nothing(session: Session, tmp_path: Path) -> None:
    folder = write(tmp_path / "site", **FACTS)
    ingested(session, folder)
    before, runs = sql(session, STATE), session.instance.get_runs_count()

    again = ingested(session, folder)

    assert sql(session, STATE) == before
    assert again.counts["source_listings.new"] == again.counts["source_listings.changed"] == 0
    assert session.instance.get_runs_count() == runs + 1, "only the listing ran"


def test_a_changed_document_keeps_what_still_stands(session: Session, tmp_path: Path) -> None:
    folder = write(tmp_path / "site", **FACTS)
    ingested(session, folder)
    before = dict(sql(session, "SELECT text, embedding_id FROM waybill.extractions WHERE template = 'statement'"))

    write(folder, one="A new first line with 12 words. " + FACTS["one"] + " It costs 189 pounds.")
    report = ingested(session, folder)

    after = dict(
        sql(
            session,
            "SELECT text, embedding_id FROM waybill.extractions WHERE template = 'statement' AND retired_at IS NULL",
        )
    )
    assert before.items() <= after.items(), "what stands kept its point"
    assert len(after) == len(before) + 2
    assert report.counts["extractions.kept"] == 2
    assert check_results(session, "every_span_quotes_its_document", "acme:site:0001")[0]


def test_a_bad_document_is_named_and_stops_nobody_else(session: Session, tmp_path: Path) -> None:
    folder = write(tmp_path / "site", **FACTS)
    (folder / "bad.txt").write_bytes(b"\x00\x01\x02\xff\xfe\x00" * 200)

    report = ingested(session, folder)

    assert [uri.rsplit("/", 1)[-1] for uri, _ in report.failures] == ["bad.txt"]
    assert sql(session, "SELECT state, count(*) FROM waybill.documents GROUP BY 1 ORDER BY 1") == [
        ("extracted", 4),
        ("failed", 1),
    ]


def test_a_document_that_is_gone_leaves_search_and_the_store(session: Session, tmp_path: Path) -> None:
    folder = write(tmp_path / "site", **FACTS)
    ingested(session, folder)
    (folder / "four.txt").unlink()

    ingested(session, folder)

    hits = _found(session, "brown bears sleep in winter")
    assert all(not uri.endswith("four.txt") for uri in hits)
    assert session.index.store.count() == sql(session, "SELECT count(embedding_id) FROM waybill.extractions")[0][0]
    leftovers = "SELECT count(*) FROM waybill.extractions WHERE retired_at IS NOT NULL AND embedding_id IS NOT NULL"
    assert sql(session, leftovers) == [(0,)]


def test_a_batch_that_lost_all_its_documents_is_no_partition_any_more(session: Session, tmp_path: Path) -> None:
    folder = write(tmp_path / "site", **FACTS)
    ingested(session, folder)
    of_first = sql(
        session, "SELECT uri FROM waybill.documents d JOIN waybill.batches b ON b.id = d.batch_id WHERE b.ordinal = 0"
    )
    for (uri,) in of_first:
        Path(str(uri).removeprefix("file://")).unlink()

    ingested(session, folder)

    assert session.instance.get_dynamic_partitions("batches") == ["acme:site:0001"]


def test_search_finds_what_was_said_and_where(session: Session, tmp_path: Path) -> None:
    ingested(session, write(tmp_path / "site", **FACTS))

    assert _found(session, "how many items were mended by the workshop")[0].endswith("two.txt")
    assert _found(session, "when does the Leeds store open")[0].endswith("three.txt")


def test_CB_4_two_ingests_of_one_source_at_once_one_claims_and_the_other_says_so(
    session: Session, tmp_path: Path
) -> None:
    source = register(session, write(tmp_path / "site", **FACTS), client=CLIENT, name=None)
    with (
        held(session.ledger.engine, "sources", source.id, owner="ingest of a colleague", length=MINUTES),
        pytest.raises(AlreadyClaimedError, match="already claimed by ingest of a colleague"),
    ):
        ingest(session, source, Silent())

    assert sql(session, "SELECT count(*) FROM waybill.documents") == [(0,)]


def test_a_lone_materialization_claims_for_itself(session: Session, tmp_path: Path) -> None:
    source = register(session, write(tmp_path / "site", **FACTS), client=CLIENT, name=None)
    assert run(session, LIST_SOURCE, source.partition_key).success
    batch = sql(session, "SELECT id FROM waybill.batches WHERE ordinal = 0")[0][0]

    with held(session.ledger.engine, "batches", batch, owner="another run", length=MINUTES):
        refused = run(session, MAKE_KNOWLEDGE, "acme:site:0000")
    accepted = run(session, MAKE_KNOWLEDGE, "acme:site:0000")

    assert not refused.success
    assert accepted.success


def test_what_the_ui_shows_of_a_materialization(session: Session, tmp_path: Path) -> None:
    ingested(session, write(tmp_path / "site", **FACTS))

    event = session.instance.get_latest_materialization_event(dg.AssetKey("extractions"))
    assert event is not None
    assert event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    assert isinstance(metadata["sample"], dg.TableMetadataValue)
    assert isinstance(metadata["preview"], dg.MarkdownMetadataValue)
    assert metadata["dagster/partition_row_count"].value == metadata["added"].value


def _found(session: Session, words: str) -> list[str]:
    index = session.index
    return [hit.uri for hit in search(session.ledger.engine, index.store, index.embedder, words, client=CLIENT, k=3)]
