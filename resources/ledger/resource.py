"""The ledger as a Dagster resource: a plain object, so that no URL and no password shows in the UI."""

from functools import cached_property

from sqlalchemy import Engine

from resources.ledger.engine import open_ledger
from resources.ledger.migrate import require_head

LedgerEngine = Engine
"""What the work is done with, for those who speak no SQL themselves."""


class LedgerResource:
    """Hands out one engine for each process, opened at first use."""

    def __init__(self, url: str, *, pool_size: int, behind_pooler: bool = False) -> None:
        """``pool_size``: connections of this process at most (AP-13). ``behind_pooler``: as `open_ledger` has it."""
        self._url = url
        self._pool_size = pool_size
        self._behind_pooler = behind_pooler

    @cached_property
    def engine(self) -> Engine:
        """The pooled engine. Raises LedgerBehindError: the schema is not this code's."""
        engine = open_ledger(self._url, pool_size=self._pool_size, behind_pooler=self._behind_pooler)
        require_head(engine)
        return engine

    def close(self) -> None:
        """Close the connections, if any was opened."""
        if "engine" in self.__dict__:
            self.engine.dispose()
