"""Before anything of Dagster starts: migrated, looked through, reconciled. What fails here stops the start (DT-9)."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from orchestration.hosting.backends import Backends
from orchestration.session import configured
from orchestration.settings import Settings
from orchestration.wiring import Resources
from resources import processes
from resources.ledger import outbox
from resources.ledger.counts import count
from resources.ledger.embeddings import end_pauses
from resources.ledger.integrity import check_indexes
from resources.ledger.leases import release_dead
from resources.ledger.migrate import migrate
from resources.work.recovery import recover
from resources.work.workspaces import sweep_abandoned


@dataclass(frozen=True, slots=True)
class Readiness:
    """What the start found and put in order."""

    indexes: int
    points: int
    linked: int
    recovered: int
    released: int

    def line(self) -> str:
        """For the terminal."""
        points = f"{self.points} points for {self.linked} embedded extractions"
        return (
            f"Ledger in order: {self.indexes} indexes looked at, {points};"
            f" {self.recovered} tasks and {self.released} claims of ended processes went back."
        )


def make_ready(settings: Settings, backends: Backends, say: Callable[[str], None]) -> None:
    """Migrate, check, release what ended processes held, end pauses, sweep; then say what was found.

    Raises:
        WaybillError: the schema, an index, the store or the reconciliation failed: nothing is started.
    """
    migrate(backends.database_direct_url, backends.dagster_database_url)
    looked = check_indexes(backends.database_direct_url)
    with closing(Resources.of(configured(settings, backends))) as resources:
        engine = resources.ledger.engine
        released = release_dead(engine)
        recovered = recover(engine, resources.configuration)
        with engine.begin() as connection:
            outbox.release_expired(connection, process=processes.identity())
            end_pauses(connection)
            counts = count(connection)
        sweep_abandoned()
        resources.artefacts.sweep_unfinished()
        readiness = Readiness(
            indexes=looked.indexes,
            points=resources.index.store.count(),
            linked=counts.extractions - counts.orphans,
            recovered=len(recovered.ready) + len(recovered.failed),
            released=released,
        )
    say(readiness.line())
