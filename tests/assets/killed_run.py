"""A run of a task in a process of its own, which ends itself with -9 where it is told to.

python -m tests.assets.killed_run SETTINGS SCRIPT KIND TASK BOUNDARY
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from orchestration.session import Session, open_session
from orchestration.settings import load_settings
from resources.domain.tasks import TaskId
from tests.assets.desk import Desk
from tests.assets.releases import CONFIGURATION
from tests.writer.scripted import ScriptedWriter


def main(settings: str, script: str, kind: str, task: str, boundary: str) -> None:
    """Do the work of ``task``; be gone when the function ``boundary`` is called."""
    with open_session(load_settings(**json.loads(settings))) as session:
        desk = Desk(session, CONFIGURATION, writer=ScriptedWriter.load(Path(script)))
        sys.setprofile(lambda frame, event, _: _end_at(boundary, frame, event))
        desk.run(kind, TaskId(task))


def _end_at(boundary: str, frame: Any, event: str) -> None:
    if event == "call" and frame.f_code.co_name == boundary and "/resources/" in frame.f_code.co_filename:
        os.kill(os.getpid(), signal.SIGKILL)


def killed_at(session: Session, script: Path, kind: str, task: TaskId, boundary: str) -> None:
    """Do the work of the session's ``task`` in a process that is gone with -9 at ``boundary``."""
    settings = session.settings
    key = settings.qdrant_api_key
    told = {
        "home": str(settings.home),
        "database_url": settings.own_database_url,
        "dagster_database_url": settings.own_dagster_database_url,
        "qdrant_url": str(settings.qdrant_url),
        "qdrant_api_key": key.get_secret_value() if key else None,
    }
    command = [sys.executable, "-m", "tests.assets.killed_run", json.dumps(told), str(script), kind, task, boundary]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == -signal.SIGKILL, f"{boundary}: {ended.returncode} {ended.stderr[-2000:]}"


if __name__ == "__main__":
    main(*sys.argv[1:])
