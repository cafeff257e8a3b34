"""Dropped workbooks: each content is stored, read, and given to the one task that it is for; else a person is asked.

What is decided stands in the ledger before the file is moved, so that a repeat after a crash only moves it.
"""

import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

from sqlalchemy import Connection, Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.cora_reports import CoraReport
from resources.domain.deliverables import Artefact
from resources.domain.errors import PermanentError, TransientError
from resources.domain.link_building_task import keyword_of
from resources.domain.tasks import LOCAL, Act, TaskId, TaskState
from resources.domain.workbook_matching import CandidateTask, Likeness, Matched, Unsure, WorkbookClue, match_workbook
from resources.ledger import alerts, sightings, tasks, watched_files
from resources.ledger.sightings import NewTask
from resources.ledger.tasks import Task
from resources.ledger.watched_files import NewFile, WatchedFile
from resources.sources.locations import shown
from resources.watching.away import Away, put_away
from resources.watching.errors import DroppedFileChangedError
from resources.watching.folder import Dropped, opened
from resources.work.workbook_handing import hand_over
from resources.workbooks.cora import read_cora_report

TASKS_LOOKED_AT: Final = 1_000
_TOKEN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
WATCHER: Final = "watch folder"


class WorkbookRefusedError(PermanentError):
    """The workbook's content cannot be used; the same content will be refused again."""


class MatchOutdatedError(TransientError):
    """The task that the workbook fits was changed while it was chosen; the next look chooses anew."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file.

    Attributes:
        told: for people, one sentence or two.
        away: where it was moved; None: this look did not move it.
        new: what this look decided about its content; None: it was known, or nothing could be decided.
    """

    name: str
    told: str
    away: Path | None
    new: NewFile | None


@dataclass(frozen=True, slots=True)
class Looked:
    """One look at some files. ``failed``: those that could not be taken, which lie where they lay."""

    taken: list[Taken] = field(default_factory=list)
    failed: dict[str, Exception] = field(default_factory=dict)


