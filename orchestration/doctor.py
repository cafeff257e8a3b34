"""What `waybill doctor` looks at: home, waybill.toml, backends, schema, embedder, store, ClickUp, senders and mail."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

from orchestration.configuration import load_configuration
from orchestration.doctor_clickup import examine_clickup
from orchestration.findings import Finding, finding
from orchestration.hosting.backends import Backends, open_backends
from orchestration.session import Session, configured
from orchestration.settings import Settings, webhook_secret
from resources.artefacts.store import missing
from resources.domain.configuration import Email
from resources.domain.errors import WaybillError
from resources.ledger.counts import count
from resources.notifications.mail import SmtpSender

EMBEDDED_POINTS: Final = 200_000
"""Beyond this many points a server does better than the embedded engine, which does not optimise (design §4)."""


def examine(settings: Settings) -> list[Finding]:
    """Everything in turn; what cannot be reached is a finding, not an exception."""
    findings = [
        finding("home", lambda: _writable(settings.home)),
        finding("configuration", lambda: _configuration(settings)),
    ]
    if (folder := settings.watch_folder) is not None:
        findings.append(finding("watch folder", lambda: _writable(folder)))
    if not all(each.ok for each in findings):
        return findings
    try:
        with open_backends(settings) as backends, closing(Session(configured(settings, backends), backends)) as session:
            findings += [Finding(name, ok=True, found=str(what)) for name, what in described(backends).items()]
            ledger = finding("ledger", lambda: _ledger(session))
            findings += [
                ledger,
                finding("embedder", lambda: _embedder(session)),
                finding("vector store", lambda: _store(session)),
                finding("artefacts", lambda: _artefacts(session)),
            ]
            findings += _outside(session) if ledger.ok else []  # the budget of calls stands in the ledger
    except WaybillError as error:
        findings.append(Finding("backends", ok=False, found=str(error)))
    return findings


def described(backends: Backends) -> dict[str, str]:
    """Which database and vector store are in use; no secrets."""
    return {
        name: f"{b.what} {b.version} ({b.whose}) at {b.where}"
        for name, b in (("database", backends.database), ("vectors", backends.vectors))
    }


def _writable(home: Path) -> str:
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=home):
        return f"{home.resolve()} is writable"


def _configuration(settings: Settings) -> str:
    types = ", ".join(load_configuration(settings).task_types)
    return f"{settings.config_file or 'no waybill.toml'}; task types: {types}"


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


def _artefacts(session: Session) -> str:
    store = session.resources.artefacts
    kept = store.put(b"Waybill looks whether artefacts can be stored.\n")
    if not store.verify(kept.content_hash):
        raise missing(kept.content_hash, "another content than was stored")
    return f"{session.settings.artefacts_url or store.folder} stores and gives back"


def _outside(session: Session) -> Iterator[Finding]:
    """Whom waybill.toml names."""
    configuration = session.resources.configuration
    if configuration.clickup is not None:
        yield from examine_clickup(session.resources, configuration.clickup)
    for name, adapter in configuration.webhooks.items():
        yield finding(f"webhooks.{name}", partial(_secret, adapter.secret_setting))
    if (email := configuration.alerts.email) is not None:
        yield finding("mail server", lambda: _mail(email, session.settings))


def _secret(key: str) -> str:
    webhook_secret(key)
    return f"{key} is set"


def _mail(email: Email, settings: Settings) -> str:
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    SmtpSender(**email.model_dump(), password=password).knock()
    return f"{email.host}:{email.port} lets us in ({email.tls}, {f'as {email.user}' if email.user else 'no login'})"
