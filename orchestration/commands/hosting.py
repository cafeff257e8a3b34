"""`waybill up` and `dev`: everything running, until Ctrl-C."""

from pathlib import Path
from typing import Annotated, Final

import typer

from orchestration.commands.failing import explained
from orchestration.settings import load_settings

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "acme-outdoor"


@explained
def up(
    example: Annotated[bool, typer.Option("--example", help="Ingest the example client first.")] = False,
    once: Annotated[bool, typer.Option("--once", help="End after start and example, with exit code 0.")] = False,
) -> None:
    """Start databases, vector engine, Dagster's code server, web UI and daemon; serve until Ctrl-C."""
    from orchestration.serving import serve

    serve(load_settings(), example=EXAMPLE if example else None, once=once)


@explained
def dev() -> None:
    """Start the embedded parts and `dagster dev` on them, for people who develop."""
    from orchestration.hosting.dev import dev as run
    from orchestration.serving import prepare

    raise typer.Exit(run(load_settings(), prepare=prepare))
