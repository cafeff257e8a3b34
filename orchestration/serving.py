"""`waybill up` as a whole: prepare, start, finish what was broken off, ingest the example, serve."""

import threading
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import typer

from orchestration.commands.output import ProgressLines, print_reports, print_table
from orchestration.hosting.backends import Backends
from orchestration.hosting.up import interruptible, serving
from orchestration.readiness import make_ready
from orchestration.session import Session, configured
from orchestration.settings import Settings
from resources.domain.ids import ClientSlug
from resources.ledger import sources
from resources.ledger.leases import AlreadyClaimedError

EXAMPLE_CLIENT = ClientSlug("acme-outdoor")


def serve(settings: Settings, *, example: Path | None, deliver: bool, once: bool) -> None:
    """Serve until a signal; with ``once``, end when the example is in and, with ``deliver``, its deliverables are made.

    Raises:
        WaybillError: the start failed, or the example could not be ingested; everything started is ended again.
    """

    def ready(backends: Backends) -> None:
        make_ready(settings, backends, typer.echo)

    with interruptible(), suppress(KeyboardInterrupt), serving(settings, prepare=ready) as served:
        session = Session(configured(settings, served.backends), served.backends)
        try:
            finish_removals(session)
            if example is not None:
                ingest_example(session, example)
            if deliver:
                print_example(session)
        finally:
            session.close()
        typer.echo(f"Waybill is up: {served.url}" + (", and ends now (--once)" if once else " (Ctrl-C ends it)"))
        if not once:
            threading.Event().wait()


def finish_removals(session: Session) -> None:
    """Go on with each removal of a source that was broken off (KX-11); one that another command is at is left to it."""
    from orchestration.removal import finish_removal

    with session.ledger.engine.begin() as connection:
        removing = [source for source in sources.every(connection) if source.removing_at is not None]
    for source in removing:
        with suppress(AlreadyClaimedError):
            finish_removal(session, source, owner=f"removal {uuid4()}")


def print_example(session: Session) -> None:
    """Have the example's deliverables made, and print what they are and where."""
    from orchestration.example import deliver_example

    rows = [
        (
            each.task.id,
            each.task.state.value,
            each.summary.splitlines()[-1],
            str(each.files[0].parent) if each.files else "",
        )
        for each in deliver_example(session, EXAMPLE_CLIENT, typer.echo)
    ]
    print_table("Delivered, for your review", ["task", "state", "what", "files in"], rows)


def ingest_example(session: Session, folder: Path) -> None:
    """Ingest the example client and print what was made."""
    from orchestration.ingestion import ingest, register

    with ProgressLines() as progress:
        source = register(session, folder, client=EXAMPLE_CLIENT, name=None)
        report = ingest(session, source, progress)
    print_reports([report])
