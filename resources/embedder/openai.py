"""Any server with OpenAI's ``/v1/embeddings``: one client, explicit time-outs, retries where a repeat is safe."""

import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final, TypeVar

import httpx
import numpy as np
import stamina
from pydantic import BaseModel, ValidationError

from resources.embedder.embedder import (
    EmbedderMisconfiguredError,
    EmbedderUnavailableError,
    TextRefusedError,
    Vectors,
    encodable,
    unit_rows,
)
from resources.retry_after import asked_to_wait_s

TEXTS_A_CALL: Final = 128
CHARS_A_CALL: Final = 200_000
"""Some servers limit a call to 300,000 tokens; no script has more tokens than characters by much."""
ATTEMPTS: Final = 5
LONGEST_WAIT_S: Final = 60.0
"""A server that asks for more is away, which is for the caller to wait out."""
TIMEOUT: Final = httpx.Timeout(60, connect=5)
"""Of each step of an attempt: connect, write, and every single read."""
DEADLINE_S: Final = 120.0
"""Of a whole attempt, against a server that trickles."""
MAX_ANSWER_BYTES: Final = 64_000_000
"""Five times what ``TEXTS_A_CALL`` vectors of 4,096 dimensions need."""
_REFUSES_TEXT: Final = frozenset({400, 413, 422})
_OVERLOADED: Final = frozenset({408, 409, 425, 429})
_SHOWN_CHARS: Final = 200


class _Row(BaseModel):
    index: int
    embedding: list[float]


class _Answer(BaseModel):
    data: list[_Row]


class _Overloaded(EmbedderUnavailableError):  # noqa: N818  a private marker of what is worth another attempt
    wait_s: float | None = None


Unavailable = TypeVar("Unavailable", bound=EmbedderUnavailableError)


