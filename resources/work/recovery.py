"""Work that nobody does any more goes back: a lease that ran out, a process that is gone, a run that ended (CB-1)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from resources.domain.configuration import Configuration
from resources.domain.tasks import WAYBILL, Act, TaskId, TaskState
from resources.ledger import alerts, claims, deliverables
from resources.ledger.tasks import Task
from resources.work.moving import give_back


@dataclass(frozen=True, slots=True)
class Recovered:
    """Tasks that went back to ready, and tasks that failed as their last attempt was spent."""

    ready: list[TaskId] = field(default_factory=list)
    failed: list[TaskId] = field(default_factory=list)


EndedRuns = Callable[[list[str]], Mapping[str, str]]
"""Given run ids, those that have ended, each with how: ``failed``, ``cancelled``, ``succeeded``."""


def recover(engine: Engine, configuration: Configuration, ended_runs: EndedRuns = lambda _: {}) -> Recovered:
    """Give every task back whose worker is gone. Each in a transaction of its own; safe to repeat and to race."""
    with engine.begin() as connection:
        seen = claims.working(connection)
    ended = ended_runs([run for task, _ in seen if (run := _run_of(task))])
    recovered = Recovered()
    for task, now in seen:
        gone = _why_gone(task, stale=claims.is_stale(task, now), ended=ended)
        if gone is not None:
            _recover_one(engine, configuration, task, gone, recovered)
    return recovered


def _recover_one(
    engine: Engine, configuration: Configuration, seen: Task, gone: tuple[str, str], recovered: Recovered
) -> None:
    outcome, words = gone
    with engine.begin() as connection:
        task, now = claims.look(connection, seen.id)
        if task.version != seen.version:
            return
        by = Act(WAYBILL, words, _run_of(task))
        # One that made a version has done its work, and the next attempt only hands that over: in a run of several
        # tasks Dagster leaves the second asset out for all of them when one has failed in the first.
        counted = outcome != "interrupted" and not deliverables.made_in(connection, task.id, task.attempt)
        back = give_back(connection, configuration, task, now, by, outcome=outcome, counted=counted)
        if back.state is TaskState.FAILED:
            recovered.failed.append(task.id)
        else:
            recovered.ready.append(task.id)
            _tell(connection, back, words)


def _tell(connection: Connection, task: Task, words: str) -> None:
    """CB-1: a crash is never silent, also where the task goes on by itself."""
    alerts.raise_alert(
        connection,
        key=f"work-recovered:{task.id}:{task.version}",
        kind="work recovered",
        subject=f"Task {task.id} lost its worker and is ready again: {task.name}",
        body=f"{words}\nAttempts left: {task.attempts_left}.",
        task_id=task.id,
    )


def _why_gone(task: Task, *, stale: bool, ended: Mapping[str, str]) -> tuple[str, str] | None:
    """How the attempt ended and the words for it; None: somebody works on it."""
    how = ended.get(_run_of(task) or "")
    if how is not None:
        outcome = "interrupted" if how == "cancelled" else "abandoned"
        return outcome, f"{task.lease_owner} has {how} without a word on the task"
    return ("abandoned", f"{task.lease_owner} is gone: its process ended or its lease ran out") if stale else None


def _run_of(task: Task) -> str | None:
    """The Dagster run that works on the task, by its owner's name ``run …``."""
    kind, _, run = (task.lease_owner or "").partition(" ")
    return run if kind == "run" and run else None
