"""What a person does with tasks on the command line: add, cancel, try again, begin anew, approve, send back."""

import getpass
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import dagster as dg
from pydantic import ValidationError

from orchestration.session import Session
from resources.domain.errors import PermanentError
from resources.domain.task_types import FIXED_SETTINGS
from resources.domain.tasks import LOCAL, Act, TaskEvent, TaskId, TaskState
from resources.ledger import claims, deliverables, history, reviews, sightings, tasks
from resources.ledger.sightings import NewTask
from resources.ledger.tasks import Task
from resources.work.attempt import plan
from resources.work.eligible import judged
from resources.work.review import decide
from sensors.in_flight import PARTITION_TAG, UNFINISHED

_UNSAFE: Final = re.compile(r"[^\w. -]")


class SettingUnusableError(PermanentError):
    """What `--set` says is no setting of the task's kind, or has a wrong value; nothing was changed."""


class InstantUnreadableError(PermanentError):
    """What a person wrote is no date and time; nothing was changed."""


def add(
    session: Session, *, name: str, body: str, type_: str, client: str, due_at: datetime | None, by: str,
    fields: Sequence[str] = (),
) -> Task:  # fmt: skip
    """A local task, which ClickUp does not know, ordered ``by`` a person. Without a due date it is due in two days.

    ``fields``: what a task of ClickUp would have as custom fields, each as ``Name=text``.

    Raises:
        SettingUnusableError: a field is not of that form.
    """
    configuration = session.resources.configuration
    with session.ledger.engine.begin() as connection:
        now = tasks.clock(connection)
        row = NewTask(
            TaskId(f"{LOCAL}{uuid4().hex[:12]}"), "local", name, TaskState.READY, body=body, client=client,
            type=configuration.type_called(type_), type_named=type_,
            due_at=due_at or configuration.due_unsaid(type_, now),
            ordered_by=by, fields=dict(_field(each) for each in fields),
        )  # fmt: skip
        clients = sightings.known_clients(connection, [client])
        sightings.insert(connection, [judged(configuration, row, clients, now)], Act(by, "added on the command line"))
        return tasks.get(connection, row.id)


def person_moves(
    session: Session, task_id: TaskId, event: TaskEvent, *, by: str, reason: str, **changes: object
) -> Task:
    """Move a task as a person; the run that works on it is ended when it is not to go on.

    Raises:
        TaskUnknownError, IllegalTransitionError, NotPublishedYetError, OwnOrderError: nothing was changed.
    """
    with session.ledger.engine.begin() as connection:
        task, _ = claims.look(connection, task_id)
        moved = decide(connection, session.resources.configuration, task, event, Act(by, reason), **changes)
    if task.state is TaskState.WORKING:
        end_runs(session.instance, task_id)
    return moved


def retry(session: Session, task_id: TaskId, settings: Sequence[str], *, by: str, reason: str) -> Task:
    """Try a task again with other settings for this attempt (CP-1): an ended one anew, one at work from the start.

    Raises:
        SettingUnusableError: a setting is unknown, fixed, or has a wrong value.
        IllegalTransitionError: it is in review or waits: there is nothing to try again.
    """
    configuration = session.resources.configuration
    overrides = dict(_parsed(each) for each in settings)
    with session.ledger.engine.begin() as connection:
        task, _ = claims.look(connection, task_id)
    try:
        plan(configuration, tasks.with_overrides(task, overrides))
    except ValidationError as error:
        raise SettingUnusableError(
            f"task {task_id}, --set",
            expected="settings of its kind with values that it takes",
            found="; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()),
            remedy="examples/waybill.toml lists them.",
        ) from error
    if task.state is TaskState.READY:
        with session.ledger.engine.begin() as connection:
            tasks.override(connection, task, overrides)
            return tasks.get(connection, task_id)
    event = TaskEvent.REQUEST_CHANGES if task.state is TaskState.WORKING else TaskEvent.REOPEN
    return person_moves(session, task_id, event, by=by, reason=reason, overrides=overrides, feedback=task.feedback)


