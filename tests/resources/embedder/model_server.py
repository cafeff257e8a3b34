"""A server of OpenAI's embeddings interface on loopback, with the faults that real ones have. Real HTTP."""

import contextlib
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DIMENSIONS = 3
POISON = "poison"


@dataclass(frozen=True)
class Reply:
    """What the server answers once instead of embedding."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    delay: threading.Event | None = None
    trickles: bool = False


@dataclass
class ModelServer:
    """Answers each request with the next of ``replies``, or with vectors when none is left."""

    url: str
    replies: deque[Reply] = field(default_factory=deque)
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def reply(self, body: dict[str, Any]) -> Reply:
        if self.replies:
            return self.replies.popleft()
        texts: list[str] = body["input"]
        if any(POISON in text for text in texts):
            return Reply(400, b'{"error": {"message": "input is poison"}}')
        rows = [{"index": n, "object": "embedding", "embedding": vector(text)} for n, text in enumerate(texts)]
        return Reply(body=json.dumps({"data": rows[::-1], "model": body["model"]}).encode())  # order is by index


def vector(text: str) -> list[float]:
    return [float(len(text)), 1.0, 0.0]


def answer(*embeddings: list[float], first_index: int = 0) -> Reply:
    rows = [{"index": first_index + n, "embedding": embedding} for n, embedding in enumerate(embeddings)]
    return Reply(body=json.dumps({"data": rows}).encode())


class Loopback(ThreadingHTTPServer):
    """Listens on a free port."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.served = ModelServer(f"http://127.0.0.1:{self.server_address[1]}")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Loopback

    def do_POST(self) -> None:
        served = self.server.served
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        served.requests.append(body)
        served.keys.append(self.headers["authorization"])
        served.paths.append(self.path)
        reply = served.reply(body)
        if reply.delay is not None:
            reply.delay.wait(30)
            self.close_connection = True
            return
        self.send_response_only(reply.status)  # without a Date of its own
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        self.send_body(reply)

    def send_body(self, reply: Reply) -> None:
        pause = threading.Event()  # that nobody sets
        for byte in reply.body if reply.trickles else b"":
            self.wfile.write(bytes([byte]))
            pause.wait(0.02)
        if not reply.trickles:
            self.wfile.write(reply.body)

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the client gave up
            super().handle()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def model_server() -> Iterator[ModelServer]:
    server = Loopback()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
