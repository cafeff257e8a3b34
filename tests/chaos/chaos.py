"""Tasks through `waybill up` in a storm: what comes out is what would have come out in calm weather."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from tests.acceptance.served import Served, serving
from tests.chaos.installation import Installation, installation
from tests.chaos.storm import Storm
from tests.chaos.verdict import Verdict, done, judge, left_behind, settled

QUESTIONS: Final = (
    "What is the Stormbreak jacket made of?",
    "When does the Leeds store open?",
    "How is a waterproof jacket washed?",
    "Who repairs jackets, and where?",
    "What does the Ridgeline 45 weigh?",
)
TASKS_A_STRIKE: Final = 3
SETTLES_WITHIN_S: Final = 60.0
"""After the storm: unclear answers, pauses between attempts and run monitoring have run out by then, for some tasks."""
A_TASK_S: Final = 12.0
"""What a task may take on two shared cores with all that is done to it."""


@dataclass(frozen=True)
class Outcome:
    """What a storm came to. ``verdict.faults`` is empty when nothing was lost, doubled, broken or left."""

    tasks: int
    kills: int
    faults: int
    verdict: Verdict

    def line(self) -> str:
        """The last line of `make chaos`."""
        lost, doubled = len(self.verdict.lost), len(self.verdict.doubled)
        return f"chaos: {self.tasks} tasks, {self.kills} kills, {self.faults} faults, {lost} lost, {doubled} doubled"


def run(folder: Path, *, tasks: int, seed: int, say: Callable[[str], None]) -> Outcome:
    """Put ``tasks`` through a storm drawn from ``seed``; everything happens in ``folder`` and on loopback."""
    with installation(folder) as installed:
        storm = Storm(installed.waybill.home, installed.clickup, seed)
        with serving(installed.waybill) as served:
            ensured = installed.waybill.run("clickup", "webhook", "ensure")
            assert ensured.code == 0, ensured
            storm.begin()
            ids = _weather(served, installed, storm, tasks, say)
            storm.end()
            say(f"the storm is over: {storm.kills}, {storm.restarts} restarts of Postgres")
            within_s = SETTLES_WITHIN_S + A_TASK_S * tasks
            _wait_until_settled(served, tasks, within_s)
            verdict = judge(installed, served.at, ids)
        verdict.left += left_behind(installed)
        return Outcome(tasks, sum(storm.kills.values()), storm.faults, verdict)


def _weather(
    served: Served, installed: Installation, storm: Storm, tasks: int, say: Callable[[str], None]
) -> list[str]:
    """Make the tasks, a few at a time, and strike meanwhile: a process for every second task, and Postgres twice.

    The stand-in's faults go on until half of the work is done.
    """
    ids: list[str] = []
    strikes, restarts = tasks // 2, [tasks // 6, tasks // 3]
    struck, ends_s = 0, time.monotonic() + A_TASK_S * tasks
    while len(ids) < tasks or struck < strikes or _done(served) < tasks // 2:
        for _ in range(min(TASKS_A_STRIKE, tasks - len(ids))):
            ids.append(_ask(installed, len(ids)))
        if restarts and struck >= restarts[0]:
            restarts.pop(0)
            storm.restart_postgres()
            say("Postgres is restarted")
        threading.Event().wait(storm.pause_s)  # drawn, as the strikes are: not a wait for anything
        hit = storm.strike() if struck < strikes else "no more kills"
        struck += hit is not None and struck < strikes
        say(f"{len(ids)} tasks, {_done(served)} done; strike {struck}: {hit or 'nobody there'}")
        if time.monotonic() > ends_s:
            break
    return ids


def _ask(installed: Installation, number: int) -> str:
    soon_ms = int((time.time() + 86_400) * 1000)
    return installed.clickup.create_task(
        f"{QUESTIONS[number % len(QUESTIONS)]} ({number})",
        due_at_ms=soon_ms,
        fields={"Task type": "knowledge_note", "Client": "acme-outdoor", "Auto execute": True},
    )


def _done(served: Served) -> int:
    """How many tasks have come to review or failed; 0 while Postgres is away."""
    try:
        return done(served.at)
    except psycopg.OperationalError:
        return 0


def _wait_until_settled(served: Served, tasks: int, within_s: float) -> None:
    """Look once in two seconds: a look costs what a task's own statements cost."""
    ends_s = time.monotonic() + within_s
    while not _settled(served, tasks):
        assert time.monotonic() < ends_s, f"after {within_s:.0f} s {_done(served)} of {tasks} tasks are at their end"
        threading.Event().wait(2)


def _settled(served: Served, tasks: int) -> bool:
    try:
        return settled(served.at, tasks)
    except psycopg.OperationalError:
        return False
