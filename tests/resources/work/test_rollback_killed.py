"""CP-3: kill -9 amid a rollback leaves all as it was; whatever is decided in any order, versions are only added."""

import subprocess
import sys
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.errors import WaybillError
from resources.domain.tasks import Act, TaskEvent, TaskId, TaskState
from resources.ledger import deliverables
from resources.ledger.deliverables import Version
from resources.work.rollback import BACK_BY, roll_back
from tests.acceptance.turnstile import closed
from tests.resources.ledger.making import sql
from tests.resources.ledger.tasks_making import CONFIGURATION, T1, add, assert_unbroken, get, kill
from tests.resources.work.at_work import decided, published, sent
from tests.waiting import wait_until

BEN: Final = Act("Ben", "The first was better.")
NUMBERS: Final = count(1)
ROLL_BACK: Final = """
import sys
from pathlib import Path
from resources.artefacts.store import ArtefactStore
from resources.domain.tasks import Act, TaskId
from resources.ledger.engine import open_ledger
from resources.work.rollback import roll_back
from tests.resources.ledger.tasks_making import CONFIGURATION
roll_back(open_ledger(sys.argv[1], pool_size=1), ArtefactStore(Path(sys.argv[2])), CONFIGURATION, TaskId("t1"), to=1,
          by=Act("Ben", "The first was better."))
"""
TABLES: Final = (
    "tasks", "task_attempts", "task_events", "deliverable_versions", "deliverable_files", "citations", "reviews",
    "outbox",
)  # fmt: skip


@pytest.fixture
def artefacts(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "artefacts")


def everything(cleared: Engine) -> list[list[tuple[object, ...]]]:
    return [sql(cleared, f"SELECT * FROM waybill.{table} AS t ORDER BY CAST(t AS text)") for table in TABLES]


def versions(cleared: Engine, task: str = T1) -> list[Version]:
    with cleared.begin() as connection:
        return deliverables.versions(connection, TaskId(task))


@pytest.mark.parametrize(
    "table", ["reviews", "outbox", "tasks", "task_attempts", "deliverable_versions", "deliverable_files"]
)
def test_CP_3_kill_9_amid_a_rollback_leaves_nothing_half(
    cleared: Engine, cleared_url: str, artefacts: ArtefactStore, table: str
) -> None:
    add(cleared, attempts_left=3)
    for number in range(2):
        if number:
            decided(cleared, TaskEvent.REQUEST_CHANGES)
        published(cleared, artefacts)
        sent(cleared)
    before = everything(cleared)
    with closed(cleared_url, f"waybill.{table}") as (turnstile,):
        command = [sys.executable, "-c", ROLL_BACK, cleared_url, str(artefacts.folder)]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True) as process:
            server = turnstile.stop_at("").pid
            kill(process)
    gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
    with psycopg.connect(cleared_url, autocommit=True) as connection:
        wait_until(lambda: connection.execute(gone, (server,)).fetchone() == (0,), what="the end of its session")
    assert everything(cleared) == before
    again = roll_back(cleared, artefacts, CONFIGURATION, T1, to=1, by=BEN)
    assert (again.version.number, get(cleared).state) == (3, TaskState.IN_REVIEW)
    assert_unbroken(cleared)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.sampled_from(["approve", "reopen", "cancel", "send", 1, 2, 3, 4, *2 * ["request_changes"], *3 * ["work"]]),
        min_size=10,
        max_size=25,
    )
)
def test_CP_3_in_any_order_versions_are_only_added_and_their_numbers_unbroken(
    cleared: Engine, steps: list[str | int]
) -> None:
    """An integer is a rollback to that version. What a state does not allow is refused, and changes nothing."""
    task = add(cleared, f"t{next(NUMBERS)}").id
    with TemporaryDirectory() as folder:
        artefacts = ArtefactStore(Path(folder))
        known: list[Version] = []
        for step in ("work", *steps):
            state = get(cleared, task).state
            try:
                done(cleared, artefacts, task, step)
            except WaybillError:
                assert (versions(cleared, task), get(cleared, task).state) == (known, state)
            else:
                assert not isinstance(step, int) or state in BACK_BY
            now = versions(cleared, task)
            assert now[: len(known)] == known
            assert [each.number for each in now] == list(range(1, len(now) + 1))
            assert len(now) - len(known) <= 1
            known = now
    assert_unbroken(cleared)


def done(cleared: Engine, artefacts: ArtefactStore, task: TaskId, step: str | int) -> None:
    if isinstance(step, int):
        roll_back(cleared, artefacts, CONFIGURATION, task, to=step, by=BEN)
    elif step == "work":
        published(cleared, artefacts, task)
    elif step == "send":
        sent(cleared)
    else:
        decided(cleared, TaskEvent(step), BEN, task)
