"""Dropped workbooks: each content is stored, read, and given to the one task that it is for; else a person is asked.

What is decided stands in the ledger before the file is moved, so that a repeat after a crash only moves it.
"""

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.cora_reports import CoraReport
from resources.domain.deliverables import Artefact
from resources.domain.errors import PermanentError, WaybillError
from resources.domain.link_building_task import keyword_of
from resources.domain.tasks import Act, TaskId, TaskState
from resources.domain.workbook_matching import CandidateTask, Likeness, Matched, Unsure, WorkbookClue, match_workbook
from resources.ledger import alerts, sightings, watched_files
from resources.ledger.sightings import NewTask
from resources.ledger.tasks import Task
from resources.ledger.watched_files import NewFile, WatchedFile
from resources.watching.folder import Away, Dropped, put_away
from resources.work.workbook_handing import hand_over
from resources.workbooks.cora import read_cora_report

TASKS_LOOKED_AT: Final = 1_000
_TOKEN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
WATCHER: Final = "watch folder"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file. ``away``: where it was moved, None: it stays for the next look."""

    name: str
    told: str
    away: Path | None
    is_new: bool


@dataclass(frozen=True)
class WorkbookIntake:
    """Takes workbooks in."""

    engine: Engine
    artefacts: ArtefactStore
    configuration: Configuration

    def take(self, file: Dropped) -> Taken:
        """Take one settled file in; of two that do so at once, the ledger lets one decide (CB-2).

        Raises:
            WatchFolderUnavailableError, ArtefactStoreFullError: the file stays where it is, and is taken later.
        """
        artefact = self._stored(file)
        if artefact is None:
            return Taken(file.path.name, "it still changes", None, is_new=False)
        with self.engine.begin() as connection:
            known = watched_files.get(connection, artefact.content_hash)
        new = None if known else self._decided(file, artefact)
        with self.engine.begin() as connection:
            row = watched_files.get(connection, artefact.content_hash)
        assert row is not None
        told = note_of(row, again=new is None)
        into: Away = "failed" if row.state == "quarantined" else "processed"
        return Taken(file.path.name, told, put_away(file, into, told, row.content_hash), is_new=new is not None)

    def _stored(self, file: Dropped) -> Artefact | None:
        """The content in the store; None when the file was changed meanwhile."""
        try:
            with file.path.open("rb") as stream:
                artefact = self.artefacts.put(stream)
            stat = file.path.stat()
        except FileNotFoundError:
            return None
        same = (stat.st_size, stat.st_mtime_ns) == (file.size_bytes, file.changed_ns)
        return artefact if same and artefact.size_bytes == file.size_bytes else None

    def _decided(self, file: Dropped, artefact: Artefact) -> NewFile | None:
        """What was decided about a new content, in one transaction; None: somebody else did at the same time."""
        try:
            report = self._read(artefact)
        except PermanentError as error:
            return self._quarantined(file, artefact, error)
        with self.engine.begin() as connection:
            new = self._placed(connection, file, artefact, report)
            if not watched_files.insert(connection, new):
                connection.rollback()
                return None
            return new

    def _read(self, artefact: Artefact) -> CoraReport:
        with tempfile.TemporaryDirectory(prefix="waybill-") as folder:
            path = Path(folder) / "workbook.xlsx"
            with self.artefacts.open(artefact.content_hash) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
            return read_cora_report(path)

    def _quarantined(self, file: Dropped, artefact: Artefact, error: WaybillError) -> NewFile | None:
        new = NewFile(artefact.content_hash, file.path.name, artefact.size_bytes, "quarantined", str(error))
        with self.engine.begin() as connection:
            if not watched_files.insert(connection, new):
                return None
            alerts.raise_alert(
                connection,
                key=f"workbook:{new.content_hash}",
                kind="workbook quarantined",
                subject=f"The workbook {new.name} could not be read",
                body=f"{error}\nIt lies in the folder failed/ of the watch folder.",
            )
        return new

    def _placed(self, connection: Connection, file: Dropped, artefact: Artefact, report: CoraReport) -> NewFile:
        """Give the workbook to its task, or make the task that asks."""
        types = [key for key in self.configuration.task_types if self.configuration.takes_workbook(key)]
        tasks = watched_files.takers(connection, types, at_most=TASKS_LOOKED_AT)
        found = self._match(file.path.name, report, tasks)
        if isinstance(found, Task):
            by = Act(WATCHER, f"the workbook {file.path.name} was dropped")
            hand_over(connection, self.configuration, found, artefact.content_hash, by)
            reason = f"for '{found.name}' of {found.client}"
            return NewFile(
                artefact.content_hash, file.path.name, artefact.size_bytes, "matched", reason,
                keyword=report.keyword, task_id=found.id,
            )  # fmt: skip
        candidates = [
            {
                "task": each.task.task,
                "keyword": each.task.keyword,
                "client": each.task.client,
                "score": round(each.score),
            }
            for each in found
        ]
        reason = _question(candidates, artefact.content_hash)
        asking = self._ask(connection, file, artefact, reason)
        return NewFile(
            artefact.content_hash, file.path.name, artefact.size_bytes, "asking", reason,
            keyword=report.keyword, asking_task_id=asking, candidates=candidates,
        )  # fmt: skip

    def _match(self, name: str, report: CoraReport, tasks: Sequence[Task]) -> Task | Sequence[Likeness]:
        """The one task that the workbook is for, else those to ask about. Tasks that wait for one come first."""
        by_id = {str(task.id): task for task in tasks}
        named = [by_id[token] for token in _TOKEN.findall(name) if token in by_id]
        if len(named) == 1:
            return named[0]
        clue = WorkbookClue(None, report.keyword, name)
        lacking = [task for task in tasks if task.workbook_hash is None]
        asked: Sequence[Likeness] = ()
        for some in (lacking, tasks):
            found = match_workbook(clue, [self._candidate(task) for task in some])
            if isinstance(found, Matched):
                return by_id[found.likeness.task.task]
            asked = found.candidates if isinstance(found, Unsure) else asked
        return asked

    def _candidate(self, task: Task) -> CandidateTask:
        client = task.client or ""
        return CandidateTask(
            task.id, self.configuration.client(client).called(client), keyword_of(task.name, task.fields)
        )

    def _ask(self, connection: Connection, file: Dropped, artefact: Artefact, reason: str) -> TaskId:
        """A task that nobody works on: it stands among those that wait, with its question, until a person answers."""
        task = TaskId(f"local-workbook-{artefact.content_hash[:12]}")
        name = f"Which task is the workbook {file.path.name} for?"
        row = NewTask(task, "local", name, TaskState.WAITING, reason=reason, auto_execute=False)
        sightings.insert(connection, [row], Act(WATCHER, "no single task fits"))
        return task


def note_of(row: WatchedFile, *, again: bool) -> str:
    """What is written beside a file that was put away."""
    what = {
        "matched": f"Taken as the workbook of task {row.task_id}: {row.reason}.",
        "asking": f"Nobody knows yet which task it is for. {row.reason}",
        "quarantined": f"It could not be used.\n{row.reason}",
        "discarded": f"It was discarded by {row.decided_by}: {row.reason}.",
    }[row.state]
    repeated = "This content was dropped before; nothing was done again.\n" if again else ""
    return f"{row.name}\n{repeated}{what}\nFirst seen {row.seen_at:%Y-%m-%d %H:%M} UTC, SHA-256 {row.content_hash}.\n"


def _question(candidates: Sequence[dict[str, object]], content_hash: str) -> str:
    maybe = "; ".join(
        f"{each['task']} '{each['keyword']}' of {each['client']} ({each['score']})" for each in candidates
    )
    known = f"It may be for {maybe}." if candidates else "No task is like it."
    return f"{known} Answer with `waybill workbooks assign {content_hash[:8]} TASK --reason …`, or discard it."
