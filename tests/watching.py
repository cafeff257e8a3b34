"""ClickUp's stand-in, watched: one process for a session, in order again after each test; its tasks stay."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import Engine

from resources.clickup.client import ClickUpClient
from resources.work.polling import Desk, Polled, poll
from resources.work.sweeping import Swept, sweep
from tests.clickup_server.host import ClickUpHost, clickup_host
from tests.resources.ledger.tasks_making import acme, configured

SETTLE_S: Final = 0.4
CLIENT: Final = "acme-outdoor"
ELIGIBLE: Final[dict[str, object]] = {"Task type": "knowledge_note", "Client": CLIENT, "Auto execute": True}
DUE_MS: Final = 1_890_000_000_000
LONG_S: Final = 60.0


class Unlimited:
    """A budget that lets every call through."""

    def call(self, **_: float) -> AbstractContextManager[None]:
        return nullcontext()

    def pause_until(self, instant: datetime) -> None:
        """Nobody waits."""


@dataclass
class Watched:
    """A stand-in, an empty ledger and a desk between them. ``counted``: requests that were looked at."""

    host: ClickUpHost
    desk: Desk
    counted: int = field(default=0)

    @property
    def ledger(self) -> Engine:
        return self.desk.engine

    def poll(self, within_s: float = LONG_S) -> Polled:
        return poll(self.desk, within_s=within_s)

    def caught_up(self) -> None:
        """Everything is known, and was before the time that reads may lag."""
        while not self.poll().finished:
            pass

    def sweep(self, within_s: float = LONG_S) -> Swept:
        return sweep(self.desk, within_s=within_s)

    def create(self, name: str = "What is open?", **more: Any) -> str:
        """An eligible task; ``fields`` in place of some."""
        fields = ELIGIBLE | more.pop("fields", {})
        return self.host.create_task(name, fields=fields, due_at_ms=more.pop("due_at_ms", DUE_MS), **more)

    def calls(self) -> list[tuple[str, str]]:
        """Method and path of each call since the last question."""
        made = self.host.requests(self.counted)
        self.counted += len(made)
        return [(str(one["method"]), str(one["path"])) for one in made]


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickUpHost]:
    with clickup_host(tmp_path_factory.mktemp("clickup"), per_minute=1_000_000, window_s=1.0) as host:
        yield host


@pytest.fixture
def watched(stand_in: ClickUpHost, cleared: Engine) -> Iterator[Watched]:
    """Tasks of other tests are there too, deleted."""
    before = len(stand_in.task_ids())
    with watching(stand_in, cleared) as watched:
        yield watched
    stand_in.heal()
    stand_in.quirks(read_lag_ms=0, delay_ms=0)
    with stand_in.api() as api:
        for task in stand_in.task_ids()[before:]:
            assert api.delete(f"task/{task}").is_success


@contextmanager
def watching(host: ClickUpHost, ledger: Engine, **clickup: Any) -> Iterator[Watched]:
    """A desk at ``host`` with short times; ``clickup`` are keys of the table in waybill.toml."""
    acme(ledger, CLIENT)
    types = {"knowledge_note": {"window_days": 20_000}}
    configuration = configured(
        team=host.team, space=host.space, types=types, clickup={"settle_s": SETTLE_S, **clickup}
    )  # fmt: skip
    client = ClickUpClient(
        host.url, host.token, budget=Unlimited(), timeout=httpx.Timeout(5), attempts=2, first_wait_s=0.01
    )  # fmt: skip
    try:
        yield Watched(host, Desk(ledger, client, configuration))
    finally:
        client.close()
