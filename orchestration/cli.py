"""`waybill`: the command line. Each command opens the backends for its own time, or joins those that run."""

import logging

import typer
from stamina.instrumentation import LoggingOnRetryHook, set_on_retry_hooks

from orchestration.commands import (
    clickup,
    dead_letters,
    hosting,
    knowledge,
    overview,
    sources,
    tasks,
    versions,
    workbooks,
)

app = typer.Typer(
    name="waybill",
    help="Client sources into searchable knowledge, and that into deliverables; every one with its waybill.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(hosting.up)
app.command()(hosting.dev)
app.command()(overview.migrate)
app.command()(overview.doctor)
app.command()(knowledge.ingest)
app.command()(knowledge.search)
app.command()(overview.status)
app.command()(knowledge.repair)
app.add_typer(sources.app, name="sources")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(clickup.app, name="clickup")
app.command()(tasks.tasks)
app.add_typer(tasks.app, name="task")
app.add_typer(workbooks.app, name="workbooks")
app.command()(tasks.approve)
app.command()(tasks.reject)
app.command()(versions.versions)
app.command()(versions.diff)
app.command()(versions.rollback)
app.command()(tasks.events)
app.command()(tasks.alerts)


@app.callback()
def main() -> None:
    """Keep libraries from talking over the commands' own output."""
    logging.getLogger().setLevel(logging.ERROR)  # Dagster warns of every retry of a connection, over many lines
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("stamina").setLevel(logging.ERROR)  # what it retries in vain is raised, and explained then
    set_on_retry_hooks([LoggingOnRetryHook])  # by default retries are told on standard output, amid `--json`


if __name__ == "__main__":
    app()
