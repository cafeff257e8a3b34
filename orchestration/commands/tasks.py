"""`waybill tasks`, `waybill task …`, `waybill approve` and `reject`: the account manager's desk on a terminal."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.commands.failing import explained
from orchestration.commands.options import By, Id, Json, Reason
from orchestration.commands.output import print_json, print_table
from orchestration.session import open_session
from orchestration.settings import load_settings
from resources.domain.tasks import TaskEvent, TaskId, TaskState

if TYPE_CHECKING:
    from resources.ledger.tasks import Task

app = typer.Typer(help="One task: add, show, cancel, retry, reopen, fetch.", no_args_is_help=True)
_COLUMNS = ["id", "state", "type", "client", "due", "name", "why it waits, or what became of it"]


@explained
def tasks(
    waiting: Annotated[bool, typer.Option("--waiting", help="Only tasks that wait, each with its reason.")] = False,
    state: Annotated[TaskState | None, typer.Option(help="Only tasks in this state.")] = None,
    client: Annotated[str | None, typer.Option(help="Only this client's tasks.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most, the last changed first.")] = 100,
    as_json: Json = False,
) -> None:
    """List tasks, the last changed first, with the reason of each that waits, failed or was cancelled."""
    from resources.ledger import history

    chosen = TaskState.WAITING if waiting else state
    with open_session(load_settings()) as session, session.ledger.engine.begin() as connection:
        found = history.tasks(connection, state=chosen, client=client, at_most=limit)
    if as_json:
        print_json({"tasks": [_as_json(task) for task in found]})
        return
    rows = [
        (task.id, task.state.value, task.type or task.type_named or "", task.client or "", _day(task.due_at), task.name,
         task.reason or "")
        for task in found
    ]  # fmt: skip
    print_table("Tasks", _COLUMNS, rows)


@explained
def events(
    task: Annotated[str | None, typer.Option(help="Only of this task.")] = None,
    words: Annotated[str | None, typer.Option("--search", help="Only with these words in it.")] = None,
    before: Annotated[int | None, typer.Option(help="The page before this event: the last number of the page.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: Json = False,
) -> None:
    """The log of all that happened to tasks, newest first: who, what, why."""
    from resources.ledger import history

    with open_session(load_settings()) as session, session.ledger.engine.begin() as connection:
        found = history.search(connection, task=task, words=words, before=before, at_most=limit)
    if as_json:
        print_json({"events": found})
        return
    rows = [(e["id"], _when(e["at"]), e["task_id"], e["event"], e["to_state"], e["actor"], e["reason"]) for e in found]
    print_table("Events", ["number", "at", "task", "event", "state", "actor", "reason"], rows)


@explained
def alerts(as_json: Json = False) -> None:
    """What a person had to be told, newest first."""
    from resources.ledger import alerts as rows

    with open_session(load_settings()) as session, session.ledger.engine.begin() as connection:
        found = rows.recent(connection, 50)
    if as_json:
        print_json({"alerts": [asdict(alert) for alert in found]})
        return
    print_table("Alerts", ["at", "kind", "subject"], [(_when(a.raised_at), a.kind, a.subject) for a in found])


@explained
def approve(task_id: Id, by: By = None, reason: Reason = "approved") -> None:
    """Approve the version of a task that is in review."""
    _moved(task_id, TaskEvent.APPROVE, by, reason)


@explained
def reject(task_id: Id, reason: Reason, by: By = None) -> None:
    """Send a task in review back; your reason goes into the next version."""
    _moved(task_id, TaskEvent.REQUEST_CHANGES, by, reason)


@app.command("add")
@explained
def add(  # noqa: PLR0917  Typer gives each by its name
    name: Annotated[str, typer.Argument(help="What is to be done, or the question that is asked.")],
    type_: Annotated[str, typer.Option("--type", help="A task type of waybill.toml.")],
    client: Annotated[str, typer.Option(help="The client's slug.")],
    body: Annotated[str, typer.Option(help="More about it.")] = "",
    due: Annotated[str | None, typer.Option(help="When, such as 2026-12-01T12:00+01:00; default: in two days.")] = None,
    fields: Annotated[
        list[str] | None, typer.Option("--field", metavar="NAME=TEXT", help="As a custom field of ClickUp.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who orders it; default: you.")] = None,
    as_json: Json = False,
) -> None:
    """Add a task that ClickUp does not know."""
    from orchestration.tasking import add as make
    from orchestration.tasking import instant, me

    due_at = instant(due) if due else None
    with open_session(load_settings()) as session:
        task = make(
            session, name=name, body=body, type_=type_, client=client, due_at=due_at, by=by or me(), fields=fields or ()
        )
    if as_json:
        print_json(_as_json(task))
    else:
        typer.echo(f"{task.id} is {task.state.value}" + (f": {task.reason}" if task.reason else "."))


@app.command("show")
@explained
def show(task_id: Id, as_json: Json = False) -> None:
    """Show a task with its history, attempts, versions, reviews, and what was sent to ClickUp."""
    from orchestration.commands.task_page import print_task, task_json
    from orchestration.tasking import shown

    with open_session(load_settings()) as session:
        found = shown(session, TaskId(task_id))
    if as_json:
        print_json(task_json(found))
    else:
        print_task(found)


@app.command("cancel")
@explained
def cancel(task_id: Id, reason: Reason, by: By = None) -> None:
    """Cancel a task; one at work stops within seconds, and nothing half is sent."""
    _moved(task_id, TaskEvent.CANCEL, by, reason)


@app.command("reopen")
@explained
def reopen(task_id: Id, reason: Reason, by: By = None) -> None:
    """Begin an ended task anew; your reason goes into the next version."""
    _moved(task_id, TaskEvent.REOPEN, by, reason)


@app.command("retry")
@explained
def retry(
    task_id: Id,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Until it is delivered.")
    ] = None,
    by: By = None,
    reason: Reason = "another try",
) -> None:
    """Try a task again, with other settings if you set any."""
    from orchestration.tasking import me
    from orchestration.tasking import retry as run

    with open_session(load_settings()) as session:
        _say(run(session, TaskId(task_id), settings or [], by=by or me(), reason=reason))


@app.command("fetch")
@explained
def fetch(
    task_id: Id,
    into: Annotated[Path, typer.Option(help="A folder for the files, made if missing.")],
    outputs: Annotated[
        bool, typer.Option("--outputs", help="What programs printed, instead of what they made.")
    ] = False,
    version: Annotated[int | None, typer.Option(min=1, help="Which version; default: the newest whole one.")] = None,
) -> None:
    """Copy the files of a version of a task out of the artefact store."""
    from orchestration import tasking

    if outputs and version is not None:
        raise typer.BadParameter("what programs printed belongs to attempts, not to a version", param_hint="--version")
    with open_session(load_settings()) as session:
        task = TaskId(task_id)
        paths = tasking.fetch_outputs(session, task, into) if outputs else tasking.fetch(session, task, into, version)
    for path in paths:
        typer.echo(str(path))


def _moved(task_id: str, event: TaskEvent, by: str | None, reason: str) -> None:
    from orchestration.tasking import me, person_moves

    with open_session(load_settings()) as session:
        _say(person_moves(session, TaskId(task_id), event, by=by or me(), reason=reason))


def _say(task: "Task") -> None:
    typer.echo(f"{task.id} is {task.state.value}" + (f": {task.reason}" if task.reason else "."))


def _as_json(task: "Task") -> dict[str, Any]:
    return {**asdict(task), "state": task.state.value}


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else ""


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
