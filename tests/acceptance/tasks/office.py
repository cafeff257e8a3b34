"""One agency for all tests of tasks under `waybill up`, whose start alone takes a quarter of a minute."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.acceptance.agency import Agency, agency
from tests.acceptance.served import Served, serving
from tests.clickup_server.host import ClickUpHost

# With a folder as its task's body it tells there who works, and waits until the folder is opened.
PROGRAM: Final = """
import json, os, subprocess, sys, time
task = json.load(open(sys.argv[1]))
print('at work on', task['name'], flush=True)
if task['body']:
    helper = subprocess.Popen(['sleep', '600'])
    with open(task['body'] + '/unfinished', 'w') as file: file.write(f'{os.getpid()} {helper.pid}')
    os.rename(task['body'] + '/unfinished', task['body'] + f"/attempt-{task['attempt']}")
    while not os.path.exists(task['body'] + '/open'): time.sleep(0.05)
with open('letter.md', 'w') as file: file.write(f"{task['name']}, version {task['version']}")
with open(sys.argv[2], 'w') as file:
    json.dump({'summary': 'Done.', 'files': [{'name': 'letter.md', 'path': 'letter.md'}]}, file)
"""
TOML: Final = f"""
[task_types.command.settings]
program = {json.dumps([sys.executable, "-I", "-S", "-c", PROGRAM, "{task}", "{result}"])}

[task_types.press_release]

[task_types.link_building.settings]
links = 3

[clients.acme-outdoor]
name = "Acme Outdoor"
city = "Sheffield, England"
"""
TASKS_AT_ONCE: Final = 8


@dataclass(frozen=True)
class Office:
    """The agency at work, and a folder for what its programs tell."""

    agency: Agency
    up: Served
    folder: Path

    @property
    def watched(self) -> Path:
        """Where people drop workbooks."""
        return self.folder / "drop"

    @property
    def clickup(self) -> ClickUpHost:
        return self.agency.clickup

    def waybill(self, *arguments: str) -> Any:
        """A command that has to succeed: its JSON where it gives some, else its words."""
        ended = self.agency.waybill.within(*arguments)
        assert ended.code == 0, ended
        return ended.json() if "--json" in arguments else ended.out

    def show(self, task: str) -> dict[str, Any]:
        return self.agency.show(task)


@contextmanager
def opened(folder: Path) -> Iterator[Office]:
    """An office with the example client and ClickUp's webhook, until the block ends."""
    settings = {"WAYBILL_MAX_CONCURRENT_RUNS": "9", "WAYBILL_MAX_CONCURRENT_TASKS": str(TASKS_AT_ONCE)}
    settings["WAYBILL_WATCH_FOLDER"] = str(folder / "drop")
    with agency(folder, TOML, **settings) as made, serving(made.waybill, "--example") as up:
        office = Office(made, up, folder)
        office.waybill("clickup", "webhook", "ensure")
        yield office
