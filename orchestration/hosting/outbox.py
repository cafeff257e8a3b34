"""``python -m orchestration.hosting.outbox``: drain the outbox until SIGTERM, SIGINT or SIGHUP.

`waybill up` runs one. More of them, on one machine or many, share the work: no effect is doubled by that.
"""

import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from datetime import timedelta
from typing import Final

from orchestration.configuration import load_configuration
from orchestration.hosting.home import Home
from orchestration.settings import Settings, load_settings
from resources.artefacts.store import ArtefactStore
from resources.clickup.errors import ClickUpCredentialsError
from resources.clickup.resource import ClickUpResource
from resources.domain.configuration import Configuration
from resources.domain.errors import PermanentError, WaybillError
from resources.ledger.failures import database_failure
from resources.ledger.resource import LedgerResource
from resources.work.alert_effects import alert_handlers
from resources.work.consequences import hooks
from resources.work.drainer import Drainer, Pace
from resources.work.effects import clickup_handlers
from resources.work.sending import Backoff, Handler

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SHARE_OF_GRACE: Final = 0.6
"""Of the time that a child has to end, for what is under way; the rest is for recording it and for leaving."""

_log = logging.getLogger("waybill.outbox")


class NoLedgerError(PermanentError):
    """It was started without a database."""


def main() -> int:
    """Drain; 0 after a signal, 1 when the start was impossible, with the reason on standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    _log.setLevel(logging.INFO)
    try:
        settings = load_settings()
        direct_url = _direct_url(settings)
        drainer = build(settings)
    except Exception as error:
        failure = error if isinstance(error, WaybillError) else database_failure(error)
        if failure is None:
            raise
        print(failure, file=sys.stderr, flush=True)
        return 1
    _stop_at_signals(drainer)
    drainer.run(direct_url)
    return 0


def build(settings: Settings) -> Drainer:
    """The drainer that settings and waybill.toml ask for.

    Not by `Resources`, whose vector store takes most of a second to import: after a crash it is back at once.

    Raises:
        ConfigurationError, SettingsError: waybill.toml is wrong.
        LedgerBehindError: the schema is not this code's.
    """
    configuration = load_configuration(settings)
    ledger = LedgerResource(
        settings.own_database_url or "", pool_size=settings.database_pool_size, behind_pooler=settings.behind_pooler
    )
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    channels = alert_handlers(configuration.alerts, password)
    clickup = _clickup_handlers(settings, configuration, ledger)
    pace = Pace(
        parallelism=settings.outbox_parallelism, grace=timedelta(seconds=settings.stop_grace_s * _SHARE_OF_GRACE)
    )
    drainer = Drainer(
        ledger.engine,
        clickup | channels,
        Backoff(settings.outbox_attempts),
        hooks=hooks(configuration),
        channels=list(channels),
        pace=pace,
    )
    _log.info("draining, %d at once: %s", pace.parallelism, ", ".join([*clickup, *channels]) or "nothing")
    return drainer


def _clickup_handlers(settings: Settings, configuration: Configuration, ledger: LedgerResource) -> dict[str, Handler]:
    clickup = configuration.clickup
    if clickup is None or settings.clickup_token is None:
        missing = "[clickup] in waybill.toml" if clickup is None else "WAYBILL_CLICKUP_TOKEN"
        _log.warning("without %s nothing is sent to ClickUp: its effects wait in the outbox", missing)
        return {}
    resource = ClickUpResource(
        url=settings.clickup_url,
        token=settings.clickup_token.get_secret_value(),
        ledger=ledger,
        calls_a_minute=clickup.calls_a_minute,
        connections=settings.outbox_parallelism,
    )
    with suppress(ClickUpCredentialsError):  # told, and waited for, with the first effect
        _ = resource.client  # one, made before there are threads
    artefacts = ArtefactStore(Home.at(settings.home).artefacts)
    return clickup_handlers(resource, artefacts, timedelta(seconds=clickup.settle_s))


def _direct_url(settings: Settings) -> str:
    url = settings.database_direct_url or settings.database_url
    if url is None or settings.database_url is None:
        raise NoLedgerError(
            "WAYBILL_DATABASE_URL",
            expected="the ledger's database",
            found="none",
            remedy="`waybill up` drains the outbox beside the embedded one; alone, this needs to be told of yours.",
        )
    return url.get_secret_value()


def _stop_at_signals(drainer: Drainer) -> None:
    """By way of a pipe: a handler runs amid whatever the main thread does, and may hold the very lock that it needs."""
    read_end, write_end = os.pipe()

    def stop() -> None:
        os.read(read_end, 1)
        drainer.stop()

    threading.Thread(target=stop, name="signals", daemon=True).start()
    for each in SIGNALS:
        signal.signal(each, lambda _signum, _frame: os.write(write_end, b"."))


if __name__ == "__main__":
    sys.exit(main())
