"""`waybill up` and `dev`: everything running, until Ctrl-C."""

from pathlib import Path
from typing import Annotated, Final

import typer

from orchestration.commands.failing import explained
from orchestration.configuration import load_configuration
from orchestration.settings import Settings, load_settings

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "acme-outdoor"


@explained
def up(
    example: Annotated[bool, typer.Option("--example", help="Ingest the example client first.")] = False,
    deliver: Annotated[
        bool, typer.Option("--deliver", help="Then have a press release and a batch of links made of the example.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="End after start and example, with exit code 0.")] = False,
) -> None:
    """Start databases, vector engine, Dagster's code server, web UI and daemon; serve until Ctrl-C."""
    from orchestration.serving import serve

    serve(_settings(), example=EXAMPLE if example or deliver else None, deliver=deliver, once=once)


@explained
def dev() -> None:
    """Start the embedded parts and `dagster dev` on them, for people who develop."""
    from orchestration.hosting.dev import dev as run
    from orchestration.readiness import make_ready

    settings = _settings()
    raise typer.Exit(run(settings, prepare=lambda backends: make_ready(settings, backends, typer.echo)))


def _settings() -> Settings:
    """The settings, when waybill.toml is right too: a fault in it stops the start before anything runs."""
    settings = load_settings()
    load_configuration(settings)
    return settings
