"""``python -m orchestration.desk``: take deliveries of webhooks until SIGTERM or SIGINT."""

import argparse
import errno
import logging
import signal
import socket
import sys
from typing import Final, NoReturn

import uvicorn

from orchestration.configuration import load_configuration
from orchestration.desk.webhooks import LOG, application
from orchestration.hosting.home import Home
from orchestration.hosting.parts import PortTakenError, refuse_taken_port
from orchestration.settings import Settings, load_settings, webhook_secret
from resources.domain.errors import PermanentError, WaybillError
from resources.ledger.failures import database_failure
from resources.ledger.migrate import require_head
from resources.ledger.resource import LedgerResource
from resources.vault import Vault
from resources.webhooks.routes import Routes
from resources.work.reception import Reception, RouteSecrets

PORT: Final = "WAYBILL_WEBHOOK_PORT"
_AT_ONCE: Final = 200
"""More deliveries at once are answered 503: their senders try again."""
_GRACE_S: Final = 5


class NoLedgerError(PermanentError):
    """It was started without a database."""


def main(arguments: list[str] | None = None) -> int:
    """Serve; 0 after a signal, 1 when the start was impossible, with the reason on standard error.

    When it listens, it prints one line ``listening on http://HOST:PORT``.
    """
    parser = argparse.ArgumentParser(prog="desk", description=__doc__)
    parser.add_argument("--port", type=int, help=f"instead of {PORT}; 0 takes a free one")
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    LOG.setLevel(logging.INFO)
    for signum in (signal.SIGTERM, signal.SIGINT):
        # uvicorn stops in its own time, puts this handler back and raises the signal again: then leave with 0.
        signal.signal(signum, _leave)
    try:
        settings = load_settings()
        port = settings.webhook_port if asked.port is None else asked.port
        ledger = LedgerResource(
            _database(settings), pool_size=settings.database_pool_size, behind_pooler=settings.behind_pooler
        )
        reception = _reception(settings, ledger)
        listener = _listen(settings.webhook_host, port)
    except Exception as error:
        failure = error if isinstance(error, WaybillError) else database_failure(error)
        if failure is None:
            raise
        print(failure, file=sys.stderr, flush=True)
        return 1
    _server(settings, ledger, reception, listener).run(sockets=[listener])
    return 0


def _database(settings: Settings) -> str:
    if settings.own_database_url is None:
        raise NoLedgerError(
            "WAYBILL_DATABASE_URL",
            expected="the ledger's database",
            found="none",
            remedy="`waybill up` starts this listener beside the embedded one; alone, it needs to be told of yours.",
        )
    return settings.own_database_url


def _reception(settings: Settings, ledger: LedgerResource) -> Reception:
    """All that deliveries need, checked now: a broken adapter, a missing secret or an old schema stops the start."""
    routes = Routes.of(load_configuration(settings))
    needed = {each.secret_setting for each in routes.adapters.values() if each.secret_setting is not None}
    key = settings.secret_key.get_secret_value() if settings.secret_key else None
    vault = Vault.of(Home.at(settings.home).make().run, key)
    secrets = RouteSecrets({setting: webhook_secret(setting) for setting in needed}, vault)
    return Reception(ledger.engine, routes, secrets)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0]
    try:
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            refuse_taken_port(host, port, PORT)
        raise PortTakenError(
            f"{PORT}, WAYBILL_WEBHOOK_HOST",
            expected="an address of this machine and a port that this user may listen on",
            found=f"{host}, port {port}: {error.strerror or error}",
            remedy="Set them to others.",
        ) from error


def _server(
    settings: Settings, ledger: LedgerResource, reception: Reception, listener: socket.socket
) -> uvicorn.Server:
    host, port = settings.webhook_host, listener.getsockname()[1]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    app = application(
        reception,
        ready=lambda: require_head(ledger.engine),
        threads=settings.database_pool_size,
        started=lambda: print(f"listening on {url}", flush=True),
    )
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="on",
            ws="none",
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_AT_ONCE,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )


def _leave(*_: object) -> NoReturn:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
