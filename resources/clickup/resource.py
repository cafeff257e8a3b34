"""ClickUp as a Dagster resource: a plain object, so that no token shows in the UI."""

from functools import cached_property
from typing import Final

from resources.clickup import calls
from resources.clickup.client import CONNECTIONS, ClickUpClient
from resources.clickup.errors import ClickUpCredentialsError
from resources.ledger.call_budget import CallBudget
from resources.ledger.resource import LedgerResource

WINDOW_S: Final = 60.0


class ClickUpResource:
    """Hands out one client for each process, made at first use."""

    def __init__(
        self,
        *,
        url: str,
        token: str | None,
        ledger: LedgerResource,
        calls_a_minute: int,
        window_s: float = WINDOW_S,
        connections: int = CONNECTIONS,
        timeout_s: float = calls.TIMEOUT_S,
    ) -> None:
        """Nothing is opened yet.

        Args:
            url: of the API, see ClickUpClient.
            token: None: every use is refused with what to set.
            ledger: keeps the budget.
            calls_a_minute: of all processes of the token together, in any ``window_s``.
            window_s: 60 at ClickUp; tests make it shorter.
            timeout_s: of each step of a call.
            connections: open ones at most; no fewer than threads that call at once.
        """
        self._url, self._token, self._ledger = url, token, ledger
        self._calls_a_minute, self._window_s, self._connections = calls_a_minute, window_s, connections
        self._timeout_s = timeout_s

    @cached_property
    def client(self) -> ClickUpClient:
        """The client. Raises ClickUpCredentialsError: no token is set."""
        if not self._token:
            raise ClickUpCredentialsError(
                "WAYBILL_CLICKUP_TOKEN",
                expected="a token of ClickUp",
                found="none",
                remedy="Make one in ClickUp under Settings, Apps, API token, and set it.",
            )
        budget = CallBudget(
            self._ledger.engine, self._token, calls_a_window=self._calls_a_minute, window_s=self._window_s
        )
        timeout = calls.timeout(self._timeout_s)
        return ClickUpClient(self._url, self._token, budget=budget, timeout=timeout, connections=self._connections)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r}, token {'set' if self._token else 'not set'})"

    def close(self) -> None:
        """End the connections, if any was opened."""
        if "client" in self.__dict__:
            self.client.close()
