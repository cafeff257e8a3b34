"""docs/new-task-type.md builds a kind of work; this builds it from the page and has it do a task."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from orchestration.session import Session
from tests.assets.desk import EXAMPLES
from tests.sessions import ingested

PAGE = Path(__file__).parents[2] / "docs" / "new-task-type.md"
ROOT = PAGE.parents[1]
BLOCK = re.compile(r"^```(?:python|toml)\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
USE = """
import json, sys
from orchestration import tasking
from orchestration.configuration import read_configuration
from orchestration.session import open_session
from orchestration.settings import load_settings
from pathlib import Path
from tests.assets.desk import Desk
settings, config = json.loads(sys.argv[1]), Path(sys.argv[2])
with open_session(load_settings(config=config, **settings)) as session:
    def add(name, *fields):
        return tasking.add(session, name=name, body="", type_="Fact sheet", client="acme", due_at=None, by="Anna",
                           fields=fields)
    good, bad = add("Facts about the jacket", "Topic=Stormbreak jacket"), add("Facts about nothing")
    desk = Desk(session, read_configuration(config).model_dump(exclude_unset=True))
    session.instance.add_dynamic_partitions("tasks", [good.id])
    result = desk.run("fact_sheet", good.id)
    (version,) = desk.versions(good.id)
    (file,) = desk.files(version).values()
    print("TOLD" + json.dumps({
        "success": result.success, "state": desk.stands(good.id)["state"], "waits": bad.reason,
        "summary": version.summary, "file": file.name, "content": desk.content(file).decode(),
    }))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The page's files, found as an installed package is."""
    folder = tmp_path / "agency-sheets"
    files = dict(BLOCK.findall(PAGE.read_text()))
    assert sorted(files) == [
        "agency_sheets/assets.py", "agency_sheets/fact_sheet.py", "agency_sheets/work.py", "pyproject.toml",
        "waybill.toml",
    ]  # fmt: skip
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (folder / "agency_sheets" / "__init__.py").touch()
    project = tomllib.loads(files["pyproject.toml"])["project"]
    points = project["entry-points"]["waybill.task_types"]
    installed = folder / "agency_sheets-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 1.0\n")
    lines = "\n".join(f"{name} = {value}" for name, value in points.items())
    (installed / "entry_points.txt").write_text(f"[waybill.task_types]\n{lines}\n")
    return folder


def used(package: Path, session: Session) -> subprocess.CompletedProcess[str]:
    settings = session.settings
    key = settings.qdrant_api_key
    told: dict[str, Any] = {
        "home": str(settings.home),
        "database_url": settings.own_database_url,
        "dagster_database_url": settings.own_dagster_database_url,
        "qdrant_url": str(settings.qdrant_url),
        "qdrant_api_key": key.get_secret_value() if key else None,
    }
    environment = {**os.environ, "PYTHONPATH": f"{package}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-c", USE, json.dumps(told), str(package / "waybill.toml")]
    return subprocess.run(
        command, env=environment, cwd=package, capture_output=True, text=True, check=False, timeout=120
    )


def test_ap2_ap9_a_package_adds_a_kind_of_work_with_fields_of_its_own(package: Path, session: Session) -> None:
    ingested(session, EXAMPLES)
    ended = used(package, session)
    assert ended.returncode == 0, ended.stderr[-3000:]
    told = json.loads(ended.stdout.rsplit("TOLD", 1)[1])
    assert told["success"]
    assert told["state"] == "in_review"
    assert told["summary"] == "5 facts about Stormbreak jacket."
    assert told["file"] == "fact-sheet.md"
    assert told["content"].startswith("# Stormbreak jacket\n\n- ")
    assert "Stormbreak" in told["content"].split("- ", 1)[1]
    assert told["waits"] == "its field 'Topic': Field required"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("fact_sheet.py", 'name="fact_sheet"', 'name="other"'), "the kind as its entry point"),
        (("fact_sheet.py", 'job="make_fact_sheet"', 'job="run_command"'), "a name and a job of its own"),
        (("fact_sheet.py", 'extra="forbid"', 'extra="ignore"'), "forbids what it does not know"),
        (("fact_sheet.py", "from pydantic import", "from nowhere import"), "ModuleNotFoundError"),
        (("assets.py", "ASSETS = [", "OTHERS = ["), "a list ASSETS of Dagster assets"),
    ],
)
def test_ap9_a_broken_kind_stops_the_start_and_is_named(
    package: Path, tmp_path: Path, change: tuple[str, str, str], said: str
) -> None:
    name, old, new = change
    path = package / "agency_sheets" / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    environment = {
        **os.environ, "PYTHONPATH": f"{package}{os.pathsep}{ROOT}", "WAYBILL_HOME": str(tmp_path / "home"),
    }  # fmt: skip
    command = [sys.executable, "-c", "from orchestration.task_types import plugged_in; plugged_in()"]
    ended = subprocess.run(
        command, env=environment, cwd=package, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 1
    assert "KindInvalidError" in ended.stderr
    assert "fact_sheet" in ended.stderr
    assert said in ended.stderr
