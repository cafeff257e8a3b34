"""What Waybill itself costs for press releases: one, by step, beside an empty run of Dagster; and a backfill of many.

The writer is the offline one, which is a model without delay: all else is Waybill's.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

import dagster as dg

from assets.partitions import TASKS
from assets.task_work import TASKS_A_RUN
from benchmarks.figures import Figure
from benchmarks.options import Options
from orchestration.ingestion import QUIET, ingest, register
from orchestration.session import Session, open_session
from orchestration.settings import load_settings
from orchestration.task_types import PluggedIn, plugged_in
from resources.domain.ids import ClientSlug
from resources.domain.press_release_task import PRESS_RELEASE
from resources.domain.tasks import Act, TaskId, TaskState
from resources.ledger import sightings, tasks
from resources.ledger.sightings import NewTask

Made = TypeVar("Made")
EXAMPLE: Final = Path(__file__).parents[1] / "examples"
CLIENT: Final = ClientSlug("acme-outdoor")
BACKFILL: Final = 100
MOST_S: Final = 6.0
MOST_EACH_S: Final = 1.0
_BODY: Final = "Date: 3 February 2026\nQuote: “We wanted a jacket that can be repaired.” — Maya Lindqvist, founder"
_RANGE: Final = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


class _Silent:
    """Progress that nobody watches."""

    def start(self, what: str, total: int) -> None:
        """Not shown."""

    def advance(self, what: str) -> None:
        """Not shown."""


@dg.asset
def nothing() -> None:
    """An empty run."""


def run(options: Options) -> Iterator[Figure]:
    """One release by step, an empty run, and how long each task of a backfill takes."""
    settings = load_settings(home=options.folder / "home", config=EXAMPLE / "acme-outdoor.toml")
    with open_session(settings) as session:
        ingest(session, register(session, EXAMPLE / "acme-outdoor", client=CLIENT, name=None), _Silent())
        kind = next(each for each in plugged_in() if each.kind is PRESS_RELEASE)
        _done(session, kind, _ordered(session, 1, "warm"))  # what a process does once: models, connections
        empty_s, _ = _timed(lambda: dg.materialize([nothing], instance=session.instance, run_config=QUIET))
        one_s, result = _timed(lambda: _done(session, kind, _ordered(session, 1, "one")))
        for step, took_s in _steps(result).items():
            yield Figure(f"of it {step}", took_s, "s")
        yield Figure("an empty run of Dagster", empty_s, "s")
        yield Figure("one press release, claim to handed over", one_s, "s", at_most=MOST_S)
        number = options.size(BACKFILL, TASKS_A_RUN)
        many = _ordered(session, number, "many")
        shares = [many[start : start + TASKS_A_RUN] for start in range(0, number, TASKS_A_RUN)]
        all_s, _ = _timed(lambda: [_done(session, kind, share) for share in shares])
        yield Figure(f"a backfill of {number}, a task", all_s / number, "s", at_most=MOST_EACH_S)
        yield Figure("tasks in review", _in_review(session), "tasks", at_least=number + 2, at_most=number + 2)


def _ordered(session: Session, number: int, name: str) -> list[TaskId]:
    """So many tasks for press releases of the example client, each with its partition."""
    with session.ledger.engine.begin() as connection:
        due = tasks.clock(connection) + timedelta(days=1)
        rows = [
            NewTask(
                TaskId(f"{name}-{at:04}"), "local", f"Press release: launch of the Stormbreak jacket, {at}",
                TaskState.READY, body=_BODY, client=CLIENT, type=PRESS_RELEASE.name, due_at=due, attempts_left=3,
            )
            for at in range(number)
        ]  # fmt: skip
        sightings.insert(connection, rows, Act("bench", "made for the bench"))
    ids = [row.id for row in rows]
    session.instance.add_dynamic_partitions(str(TASKS.name), ids)
    return ids


def _done(session: Session, kind: PluggedIn, ids: list[TaskId]) -> dg.ExecuteInProcessResult:
    several: Mapping[str, str] = dict(zip(_RANGE, (ids[0], ids[-1]), strict=True))
    return dg.materialize(
        [*kind.assets, *kind.checks],
        instance=session.instance,
        resources=session.resources.by_name(),
        run_config=QUIET,
        partition_key=ids[0] if len(ids) == 1 else None,
        tags=None if len(ids) == 1 else several,
    )


def _steps(result: dg.ExecuteInProcessResult) -> dict[str, float]:
    """How long each step took, in seconds."""
    ended = [event for event in result.all_events if event.is_step_success]
    return {str(event.step_key): event.step_success_data.duration_ms / 1000 for event in ended}


def _in_review(session: Session) -> int:
    with session.ledger.engine.begin() as connection:
        return tasks.count_by_state(connection).get(TaskState.IN_REVIEW.value, 0)


def _timed(call: Callable[[], Made]) -> tuple[float, Made]:
    """How long ``call`` took, in seconds, and what it gave."""
    began = time.perf_counter()
    made = call()
    return time.perf_counter() - began, made
