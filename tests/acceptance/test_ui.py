"""What people see in Dagster's UI: described, owned, counted, shown, and operable from the first start."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import dagster as dg
import pytest

from orchestration.ingestion import register
from orchestration.session import open_session
from orchestration.settings import load_settings
from sensors.jobs import LIST_SOURCE, MAKE_KNOWLEDGE
from tests.acceptance.served import ENDED, Served, serving
from tests.acceptance.waybill_process import Waybill
from tests.browser import Browser
from tests.sessions import CLIENT, run, sql, unchanged_environment, write
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

ASSETS: Final = ("source_listings", "source_documents", "extractions", "embeddings")
PREVIEWS: Final = {
    "source_listings": "13 documents. To be fetched, extracted or embedded:",
    "source_documents": "Our Leeds store opens on 16 May 2026",
    "extractions": "Leeds",
    "embeddings": "Leeds",
}
"""Some words of each asset's Markdown preview, as the last batch of the example shows it."""
SAMPLES: Final = dict.fromkeys(ASSETS, "stores/leeds-opening.html") | {
    "source_listings": "events/repair-roadshow-2026.md"
}
EXAMPLE: Final = "acme-outdoor:acme-outdoor:0001"
SETTINGS: Final = {
    "WAYBILL_BATCH_SIZE_DOCUMENTS": "4",
    "WAYBILL_ORPHAN_CHECK_INTERVAL_S": "86400",  # what is damaged here stays so, to be looked at
}
_ASSETS: Final = """{ assetNodes { assetKey { path } groupName kinds description jobNames
  owners { ... on TeamAssetOwner { team } } assetChecksOrError { ... on AssetChecks { checks { name description } } }
  metadataEntries { __typename label ... on CodeReferencesMetadataEntry {
    codeReferences { ... on LocalFileCodeReference { filePath lineNumber } } } }
  assetMaterializations(limit: 1) { partition metadataEntries { __typename label
    ... on IntMetadataEntry { intValue } ... on MarkdownMetadataEntry { mdStr }
    ... on TableMetadataEntry { table { records schema { columns { name } } } } } } } }"""
_AUTOMATION: Final = """{ repositoryOrError(repositorySelector: {repositoryName: "__repository__",
  repositoryLocationName: "waybill"}) { ... on Repository {
    sensors { name description sensorState { status } } schedules { name description scheduleState { status } }
    jobs { name description } } } }"""
_LAUNCH: Final = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_STATUS: Final = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
_MISSING: Final = """query($asset: [String!]!) { assetNodeOrError(assetKey: {path: $asset}) { ... on AssetNode {
  assetPartitionStatuses { ... on DefaultPartitionStatuses { unmaterializedPartitions } } } } }"""
_BACKFILL: Final = """mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
_BACKFILL_STATUS: Final = """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
  ... on PartitionBackfill { status } } }"""


@pytest.fixture(scope="module")
def waybill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waybill]:
    made = Waybill(tmp_path_factory.mktemp("ui") / "home", SETTINGS)
    yield made
    made.kill_all()


@pytest.fixture(scope="module")
def up(waybill: Waybill) -> Iterator[Served]:
    with serving(waybill, "--example") as served:
        yield served


def nodes(up: Served) -> dict[str, dict[str, Any]]:
    """The assets of the group `knowledge`; those of tasks are looked at in `test_tasks_up.py`."""
    found = {node["assetKey"]["path"][-1]: node for node in up.ask(_ASSETS)["assetNodes"]}
    return {name: node for name, node in found.items() if node["groupName"] == "knowledge"}


def finished(up: Served, params: dict[str, Any]) -> str:
    """Launch as the UI does; the run's status when it has ended."""
    selector = {"repositoryName": "__repository__", "repositoryLocationName": "waybill", **params.pop("selector")}
    answer = up.ask(_LAUNCH, params={**params, "selector": selector, "mode": "default", "runConfigData": "{}"})
    assert answer["launchRun"]["__typename"] == "LaunchRunSuccess", answer
    run_id = answer["launchRun"]["run"]["runId"]
    wait_until(lambda: up.ask(_STATUS, id=run_id)["runOrError"]["status"] in ENDED, 90, f"the end of run {run_id}")
    return str(up.ask(_STATUS, id=run_id)["runOrError"]["status"])


def of_partition(key: str) -> dict[str, Any]:
    return {"tags": [{"key": "dagster/partition", "value": key}]}


