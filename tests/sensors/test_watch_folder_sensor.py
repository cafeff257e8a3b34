"""The watch folder's sensor: it takes what is whole, and what it cannot read fails the tick."""

from pathlib import Path

import dagster as dg
import pytest

from orchestration.session import Session
from resources.domain.configuration import Configuration
from resources.watching.errors import WatchFolderUnavailableError
from sensors.watch_folder_sensor import WorkbooksLeftError, watch_folder_sensor
from tests.resources.work.attempts import ready_task
from tests.resources.workbooks.reports import REPORT, write_workbook
from tests.sessions import sql

CONFIGURATION = Configuration.model_validate(
    {"task_types": {"link_building": {}}, "clients": {"acme": {"name": "Acme"}}}
)


def tick(session: Session, folder: Path) -> str:
    resources = {**session.resources.by_name(), "configuration": CONFIGURATION}
    with dg.build_sensor_context(instance=session.instance, resources=resources) as context:
        result = watch_folder_sensor(folder, settle_s=0.1)(context)
    assert isinstance(result, dg.SkipReason)
    return str(result.skip_message)


def reported(session: Session) -> int:
    found = session.instance.get_latest_materialization_event(dg.AssetKey("clickup_tasks"))
    return 0 if found is None or found.asset_materialization is None else 1


def test_a_dropped_workbook_reaches_its_task_and_the_tick_tells(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "drop" / "here"
    assert tick(session, folder) == "No workbook was dropped."
    (folder / "broken.xlsx").write_bytes(b"none")
    assert tick(session, folder).startswith("broken.xlsx: It could not be used. broken.xlsx: expected")
    assert reported(session) == 0, "no task was changed"
    task = ready_task(session.ledger.engine, "link_building", name="Links for leather bags")
    write_workbook(folder / "acme.xlsx", REPORT)
    assert tick(session, folder).startswith(f"acme.xlsx: Taken as the workbook of task {task}")
    assert reported(session) == 1
    assert sql(session, "SELECT state FROM waybill.watched_files ORDER BY state") == [("matched",), ("quarantined",)]
    assert tick(session, folder) == "No workbook was dropped."


def test_a_folder_that_cannot_be_read_fails_the_tick(session: Session, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(WatchFolderUnavailableError, match="WAYBILL_WATCH_FOLDER"):
        tick(session, tmp_path / "file")


def test_a_file_that_cannot_be_moved_fails_the_tick_after_the_others_were_taken(
    session: Session, tmp_path: Path
) -> None:
    (tmp_path / "broken.xlsx").write_bytes(b"none")
    (tmp_path / "failed").write_text("a file where a folder should be")
    task = ready_task(session.ledger.engine, "link_building", name="Links for leather bags")
    write_workbook(tmp_path / "acme.xlsx", REPORT)
    with pytest.raises(WorkbooksLeftError, match=r"broken\.xlsx"):
        tick(session, tmp_path)
    assert (tmp_path / "broken.xlsx").exists()
    assert sql(session, "SELECT task_id FROM waybill.watched_files WHERE state = 'matched'") == [(task,)]
