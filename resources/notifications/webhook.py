"""Messages to a generic webhook: one POST of JSON.

The header ``Idempotency-Key`` is the message's key. After an unclear answer the message is sent again, as nobody can
look whether it came: at least once, and a receiver that heeds the header has it once.
"""

from typing import Final
from urllib.parse import urlsplit

import httpx

from resources.notifications.message import (
    Message,
    NotificationBusyError,
    NotificationRefusedError,
    NotificationUnclearError,
    NotificationUnreachableError,
)
from resources.retry_after import asked_to_wait_s

TIMEOUT: Final = httpx.Timeout(10, connect=5, pool=5)
"""Of each step."""
LONGEST_PAUSE_S: Final = 900.0
_NOTHING_SENT: Final = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError),
    *(httpx.UnsupportedProtocol, httpx.LocalProtocolError),
)
_TRY_AGAIN: Final = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_EARLY})
_REMEDY: Final = "See that what stands in alerts.webhook runs and takes JSON."


class WebhookSender:
    """One for each process, shared by its threads; close it at the end. The address may hold a secret: never shown."""

    def __init__(self, url: str, *, timeout: httpx.Timeout = TIMEOUT) -> None:
        """``url``: http(s). Nothing is sent yet; redirects are not followed."""
        self._url = url
        self._where = f"webhook at {urlsplit(url).hostname}"
        self._http = httpx.Client(timeout=timeout, follow_redirects=False)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._where})"

    def send(self, message: Message) -> int:
        """Post ``message`` as ``{"kind", "subject", "body", "at", "task"}`` and return the status, a 2xx.

        Raises:
            NotificationUnreachableError, NotificationBusyError: it was not accepted.
            NotificationUnclearError: it may have been.
            NotificationRefusedError: it will not be.
        """
        content = {
            "kind": message.kind,
            "subject": message.subject,
            "body": message.body,
            "at": message.at.isoformat(),
            "task": message.task,
        }
        try:
            # Streamed: what is answered beside the status is not read, however much it is.
            with self._http.stream(
                "POST", self._url, json=content, headers={"Idempotency-Key": message.key}
            ) as response:
                self._judge(response)
                return response.status_code
        except _NOTHING_SENT as error:
            raise NotificationUnreachableError(
                self._where, expected="a connection", found=type(error).__name__, remedy=_REMEDY
            ) from None
        except httpx.RequestError as error:
            raise NotificationUnclearError(
                self._where, expected="an answer", found=type(error).__name__, remedy=_REMEDY
            ) from None

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def _judge(self, response: httpx.Response) -> None:
        said = {"expected": "a 2xx", "found": f"HTTP {response.status_code}", "remedy": _REMEDY}
        if response.is_success:
            return
        pause_s = asked_to_wait_s(response.headers)
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS or (response.is_server_error and pause_s is not None):
            pause_s = LONGEST_PAUSE_S if pause_s is None else min(pause_s, LONGEST_PAUSE_S)
            raise NotificationBusyError(self._where, pause_s=pause_s, **said)
        if response.is_server_error:
            raise NotificationUnclearError(self._where, **said)
        if response.status_code in _TRY_AGAIN:
            raise NotificationUnreachableError(self._where, **said)
        raise NotificationRefusedError(self._where, **said)
