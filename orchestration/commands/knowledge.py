"""`waybill ingest`, `search`, `repair`: what is made of sources, and found in them."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands.failing import explained
from orchestration.commands.options import Client, Json
from orchestration.commands.output import ProgressLines, print_excerpt, print_json, print_reports, print_table
from orchestration.session import open_session
from orchestration.settings import load_settings
from resources.domain.ids import ClientSlug

if TYPE_CHECKING:
    from orchestration.ingestion import Report


@explained
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Folders (read recursively) and files.")],
    client: Client,
    source: Annotated[str | None, typer.Option(help="A name for the source; default: its folder's or file's.")] = None,
    as_json: Json = False,
) -> None:
    """Read sources into knowledge: list, fetch, extract, embed what is new or changed. Exit 1 if a document failed."""
    from orchestration.ingestion import ingest as run
    from orchestration.ingestion import located, register

    started = time.monotonic()
    reports: list[Report] = []
    places = [located(path) for path in paths]  # before anything is started or registered
    with open_session(load_settings()) as session, ProgressLines() as progress:
        registered = [register(session, path, client=ClientSlug(client), name=source) for path in places]
        reports.extend(run(session, each, progress) for each in registered)
    seconds = time.monotonic() - started
    if as_json:
        print_json({"seconds": seconds, "sources": [report.as_json() for report in reports]})
    else:
        print_reports(reports)
    if any(report.failures for report in reports):
        raise typer.Exit(1)


@explained
def search(
    words: Annotated[str, typer.Argument(help="What to look for.")],
    client: Client,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many hits at most.")] = 10,
    as_json: Json = False,
) -> None:
    """Find passages by meaning and by words, each with its document and exact span."""
    from resources.knowledge.search import search as find
    from resources.ledger import sources

    with open_session(load_settings()) as session:
        with session.ledger.engine.begin() as connection:
            sources.require_client(connection, ClientSlug(client))
        index = session.index
        hits = find(session.ledger.engine, index.store, index.embedder, words, client=ClientSlug(client), k=k)
    if as_json:
        print_json({"hits": [hit.as_json() for hit in hits]})
        return
    if not hits:
        typer.echo(f"Nothing found for client {client}.")
    for number, hit in enumerate(hits, start=1):
        typer.secho(f"{number:>2}. {hit.title or hit.uri}", bold=True)
        print_excerpt(hit.text)
        typer.secho(
            f"    {hit.score:.3f}  {hit.uri} [{hit.span.start}, {hit.span.end})  {hit.extraction_id}\n", dim=True
        )


@explained
def repair(
    client: Annotated[str | None, typer.Option(help="Only this client's sources.")] = None,
    replay: Annotated[bool, typer.Option("--replay", help="Also try extractions again that were given up.")] = False,
    as_json: Json = False,
) -> None:
    """Compare the store with the ledger and mend it now: embed orphans, find lost points, take out stray ones."""
    from orchestration.ingestion import repair as mend
    from resources.ledger import dead_letters, sources

    with open_session(load_settings()) as session, ProgressLines() as progress:
        with session.ledger.engine.begin() as connection:
            if client is not None:
                sources.require_client(connection, ClientSlug(client))
            replayed = dead_letters.replay_embeddings(connection) if replay else 0
            every = [s for s in sources.every(connection) if s.removing_at is None and client in (None, s.client)]
        counts: dict[str, int] = {}
        for source in every:
            for name, number in mend(session, source, progress).counts.items():
                counts[name.removeprefix("embeddings.")] = counts.get(name.removeprefix("embeddings."), 0) + number
    if as_json:
        print_json({"replayed": replayed, **counts})
    else:
        print_table("Repaired", ["what", "number"], [("dead letters replayed", replayed), *counts.items()])