def test_every_asset_says_what_it_is_whose_it_is_and_where_its_code_stands(up: Served) -> None:
    found = nodes(up)
    assert found.keys() == set(ASSETS)
    for name, node in found.items():
        assert set(node["kinds"]) == {"python", "qdrant" if name == "embeddings" else "postgres"}
        assert node["owners"] == [{"team": "knowledge"}]
        assert len(node["description"]) > 40
        references = [ref for entry in node["metadataEntries"] for ref in entry.get("codeReferences", [])]
        assert [Path(ref["filePath"]).name for ref in references] == [f"{name}.py"]
        assert references[0]["lineNumber"] > 1
    checks = {check["name"]: check for node in found.values() for check in node["assetChecksOrError"]["checks"]}
    assert len(checks) == 3
    assert all(len(check["description"]) > 40 for check in checks.values())


def test_every_materialization_shows_rows_a_table_and_a_preview(up: Served) -> None:
    for name, node in nodes(up).items():
        (materialization,) = node["assetMaterializations"]
        entries = {entry["label"]: entry for entry in materialization["metadataEntries"]}
        assert entries["dagster/partition_row_count"]["intValue"] > 0, name
        table = entries["sample"]["table"]
        assert len(table["records"]) > 0, name
        assert "document" in {column["name"] for column in table["schema"]["columns"]}
        assert len(entries["preview"]["mdStr"]) > 40, name


def test_sensors_and_schedule_run_from_the_first_start_and_say_what_they_do(up: Served) -> None:
    repository = up.ask(_AUTOMATION)["repositoryOrError"]
    sensors = {each["name"]: each["sensorState"]["status"] for each in repository["sensors"]}
    assert {"changed_batches_sensor", "orphans_sensor", "points_sensor", "ready_tasks_sensor"} < sensors.keys()
    assert set(sensors.values()) == {"RUNNING"}
    schedules = {each["name"]: each["scheduleState"]["status"] for each in repository["schedules"]}
    assert schedules == {"reread_sources": "RUNNING", "look_at_tasks": "RUNNING"}
    named = [each for each in repository["jobs"] if not each["name"].startswith("__")]
    assert {"list_source", "make_knowledge", "embed_batch", "check_batch"} < {each["name"] for each in named}
    assert all(len(each["description"]) > 40 for each in [*named, *repository["sensors"], *repository["schedules"]])


def test_the_lineage_is_drawn(up: Served, browser: Browser, screenshots: Path) -> None:
    for size in ((1600, 1000), (1400, 720)):
        path = screenshots / "ui" / f"lineage-{size[1]}.png"
        group = f"{up.url}/locations/__repository__@waybill/asset-groups/knowledge/lineage"
        browser.screenshot(group, path, "text=2 / 2 Passed", width=size[0], height=size[1])
    shown = browser.text()
    assert [name for name in ASSETS if name in shown] == list(ASSETS)
    assert shown.count("100% filled") == 4
    assert all(kind in shown for kind in ("Postgres", "Python", "qdrant"))


def test_the_overview_of_an_asset_shows_its_sample_and_its_preview(
    up: Served, browser: Browser, screenshots: Path
) -> None:
    for name in ASSETS:
        path = screenshots / "ui" / f"{name}.png"
        browser.screenshot(f"{up.url}/assets/{name}?view=overview", path, "text=Open", width=1600, height=2200)
        shown = browser.text()
        assert f"{name}.py" in shown, "the link to its code"
        assert "dagster/partition_row_count" in shown
        assert SAMPLES[name] in shown
        assert PREVIEWS[name] in shown


def test_a_failed_check_is_shown_with_what_is_wrong_and_mended_by_a_run(
    up: Served, browser: Browser, screenshots: Path
) -> None:
    """Before the backfill: the page shows the newest evaluation, of whichever partition."""
    page = f"{up.url}/assets/embeddings?view=checks"
    update = """UPDATE waybill.extractions SET embedding_id = NULL WHERE id IN (SELECT e.id FROM waybill.extractions e
        JOIN waybill.batches b ON b.id = e.batch_id WHERE b.partition_key = %s ORDER BY e.id LIMIT 3) RETURNING id"""
    # No sensor comes before the check: it would mend the batch before anybody could look at it.
    pause = (
        "UPDATE waybill.batches SET next_repair_at = now() + interval '1 hour' WHERE partition_key = %s RETURNING id"
    )
    assert len(up.at.sql(pause, EXAMPLE)) == 1
    orphans = [str(row[0]) for row in up.at.sql(update, EXAMPLE)]
    assert (
        finished(up, {"selector": {"jobName": "check_batch"}, "executionMetadata": of_partition(EXAMPLE)}) == "SUCCESS"
    )
    assert up.history("every_extraction_is_embedded", EXAMPLE)[0][0] is False

    browser.screenshot(page, screenshots / "ui" / "failed_check.png", "text=Evaluation result", height=1400)
    shown = browser.text()
    assert "Failed" in shown
    assert EXAMPLE in shown
    assert all(orphan in shown for orphan in orphans), "the sample names the orphans"

    embed = {"selector": {"jobName": "embed_batch"}, "executionMetadata": of_partition(EXAMPLE)}
    assert finished(up, embed) == "SUCCESS"
    assert up.history("every_extraction_is_embedded", EXAMPLE)[0][0] is True


