"""``python -m orchestration.hosting.outbox``: drain the outbox until SIGTERM, SIGINT or SIGHUP.

`waybill up` runs one. More of them, on one machine or many, share the work: no effect is doubled by that.
"""

import logging
import signal
import sys
import threading
from contextlib import suppress
from datetime import timedelta
from typing import Final

from orchestration.settings import Settings, load_settings
from orchestration.wiring import Resources
from resources.clickup.errors import ClickUpCredentialsError
from resources.domain.errors import PermanentError, WaybillError
from resources.ledger.failures import database_failure
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
    # Blocked before any thread begins, so that one thread alone is given them, outside of any lock.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        settings = load_settings()
        resources = Resources.of(settings)
        direct_url = _direct_url(settings)
        drainer = build(settings, resources)
    except Exception as error:
        failure = error if isinstance(error, WaybillError) else database_failure(error)
        if failure is None:
            raise
        print(failure, file=sys.stderr, flush=True)
        return 1
    threading.Thread(target=_stopped_by_signal, args=(drainer,), name="signals", daemon=True).start()
    drainer.run(direct_url)
    resources.close()
    return 0


def build(settings: Settings, resources: Resources) -> Drainer:
    """The drainer that settings and waybill.toml ask for. Raises LedgerBehindError: the schema is not this code's."""
    configuration = resources.configuration
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    channels = alert_handlers(configuration.alerts, password)
    clickup = _clickup_handlers(settings, resources)
    pace = Pace(
        parallelism=settings.outbox_parallelism, grace=timedelta(seconds=settings.stop_grace_s * _SHARE_OF_GRACE)
    )
    _log.info("draining, %d at once: %s", pace.parallelism, ", ".join([*clickup, *channels]) or "nothing")
    return Drainer(
        resources.ledger.engine,
        clickup | channels,
        Backoff(settings.outbox_attempts),
        hooks=hooks(configuration),
        channels=list(channels),
        pace=pace,
    )


def _clickup_handlers(settings: Settings, resources: Resources) -> dict[str, Handler]:
    clickup = resources.configuration.clickup
    if clickup is None or settings.clickup_token is None:
        missing = "[clickup] in waybill.toml" if clickup is None else "WAYBILL_CLICKUP_TOKEN"
        _log.warning("without %s nothing is sent to ClickUp: its effects wait in the outbox", missing)
        return {}
    with suppress(ClickUpCredentialsError):  # told, and waited for, with the first effect
        _ = resources.clickup.client  # one, made before there are threads
    return clickup_handlers(resources.clickup, resources.artefacts, timedelta(seconds=clickup.settle_s))


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


def _stopped_by_signal(drainer: Drainer) -> None:
    signal.sigwait(SIGNALS)
    drainer.stop()


if __name__ == "__main__":
    sys.exit(main())
