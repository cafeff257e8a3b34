"""A desk on a ledger of its own, with ClickUp's webhook registered."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from resources.vault import Vault
from tests.orchestration.desk.serving import Desk, desk, register


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.of(tmp_path, None)


@pytest.fixture
def served(ledger: Engine, vault: Vault) -> Iterator[Desk]:
    register(ledger, vault)
    with desk(ledger, vault) as running:
        yield running