@pytest.fixture(scope="module")
def new_batches(waybill: Waybill, up: Served, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two batches whose documents and extractions are there, and whose partitions of `embeddings` are missing."""
    texts = {f"text{number}": f"Store {number} opens on 16 May 2026 with 14 people." for number in range(4)}
    folder = write(tmp_path_factory.mktemp("stores") / "stores", **texts)
    settings = load_settings(home=waybill.home, batch_size_documents=2)
    with unchanged_environment(), open_session(settings) as session:
        source = register(session, folder, client=CLIENT, name=None)
        assert run(session, LIST_SOURCE, source.partition_key).success
        sql(session, "UPDATE waybill.batches SET next_repair_at = now() + interval '1 hour'")  # no sensor comes first
        keys = [f"{source.partition_key}:{ordinal:04d}" for ordinal in range(2)]
        job = session.definitions.resolve_job_def(MAKE_KNOWLEDGE)
        for key in keys:
            but_embeddings = [dg.AssetKey(name) for name in ASSETS[1:3]]
            done = job.execute_in_process(instance=session.instance, partition_key=key, asset_selection=but_embeddings)
            assert done.success
    return keys


@pytest.fixture(scope="module")
def backfill(up: Served, new_batches: list[str]) -> str:
    """The id of a backfill of the missing partitions, launched as the UI does."""
    assert missing(up) == new_batches
    params = {"assetSelection": [{"path": ["embeddings"]}], "partitionNames": new_batches}
    launched = up.ask(_BACKFILL, params=params)["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    return str(launched["backfillId"])


def missing(up: Served) -> list[str]:
    """The partitions of `embeddings` that were never materialized."""
    statuses = up.ask(_MISSING, asset=["embeddings"])["assetNodeOrError"]["assetPartitionStatuses"]
    return sorted(statuses["unmaterializedPartitions"])


def test_a_backfill_of_missing_partitions_of_embeddings_is_taken_up(up: Served, backfill: str) -> None:
    assert up.ask(_BACKFILL_STATUS, id=backfill)["partitionBackfillOrError"]["status"] == "REQUESTED"


def test_a_check_alone_can_be_executed_for_one_partition(up: Served) -> None:
    name = "every_span_quotes_its_document"
    before = up.history(name, EXAMPLE, "extractions")
    check = {"assetKey": {"path": ["extractions"]}, "name": name}
    selector = {"jobName": "__ASSET_JOB", "assetSelection": [], "assetCheckSelection": [check]}
    assert finished(up, {"selector": selector, "executionMetadata": of_partition(EXAMPLE)}) == "SUCCESS"
    after = up.history(name, EXAMPLE, "extractions")
    assert len(after) == len(before) + 1
    assert after[0][0] is True


def test_runs_and_automation_are_legible(up: Served, browser: Browser, screenshots: Path) -> None:
    browser.screenshot(f"{up.url}/runs", screenshots / "ui" / "runs.png", "text=make_knowledge")
    shown = browser.text()
    assert "list_source" in shown
    assert EXAMPLE in shown
    assert "the waybill command" in shown
    assert "waybill_owner" not in shown, "tags for programs are folded away"
    browser.screenshot(f"{up.url}/automation", screenshots / "ui" / "automation.png", "text=reread_sources")
    assert "points_sensor" in browser.text()


def test_a_backfill_of_missing_partitions_of_embeddings_completes(
    up: Served, backfill: str, new_batches: list[str]
) -> None:
    def status() -> str:
        return str(up.ask(_BACKFILL_STATUS, id=backfill)["partitionBackfillOrError"]["status"])

    # Dagster looks at its backfills twice a minute: once to launch the runs, once more to see that they have ended.
    wait_until(lambda: "COMPLETED" in status(), 150, "the end of the backfill")
    assert status() == "COMPLETED_SUCCESS"
    assert missing(up) == []
    assert up.at.sql("SELECT count(*) FROM waybill.extractions WHERE embedding_id IS NULL") == [(0,)]
    for key in new_batches:
        assert up.history("every_extraction_is_embedded", key)[0][0] is True
