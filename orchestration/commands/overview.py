"""`waybill status`, `doctor`, `migrate`: what there is, and whether it is in order."""

import typer

from orchestration.commands.failing import explained
from orchestration.commands.options import Json
from orchestration.commands.output import print_json, print_mapping, print_table
from orchestration.doctor import described, examine
from orchestration.hosting.backends import open_backends
from orchestration.session import open_session
from orchestration.settings import load_settings
from resources.ledger.counts import count
from resources.ledger.migrate import migrate as run_migrations


@explained
def status(as_json: Json = False) -> None:
    """Count sources, documents and tasks by state, extractions, orphans, points, what waits; name the backends."""
    with open_session(load_settings()) as session:
        with session.ledger.engine.begin() as connection:
            counts = count(connection)
        points, backends = session.index.store.count(), described(session.backends)
    numbers = {"sources": counts.sources, "batches": counts.batches, "extractions": counts.extractions,
               "orphans": counts.orphans, "points": points, "dead_letters": counts.dead_letters,
               "effects_to_send": counts.effects_to_send, "deliveries_to_handle": counts.deliveries_to_handle,
               "connections": counts.connections}  # fmt: skip
    if as_json:
        print_json({**numbers, "documents": counts.documents, "tasks": counts.tasks, "backends": backends})
        return
    documents = {f"documents {state}": number for state, number in counts.documents.items()}
    tasks = {f"tasks {state.replace('_', ' ')}": number for state, number in counts.tasks.items()}
    numbers = {name.replace("_", " "): number for name, number in numbers.items()}
    print_mapping("Waybill", {"sources": counts.sources, **documents, **numbers, **tasks, **backends})


@explained
def doctor(as_json: Json = False) -> None:
    """Say what is configured, reachable and writable, and what to do where it is not. Exit 1 if anything is not."""
    findings = examine(load_settings())
    if as_json:
        print_json({"findings": [finding.as_json() for finding in findings]})
    else:
        rows = [("ok" if finding.ok else "WRONG", finding.what, finding.found) for finding in findings]
        print_table("Doctor", ["", "what", "found"], rows)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@explained
def migrate(as_json: Json = False) -> None:
    """Make the roles and databases that are missing and bring the schema to its head. `up` does this too."""
    with open_backends(load_settings()) as backends:
        head = run_migrations(backends.database_direct_url, backends.dagster_database_url)
    if as_json:
        print_json({"revision": head})
    else:
        typer.echo(f"The ledger is at revision {head}.")
