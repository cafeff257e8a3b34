"""News from Postgres by LISTEN: a hint to look now instead of at the next poll. None of it has to arrive."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import psycopg
from psycopg import sql

from resources.ledger.engine import CONNECT_TIMEOUT_S

_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 5.0
_END_LOOKED_AT_S: Final = 0.5

_log = logging.getLogger(__name__)


class Announcements:
    """Calls ``on_news`` for what comes on ``channel``, inside a ``with`` block, on a thread and connection of its own.

    Also once for each new connection, as something may have been announced while there was none. A connection that is
    lost is made again, as soon as Postgres takes one.
    """

    def __init__(self, url: str, channel: str, on_news: Callable[[], None]) -> None:
        """``url``: in libpq's form, past any pooler: a pooled connection hears nothing."""
        self._url, self._channel, self._on_news = url, channel, on_news
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"listen {channel}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(4 * _END_LOOKED_AT_S)

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._ended.is_set():
            try:
                with self._connected() as connection:
                    pause_s = _FIRST_PAUSE_S
                    self._on_news()
                    self._listen(connection)
            except psycopg.Error as error:
                _log.info("no news from Postgres for now, so it is polled: %s", " ".join(str(error).split()))
                self._ended.wait(pause_s)
                pause_s = min(_LONGEST_PAUSE_S, 2 * pause_s)

    def _connected(self) -> "psycopg.Connection[tuple[object, ...]]":
        connection = psycopg.connect(
            self._url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S, application_name="waybill listener"
        )
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
        return connection

    def _listen(self, connection: "psycopg.Connection[tuple[object, ...]]") -> None:
        while not self._ended.is_set():
            for _ in connection.notifies(timeout=_END_LOOKED_AT_S, stop_after=1):
                self._on_news()
