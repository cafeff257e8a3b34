"""The watch folder's sensor: it takes what is whole, and a folder that it cannot read fails the tick."""

from pathlib import Path

import dagster as dg
import pytest

from orchestration.session import Session
from resources.domain.configuration import Configuration
from resources.watching.folder import WatchFolderUnavailableError
from sensors.watch_folder_sensor import watch_folder_sensor
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


def test_a_dropped_workbook_reaches_its_task_and_the_tick_tells(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "drop" / "here"
    assert tick(session, folder) == "No workbook was dropped."
    task = ready_task(session.ledger.engine, "link_building", name="Links for leather bags")
    write_workbook(folder / "acme.xlsx", REPORT)
    (folder / "broken.xlsx").write_bytes(b"none")
    told = tick(session, folder)
    assert f"acme.xlsx: Taken as the workbook of task {task}" in told
    assert "broken.xlsx" in told
    assert sql(session, "SELECT state FROM waybill.watched_files ORDER BY state") == [("matched",), ("quarantined",)]
    assert tick(session, folder) == "No workbook was dropped."


def test_a_folder_that_cannot_be_read_fails_the_tick(session: Session, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises((WatchFolderUnavailableError, FileExistsError, NotADirectoryError)):
        tick(session, tmp_path / "file")