@dataclass(frozen=True)
class WorkbookIntake:
    """Takes workbooks in."""

    engine: Engine
    artefacts: ArtefactStore
    configuration: Configuration

    def take_each(self, files: Iterable[Dropped], *, within_s: float) -> Looked:
        """Take one after the other, and begin no further one after ``within_s``; what fails stops no other."""
        looked, deadline_s = Looked(), monotonic() + within_s
        for file in files:
            try:
                looked.taken.append(self.take(file))
            except Exception as error:  # noqa: BLE001 - what is wrong with one file must not hold up all that came later
                looked.failed[file.name] = error
            if monotonic() >= deadline_s:
                break
        return looked

    def take(self, file: Dropped) -> Taken:
        """Take one settled file in; of two that do so at once, the ledger lets one decide (CB-2).

        Raises:
            DroppedFileUnavailableError, ArtefactStoreFullError: the file stays where it is, and is taken later.
        """
        try:
            with opened(file) as stream:
                artefact = self.artefacts.put(stream)
            with self.engine.begin() as connection:
                known = watched_files.get(connection, artefact.content_hash)
            new = None if known else self._decided(file, artefact)
        except (DroppedFileChangedError, MatchOutdatedError) as error:
            return Taken(file.name, _left(error), None, None)
        return self._put_away(file, artefact.content_hash, new)

    def _put_away(self, file: Dropped, content_hash: str, new: NewFile | None) -> Taken:
        """Move it, while its content's row is locked: two looks at once would each write a note of their own."""
        try:
            with self.engine.begin() as connection:
                row = watched_files.locked(connection, content_hash)
                into: Away = "failed" if row.state == "quarantined" else "processed"
                away = put_away(file, into, note_of(row, file.name), content_hash)
                watched_files.count_taken(connection, content_hash)
        except DroppedFileChangedError as error:
            return Taken(file.name, _left(error), None, new)
        return Taken(file.name, outcome_of(row), away, new)

    def _decided(self, file: Dropped, artefact: Artefact) -> NewFile | None:
        """What was decided about a new content, in one transaction; None: somebody else did at the same time."""
        try:
            report = self._read(file.name, artefact)
        except WorkbookRefusedError as error:
            return self._quarantined(file, artefact, error)
        with self.engine.begin() as connection:
            new = self._placed(connection, file, artefact, report)
            if not watched_files.insert(connection, new):
                connection.rollback()
                return None
            return new

    def _read(self, name: str, artefact: Artefact) -> CoraReport:
        with tempfile.TemporaryDirectory(prefix="waybill-") as folder:
            path = Path(folder) / "workbook.xlsx"
            with self.artefacts.open(artefact.content_hash) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
            try:
                return read_cora_report(path)
            except PermanentError as error:
                where = error.where.replace(shown(path), name)
                raise WorkbookRefusedError(
                    where, expected=error.expected, found=error.found, remedy=error.remedy
                ) from error

    def _quarantined(self, file: Dropped, artefact: Artefact, error: WorkbookRefusedError) -> NewFile | None:
        new = NewFile(artefact.content_hash, file.name, artefact.size_bytes, "quarantined", str(error))
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
        found = self._chosen(connection, file.name, report)
        if isinstance(found, Task):
            by = Act(WATCHER, f"the workbook {file.name} was dropped")
            hand_over(connection, self.configuration, found, artefact.content_hash, by)
            reason = f"for '{found.name}' of {found.client}"
            return NewFile(
                artefact.content_hash, file.name, artefact.size_bytes, "matched", reason,
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
            artefact.content_hash, file.name, artefact.size_bytes, "asking", reason,
            keyword=report.keyword, asking_task_id=asking, candidates=candidates,
        )  # fmt: skip

    def _chosen(self, connection: Connection, name: str, report: CoraReport) -> Task | Sequence[Likeness]:
        """The one task that the workbook is for, locked; else those to ask about.

        Chosen again under the lock: to lock all that could be chosen would hold up everybody's work on them.
        """
        found = self._match(name, report, self._takers(connection))
        if isinstance(found, Task):
            tasks.locked(connection, [found.id])
            again = self._match(name, report, self._takers(connection))
            if not isinstance(again, Task) or again.id != found.id:
                raise MatchOutdatedError(
                    f"workbook {name}",
                    expected=f"task {found.id} as it was when it was chosen",
                    found="that it was changed",
                    remedy="The next look chooses anew.",
                )
            return again
        return found

    def _takers(self, connection: Connection) -> list[Task]:
        types = [key for key in self.configuration.task_types if self.configuration.takes_workbook(key)]
        return watched_files.takers(connection, types, at_most=TASKS_LOOKED_AT)

    def _match(self, name: str, report: CoraReport, takers: Sequence[Task]) -> Task | Sequence[Likeness]:
        """A task that the file's name names, else the one that fits.

        Where several fit, the one of them that has no workbook yet, if it fits as well as any: the batch of this month
        beside that of the last.
        """
        by_id = {str(task.id): task for task in takers}
        named = {token for token in _TOKEN.findall(name) if token in by_id}
        if len(named) == 1:
            return by_id[named.pop()]
        clue = WorkbookClue(None, report.keyword, name)
        found = match_workbook(clue, [self._candidate(task) for task in takers])
        if isinstance(found, Matched):
            return by_id[found.likeness.task.task]
        if not isinstance(found, Unsure):
            return ()
        lacking = match_workbook(clue, [self._candidate(task) for task in takers if task.workbook_hash is None])
        if isinstance(lacking, Matched) and lacking.likeness.score >= found.candidates[0].score:
            return by_id[lacking.likeness.task.task]
        return found.candidates

    def _candidate(self, task: Task) -> CandidateTask:
        client = task.client or ""
        return CandidateTask(
            task.id, self.configuration.client(client).called(client), keyword_of(task.name, task.fields)
        )

    def _ask(self, connection: Connection, file: Dropped, artefact: Artefact, reason: str) -> TaskId:
        """A task that nobody works on: it stands among those that wait, with its question, until a person answers."""
        task = TaskId(f"{LOCAL}workbook-{artefact.content_hash[:12]}")
        name = f"Which task is the workbook {file.name} for?"
        row = NewTask(task, "local", name, TaskState.WAITING, reason=reason, auto_execute=False)
        sightings.insert(connection, [row], Act(WATCHER, "no single task fits"))
        return task


def note_of(row: WatchedFile, name: str) -> str:
    """What is written beside a file of this content that was dropped as ``name``."""
    again = f"This content was dropped before, as {row.name}; nothing was done again.\n" if row.times_taken else ""
    return f"{name}\n{again}{outcome_of(row)}\nFirst seen {row.seen_at:%Y-%m-%d %H:%M} UTC."


def outcome_of(row: WatchedFile) -> str:
    """What became of a content, and what to do if something is."""
    return {
        "matched": f"Taken as the workbook of task {row.task_id}: {row.reason}.",
        "asking": f"Nobody knows yet which task it is for; task {row.asking_task_id} asks. {row.reason}",
        "quarantined": f"It could not be used. {row.reason}",
        "discarded": f"It was discarded by {row.decided_by}: {row.reason}.",
    }[row.state]


def _left(error: TransientError) -> str:
    return f"not moved: {error.found}. {error.remedy}"


def _question(candidates: Sequence[dict[str, object]], content_hash: str) -> str:
    maybe = "; ".join(
        f"{each['task']} '{each['keyword']}' of {each['client']} ({each['score']})" for each in candidates
    )
    known = f"It may be for {maybe}." if candidates else "No task is like it."
    return f"{known} Answer with `waybill workbooks assign {content_hash[:8]} TASK --reason …`, or discard it."
