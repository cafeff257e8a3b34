"""`waybill sources list` and `remove`."""

from typing import Annotated
from uuid import uuid4

import typer

from orchestration.commands.failing import explained
from orchestration.commands.options import Client, Json
from orchestration.commands.output import print_json, print_table
from orchestration.session import open_session
from orchestration.settings import load_settings
from resources.ledger import sources as rows
from resources.ledger.sources import Source

app = typer.Typer(help="The sources that clients gave.", no_args_is_help=True)


@app.command("list")
@explained
def list_sources(as_json: Json = False) -> None:
    """List every source with its place and when it was last read whole."""
    with open_session(load_settings()) as session, session.ledger.engine.begin() as connection:
        every = rows.every(connection)
    if as_json:
        print_json({"sources": [_as_json(source) for source in every]})
        return
    table = [(s.client, s.name, s.kind, s.location, _when(s)) for s in every]
    print_table("Sources", ["client", "name", "kind", "location", "last listed"], table)


@app.command("remove")
@explained
def remove(
    name: Annotated[str, typer.Argument(help="The source's name, as `waybill sources list` shows it.")],
    client: Client,
    as_json: Json = False,
) -> None:
    """Remove a source with every document, extraction and point of it; if broken off, repeat to go on."""
    from orchestration.removal import finish_removal

    with open_session(load_settings()) as session:
        with session.ledger.engine.begin() as connection:
            source = rows.get(connection, f"{client}:{name}")
        deleted = finish_removal(session, source, owner=f"removal {uuid4()}")
    if as_json:
        print_json({"source": source.partition_key, "documents_removed": deleted})
    else:
        typer.echo(f"Removed {source.partition_key} with {deleted} documents.")


def _when(source: Source) -> str:
    if source.removing_at is not None:
        return "being removed"
    return source.listed_at.isoformat(timespec="seconds") if source.listed_at else "never"


def _as_json(source: Source) -> dict[str, object]:
    return {
        "client": source.client,
        "name": source.name,
        "kind": source.kind,
        "location": source.location,
        "listed_at": source.listed_at,
        "removing_at": source.removing_at,
    }
