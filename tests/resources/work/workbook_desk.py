"""A watch folder beside a ledger, and workbooks that are dropped into it."""

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.tasks import TaskId, TaskState
from resources.watching.folder import dropped
from resources.work.workbook_intake import Taken, WorkbookIntake
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import acme, add
from tests.resources.workbooks.reports import REPORT, write_workbook

LINKS: Final = "link_building"
CONFIGURATION: Final = Configuration.model_validate(
    {
        "task_types": {LINKS: {}, "letter": {"kind": "command", "settings": {"program": ["/bin/true"]}}},
        "clients": {"acme": {"name": "Acme"}, "globex": {"name": "Globex"}},
    }
)
NAME: Final = "Acme leather bags.xlsx"
CHANGED: Final = {"LSI Keywords": [[], [], [], [], [], [], ["buckle", 3]]}
"""A sheet by which a report is another one."""


class Desk:
    """A watch folder beside a ledger."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.folder = engine, folder / "watched"
        self.folder.mkdir()
        self.store = folder / "artefacts"
        self.intake = WorkbookIntake(engine, ArtefactStore(self.store), CONFIGURATION)
        acme(engine)

    def waiting(self, task: str = "t1", **columns: Any) -> TaskId:
        """A task that lacks nothing but its workbook."""
        given = {"name": "Links for leather bags", "type": LINKS, "type_named": LINKS, "state": TaskState.WAITING}
        return add(self.engine, task, **{"reason": "its workbook", **given, **columns}).id

    def drop(self, name: str = NAME, **sheets: Any) -> Path:
        return write_workbook(self.folder / name, {**REPORT, **sheets})

    def take(self) -> list[Taken]:
        return [self.intake.take(file) for file in dropped(self.folder)]

    def put_away(self) -> dict[str, list[str]]:
        return {
            place: sorted(path.name for path in (self.folder / place).iterdir()) for place in ("processed", "failed")
            if (self.folder / place).is_dir()
        }  # fmt: skip

    def rows(self) -> list[tuple[Any, ...]]:
        return sql(self.engine, "SELECT state, task_id, name FROM waybill.watched_files ORDER BY seen_at")