class OpenAIEmbedder:
    """A model behind ``<url>/embeddings`` or ``<url>/v1/embeddings``. Shared by threads; close it at the end."""

    def __init__(
        self,
        model: str,
        url: str,
        api_key: str | None = None,
        *,
        timeout: httpx.Timeout = TIMEOUT,
        deadline_s: float = DEADLINE_S,
        attempts: int = ATTEMPTS,
        first_wait_s: float = 0.5,
    ) -> None:
        """Nothing is sent yet.

        Args:
            model: the model's name at the server.
            url: ``http(s)://host[:port][/path]``; ``/v1`` is added when there is no path.
            api_key: sent as a bearer token, and named nowhere else.
            timeout: of each step of an attempt.
            deadline_s: of a whole attempt.
            attempts: in all, for what a repeat can mend.
            first_wait_s: before the second attempt, doubled for each one after, unless the server asks for more.
        """
        base = httpx.URL(url)
        path = base.path.rstrip("/") or "/v1"
        self._url = base.copy_with(path=f"{path}/embeddings")
        self._model, self._api_key = model, api_key
        self._deadline_s, self._attempts, self._first_wait_s = deadline_s, attempts, first_wait_s
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.Client(headers=headers, timeout=timeout, follow_redirects=False)

    @property
    def model(self) -> str:
        """The model's name at the server."""
        return self._model

    @cached_property
    def dimensions(self) -> int:
        """How long each vector is, learnt from one short text."""
        return int(self._vectors_of(["dimensions"]).shape[1])

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, in order, by as many calls as the server's limits need, one after the other."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        return np.concatenate([self._checked(call) for call in _calls(texts)])

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def _checked(self, texts: list[str]) -> Vectors:
        rows = self._vectors_of(texts)
        if rows.shape[1] != self.dimensions:
            found = f"{rows.shape[1]}, after {self.dimensions}"
            raise self._misconfigured("vectors of one length", found, "Give each model its own name or address.")
        return unit_rows(rows)

    def _vectors_of(self, texts: list[str]) -> Vectors:
        retrying = stamina.retry_context(
            on=_worth_another,
            attempts=self._attempts,
            timeout=None,
            wait_initial=self._first_wait_s,
            wait_max=LONGEST_WAIT_S,
            wait_jitter=self._first_wait_s / 2,
        )
        for attempt in retrying:
            with attempt:
                return self._ask(texts)
        raise AssertionError("the last attempt returns or raises")

    def _ask(self, texts: list[str]) -> Vectors:
        try:
            with self._client.stream("POST", self._url, json={"model": self._model, "input": texts}) as response:
                content = self._read(response)
        except httpx.RequestError as error:
            raise self._unavailable(_Overloaded, "an answer", f"{type(error).__name__}: {error}") from None
        if response.status_code != httpx.codes.OK:
            raise self._typed(response, content.decode("utf-8", "replace"))
        try:
            data = sorted(_Answer.model_validate_json(content).data, key=lambda row: row.index)
        except ValidationError as error:
            found = f"{error.error_count()} faults, first {error.errors(include_input=False)[0]['msg']}"
            raise self._unavailable(EmbedderUnavailableError, "data with index and embedding", found) from None
        lengths = {len(row.embedding) for row in data}
        if [row.index for row in data] != list(range(len(texts))) or len(lengths) != 1 or 0 in lengths:
            expected, found = f"{len(texts)} vectors of one length, in order", f"{len(data)} of lengths {lengths}"
            raise self._unavailable(EmbedderUnavailableError, expected, found)
        return np.array([row.embedding for row in data], dtype=np.float32)

    def _read(self, response: httpx.Response) -> bytes:
        ends_at_s = time.monotonic() + self._deadline_s
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > MAX_ANSWER_BYTES:
                expected = f"an answer of at most {MAX_ANSWER_BYTES} bytes"
                raise self._unavailable(EmbedderUnavailableError, expected, "a longer one")
            if time.monotonic() > ends_at_s:
                raise self._unavailable(_Overloaded, f"an answer within {self._deadline_s} s", f"{len(content)} bytes")
        return bytes(content)

    def _typed(self, response: httpx.Response, said: str) -> Exception:
        shown = (said.replace(self._api_key, "***") if self._api_key else said)[:_SHOWN_CHARS]
        found = f"HTTP {response.status_code}: {shown!r}"
        if response.status_code in _REFUSES_TEXT:
            remedy = "Leave the text out, or use a model that takes it."
            return TextRefusedError(self._where, expected="texts that the model takes", found=found, remedy=remedy)
        if response.status_code in _OVERLOADED or response.is_server_error:
            error = self._unavailable(_Overloaded, "HTTP 200", found)
            error.wait_s = asked_to_wait_s(response.headers)
            return error
        return self._misconfigured("HTTP 200", found, "Check WAYBILL_EMBEDDER and its URL and API key.")

    @property
    def _where(self) -> str:
        return f"embedder {self._model} at {self._url.host}"

    def _unavailable(self, kind: type[Unavailable], expected: str, found: str) -> Unavailable:
        return kind(self._where, expected=expected, found=found, remedy="Look at the server.")

    def _misconfigured(self, expected: str, found: str, remedy: str) -> EmbedderMisconfiguredError:
        return EmbedderMisconfiguredError(self._where, expected=expected, found=found, remedy=remedy)


def _calls(texts: Sequence[str]) -> Iterator[list[str]]:
    call: list[str] = []
    chars = 0
    for text in texts:
        if call and (len(call) == TEXTS_A_CALL or chars + len(text) > CHARS_A_CALL):
            yield call
            call, chars = [], 0
        call.append(encodable(text))
        chars += len(text)
    if call:
        yield call


def _worth_another(error: Exception) -> bool | float:
    """What stamina asks: never, after its own pause, or after this many seconds."""
    if not isinstance(error, _Overloaded):
        return False
    if error.wait_s is None:
        return True
    return error.wait_s if error.wait_s <= LONGEST_WAIT_S else False
