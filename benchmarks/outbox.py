"""The outbox against the stand-in: how much of what its parallelism allows it makes of 50 ms of delay a call."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any, Final

import psycopg
from sqlalchemy import Engine, text

from benchmarks.figures import Figure
from benchmarks.options import Options
from orchestration.session import open_session
from orchestration.settings import load_settings
from resources.artefacts.store import ArtefactStore
from resources.clickup.resource import ClickUpResource
from resources.ledger import outbox
from resources.ledger.outbox import Effect
from resources.ledger.resource import LedgerResource
from resources.work.drainer import Drainer, Pace
from resources.work.effects import clickup_handlers
from resources.work.sending import Backoff

ROWS: Final = 1_000
LANES: Final = 250
DELAY_S: Final = 0.05
CALLS_A_MINUTE: Final = 10_000
PARALLELISM: Final = 8
MIN_SHARE: Final = 0.8
_ENDED: Final = text(
    "SELECT count(*) FILTER (WHERE state = 'sent') AS sent, sum(attempts) AS tries FROM waybill.outbox"
)


def drain(url: str, drainer: Drainer, *, patience_s: float) -> float:
    """Seconds from the start of the drainer until every row is sent, seen over a connection of our own."""
    draining = threading.Thread(target=drainer.run, args=(url,))
    with psycopg.connect(url, autocommit=True) as connection:
        began_s = time.perf_counter()
        draining.start()
        while left(connection) and time.perf_counter() < began_s + patience_s:
            draining.join(0.02)
        took_s = time.perf_counter() - began_s
    drainer.stop()
    draining.join()
    return took_s


def left(connection: "psycopg.Connection[tuple[Any, ...]]") -> int:
    """How many rows are not sent."""
    row = connection.execute("SELECT count(*) FROM waybill.outbox WHERE state <> 'sent'").fetchone()
    assert row is not None
    return int(row[0])


def enqueue(engine: Engine, tasks: list[str], rows: int) -> None:
    """Comments on many tasks, several on each, as one publication after the other would leave them."""
    effects = [
        Effect(f"bench:{number}", task := tasks[number % len(tasks)], "comment", {"task_id": task, "text": f"{number}"})
        for number in range(rows)
    ]
    with engine.begin() as connection:
        outbox.enqueue(connection, effects)


def drainer_of(ledger: LedgerResource, host: Any, options: Options) -> Drainer:
    """As `orchestration.hosting.outbox` builds it; the client and its budget are made before the clock runs."""
    clickup = ClickUpResource(url=host.url, token=host.token, ledger=ledger, calls_a_minute=CALLS_A_MINUTE)
    clickup.client.user()
    handlers = clickup_handlers(clickup, ArtefactStore(options.folder / "artefacts"), timedelta(seconds=120))
    return Drainer(ledger.engine, handlers, Backoff(20), pace=Pace(parallelism=PARALLELISM))


def run(options: Options) -> Iterator[Figure]:
    """Effects a second, and the share of ``parallelism / delay`` that this is."""
    rows = options.size(ROWS, 50)
    stand_in = import_module("tests.clickup_server.host")
    with (
        open_session(load_settings(home=options.folder / "home")) as session,
        stand_in.clickup_host(options.folder / "clickup", per_minute=CALLS_A_MINUTE) as host,
    ):
        engine, url = session.ledger.engine, session.backends.database_direct_url
        enqueue(engine, host.create_many(LANES), rows)
        host.delay(round(1000 * DELAY_S))
        took_s = drain(url, drainer_of(session.ledger, host, options), patience_s=300)
        with engine.begin() as connection:
            ended = connection.execute(_ENDED).one()
    ideal_s = rows * DELAY_S / PARALLELISM
    yield Figure("effects sent", ended.sent, "rows", at_least=rows)
    yield Figure("attempts", ended.tries, "attempts", at_most=rows)
    yield Figure("effects a second", rows / took_s, "1/s")
    yield Figure("share of what the parallelism allows", ideal_s / took_s, "", at_least=MIN_SHARE)
