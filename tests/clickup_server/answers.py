"""Answers as the gate hands them on: whole, so that one can be held back, delayed, or replaced."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field

import orjson
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Scope

from tests.clickup_server.errors import ApiError

Send = Callable[[MutableMapping[str, object]], Awaitable[None]]


class Json(Response):
    """What the API answers."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        return orjson.dumps(content)


@dataclass
class Answer:
    """A response that is complete."""

    status: int
    body: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def send(self, send: Send, more: dict[str, str]) -> None:
        told = [*self.headers, *((name.lower().encode(), value.encode()) for name, value in more.items())]
        await send({"type": "http.response.start", "status": self.status, "headers": told})
        await send({"type": "http.response.body", "body": self.body})


def of_error(error: ApiError) -> Answer:
    body = orjson.dumps({"err": error.err, "ECODE": error.ecode})
    return Answer(error.status, body, _headers(body, b"application/json"))


def of_html(status: int, title: str) -> Answer:
    """What a proxy in front of the API says."""
    body = (
        f"<html>\n<head><title>{title}</title></head>\n<body><center><h1>{title}</h1></center></body></html>".encode()
    )
    return Answer(status, body, _headers(body, b"text/html"))


def _headers(body: bytes, kind: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", kind), (b"content-length", str(len(body)).encode())]


async def carried_out(app: ASGIApp, scope: Scope, body: bytes) -> Answer:
    """What ``app`` answers to a request whose body is known."""
    answer = Answer(500)
    parts: Iterable[Message] = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        return next(iter(parts), {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message["headers"])
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer
