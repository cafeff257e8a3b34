"""Clients with short waits. Run as a module, this is another process of the same token."""

import json
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import httpx

from resources.clickup.client import ClickUpClient
from resources.ledger.call_budget import CallBudget
from resources.ledger.engine import open_ledger

TOKEN = "pk_183_QW5XN2SECRETSECRET"
HURRIED = httpx.Timeout(1.0)


class Unmetered:
    """A budget without bounds, which remembers the pauses."""

    def __init__(self) -> None:
        self.pauses: list[datetime] = []
        self.calls: list[tuple[float, float]] = []

    @contextmanager
    def call(self, *, longest_s: float, patience_s: float) -> Iterator[None]:
        self.calls.append((longest_s, patience_s))
        yield

    def pause_until(self, instant: datetime) -> None:
        self.pauses.append(instant)


@contextmanager
def client_of(url: str, token: str = TOKEN, **options: object) -> Iterator[ClickUpClient]:
    given = {"budget": Unmetered(), "timeout": HURRIED, "deadline_s": 5.0, "first_wait_s": 0.01} | options
    client = ClickUpClient(url, token, **given)
    try:
        yield client
    finally:
        client.close()


def call_for_ever(url: str, token: str, ledger_url: str, task_id: str, *, calls: int, window_s: float) -> None:
    """As many calls as the budget lets through, until somebody ends this process."""
    budget = CallBudget(open_ledger(ledger_url), token, calls_a_window=calls, window_s=window_s)
    with client_of(url, token, budget=budget, timeout=httpx.Timeout(30), deadline_s=60.0) as client:
        while client.task(task_id):
            pass


def attach(url: str, file: Path) -> dict[str, int]:
    """The peak of memory before and after an upload."""
    with client_of(url, timeout=httpx.Timeout(30)) as client:
        client.user()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with file.open("rb") as content:
            client.attach("9hx", file.name, content, file.stat().st_size, "application/pdf")
    return {"before_kib": before, "after_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    if what == "attach":
        print(json.dumps(attach(given[0], Path(given[1]))))
    else:
        call_for_ever(*given[:4], calls=int(given[4]), window_s=float(given[5]))
