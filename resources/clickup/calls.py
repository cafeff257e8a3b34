"""How a call of ClickUp's API goes out: within the budget, bounded in time and bytes, repeated only where that is safe.

A read is repeated after whatever may pass. A write is repeated only when surely nothing was sent, or when ClickUp
refused it as one too many (429). All waits of one call and its repeats end by its deadline.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx
import stamina

from resources.clickup.answers import Answer, Call, Model, judge, parsed
from resources.clickup.budget import Budget
from resources.clickup.errors import (
    ClickUpAnswerError,
    ClickUpBusyError,
    ClickUpCredentialsError,
    ClickUpUnreachableError,
)
from resources.clickup.multipart import Upload, UploadSlowError

TIMEOUT_S: Final = 30.0
"""Of each step of an attempt; a connection is waited for at most 5 s."""
DEADLINE_S: Final = 45.0
"""Of a call with all its waits and repeats: no attempt begins later."""
ATTEMPTS: Final = 4
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 10.0
MAX_ANSWER_BYTES: Final = 64_000_000
"""A page of a hundred tasks with long descriptions has some megabytes."""
IDLE_S: Final = 4.0
"""Shorter than servers keep an idle connection: a write into one that was just closed would be unclear."""
_CONNECT_S: Final = 5.0
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_NOTHING_SENT: Final = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError),
    *(httpx.UnsupportedProtocol, httpx.LocalProtocolError),
)

Parameters = Sequence[tuple[str, str]]


def timeout(seconds: float) -> httpx.Timeout:
    """``seconds`` for each step of an attempt, and at most ``_CONNECT_S`` for a connection."""
    connect_s = min(_CONNECT_S, seconds)
    return httpx.Timeout(seconds, connect=connect_s, pool=connect_s)


TIMEOUT: Final = timeout(TIMEOUT_S)
Request = dict[str, Any]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Pace:
    """How long and how often. ``attempts`` in all; ``first_wait_s`` before the second, doubled for each one after."""

    timeout: httpx.Timeout
    deadline_s: float
    attempts: int
    first_wait_s: float

    def within(self, deadline_s: float) -> "Pace":
        """The same with an earlier deadline, which no step of a read outlasts."""
        steps = {key: min(value, deadline_s) for key, value in self.timeout.as_dict().items() if value is not None}
        return replace(self, timeout=httpx.Timeout(**steps), deadline_s=min(self.deadline_s, deadline_s))

    def longest_s(self, upload: Upload | None) -> float:
        """What one attempt can take at most: every step as long as it may, the answer read in up to three."""
        steps = self.timeout.as_dict()
        fixed = sum(steps[name] or 0.0 for name in ("pool", "connect", "write")) + 3 * (steps["read"] or 0.0)
        return fixed if upload is None else fixed + upload.limit_s


@dataclass(frozen=True)
class Calls:
    """Connections to one ClickUp with one token, shared by threads. No ``repr`` shows the token."""

    http: httpx.Client = field(repr=False)
    budget: Budget = field(repr=False)
    secret: str = field(repr=False)
    pace: Pace

    def read(self, model: type[Model], path: str, parameters: Parameters = ()) -> Model:
        """GET, repeated as needed."""
        return self._carried_out(Call("GET", path), _as(model), {"params": list(parameters)})

    def write(self, model: type[Model], method: str, path: str, body: object) -> Model:
        """POST or PUT of JSON."""
        return self._carried_out(Call(method, path), _as(model), {"json": body})

    def delete(self, path: str) -> None:
        """DELETE, whose answer is empty."""
        self._carried_out(Call("DELETE", path), lambda _call, _answer: None, {})

    def upload(self, model: type[Model], path: str, file: Upload) -> Model:
        """POST of a file in a form."""
        return self._carried_out(Call("POST", path), _as(model), {"headers": file.headers}, file)

    def _carried_out(
        self, call: Call, understand: Callable[[Call, Answer], Result], request: Request, file: Upload | None = None
    ) -> Result:
        ends_at_s = time.monotonic() + self.pace.deadline_s
        once = file is not None and not file.repeatable

        def worth_another(error: Exception) -> bool | float:
            if isinstance(error, ClickUpBusyError):  # the budget holds the next attempt back until then
                return False if once or error.wait_s() > ends_at_s - time.monotonic() else 0.0
            return isinstance(error, ClickUpUnreachableError) and not once and time.monotonic() < ends_at_s

        retrying = stamina.retry_context(
            on=worth_another,
            attempts=self.pace.attempts,
            timeout=None,
            wait_initial=self.pace.first_wait_s,
            wait_max=LONGEST_WAIT_S,
            wait_jitter=self.pace.first_wait_s / 2,
        )
        for attempt in retrying:
            with attempt:
                return understand(call, self._answered(call, request, file, ends_at_s))
        raise AssertionError("the last attempt returns or raises")

    def _answered(self, call: Call, request: Request, file: Upload | None, ends_at_s: float) -> Answer:
        patience_s = max(0.0, ends_at_s - time.monotonic())
        with self.budget.call(longest_s=self.pace.longest_s(file), patience_s=patience_s), _translated(call):
            body = None if file is None else file.pieces()
            timeout = self.pace.timeout
            with self.http.stream(call.method, call.path, **request, content=body, timeout=timeout) as response:
                answer = Answer(response.status_code, response.headers, self._body(call, response))
        try:
            judge(call, answer, self.secret)
        except ClickUpBusyError as error:
            self.budget.pause_until(error.retry_at)
            raise
        return answer

    def _body(self, call: Call, response: httpx.Response) -> bytes:
        longest_s = self.pace.timeout.read or DEADLINE_S
        ends_at_s = time.monotonic() + longest_s
        content = bytearray()
        for piece in response.iter_bytes():
            content += piece
            if len(content) > MAX_ANSWER_BYTES:
                raise _too_long(call)
            if time.monotonic() > ends_at_s:
                raise call.failed(f"an answer within {longest_s:g} s", f"{len(content)} bytes of one")
        return bytes(content)


def connect(url: str, token: str, *, budget: Budget, pace: Pace, connections: int) -> Calls:
    """Calls of the API at ``url``, ``/api/v2`` added when it has no path; nothing is sent yet.

    A personal token (``pk_…``) stands alone in the header, one of OAuth behind ``Bearer``.

    Raises:
        ClickUpCredentialsError: the token cannot stand in a header; it is not shown.
    """
    secret = token.removeprefix("Bearer ")
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ClickUpCredentialsError(
            "ClickUp's token",
            expected="printable ASCII without spaces",
            found="an empty one" if not secret else f"{len(token)} characters with others among them",
            remedy="Copy it again from ClickUp's settings into WAYBILL_CLICKUP_TOKEN.",
        )
    base = httpx.URL(url)
    path = base.path.rstrip("/") or "/api/v2"
    client = httpx.Client(
        base_url=base.copy_with(path=f"{path}/"),
        headers={"Authorization": secret if secret.startswith("pk_") else f"Bearer {secret}"},
        timeout=pace.timeout,
        limits=httpx.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=IDLE_S
        ),
        follow_redirects=False,
        trust_env=urlsplit(url).hostname not in _LOOPBACK,  # a proxy of the environment does not reach our loopback
    )
    return Calls(client, budget, secret, pace)


def _as(model: type[Model]) -> Callable[[Call, Answer], Model]:
    return lambda call, answer: parsed(call, answer, model)


@contextmanager
def _translated(call: Call) -> Iterator[None]:
    """Our errors for those of the transport. ``from None``: theirs hold the request, and so the token."""
    try:
        yield
    except _NOTHING_SENT as error:
        raise call.unreachable("a connection", f"{type(error).__name__}: {error}") from None
    except (httpx.RequestError, UploadSlowError) as error:
        raise call.failed("an answer", f"{type(error).__name__}: {error}") from None


def _too_long(call: Call) -> Exception:
    expected, found = f"an answer of at most {MAX_ANSWER_BYTES} bytes", "a longer one"
    if not call.is_read:
        return call.failed(expected, found)
    return ClickUpAnswerError(
        call.where, expected=expected, found=found, remedy="See what answers at that address.", field="the answer"
    )
