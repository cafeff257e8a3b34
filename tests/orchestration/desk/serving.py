"""The desk's app under a real server on loopback, and signed deliveries to it."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
import uvicorn
from pydantic import SecretStr
from sqlalchemy import Engine

from orchestration.desk.webhooks import application
from resources.domain.configuration import Configuration
from resources.ledger import webhooks
from resources.ledger.migrate import require_head
from resources.vault import Vault
from resources.webhooks.routes import Routes
from resources.work.reception import Reception, RouteSecrets
from tests.resources.webhooks.clickup_samples import signature

SECRET: Final = "clickup's secret"
FORMS_SECRET: Final = "the forms' secret"
FORMS_SETTING: Final = "WAYBILL_WEBHOOK_SECRET_FORMS"
CONFIGURATION: Final = Configuration.model_validate(
    {
        "clickup": {"team": "1", "spaces": ["2"]},
        "webhooks": {
            "forms": {
                "path": "forms/typed",
                "signature_header": "X-Forms",
                "secret_setting": FORMS_SETTING,
                "key": "id",
                "task": {"name": "$.title", "type": "knowledge_note", "client": "acme"},
            }
        },
    }
)


@dataclass(frozen=True)
class Desk:
    """A running desk and a client of it."""

    client: httpx.Client
    port: int

    def deliver(
        self, body: object, *, route: str = "clickup", secret: str = SECRET, header: str = "X-Signature"
    ) -> httpx.Response:
        """Sign and send; ``body`` as it is if it is bytes, else as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(f"/webhooks/{route}", content=raw, headers={header: signature(raw, secret)})


def register(ledger: Engine, vault: Vault, secret: str = SECRET) -> None:
    """ClickUp's webhook, as `waybill clickup webhook ensure` leaves it."""
    with ledger.begin() as connection:
        webhooks.put(
            connection,
            route="clickup",
            remote_id="w",
            endpoint="https://example.org/webhooks/clickup",
            secret=vault.seal(secret),
            health="active",
        )


@contextmanager
def desk(
    ledger: Engine, vault: Vault, *, threads: int = 5, configuration: Configuration = CONFIGURATION
) -> Iterator[Desk]:
    """Serve until the block ends."""
    secrets = RouteSecrets({FORMS_SETTING: SecretStr(FORMS_SECRET)}, vault)
    up = threading.Event()
    app = application(
        Reception(ledger, Routes.of(configuration), secrets),
        ready=lambda: require_head(ledger),
        threads=threads,
        started=up.set,
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert up.wait(30)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
                yield Desk(client, port)
        finally:
            server.should_exit = True
            thread.join()


def count(ledger: Engine, what: str) -> int:
    """How many rows a table of the ledger has."""
    rows: Any
    with ledger.begin() as connection:
        rows = connection.exec_driver_sql(f"SELECT count(*) FROM waybill.{what}").scalar_one()
    return int(rows)
