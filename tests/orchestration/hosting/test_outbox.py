"""The drainer as a process: killed at every boundary it doubles nothing and loses nothing; asked to end, it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text

from tests.clickup_server.host import ClickUpHost, clickup_host
from tests.resources.ledger.making import sql
from tests.resources.work.draining import Desk, desk_at
from tests.waiting import wait_until

SETTLE_S = 1.5
ENDS_WITHIN_S = 15
COMMENT = {"method": "POST", "path": "/comment", "times": 1}
ATTACHMENT = {"method": "POST", "path": "/attachment", "times": 1}


@pytest.fixture
def desk(ledger: Engine, ledger_url: str, tmp_path: Path) -> Iterator[Desk]:
    with clickup_host(tmp_path, per_minute=100_000) as host, desk_at(ledger, ledger_url, host, tmp_path) as made:
        yield made


def configuration(host: ClickUpHost) -> str:
    return (
        f'[clickup]\nteam = "{host.team}"\nspaces = ["{host.space}"]\nsettle_s = {SETTLE_S}\ncalls_a_minute = 10000\n'
    )


def environment(desk: Desk, folder: Path, **settings: str) -> dict[str, str]:
    config = folder / "waybill.toml"
    config.write_text(configuration(desk.host))
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("WAYBILL_")}
    ours = {
        "WAYBILL_HOME": str(folder),
        "WAYBILL_CONFIG": str(config),
        "WAYBILL_DATABASE_URL": desk.ledger_url,
        "WAYBILL_CLICKUP_URL": desk.host.url,
        "WAYBILL_CLICKUP_TOKEN": desk.host.token,
    }
    return inherited | ours | settings


@contextmanager
def outbox_process(desk: Desk, folder: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """It drains inside the block; killed at its end if it still runs. The artefacts are those of the desk."""
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.hosting.outbox"],
        env=environment(desk, folder, **settings),
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    assert process.wait(ENDS_WITHIN_S) == -signal.SIGKILL


def waits(url: str) -> bool:
    """Whether a change of the outbox waits for a lock; asked as a superuser, who sees it."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            " AND query LIKE '%UPDATE waybill.outbox%'"
        )
        return found.fetchone() is not None


def publish_after_restart(desk: Desk, folder: Path, task: str) -> None:
    with outbox_process(desk, folder) as process:
        wait_until(lambda: set(desk.states().values()) == {"sent"}, 60, "an end of every effect")
        process.send_signal(signal.SIGTERM)
        assert process.wait(ENDS_WITHIN_S) == 0
    assert (len(desk.attachments(task)), len(desk.comments(task))) == (1, 1)
    assert desk.host.task(task)["status"] == "in review"


@pytest.mark.parametrize("what", [ATTACHMENT, COMMENT])
@pytest.mark.parametrize("when", ["timeout_before", "timeout_after"])
def test_a_kill_amid_a_write_doubles_nothing_CB_1_CB_3(
    desk: Desk, tmp_path: Path, when: str, what: dict[str, object]
) -> None:
    """Killed with the request on its way: before ClickUp did it, or after."""
    task = desk.task()
    desk.host.fail([{**what, "kind": when, "hold_s": 60}])
    desk.enqueue(*desk.publication(task))
    with outbox_process(desk, tmp_path) as process:
        wait_until(lambda: [call for call in desk.host.requests() if call["fault"] == when], 30, "the request")
        kill(process)
    desk.host.heal()
    publish_after_restart(desk, tmp_path, task)


@pytest.mark.parametrize("kind", ["attachment", "comment", "status"])
def test_a_kill_between_the_answer_and_its_recording_doubles_nothing_CB_1_CB_3(
    desk: Desk, tmp_path: Path, kind: str
) -> None:
    """The row is held by another transaction, so that its end cannot be written."""
    task = desk.task()
    desk.host.delay(700)
    desk.enqueue(*desk.publication(task))
    with outbox_process(desk, tmp_path) as process:
        wait_until(lambda: sql(desk.ledger, "SELECT FROM waybill.outbox WHERE kind = :k AND state = 'sending'", k=kind))
        with desk.ledger.begin() as connection:
            connection.execute(text("SELECT FROM waybill.outbox WHERE kind = :kind FOR UPDATE"), {"kind": kind})
            wait_until(lambda: waits(desk.ledger_url), 30, "a recording that waits")
            kill(process)
    desk.host.delay(0)
    publish_after_restart(desk, tmp_path, task)


