"""Four processes with one token keep to the limit between them, whatever happens to one of them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.clickup_server.host import ROOT, ClickUpHost, clickup_host
from tests.waiting import wait_until

CALLS = 90
WINDOW_S = 2.0
"""A minute of the compressed clock."""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[ClickUpHost]:
    with clickup_host(tmp_path / "clickup", per_minute=1_000_000) as host:
        yield host


@contextmanager
def caller(host: ClickUpHost, ledger_url: str, task: str) -> Iterator[subprocess.Popen[bytes]]:
    given = [host.url, host.token, ledger_url, task, str(CALLS), str(WINDOW_S)]
    process = subprocess.Popen([sys.executable, "-m", "tests.resources.clickup.calling", "calls", *given], cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def most_in_a_window(host: ClickUpHost) -> int:
    """Of all windows that begin with a call, the most calls; both ends count to the millisecond."""
    at_ms = sorted(int(str(one["at_ms"])) for one in host.requests())
    return max(sum(1 for other in at_ms if 0 <= other - at < WINDOW_S * 1000) for at in at_ms)


def test_four_processes_never_exceed_90_calls_in_any_minute(host: ClickUpHost, ledger_url: str) -> None:
    tasks = host.create_many(4)
    with ExitStack() as stack:
        callers = [stack.enter_context(caller(host, ledger_url, task)) for task in tasks]
        wait_until(lambda: len(host.requests()) > 2 * CALLS, 60, "two minutes of calls")
        callers[0].kill()  # with a slot in its hands, or without
        wait_until(lambda: len(host.requests()) > 5 * CALLS, 60, "five minutes of calls")
        assert all(process.poll() is None for process in callers[1:])
    assert most_in_a_window(host) <= CALLS
    assert {str(one["path"]).rsplit("/", 1)[1] for one in host.requests()} == set(tasks)
    assert {one["status"] for one in host.requests()} <= {200, None}
