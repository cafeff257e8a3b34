"""The kind of work `command`: an outside program does the task, and tells by a JSON file what it made (CB-9).

It finds the task as JSON where ``{task}`` points, works in a folder of its own, and writes its result where
``{result}`` points. What it says on its outputs is kept with the attempt and never understood.
"""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.deliverables import Draft
from resources.domain.errors import TransientError
from resources.domain.task_types import COMMAND, CommandSettings
from resources.ledger import claims
from resources.work.attempt import Attempt
from resources.work.command_result import collected
from resources.work.programs import Ended, run
from resources.work.workspaces import workspace

LAST_LINES: Final = 5
_LAST_BYTES: Final = 1_000


class CommandFailedError(TransientError):
    """The program itself says that it failed, or it was killed."""


class CommandTimedOutError(TransientError):
    """The program was still at work at its deadline, and was ended with all that it had started."""


def run_command(engine: Engine, artefacts: ArtefactStore, attempt: Attempt) -> Draft:
    """Run the program of the task's type and store what it made. Its outputs stay with the attempt, however it ends.

    Raises:
        ProgramMissingError, CommandResultError: a retry alone cannot help.
        CommandFailedError, CommandTimedOutError, ProgramLostError, ArtefactStoreFullError: it can.
        LeaseLostError, AttemptOverError: the work had to stop, and the program was ended.
    """
    settings = CommandSettings.model_validate(attempt.settings)
    program = Path(settings.program[0]).name
    with workspace() as folder:
        task, result = folder / "task.json", folder / "result.json"
        workbook = _workbook(artefacts, attempt, folder)
        told = _told(attempt) | ({"workbook": str(workbook)} if workbook else {})
        task.write_text(json.dumps(told, ensure_ascii=False, indent=2), encoding="utf-8")
        ended = run(
            [word.replace("{task}", str(task)).replace("{result}", str(result)) for word in settings.program],
            folder=folder,
            environment=settings.environment,
            deadline_s=min(settings.deadline_s, (attempt.deadline_at - datetime.now(UTC)).total_seconds()),
            keep_bytes=settings.output_bytes,
            stop=attempt.claim.lost,
        )
        _keep_outputs(engine, artefacts, attempt, ended)
        attempt.check()
        _require_success(program, ended, settings.deadline_s)
        summary, files = collected(artefacts, result, program=program, at_most_bytes=settings.result_bytes)
    return Draft(COMMAND.name, summary, files, citations=(), made_by=f"the program {program}")


def _workbook(artefacts: ArtefactStore, attempt: Attempt, folder: Path) -> Path | None:
    """The workbook that was dropped for the task, beside it; None when its type takes none, or none came."""
    content = attempt.claim.attempt.input.get("workbook")
    if not isinstance(content, str):
        return None
    path = folder / "workbook.xlsx"
    with artefacts.open(content) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target)
    return path


def _told(attempt: Attempt) -> dict[str, object]:
    """What the program learns of the task."""
    task = attempt.task
    return {
        "id": task.id,
        "name": task.name,
        "body": task.body,
        "client": task.client,
        "due_at": task.due_at.isoformat() if task.due_at else None,
        "attempt": attempt.number,
        "version": attempt.next_version,
        "feedback": task.feedback,
    }


def _keep_outputs(engine: Engine, artefacts: ArtefactStore, attempt: Attempt, ended: Ended) -> None:
    log = []
    for name, output in (("stdout.txt", ended.stdout), ("stderr.txt", ended.stderr)):
        kept = artefacts.put(output.kept) if output.kept else None
        log.append(
            {
                "name": name,
                "content_hash": kept and kept.content_hash,
                "size_bytes": kept.size_bytes if kept else 0,
                "total_bytes": output.total_bytes,
            }
        )
    with engine.begin() as connection:
        claims.keep_log(connection, attempt.claim, log)


def _require_success(program: str, ended: Ended, deadline_s: float) -> None:
    where = f"program {program}"
    if ended.outcome == "deadline":
        raise CommandTimedOutError(
            where,
            expected=f"an end within {deadline_s:g} s",
            found=f"that it still ran after {ended.duration_s:.0f} s{_last_words(ended)}",
            remedy="Raise deadline_s in the settings of its task type if it needs more time.",
        )
    if ended.code != 0:
        how = f"signal {ended.signal}" if ended.code is None else f"exit code {ended.code}"
        raise CommandFailedError(
            where,
            expected="exit code 0",
            found=f"{how}{_last_words(ended)}",
            remedy="All that it said stands with the attempt: `waybill task show`.",
        )


def _last_words(ended: Ended) -> str:
    """The last lines of its errors, or of its output where it complained of nothing."""
    said = (ended.stderr.kept or ended.stdout.kept)[-_LAST_BYTES:].decode(errors="replace").strip()
    return "; its last words: " + " | ".join(said.splitlines()[-LAST_LINES:]) if said else "; it said nothing"
