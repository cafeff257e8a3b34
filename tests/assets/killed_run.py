"""A run of a press release in a process of its own, which ends itself with -9 where it is told to.

python -m tests.assets.killed_run SETTINGS SCRIPT TASK BOUNDARY
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from orchestration.session import open_session
from orchestration.settings import load_settings
from resources.domain.tasks import TaskId
from tests.assets.desk import Desk
from tests.assets.releases import CONFIGURATION
from tests.writer.scripted import ScriptedWriter


def main(settings: str, script: str, task: str, boundary: str) -> None:
    """Do the work of ``task``; be gone when the function ``boundary`` is called."""
    with open_session(load_settings(**json.loads(settings))) as session:
        desk = Desk(session, CONFIGURATION, writer=ScriptedWriter.load(Path(script)))
        sys.setprofile(lambda frame, event, _: _end_at(boundary, frame, event))
        desk.run("press_release", TaskId(task))


def _end_at(boundary: str, frame: Any, event: str) -> None:
    if event == "call" and frame.f_code.co_name == boundary and "/resources/" in frame.f_code.co_filename:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
