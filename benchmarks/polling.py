"""A poll of ClickUp with 10 changes among 100 and 10,000 known tasks: it costs what changed, not what is there."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.figures import Figure
from benchmarks.options import Options
from orchestration.session import Session, open_session
from orchestration.settings import load_settings
from resources.clickup.resource import ClickUpResource
from resources.domain.configuration import Configuration
from resources.work.polling import Desk, poll
from tests.clickup_server.host import ClickUpHost, clickup_host

SMALL: Final = 100
LARGE: Final = 10_000
CHANGED: Final = 10
TRIES: Final = 7
MAX_GROWTH: Final = 2.0
MAX_CALLS: Final = 3
SETTLE_S: Final = 0.05
"""Reads do not lag here: what was read needs no second look, else each try would read the changes of the one before."""


def ticks(session: Session, folder: Path, known: int) -> tuple[float, int]:
    """The median seconds of a poll with ``CHANGED`` changes among ``known`` tasks, and the most calls that one took."""
    with clickup_host(folder) as host:
        configuration = Configuration.model_validate(
            {"clickup": {"team": host.team, "spaces": [host.space], "settle_s": SETTLE_S}}
        )
        clickup = ClickUpResource(url=host.url, token=host.token, ledger=session.ledger, calls_a_minute=10_000)
        try:
            desk = Desk(session.ledger.engine, clickup.client, configuration)
            ids = host.create_many(known, fields={"Task type": "knowledge_note"})
            while not poll(desk, within_s=60).finished:
                pass
            measured = [_tick(desk, host, ids) for _ in range(TRIES)]
        finally:
            clickup.close()
    return median(took_s for took_s, _ in measured), max(calls for _, calls in measured)


def _tick(desk: Desk, host: ClickUpHost, ids: list[str]) -> tuple[float, int]:
    poll(desk, within_s=60)  # what the last try changed is settled
    for task in ids[:: len(ids) // CHANGED][:CHANGED]:
        host.edit(task, name=f"Task {time.perf_counter_ns()}")
    before, started = len(host.requests()), time.perf_counter()
    polled = poll(desk, within_s=60)
    took_s = time.perf_counter() - started
    if len(polled.intake.changed) != CHANGED:
        raise AssertionError(f"{len(polled.intake.changed)} changes were taken in, not {CHANGED}")
    return took_s, len(host.requests()) - before


def run(options: Options) -> Iterator[Figure]:
    """Time and calls of both, in one run on one ledger each."""
    large = options.size(LARGE, 500)
    measured = {}
    for known in (SMALL, large):
        home = options.folder / f"home-{known}"
        with open_session(load_settings(home=home)) as session:
            measured[known] = ticks(session, options.folder / f"clickup-{known}", known)
    for known, (took_s, _) in measured.items():
        yield Figure(f"poll, {known:,} known tasks, {CHANGED} changed", took_s * 1000, "ms")
    growth = measured[large][0] / measured[SMALL][0]
    yield Figure("poll, growth", growth, "times", at_most=MAX_GROWTH)
    yield Figure(f"calls of a poll, {large:,} known tasks", measured[large][1], "calls", at_most=MAX_CALLS)
