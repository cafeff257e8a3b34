"""What `waybill doctor` looks at: the home, the backends, the roles, the schema, the embedder, the store."""

import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from orchestration.hosting.backends import Backends, open_backends
from orchestration.session import Session, configured
from orchestration.settings import Settings
from resources.domain.errors import WaybillError
from resources.ledger.counts import count
from resources.ledger.failures import database_failure

EMBEDDED_POINTS: Final = 200_000
"""Beyond this many points a server does better than the embedded engine, which does not optimise (design §4)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    found: str

    def as_json(self) -> dict[str, object]:
        """Field by field."""
        return asdict(self)


def examine(settings: Settings) -> list[Finding]:
    """Everything in turn; what cannot be reached is a finding, not an exception."""
    findings = [_finding("home", lambda: _writable(settings.home))]
    try:
        with open_backends(settings) as backends, closing(Session(configured(settings, backends), backends)) as session:
            findings += [Finding(name, ok=True, found=str(what)) for name, what in described(backends).items()]
            findings += [
                _finding("ledger", lambda: _ledger(session)),
                _finding("embedder", lambda: _embedder(session)),
                _finding("vector store", lambda: _store(session)),
            ]
    except WaybillError as error:
        findings.append(Finding("backends", ok=False, found=str(error)))
    return findings


def described(backends: Backends) -> dict[str, str]:
    """Which database and vector store are in use; no secrets."""
    return {
        name: f"{b.what} {b.version} ({b.whose}) at {b.where}"
        for name, b in (("database", backends.database), ("vectors", backends.vectors))
    }


def _finding(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, ok=True, found=look())
    except (WaybillError, OSError) as error:
        return Finding(what, ok=False, found=str(error))
    except Exception as error:
        if (failure := database_failure(error)) is None:
            raise
        return Finding(what, ok=False, found=str(failure))


def _writable(home: Path) -> str:
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=home):
        return f"{home.resolve()} is writable"


def _ledger(session: Session) -> str:
    with session.ledger.engine.begin() as connection:
        counts = count(connection)
    return (
        f"at its head; {counts.extractions} extractions, {counts.orphans} without an embedding;"
        f" {counts.connections} of {counts.max_connections} connections in use"
    )


def _embedder(session: Session) -> str:
    embedder = session.index.embedder
    embedder.embed(["waybill"])
    return f"{embedder.model}, {embedder.dimensions} dimensions"


def _store(session: Session) -> str:
    points = session.index.store.count()
    advice = "; a Qdrant server (WAYBILL_QDRANT_URL) would search faster" if points > EMBEDDED_POINTS else ""
    return f"{points} points of {session.index.embedder.model}{advice}"
