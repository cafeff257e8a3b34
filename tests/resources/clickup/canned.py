"""A server on loopback that answers what it was told to, right or wrong, and reads uploads without keeping them."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

PIECE_BYTES = 65_536


@dataclass(frozen=True)
class Reply:
    """One answer. ``trickles``: a byte now and then, never to the end; ``early``: before the body was read."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    trickles: bool = False
    early: bool = False


@dataclass
class Canned:
    """Answers with the next of ``replies``; the last one stays."""

    url: str
    replies: deque[Reply]
    asked: list[str] = field(default_factory=list)
    received_bytes: int = 0
    ended: Event = field(default_factory=Event)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Loopback"

    def answer(self) -> None:
        canned = self.server.canned
        canned.asked.append(f"{self.command} {self.path}")
        reply = canned.replies.popleft() if len(canned.replies) > 1 else canned.replies[0]
        if not reply.early:
            self._drain(int(self.headers.get("content-length", "0")))
        self.close_connection = reply.early or reply.trickles
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if reply.trickles:
            self._trickle(reply.body)
        else:
            self.wfile.write(reply.body)

    def __getattr__(self, name: str) -> object:
        """``do_GET`` and its like."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def _drain(self, left: int) -> None:
        while left:
            piece = self.rfile.read(min(left, PIECE_BYTES))
            if not piece:
                return
            left -= len(piece)
            self.server.canned.received_bytes += len(piece)

    def _trickle(self, body: bytes) -> None:
        for byte in body:
            if self.server.canned.ended.wait(0.1):
                return
            self.wfile.write(bytes([byte]))

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class Loopback(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *replies: Reply) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.canned = Canned(f"http://127.0.0.1:{self.server_address[1]}/api/v2", deque(replies))

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that left."""


@contextmanager
def answering(*replies: Reply) -> Iterator[Canned]:
    with Loopback(*replies) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.canned
        finally:
            server.canned.ended.set()
            server.shutdown()
            thread.join()
