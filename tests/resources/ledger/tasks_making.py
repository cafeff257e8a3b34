"""Tasks as the ledger's own functions write them, and what became of them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine

from resources.domain.configuration import Configuration
from resources.domain.seen import SeenTask
from resources.domain.tasks import Act, TaskEvent, TaskId, TaskState
from resources.ledger import claims, sightings, tasks
from resources.ledger.claims import AttemptPlan, AttemptRow, Claim, Worker
from resources.ledger.sightings import NewTask
from resources.ledger.tasks import Task
from tests.resources.ledger.making import sql

T1: Final = TaskId("t1")
ANNA: Final = Act("Anna", "because")
NOTE: Final = "knowledge_note"
PLAN: Final = AttemptPlan(NOTE, {"hits": 8}, 900.0)
RUN_1: Final = Worker("run 1", "1")
RUN_2: Final = Worker("run 2", "2")
EPOCH: Final = datetime(2026, 7, 1, 12, tzinfo=UTC)
CLAIM_AND_WAIT: Final = """
import sys
from resources.domain.tasks import TaskId
from resources.ledger import claims
from resources.ledger.claims import AttemptPlan, Worker
from resources.ledger.engine import open_ledger
engine = open_ledger(sys.argv[1], pool_size=2)
with engine.begin() as connection:
    task, now = claims.look(connection, TaskId(sys.argv[2]))
    claims.begin(connection, task, now, AttemptPlan("knowledge_note", {}, 900.0), Worker(sys.argv[3], sys.argv[3][4:]))
print("claimed", flush=True)
sys.stdin.read()
"""


def configured(*, team: str = "T", space: str = "S", types: dict[str, Any] | None = None, **more: Any) -> Configuration:
    """A configuration with ClickUp, whose every name is the default; ``more`` are its other tables."""
    clickup = {"team": team, "spaces": [space]} | more.pop("clickup", {})
    return Configuration.model_validate({"clickup": clickup, "task_types": types or {}} | more)


CONFIGURATION: Final = configured()


def acme(ledger: Engine, slug: str = "acme") -> str:
    """The client, known to the ledger."""
    sql(ledger, "INSERT INTO waybill.clients (slug) VALUES (:slug) ON CONFLICT DO NOTHING", slug=slug)
    return slug


def new_task(task: str = T1, **columns: Any) -> NewTask:
    """A ready note for acme, which ClickUp knows."""
    known: dict[str, Any] = {
        "origin": "clickup", "name": "What is open?", "state": TaskState.READY, "client": "acme", "type": NOTE,
        "type_named": NOTE, "due_at": EPOCH, "attempts_left": 3, "clickup_status": "to do",
        "clickup_status_kind": "open", "clickup_updated_at": EPOCH,
    }  # fmt: skip
    return NewTask(id=TaskId(task), **known | columns)


def add(ledger: Engine, task: str = T1, **columns: Any) -> Task:
    """The task, in the ledger."""
    with ledger.begin() as connection:
        sightings.insert(connection, [new_task(task, **columns)], ANNA)
    return get(ledger, task)


def add_many(ledger: Engine, count: int, **columns: Any) -> list[TaskId]:
    """Tasks ``m0000`` and on."""
    with ledger.begin() as connection:
        return sightings.insert(connection, [new_task(f"m{n:04d}", **columns) for n in range(count)], ANNA)


def get(ledger: Engine, task: str = T1) -> Task:
    """The task as it is now."""
    with ledger.begin() as connection:
        return tasks.get(connection, TaskId(task))


def moved(ledger: Engine, event: TaskEvent, task: str = T1, *, by: Act = ANNA, **changes: Any) -> Task:
    """Move the task as the ledger has it, without what follows from it elsewhere."""
    with ledger.begin() as connection:
        return tasks.move(connection, tasks.get(connection, TaskId(task)), event, by, **changes)


def claim(ledger: Engine, worker: Worker = RUN_1, task: str = T1, plan: AttemptPlan = PLAN) -> Claim:
    """Claim the task or join the claim. Raises AlreadyClaimedError."""
    with ledger.begin() as connection:
        found, now = claims.look(connection, TaskId(task))
        return claims.held_by(connection, found, now, worker.owner) or claims.begin(
            connection, found, now, plan, worker
        )


def attempts(ledger: Engine, task: str = T1) -> list[AttemptRow]:
    """Every attempt at the task."""
    with ledger.begin() as connection:
        return claims.attempts(connection, TaskId(task))


def history(ledger: Engine, task: str = T1) -> list[tuple[str | None, str, str]]:
    """From, event and to of everything that happened, oldest first."""
    found = sql(
        ledger, "SELECT from_state, event, to_state FROM waybill.task_events WHERE task_id = :id ORDER BY id", id=task
    )
    return [(row[0], row[1], row[2]) for row in found]


def assert_unbroken(ledger: Engine) -> None:
    """Each task's events follow one another: states and versions meet, and the last one is what the task is."""
    broken = sql(
        ledger,
        """SELECT task_id, version, from_state, before, version_before FROM (
             SELECT *, lag(to_state) OVER w AS before, lag(version) OVER w AS version_before FROM waybill.task_events
             WINDOW w AS (PARTITION BY task_id ORDER BY id)) AS e
           WHERE from_state IS DISTINCT FROM before OR version <> coalesce(version_before, 0) + 1""",
    )
    assert broken == []
    untold = sql(
        ledger,
        """SELECT t.id FROM waybill.tasks t WHERE NOT EXISTS (
             SELECT FROM waybill.task_events e WHERE e.task_id = t.id AND e.version = t.version
             AND e.to_state = t.state AND e.attempt = t.attempt)""",
    )
    assert untold == []


def expire(ledger: Engine, task: str = T1) -> None:
    """Let the lease run out, as when its worker's machine is gone."""
    sql(
        ledger,
        "UPDATE waybill.tasks SET lease_expires_at = now() - interval '1 s', lease_process = 'another machine/1/2/3'"
        " WHERE id = :id",
        id=task,
    )


@contextmanager
def claiming_process(url: str, task: str = T1, owner: str = "run 9") -> Iterator[subprocess.Popen[str]]:
    """A process of its own that has claimed the task, and lives as long as the block."""
    command = [sys.executable, "-c", CLAIM_AND_WAIT, url, task, owner]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "claimed\n"
            yield process
        finally:
            process.kill()


def kill(process: subprocess.Popen[str]) -> None:
    """kill -9, and wait until it is gone."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def look(task: str = T1, at_s: float = 1.0, **changes: Any) -> SeenTask:
    """A look at the task ``at_s`` after the one that ``new_task`` is from."""
    seen = SeenTask(
        id=TaskId(task), name="What is open?", body="", url=None, list_id=None, client="acme", type_named=NOTE,
        auto_execute=True, due_at=EPOCH, priority=None, status="to do", status_type="open",
        updated_at=EPOCH + timedelta(seconds=at_s),
    )  # fmt: skip
    return replace(seen, **changes)
