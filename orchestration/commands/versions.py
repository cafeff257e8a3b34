"""`waybill versions`, `diff` and `rollback`: what was made for a task, how it changed, and back to an older one."""

from typing import Annotated

import typer

from orchestration.commands.failing import explained
from orchestration.commands.options import By, Id, Json, Reason
from orchestration.commands.output import print_json
from orchestration.session import open_session
from orchestration.settings import load_settings
from resources.domain.tasks import TaskId

_From = Annotated[int | None, typer.Argument(metavar="[FROM]", min=1, help="Default: the whole version before TO.")]
_To = Annotated[int | None, typer.Argument(metavar="[TO]", min=1, help="Default: the newest whole version.")]


@explained
def versions(task_id: Id, as_json: Json = False) -> None:
    """Every version of a task: who made it, its files, who decided what about it, and whether it is out."""
    from orchestration.commands.version_page import print_versions, versions_json
    from resources.work.versions import standing

    with open_session(load_settings()) as session, session.ledger.engine.begin() as connection:
        found = standing(connection, TaskId(task_id))
    if as_json:
        print_json(versions_json(task_id, found))
    else:
        print_versions(task_id, found)


@explained
def diff(task_id: Id, before: _From = None, after: _To = None, as_json: Json = False) -> None:
    """How two versions of a task differ; by default the last two whole ones."""
    from orchestration.commands.version_page import difference_json, print_difference
    from resources.work.versions import difference

    with open_session(load_settings()) as session:
        found = difference(session.ledger.engine, session.resources.artefacts, TaskId(task_id), before, after)
    if as_json:
        print_json(difference_json(found))
    else:
        print_difference(found)


@explained
def rollback(
    task_id: Id,
    to: Annotated[int, typer.Option(min=1, help="The number of the whole version to go back to.")],
    reason: Reason,
    by: By = None,
) -> None:
    """Make a new version that equals an old one, and hand it over for review as any other."""
    from orchestration.tasking import me
    from resources.domain.tasks import Act
    from resources.work.rollback import roll_back

    with open_session(load_settings()) as session:
        done = roll_back(
            session.ledger.engine, session.resources.artefacts, session.resources.configuration, TaskId(task_id),
            to=to, by=Act(by or me(), reason),
        )  # fmt: skip
    state = done.task.state.value
    typer.echo(f"{task_id} is {state}: version {done.version.number} equals version {done.original.number}.")
