"""`waybill workbooks …`: the workbooks that were dropped, and answers about those that fit no single task."""

from dataclasses import asdict
from typing import Annotated

import typer

from orchestration.commands.failing import explained
from orchestration.commands.options import Json
from orchestration.commands.output import print_json, print_table
from orchestration.session import open_session
from orchestration.settings import load_settings
from resources.domain.tasks import Act, TaskId

app = typer.Typer(help="Workbooks from the watch folder: list, assign, discard.", no_args_is_help=True)
Content = Annotated[str, typer.Argument(metavar="CONTENT", help="The first figures of its content, as the list shows.")]
Reason = Annotated[str, typer.Option(help="Why; kept for ever.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides; default: you.")]
SHOWN = 8


@app.command("list")
@explained
def listed(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most, the newest first.")] = 50,
    as_json: Json = False,
) -> None:
    """What was dropped, the newest first: which task it is for, or what is asked about it."""
    from resources.ledger import watched_files

    with open_session(load_settings()) as session, session.ledger.engine.begin() as connection:
        found = watched_files.recent(connection, at_most=limit)
    if as_json:
        print_json({"workbooks": [asdict(each) for each in found]})
        return
    rows = [
        (each.content_hash[:SHOWN], each.state, each.name, each.keyword or "", each.task_id or "", each.reason)
        for each in found
    ]
    print_table("Workbooks", ["content", "state", "name", "keyword", "task", "why"], rows)


@app.command("assign")
@explained
def assign(
    content: Content, task: Annotated[str, typer.Argument(metavar="TASK")], reason: Reason, by: By = None
) -> None:
    """Say which task a workbook is for; the task begins with it, or begins anew."""
    from orchestration.tasking import end_runs, me
    from resources.work.workbook_handing import assign as answer

    with open_session(load_settings()) as session:
        with session.ledger.engine.begin() as connection:
            file = answer(connection, session.resources.configuration, content, TaskId(task), Act(by or me(), reason))
        end_runs(session.instance, TaskId(task))
    typer.echo(f"{file.name} is the workbook of task {task}.")


@app.command("discard")
@explained
def discard(content: Content, reason: Reason, by: By = None) -> None:
    """Say that a workbook is for no task."""
    from orchestration.tasking import me
    from resources.work.workbook_handing import discard as answer

    with open_session(load_settings()) as session, session.ledger.engine.begin() as connection:
        file = answer(connection, session.resources.configuration, content, Act(by or me(), reason))
    typer.echo(f"{file.name} is discarded.")
