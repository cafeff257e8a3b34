"""What `waybill up` looks at before it serves: a ledger that is whole, and nothing that ended processes still hold."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest

from orchestration.hosting.backends import open_backends
from orchestration.readiness import make_ready
from orchestration.settings import load_settings
from resources import processes
from resources.ledger.migrate import head
from tests.acceptance.waybill_process import Addresses, Waybill
from tests.sessions import write

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

INDEX: Final = "alerts_pkey"
TOML: Final = """
[task_types.letter]
kind = "command"
[task_types.letter.settings]
program = ["/bin/true"]
"""


@pytest.fixture(scope="module")
def waybill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waybill]:
    folder = tmp_path_factory.mktemp("start")
    (folder / "waybill.toml").write_text(TOML)
    made = Waybill(folder / "home", {"WAYBILL_CONFIG": str(folder / "waybill.toml")})
    with made.held() as at:
        site = write(folder / "site", one="The Leeds store opens on 16 May 2026.")
        assert made.within("ingest", site, "--client", "acme").code == 0
        at.sql("INSERT INTO waybill.alerts (key, kind, subject, body)"
               " SELECT 'key ' || n, 'test', 'a', 'b' FROM generate_series(1, 50) n RETURNING key")  # fmt: skip
    yield made
    made.kill_all()


@contextmanager
def changed(waybill: Waybill, statement: str, back: str) -> Iterator[None]:
    """What the block finds in the catalogue or the ledger is what ``statement`` made, and ``back`` unmakes."""
    for each in (statement, back):
        with waybill.held() as at, psycopg.connect(at.ledger, autocommit=True) as admin:
            admin.execute("SET allow_system_table_mods = on")
            admin.execute(each.encode())
        if each == statement:
            yield


def refused(waybill: Waybill) -> str:
    """What `waybill up` says when it does not start; nothing of it stays."""
    ended = waybill.run("up")
    assert "Waybill is up" not in ended.out
    assert waybill.left_behind() == []
    assert not (waybill.home / "logs" / "daemon.log").exists(), "nothing of Dagster was started"
    return ended.refused()


def test_DT_9_an_index_that_contradicts_its_table_stops_the_start_and_is_named(waybill: Waybill) -> None:
    # The index is read as if it were sorted the other way round: its items are out of order then.
    order = "UPDATE pg_index SET indoption = '{}' WHERE indexrelid = 'waybill.alerts_pkey'::regclass"
    with changed(waybill, order.format(1), order.format(0)):
        said = refused(waybill)
    assert f"index waybill.{INDEX}" in said
    assert "item order invariant violated" in said
    assert "REINDEX" in said


def test_DT_9_a_ledger_of_a_newer_version_stops_the_start(waybill: Waybill) -> None:
    to = "UPDATE waybill.alembic_version SET version_num = '{}'"
    with waybill.held(), changed(waybill, to.format("9999"), to.format(head())):
        said = waybill.within("up").refused()
    assert f"expected schema revision {head()}; found 9999" in said
    assert "use the Waybill version that migrated it" in said


def test_DT_9_CB_1_what_ended_processes_held_is_given_back_before_anything_is_served(waybill: Waybill) -> None:
    said: list[str] = []
    settings = load_settings(home=waybill.home, config=Path(waybill.settings["WAYBILL_CONFIG"]))
    with waybill.held() as at, open_backends(settings) as backends:
        assert waybill.within("task", "add", "A letter", "--type", "letter", "--client", "acme").code == 0
        ((task,),) = at.sql("SELECT id FROM waybill.tasks")
        hold(at, task, ended_process())
        make_ready(settings, backends, said.append)
        work = "SELECT state, lease_owner, attempts_left FROM waybill.tasks"
        assert at.sql(work) == [("ready", None, 2)], "the killed attempt counts"
        assert at.sql("SELECT outcome FROM waybill.task_attempts") == [("abandoned",)]
        sent = "SELECT state, owner, unclear_at IS NOT NULL FROM waybill.outbox"
        assert at.sql(sent) == [("pending", None, True)], "it is looked for before it is sent again"
        assert at.sql("SELECT kind FROM waybill.alerts WHERE task_id = %s", task) == [("work recovered",)]
    assert "1 tasks and 0 claims of ended processes went back" in said[0]


def ended_process() -> str:
    """The identity of a process that is gone."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        return processes.identity(process.pid)


def hold(at: Addresses, task: str, process: str) -> None:
    """Leave behind what a worker and a drainer do that are killed at work."""
    with psycopg.connect(at.ledger) as connection:
        connection.execute(
            "SELECT set_config('waybill.actor', 'x', true), set_config('waybill.reason', 'x', true),"
            " set_config('waybill.event', 'claim', true)"
        )
        connection.execute(
            "UPDATE waybill.tasks SET state = 'working', version = version + 1, attempt = 1, attempts_left = 2,"
            " lease_owner = 'run x', lease_process = %s, lease_expires_at = now() + interval '10 min' WHERE id = %s",
            (process, task),
        )
        connection.execute(
            "INSERT INTO waybill.task_attempts (task_id, number, kind, settings, input, input_hash, owner, deadline_at)"
            " VALUES (%s, 1, 'command', '{}', '{}', '', 'run x', now() + interval '10 min')",
            (task,),
        )
        # A comment, which nothing sends here: there is no ClickUp.
        connection.execute(
            "INSERT INTO waybill.outbox (key, lane, kind, task_id, payload, state, owner, process, expires_at)"
            " VALUES ('c', %s, 'comment', %s, '{}', 'sending', 'drainer x', %s, now() + interval '10 min')",
            (task, task, process),
        )
