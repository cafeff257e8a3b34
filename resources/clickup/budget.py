"""The budget of calls that every process of a token shares: what the client asks of it. The ledger keeps it."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol


class Budget(Protocol):
    """Lets no more calls through in any window than the token may make, whoever makes them."""

    def call(self, *, longest_s: float, patience_s: float) -> AbstractContextManager[None]:
        """Hold the right to one HTTP call, from before its first byte until after its last.

        Args:
            longest_s: the call certainly ends within so many seconds.
            patience_s: how long to wait for the right.

        Raises:
            ClickUpBusyError: on entering: nothing is free within ``patience_s``; nothing was sent.
        """
        ...

    def pause_until(self, instant: datetime) -> None:
        """Let nobody through before ``instant`` (aware): ClickUp said that the limit is reached."""
        ...