def test_a_kill_before_the_bytes_leave_only_delays(desk: Desk, tmp_path: Path) -> None:
    """Marked, and killed while it waits for a free call of the budget."""
    task = desk.task()
    sql(
        desk.ledger,
        "INSERT INTO waybill.call_slots"
        " SELECT encode(sha256(CAST(:token AS bytea)), 'hex'), -1, now() + interval '1 hour'",
        token=desk.host.token,
    )
    desk.enqueue(*desk.publication(task))
    with outbox_process(desk, tmp_path) as process:
        wait_until(lambda: "sending" in desk.states().values(), 30)
        kill(process)
    assert desk.host.requests() == []
    sql(desk.ledger, "DELETE FROM waybill.call_slots")
    publish_after_restart(desk, tmp_path, task)


def test_a_stop_lets_the_request_on_its_way_end(desk: Desk, tmp_path: Path) -> None:
    task = desk.task()
    desk.host.delay(1500)
    desk.enqueue(desk.comment(task))
    with outbox_process(desk, tmp_path) as process:
        wait_until(lambda: [call for call in desk.host.requests() if call["method"] == "POST"], 30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(ENDS_WITHIN_S) == 0
    assert list(desk.states().values()) == ["sent"]


def test_a_stop_waits_no_longer_than_its_grace(desk: Desk, tmp_path: Path) -> None:
    desk.host.fail([{**COMMENT, "kind": "timeout_before", "hold_s": 60}])
    desk.enqueue(desk.comment(desk.task()))
    with outbox_process(desk, tmp_path, WAYBILL_STOP_GRACE_S="1") as process:
        wait_until(lambda: [call for call in desk.host.requests() if call["fault"]], 30)
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0
    assert list(desk.states().values()) == ["sending"], "whoever comes next looks for it"


def test_two_processes_share_the_work_and_double_nothing(desk: Desk, tmp_path: Path) -> None:
    tasks = [desk.task(f"Task {number}") for number in range(20)]
    desk.host.delay(30)
    with outbox_process(desk, tmp_path), outbox_process(desk, tmp_path):
        for task in tasks:
            desk.enqueue(*desk.publication(task))
        wait_until(lambda: set(desk.states().values()) == {"sent"}, 60)
    for task in tasks:
        assert (len(desk.attachments(task)), len(desk.comments(task))) == (1, 1)
        assert [path for _, path in desk.writes(task)] == ["attachment", "comment", task]


def test_without_a_token_effects_wait_and_it_says_so(desk: Desk, tmp_path: Path) -> None:
    desk.enqueue(desk.comment(desk.task()))
    with outbox_process(desk, tmp_path, WAYBILL_CLICKUP_TOKEN="") as process:
        assert process.stderr is not None
        said = [process.stderr.readline(), process.stderr.readline()]
        assert "WAYBILL_CLICKUP_TOKEN" in said[0]
        wait_until(lambda: sql(desk.ledger, "SELECT FROM pg_stat_activity WHERE application_name = 'waybill listener'"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(ENDS_WITHIN_S) == 0
    assert list(desk.states().values()) == ["pending"]


def test_without_a_database_it_says_what_to_set(desk: Desk, tmp_path: Path) -> None:
    with outbox_process(desk, tmp_path, WAYBILL_DATABASE_URL="") as process:
        _, said = process.communicate(timeout=ENDS_WITHIN_S)
    assert process.returncode == 1
    assert "WAYBILL_DATABASE_URL" in said
    assert "Traceback" not in said
