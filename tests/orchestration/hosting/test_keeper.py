"""The embedded servers start for the first who needs them and end with the last, however each of them ends."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psycopg
import pytest

from orchestration.hosting.home import Home
from tests.orchestration.hosting.running import (
    command,
    kill_all,
    living,
    pid_of,
    wait_until_nobody_lives,
)
from tests.waiting import wait_until

POSTGRES, ENGINE, KEEPER = "bin/postgres -D", "vector_engine --path", "hosting.keeper --home"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose processes are gone at the end, whatever the test did."""
    yield tmp_path / "home"
    kill_all(tmp_path / "home")


def answers(ready: dict[str, Any]) -> bool:
    try:
        with psycopg.connect(ready["database_url"], connect_timeout=2) as connection:
            connection.execute("SELECT 1")
        with urlopen(f"{ready['qdrant_url']}/healthz", timeout=2) as response:
            return bool(response.status == 200)
    except (psycopg.OperationalError, OSError):
        return False


def test_the_last_one_out_leaves_no_process(home: Path) -> None:
    with command("hold", home) as first, command("hold", home) as second:
        ready = first.ready()
        assert second.ready() == ready
        assert sum(KEEPER in words for words in living(home).values()) == 1
        assert first.leave() == 0
        assert answers(ready)
        assert second.leave() == 0
        assert living(home) == {}


def test_two_starters_at_once_share_one_keeper(home: Path) -> None:
    with (
        command("hold", home) as one,
        command("hold", home) as two,
        command("hold", home) as three,
    ):
        assert one.ready() == two.ready() == three.ready()
        wait_until(lambda: sum(KEEPER in words for words in living(home).values()) == 1)
        for each in (one, two, three):
            assert each.leave() == 0
    wait_until_nobody_lives(home)


def test_addresses_and_data_stay_from_start_to_start(home: Path) -> None:
    seen = []
    for _ in range(2):
        with command("hold", home) as holder:
            ready = holder.ready()
            with psycopg.connect(ready["database_url"]) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS visits (at timestamptz)")
                connection.execute("INSERT INTO visits VALUES (now())")
                count = connection.execute("SELECT count(*) FROM visits").fetchone()
            seen.append((ready["qdrant_url"], ready["qdrant_api_key"]))
            assert holder.leave() == 0
    assert count == (2,)
    assert seen[0] == seen[1]


def test_kill_9_of_the_command_ends_the_servers(home: Path) -> None:
    with command("hold", home) as holder:
        holder.ready()
        assert holder.signal(signal.SIGKILL) == -signal.SIGKILL
    wait_until_nobody_lives(home)


def test_a_new_command_right_behind_a_leaving_one_gets_servers(home: Path) -> None:
    with command("hold", home) as first:
        first.ready()
        assert first.process.stdin is not None
        first.process.stdin.close()  # it leaves while the next one starts
        with command("hold", home) as second:
            assert answers(second.ready())
            assert first.process.wait(30) == 0
            assert second.leave() == 0
    assert living(home) == {}


@pytest.mark.slow
@pytest.mark.parametrize("part", [POSTGRES, ENGINE])
def test_a_killed_server_comes_back_at_the_same_address(home: Path, part: str) -> None:
    with command("hold", home) as holder:
        ready = holder.ready()
        victim = pid_of(home, part)
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: any(part in words for pid, words in living(home).items() if pid != victim))
        wait_until(lambda: answers(ready))
        assert holder.leave() == 0
    assert living(home) == {}


@pytest.mark.slow
def test_a_killed_keeper_is_replaced_and_its_servers_come_back_at_the_same_address(home: Path) -> None:
    with command("hold", home) as holder:
        ready = holder.ready()
        before = set(living(home)) - {holder.process.pid}
        os.kill(pid_of(home, KEEPER), signal.SIGKILL)
        wait_until(lambda: not before & set(living(home)), what="the end of the killed keeper's servers")
        wait_until(lambda: answers(ready))
        assert holder.leave() == 0
    assert living(home) == {}


@pytest.mark.slow
def test_after_kill_9_of_everything_a_new_start_works(home: Path) -> None:
    with command("hold", home) as holder:
        ready = holder.ready()
        with psycopg.connect(ready["database_url"]) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        assert kill_all(home) > 4
    assert (home / "run" / "s" / "keeper.sock").exists()  # a stale socket
    assert (home / "postgres" / "data" / "postmaster.pid").exists()  # and a stale pid file
    with command("hold", home) as holder, psycopg.connect(holder.ready()["database_url"]) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
        connection.close()
        assert holder.leave() == 0


def test_a_home_with_a_path_too_long_for_sockets_works(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 20) / "home"
    home.parent.mkdir()
    with command("hold", home) as holder:
        ready = holder.ready()
        assert answers(ready)
        assert str(home) not in ready["database_url"]
        assert holder.leave() == 0
    assert living(home) == {}
    for name in ("run", "postgres"):
        Home.at(home).sockets(name).rmdir()  # which it could not, if a socket were left in it


def test_a_server_that_does_not_start_is_explained_by_its_own_words(home: Path) -> None:
    broken = [sys.executable, "-c", "raise SystemExit('no such tensor')"]
    with command("hold", home, *broken) as holder:
        said = holder.refusal()
    assert "embedded vector engine" in said
    assert "no such tensor" in said
    assert "vector_engine.log" in said
    wait_until_nobody_lives(home)


def test_a_taken_vector_port_is_named_with_its_setting(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        with command("hold", home, WAYBILL_VECTOR_PORT=port) as holder:
            said = holder.refusal()
    assert f"port {port}" in said
    assert "WAYBILL_VECTOR_PORT" in said
    wait_until_nobody_lives(home)
