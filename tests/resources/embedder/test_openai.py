import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import httpx
import numpy as np
import pytest

from resources.embedder.embedder import EmbedderMisconfiguredError, EmbedderUnavailableError, TextRefusedError
from resources.embedder.openai import CHARS_A_CALL, MAX_ANSWER_BYTES, TEXTS_A_CALL, OpenAIEmbedder
from tests.resources.embedder.model_server import DIMENSIONS, POISON, ModelServer, Reply, answer, model_server, vector

KEY = "sk-a-secret-of-ours"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as served:
        yield served


@pytest.fixture
def embedder(server: ModelServer) -> Iterator[OpenAIEmbedder]:
    timeout = httpx.Timeout(10, connect=2)
    with closing(OpenAIEmbedder("small", server.url, KEY, timeout=timeout, attempts=3, first_wait_s=0.01)) as opened:
        yield opened


def unit(text: str) -> list[float]:
    row = np.array(vector(text), dtype=np.float32)
    return list(row / np.linalg.norm(row))


def test_vectors_come_by_index_with_length_one(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    texts = ["a", "four", "sixteen letters!"]
    rows = embedder.embed(texts)
    assert (rows.dtype, rows.shape) == (np.float32, (3, DIMENSIONS))
    assert np.allclose(rows, [unit(text) for text in texts])
    assert server.requests[0] == {"model": "small", "input": texts}
    assert set(server.keys) == {f"Bearer {KEY}"}


def test_dimensions_are_learnt_from_the_server_once(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    assert (embedder.model, embedder.dimensions, embedder.dimensions) == ("small", DIMENSIONS, DIMENSIONS)
    assert len(server.requests) == 1
    assert embedder.embed([]).shape == (0, DIMENSIONS)


@pytest.mark.parametrize(
    ("path", "asked"), [("", "/v1/embeddings"), ("/", "/v1/embeddings"), ("/api/v2/", "/api/v2/embeddings")]
)
def test_the_version_is_added_to_an_address_without_path(server: ModelServer, path: str, asked: str) -> None:
    with closing(OpenAIEmbedder("small", server.url + path)) as embedder:
        embedder.embed(["a"])
    assert set(server.paths) == {asked}
    assert set(server.keys) == {None}


def test_many_and_long_texts_go_in_several_calls(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    texts = ["x" * n for n in range(1, TEXTS_A_CALL + 2)] + ["y" * CHARS_A_CALL, "z"]
    assert np.allclose(embedder.embed(texts), [unit(text) for text in texts])
    sizes = [len(request["input"]) for request in server.requests if request["input"] != ["dimensions"]]
    assert sizes == [TEXTS_A_CALL, 1, 1, 1]


def test_zero_vectors_stay_zero_instead_of_becoming_nan(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    server.replies.append(answer([0.0, 0.0, 0.0], [3.0, 4.0, 0.0]))
    assert np.allclose(embedder.embed(["a", "b"]), [[0, 0, 0], [0.6, 0.8, 0]])


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
def test_a_passing_failure_is_mended_by_another_attempt(
    server: ModelServer, embedder: OpenAIEmbedder, status: int
) -> None:
    server.replies.extend([Reply(status), Reply(status)])
    assert np.allclose(embedder.embed(["abc"]), [unit("abc")])


def test_the_pause_that_the_server_asks_for_is_kept(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    server.replies.append(Reply(429, headers={"Retry-After": "0.7"}))
    began = time.monotonic()
    embedder.embed(["a"])
    assert time.monotonic() - began >= 0.7


def test_a_pause_asked_for_as_a_date_is_kept(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    now, later = "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:38 GMT"  # by the server's clock
    server.replies.append(Reply(503, headers={"Date": now, "Retry-After": later}))
    began = time.monotonic()
    embedder.embed(["a"])
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("asked", ["3600", "Sun, 06 Nov 2094 08:49:38 GMT"])
def test_a_pause_that_is_too_long_is_left_to_the_caller(
    server: ModelServer, embedder: OpenAIEmbedder, asked: str
) -> None:
    server.replies.append(Reply(429, headers={"Retry-After": asked}))
    with pytest.raises(EmbedderUnavailableError, match="HTTP 429") as caught:
        embedder.embed(["a"])
    assert caught.value.retry_helps
    assert len(server.requests) == 1


@pytest.mark.parametrize("asked", ["soon", "-5", "nan", "inf", ""])
def test_a_pause_that_means_nothing_is_passed_over(server: ModelServer, embedder: OpenAIEmbedder, asked: str) -> None:
    server.replies.append(Reply(429, headers={"Retry-After": asked}))
    assert embedder.embed(["a"]).shape == (1, DIMENSIONS)


def test_a_failure_that_stays_is_an_outage_after_all_attempts(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    server.replies.extend([Reply(500, b"no memory")] * 9)
    with pytest.raises(EmbedderUnavailableError, match="HTTP 500: 'no memory'") as caught:
        embedder.embed(["a"])
    assert caught.value.retry_helps
    assert len(server.requests) == 3


def test_a_server_that_is_not_there_is_an_outage() -> None:
    with model_server() as gone:
        url = gone.url
    with (
        closing(OpenAIEmbedder("small", url, attempts=2, first_wait_s=0.01)) as embedder,
        pytest.raises(EmbedderUnavailableError, match="ConnectError"),
    ):
        embedder.embed(["a"])


def test_a_server_that_says_nothing_is_an_outage_after_the_time_out(server: ModelServer) -> None:
    end = threading.Event()
    server.replies.extend([Reply(delay=end)] * 2)
    timeout = httpx.Timeout(0.2)
    with closing(OpenAIEmbedder("small", server.url, timeout=timeout, attempts=2, first_wait_s=0.01)) as embedder:
        try:
            with pytest.raises(EmbedderUnavailableError, match="ReadTimeout"):
                embedder.embed(["a"])
        finally:
            end.set()
    assert len(server.requests) == 2


def test_a_server_that_trickles_is_an_outage_after_the_deadline(server: ModelServer) -> None:
    server.replies.append(Reply(body=b" " * 10_000, trickles=True))
    with (
        closing(OpenAIEmbedder("small", server.url, deadline_s=0.2, attempts=1)) as embedder,
        pytest.raises(EmbedderUnavailableError, match=r"an answer within 0\.2 s"),
    ):
        embedder.embed(["a"])


def test_an_answer_without_end_is_cut_off(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    server.replies.append(Reply(body=b" " * (MAX_ANSWER_BYTES + 1)))
    with pytest.raises(EmbedderUnavailableError, match="found a longer one"):
        embedder.embed(["a"])


def test_a_lone_surrogate_does_not_stop_a_call(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    assert embedder.embed(["a\ud800b"]).shape == (1, DIMENSIONS)
    assert ["a?b"] in [request["input"] for request in server.requests]


def test_a_refused_text_can_be_found_by_halving(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    texts = ["good", f"this is {POISON}", "fine"]
    with pytest.raises(TextRefusedError, match="input is poison") as caught:
        embedder.embed(texts)
    assert not caught.value.retry_helps
    assert [embedder.embed([text]).shape for text in (texts[0], texts[2])] == [(1, DIMENSIONS)] * 2
    assert len([request for request in server.requests if request["input"] == texts]) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 301])
def test_a_refused_key_or_name_is_no_texts_fault(server: ModelServer, embedder: OpenAIEmbedder, status: int) -> None:
    server.replies.append(Reply(status, f"no such key: {KEY}".encode(), {"Location": server.url}))
    with pytest.raises(EmbedderMisconfiguredError, match=f"HTTP {status}") as caught:
        embedder.embed(["a"])
    assert not isinstance(caught.value, TextRefusedError)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"no json"),
        Reply(body=b'{"object": "list"}'),
        Reply(body=b'{"data": [{"index": 0, "embedding": "AAAA"}, {"index": 1, "embedding": [null]}]}'),
        answer([1.0, 0.0, 0.0]),
        answer([1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]),
        answer([1.0, 0.0, 0.0], [1.0, 0.0, 0.0], first_index=1),
        answer([1.0, 0.0, 0.0], [1.0, 0.0]),
        answer([], []),
    ],
)
def test_an_answer_that_is_not_one_vector_a_text_is_refused(
    server: ModelServer, embedder: OpenAIEmbedder, reply: Reply
) -> None:
    server.replies.append(reply)
    with pytest.raises(EmbedderUnavailableError, match="embedder small at 127"):
        embedder.embed(["a", "b"])


def test_vectors_of_another_length_are_refused(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    assert embedder.dimensions == DIMENSIONS
    server.replies.append(answer([1.0, 0.0]))
    with pytest.raises(EmbedderMisconfiguredError, match="found 2, after 3"):
        embedder.embed(["a"])


def test_the_key_is_in_no_error_and_no_log(
    server: ModelServer,
    embedder: OpenAIEmbedder,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    said = f"wrong key {KEY}".encode()
    messages = []
    for status in (500, 401, 400):
        server.replies.extend([Reply(status, said)] * 3)
        with pytest.raises((EmbedderUnavailableError, EmbedderMisconfiguredError, TextRefusedError)) as caught:
            embedder.embed(["a"])
        messages.append(str(caught.getrepr(style="long", showlocals=False)))
        server.replies.clear()
    assert all("wrong key ***" in message for message in messages)
    assert not any(KEY in message for message in messages)
    said_aloud = caplog.text + "".join(capfd.readouterr())
    assert KEY not in said_aloud


def test_threads_share_one_embedder(server: ModelServer, embedder: OpenAIEmbedder) -> None:
    results: list[bool] = []
    texts = [["t" * n] for n in range(1, 9)]

    def embed(some: list[str]) -> None:
        results.append(np.allclose(embedder.embed(some), [unit(some[0])]))

    threads = [threading.Thread(target=embed, args=(some,)) for some in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 8
