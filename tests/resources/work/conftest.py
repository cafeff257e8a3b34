"""A stand-in and a desk for each test of the drainer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.clickup_server.host import clickup_host
from tests.resources.work.draining import Desk, desk_at


@pytest.fixture
def desk(ledger: Engine, ledger_url: str, tmp_path: Path) -> Iterator[Desk]:
    with (
        clickup_host(tmp_path, per_minute=100_000, window_s=1.0) as host,
        desk_at(ledger, ledger_url, host, tmp_path) as desk,
    ):
        yield desk
