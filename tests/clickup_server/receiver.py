"""An endpoint for webhooks: keeps what comes, and answers as a test wants."""

import contextlib
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Received:
    """One POST, as its bytes."""

    body: bytes
    signature: str | None

    @property
    def told(self) -> dict:
        return json.loads(self.body)


@dataclass
class Receiver:
    """``statuses`` are answered one after the other, then 200. While ``silence`` is set, no answer is given."""

    url: str
    got: list[Received] = field(default_factory=list)
    statuses: deque[int] = field(default_factory=deque)
    silence: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def events(self) -> list[str]:
        return [one.told["event"] for one in self.got]


class _Loopback(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.receiver = Receiver(f"http://127.0.0.1:{self.server_address[1]}/hook")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Loopback

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["content-length"]))
        receiver.got.append(Received(body, self.headers["x-signature"]))
        if receiver.silence.is_set():
            receiver.ended.wait(30)
            self.close_connection = True
            return
        self.send_response_only(receiver.statuses.popleft() if receiver.statuses else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the sender gave up
            super().handle()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def webhook_receiver() -> Iterator[Receiver]:
    """An endpoint on loopback, ended on leaving."""
    server = _Loopback()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.receiver
    finally:
        server.receiver.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
