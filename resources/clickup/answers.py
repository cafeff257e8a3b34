"""What an answer of ClickUp's means: good content, or the error that says what the caller may do next."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

import httpx
import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from resources.clickup.errors import (
    ClickUpAnswerError,
    ClickUpBusyError,
    ClickUpCredentialsError,
    ClickUpError,
    ClickUpGoneError,
    ClickUpRefusedError,
    ClickUpUnclearError,
    ClickUpUnreachableError,
)
from resources.retry_after import asked_to_wait_s

DEAD_TOKEN: Final = frozenset({"OAUTH_017", "OAUTH_019", "OAUTH_021", "OAUTH_025", "OAUTH_077"})
"""Not among them: 401 ``OAUTH_027``, which is a place that the token cannot reach, or one that does not exist."""
WINDOW_S: Final = 60.0
LONGEST_PAUSE_S: Final = 600.0
"""A limit that is told to last longer is not believed."""
_SHOWN_CHARS: Final = 200
_READ_CHARS: Final = 4_000
_MARKUP: Final = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_LOOKED_AT: Final = "Look at what ClickUp's API says now; a newer Waybill may know it."
_LOOK_FIRST: Final = "Look in ClickUp whether it happened before asking again."

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API, as errors name it. Reads may be repeated, writes not."""

    method: str
    path: str

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET"

    @property
    def where(self) -> str:
        """``ClickUp GET /task/9hx``."""
        return f"ClickUp {self.method} {self.path}"

    def failed(self, expected: str, found: str) -> ClickUpError:
        """No good answer came, but bytes left: unreachable for a read, unclear for a write."""
        if self.is_read:
            return self.unreachable(expected, found)
        return ClickUpUnclearError(self.where, expected=expected, found=found, remedy=_LOOK_FIRST)

    def unreachable(self, expected: str, found: str) -> ClickUpUnreachableError:
        """Nothing was sent, or nothing can have happened."""
        return ClickUpUnreachableError(self.where, expected=expected, found=found, remedy="Look at ClickUp's status.")


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and the whole body of an answer."""

    status: int
    headers: httpx.Headers
    content: bytes


def judge(call: Call, answer: Answer, secret: str) -> None:
    """Return for a 2xx; else raise what it means. ``secret`` is blotted out of ClickUp's words.

    Raises:
        ClickUpBusyError: 429.
        ClickUpCredentialsError: 401 with one of the codes of a dead token.
        ClickUpUnreachableError, ClickUpUnclearError: 5xx or 408 to a read, to a write.
        ClickUpGoneError: 404 in ClickUp's own form.
        ClickUpRefusedError: anything else.
    """
    if 200 <= answer.status < 300:  # noqa: PLR2004  HTTP's own numbers
        return
    said, ecode = _words(answer)
    said = said.replace(secret, "***")
    found = f"HTTP {answer.status}{f' {ecode}' if ecode else ''}: {said or 'no words'}"
    if answer.status == httpx.codes.TOO_MANY_REQUESTS:
        raise ClickUpBusyError(
            call.where,
            expected="a call within the limit of the token",
            found=found,
            remedy="Lower clickup.calls_a_minute when other programs use the same token.",
            retry_at=datetime.now(UTC) + _pause(answer.headers),
        )
    if answer.status >= 500 or answer.status == httpx.codes.REQUEST_TIMEOUT:  # noqa: PLR2004  HTTP's own numbers
        raise call.failed("an answer", found)
    if answer.status == httpx.codes.UNAUTHORIZED and ecode in DEAD_TOKEN:
        remedy = "Make a new token in ClickUp's settings and put it into WAYBILL_CLICKUP_TOKEN."
        raise ClickUpCredentialsError(call.where, expected="a token that ClickUp takes", found=found, remedy=remedy)
    remedy = "See that it exists and that the token may do this; `waybill doctor` compares names with the workspace."
    gone = answer.status == httpx.codes.NOT_FOUND and answer.content.lstrip().startswith(b"{")
    raise (ClickUpGoneError if gone else ClickUpRefusedError)(
        call.where, expected="consent", found=found, remedy=remedy, status=answer.status, ecode=ecode, said=said
    )


def parsed(call: Call, answer: Answer, model: type[Model]) -> Model:
    """The content as ``model``.

    Raises:
        ClickUpAnswerError: a read, and a field is not what the API promises.
        ClickUpUnreachableError: a read, and it is no JSON at all, as from a proxy's page.
        ClickUpUnclearError: a write, whichever of both.
    """
    try:
        return model.model_validate_json(answer.content)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
    if fault["type"] == "json_invalid":
        raise call.failed("JSON", f"HTTP {answer.status}: {_words(answer)[0] or 'nothing'}")
    field = ".".join(str(part) for part in fault["loc"]) or "the answer"
    expected, found = f"{field}: {fault['msg'].removeprefix('Value error, ')}", _found(fault, field)
    if not call.is_read:
        raise call.failed(expected, found)
    raise ClickUpAnswerError(call.where, expected=expected, found=found, remedy=_LOOKED_AT, field=field)


def _found(fault: ErrorDetails, field: str) -> str:
    if fault["type"] == "missing":
        return "nothing"
    kind = type(fault["input"]).__name__
    return kind if "secret" in field else f"{kind} {repr(fault['input'])[:_SHOWN_CHARS]}"


def _words(answer: Answer) -> tuple[str, str | None]:
    """ClickUp's words and code; of a page of HTML its text, cut short."""
    try:
        body: Any = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        text = answer.content[:_READ_CHARS].decode("utf-8", "replace")
        return _line(_MARKUP.sub(" ", text)), None
    if not isinstance(body, dict):
        return _line(str(body)), None
    ecode = body.get("ECODE")
    return _line(str(body.get("err", body.get("error", "")))), None if ecode is None else str(ecode)


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[:_SHOWN_CHARS]}…"


def _pause(headers: httpx.Headers) -> timedelta:
    """Until the limit is over: Retry-After, else X-RateLimit-Reset by the server's own clock, else a whole window."""
    asked_s = asked_to_wait_s(headers)
    if asked_s is None:
        try:
            asked_s = float(headers["x-ratelimit-reset"]) - _server_s(headers)
        except (KeyError, ValueError):
            asked_s = WINDOW_S
    return timedelta(seconds=min(max(asked_s, 0.0), LONGEST_PAUSE_S))


def _server_s(headers: httpx.Headers) -> float:
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return datetime.now(UTC).timestamp()