def end_runs(instance: dg.DagsterInstance, task_id: TaskId) -> int:
    """Ask the runs of a task to end; return how many. What they still want to write is refused by the ledger."""
    runs = instance.get_runs(dg.RunsFilter(statuses=UNFINISHED, tags={PARTITION_TAG: task_id}))
    return sum(bool(instance.run_coordinator.cancel_run(run.run_id)) for run in runs)


def shown(session: Session, task_id: TaskId) -> dict[str, Any]:
    """All that is known of a task: itself, its history, attempts, versions, reviews, and what was sent."""
    with session.ledger.engine.begin() as connection:
        task = tasks.get(connection, task_id)
        made = deliverables.versions(connection, task_id)
        return {
            "task": task,
            "events": history.of_task(connection, task_id),
            "attempts": claims.attempts(connection, task_id),
            "versions": [(version, deliverables.files(connection, version.id)) for version in made],
            "reviews": reviews.of_task(connection, task_id),
            "effects": history.effects(connection, task_id),
        }


def fetch(session: Session, task_id: TaskId, into: Path, number: int | None = None) -> list[Path]:
    """Copy the files of a version into a folder, each under its name as far as that is one; their paths.

    Default: the newest whole version.

    Raises:
        TaskUnknownError, VersionUnknownError; ArtefactMissingError: a file is not in the artefact store any more.
    """
    with session.ledger.engine.begin() as connection:
        tasks.get(connection, task_id)
        known = deliverables.newest if number is None else partial(deliverables.numbered, number=number)
        version = known(connection, task_id)
        files = deliverables.files(connection, version.id) if version else []
    return _copied(session, {file.name: file.content_hash for file in files}, into)


def fetch_outputs(session: Session, task_id: TaskId, into: Path) -> list[Path]:
    """Copy what programs printed at the task, as far as it was kept, as ``attempt-1-stdout.txt``; their paths.

    Raises:
        TaskUnknownError; ArtefactMissingError: a file is not in the artefact store any more.
    """
    with session.ledger.engine.begin() as connection:
        tasks.get(connection, task_id)
        made = claims.attempts(connection, task_id)
    kept = {f"attempt-{each.number}-{output['name']}": output for each in made for output in each.log or ()}
    hashes = {name: str(output["content_hash"]) for name, output in kept.items() if output["content_hash"]}
    return _copied(session, hashes, into)


def _copied(session: Session, hashes: Mapping[str, str], into: Path) -> list[Path]:
    into.mkdir(parents=True, exist_ok=True)
    copied = []
    for name, content_hash in hashes.items():
        path = into / _UNSAFE.sub("_", name).lstrip(".")
        with session.resources.artefacts.open(content_hash) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)
        copied.append(path)
    return copied


def me() -> str:
    """The person at the keyboard, as the system knows them."""
    return getpass.getuser()


def instant(text: str) -> datetime:
    """An instant from what a person wrote; without a zone it is UTC.

    Raises:
        InstantUnreadableError: it is none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InstantUnreadableError(
            "--due",
            expected="an instant such as 2026-12-01T12:00+01:00, or a day such as 2026-12-01",
            found=repr(text),
            remedy="Without a zone it is taken for UTC.",
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _field(field: str) -> tuple[str, str]:
    name, equals, value = field.partition("=")
    if not equals or not name.strip():
        raise SettingUnusableError(
            f"--field {field}",
            expected="Name=text",
            found="something else",
            remedy="Name the field as ClickUp does, as in --field 'City=Leeds'.",
        )
    return name.strip().casefold(), value.strip()


def _parsed(setting: str) -> tuple[str, Any]:
    key, equals, value = setting.partition("=")
    if not equals or not key or key in FIXED_SETTINGS:
        raise SettingUnusableError(
            f"--set {setting}",
            expected=f"key=value, with a key other than {', '.join(sorted(FIXED_SETTINGS))}",
            found="one that is fixed in waybill.toml" if key in FIXED_SETTINGS else "something else",
            remedy="What a program is and gets is changed in waybill.toml only.",
        )
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value
