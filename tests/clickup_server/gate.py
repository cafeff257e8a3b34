"""Before every call of the API: the log, the token, the rate limit, and the faults that are switched on."""

import asyncio
import contextlib
from dataclasses import dataclass, field

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.clickup_server import answers
from tests.clickup_server.answers import Answer
from tests.clickup_server.connections import reset
from tests.clickup_server.errors import ApiError, bad_token, no_header, rate_limited, revoked_token
from tests.clickup_server.faults import Faults, Rule
from tests.clickup_server.limits import Limits
from tests.clickup_server.world import World

API = "/api/v2"
LOGGED_BYTES = 20_000


@dataclass
class Tokens:
    """Personal tokens stand alone in the header, those of OAuth behind ``Bearer``."""

    personal: str
    oauth: str
    revoked: set[str] = field(default_factory=set)

    def check(self, header: str | None) -> str:
        """The token of a header that is right."""
        if not header:
            raise no_header()
        token = header.removeprefix("Bearer ")
        if header not in (self.personal, f"Bearer {self.oauth}"):
            raise bad_token()
        if token in self.revoked:
            raise revoked_token()
        return token


class Gate:
    """Wraps the application. What is not the API passes through unseen: control, page, downloads."""

    def __init__(self, app: ASGIApp, world: World, tokens: Tokens, limits: Limits, faults: Faults) -> None:
        self._app, self._world, self._tokens, self._limits, self._faults = app, world, tokens, limits, faults
        self.log: list[dict[str, object]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:  # in the middle of an upload: nothing came
            self._logged(request, b"")
            return
        entry = self._logged(request, body)
        headers: dict[str, str] = {}
        try:
            token = self._tokens.check(request.headers.get("authorization"))
            allowed, headers = self._limits.take(token)
            if not allowed:
                raise rate_limited()
        except ApiError as error:
            answer: Answer | None = answers.of_error(error)
        else:
            await asyncio.sleep(self._world.quirks.delay_ms / 1000)
            answer, headers = await self._answer(request, receive, body, entry, headers)
        if answer is not None:
            entry["status"] = answer.status
            await answer.send(send, headers)

    def _logged(self, request: Request, body: bytes) -> dict[str, object]:
        """The entry of a request, made when it comes; its status is set when it is answered."""
        entry: dict[str, object] = {
            "number": len(self.log),
            "at_ms": self._world.now_ms(),
            "method": request.method,
            "path": request.url.path,
            "query": str(request.url.query),
            "body": None,
            "status": None,
            "fault": None,
        }
        if len(body) <= LOGGED_BYTES:
            with contextlib.suppress(orjson.JSONDecodeError):  # a file, or nothing
                entry["body"] = orjson.loads(body)
        self.log.append(entry)
        return entry

    async def _answer(
        self, request: Request, receive: Receive, body: bytes, entry: dict[str, object], headers: dict[str, str]
    ) -> tuple[Answer | None, dict[str, str]]:
        """The answer, or None when the connection was dropped instead."""
        rule = self._faults.pick(request.method, request.url.path)
        if rule is None:
            return await answers.carried_out(self._app, request.scope, body), headers
        entry["fault"] = rule.kind
        done = None
        if rule.acts_first or rule.kind == "slow":
            done = await answers.carried_out(self._app, request.scope, body)
            entry["done"] = done.status
        return await self._failed(rule, request, receive, done, headers)

    async def _failed(
        self, rule: Rule, request: Request, receive: Receive, done: Answer | None, headers: dict[str, str]
    ) -> tuple[Answer | None, dict[str, str]]:
        if rule.kind == "429":
            return answers.of_error(rate_limited()), self._limits.spent()
        if rule.kind == "500":
            return answers.of_error(ApiError(500, "Internal server error", "ITEM_500")), headers
        if rule.kind == "502_html":
            return answers.of_html(502, "502 Bad Gateway"), {}
        if rule.kind.startswith("reset"):
            reset(request.scope["client"])
            await _client_left(receive, rule.hold_s)  # or uvicorn would miss an answer
            return None, {}
        left = await _client_left(receive, rule.hold_s)
        if rule.kind == "slow":
            return (None if left else done), headers
        return (None if left else answers.of_html(504, "504 Gateway Time-out")), {}


async def _client_left(receive: Receive, within_s: float) -> bool:
    """Whether the client closed the connection before the time was over."""
    try:
        async with asyncio.timeout(within_s):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True
