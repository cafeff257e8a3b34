"""Claims: one owner at a time, fenced by the version, succeeded when the owner is gone."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Engine, event, text

from resources import processes
from resources.ledger.leases import KNOWLEDGE, AlreadyClaimedError, Lease, LeaseLostError, held, release_dead
from resources.ledger.sources import Source
from tests.resources.ledger.making import registered, sql
from tests.waiting import wait_until

SECOND = timedelta(seconds=1)
HOLDER = """
import sys
from datetime import timedelta
from uuid import UUID
from resources.ledger.engine import open_ledger
from resources.ledger.leases import held

with held(open_ledger(sys.argv[1]), "sources", UUID(sys.argv[2]), owner=sys.argv[3], length=timedelta(minutes=10)):
    print("held", flush=True)
    sys.stdin.read()
"""
ROW = "SELECT lease_owner, lease_process, version FROM waybill.sources WHERE id = :id"


@pytest.fixture
def source(ledger: Engine) -> Source:
    return registered(ledger)


@contextmanager
def held_by(engine: Engine, key: UUID, owner: str, length: timedelta = KNOWLEDGE) -> Iterator[Lease]:
    with held(engine, "sources", key, owner=owner, length=length) as lease:
        yield lease


def expire(engine: Engine, key: UUID) -> None:
    sql(engine, "UPDATE waybill.sources SET lease_expires_at = now() - interval '1 s' WHERE id = :id", id=key)


def kill_a_holder(url: str, key: UUID, owner: str) -> None:
    command = [sys.executable, "-c", HOLDER, url, str(key), owner]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.kill()
        holder.wait()


def test_CB_4_DT_8_a_second_owner_is_refused_and_told_who_has_it(ledger: Engine, source: Source) -> None:
    with (
        held_by(ledger, source.id, "run 1"),
        pytest.raises(AlreadyClaimedError, match="already claimed by run 1"),
        held_by(ledger, source.id, "run 2"),
    ):
        pytest.fail("two owners at once")


def test_a_lease_ends_with_its_block_also_when_that_fails(ledger: Engine, source: Source) -> None:
    with pytest.raises(ZeroDivisionError), held_by(ledger, source.id, "run 1"):
        raise ZeroDivisionError
    assert sql(ledger, ROW, id=source.id)[0][:2] == (None, None)
    with held_by(ledger, source.id, "run 2") as lease, ledger.begin() as connection:
        lease.fence(connection)


def test_the_same_owner_shares_its_lease_and_only_the_first_block_ends_it(ledger: Engine, source: Source) -> None:
    with held_by(ledger, source.id, "run 1") as first:
        with held_by(ledger, source.id, "run 1") as second:
            assert second == first
        with ledger.begin() as connection:
            first.fence(connection)
    assert sql(ledger, ROW, id=source.id)[0][0] is None


def test_CB_16_AP_12_an_expired_lease_is_taken_over_and_the_former_owner_writes_nothing(
    ledger: Engine, source: Source
) -> None:
    with held_by(ledger, source.id, "run 1") as former:
        expire(ledger, source.id)
        with held_by(ledger, source.id, "run 2") as new:
            assert new.version == former.version + 1
            with pytest.raises(LeaseLostError, match="the lease of run 1"), ledger.begin() as connection:
                connection.execute(text("UPDATE waybill.sources SET listed_at = now()"))
                former.fence(connection)
            with ledger.begin() as connection:
                new.fence(connection)
            assert sql(ledger, "SELECT listed_at FROM waybill.sources") == [(None,)]


def test_a_former_owner_does_not_release_what_the_new_one_holds(ledger: Engine, source: Source) -> None:
    with held_by(ledger, source.id, "run 1"):
        expire(ledger, source.id)
        taken_over = held_by(ledger, source.id, "run 2")
        taken_over.__enter__()
    assert sql(ledger, ROW, id=source.id)[0][0] == "run 2"
    taken_over.__exit__(None, None, None)


def test_CB_1_an_owner_killed_with_9_is_succeeded_at_once(ledger: Engine, ledger_url: str, source: Source) -> None:
    kill_a_holder(ledger_url, source.id, "run 1")
    assert sql(ledger, "SELECT lease_owner, lease_expires_at > now() FROM waybill.sources") == [("run 1", True)]
    with held_by(ledger, source.id, "run 2") as lease, ledger.begin() as connection:
        lease.fence(connection)


def test_CB_1_the_lease_of_a_killed_process_is_released_and_its_version_rises(
    ledger: Engine, ledger_url: str, source: Source
) -> None:
    other = registered(ledger, "/data/other")
    kill_a_holder(ledger_url, source.id, "run 1")
    version = sql(ledger, ROW, id=source.id)[0][2]
    with held_by(ledger, other.id, "run 2") as alive:
        assert release_dead(ledger) == 1
        assert sql(ledger, ROW, id=source.id) == [(None, None, version + 1)]
        with ledger.begin() as connection:
            alive.fence(connection)
    assert release_dead(ledger) == 0


def test_a_namesake_of_a_dead_owner_claims_anew_so_that_somebody_keeps_the_lease_alive(
    ledger: Engine, ledger_url: str, source: Source
) -> None:
    kill_a_holder(ledger_url, source.id, "run 1")
    with held_by(ledger, source.id, "run 1"):
        assert sql(ledger, ROW, id=source.id)[0][:2] == ("run 1", processes.identity())
    assert sql(ledger, ROW, id=source.id)[0][0] is None


def test_an_owner_on_another_machine_keeps_its_lease_until_it_expires(ledger: Engine, source: Source) -> None:
    elsewhere = "another-boot/4026531836/1/1"
    with held_by(ledger, source.id, "run 1"):
        sql(ledger, "UPDATE waybill.sources SET lease_process = :process", process=elsewhere)
        assert release_dead(ledger) == 0
        with pytest.raises(AlreadyClaimedError), held_by(ledger, source.id, "run 2"):
            pytest.fail("two owners at once")


def test_the_heartbeat_extends_the_lease_and_never_raises_its_version(ledger: Engine, source: Source) -> None:
    expiry = "SELECT lease_expires_at, version FROM waybill.sources"
    with held_by(ledger, source.id, "run 1", SECOND) as lease:
        first = sql(ledger, expiry)[0][0]
        wait_until(lambda: sql(ledger, expiry)[0][0] > first + SECOND, 10, "a second heartbeat")
        with pytest.raises(AlreadyClaimedError), held_by(ledger, source.id, "run 2"):
            pytest.fail("two owners at once")
        assert sql(ledger, expiry)[0][1] == lease.version
        assert not lease.lost.is_set()


def test_a_heartbeat_that_finds_no_row_marks_the_lease_lost(ledger: Engine, source: Source) -> None:
    with held_by(ledger, source.id, "run 1", SECOND) as lease:
        sql(ledger, "UPDATE waybill.sources SET version = version + 1")
        wait_until(lease.lost.is_set, 10, "the heartbeat's notice")
        sql(ledger, "UPDATE waybill.sources SET version = version - 1")
        with pytest.raises(LeaseLostError), ledger.begin() as connection:
            lease.fence(connection)


@contextmanager
def away(url: str) -> Iterator[None]:
    """The database takes no connection and has none."""
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    elsewhere = psycopg.conninfo.make_conninfo(url, dbname="postgres")
    with psycopg.connect(elsewhere, autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        try:
            yield
        finally:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def test_a_heartbeat_without_a_database_for_a_whole_length_marks_the_lease_lost(
    ledger: Engine, ledger_url: str, source: Source
) -> None:
    with held_by(ledger, source.id, "run 1", SECOND) as lease, away(ledger_url):
        assert lease.lost.wait(10)


def test_a_heartbeat_that_missed_once_goes_on(ledger: Engine, ledger_url: str, source: Source) -> None:
    tried = threading.Event()
    with held_by(ledger, source.id, "run 1", 2 * SECOND) as lease:
        first = sql(ledger, "SELECT lease_expires_at FROM waybill.sources")[0][0]
        with away(ledger_url):
            event.listen(ledger, "do_connect", lambda *given: tried.set())
            assert tried.wait(10)
        wait_until(lambda: sql(ledger, "SELECT lease_expires_at FROM waybill.sources")[0][0] > first, 10, "a beat")
        assert not lease.lost.is_set()


@pytest.mark.parametrize("subject", ["sources", "batches"])
def test_CB_16_of_claimants_at_the_same_instant_exactly_one_wins(ledger: Engine, source: Source, subject: str) -> None:
    key = UUID(int=7)
    if subject == "sources":
        key = source.id
    else:
        sql(
            ledger,
            "INSERT INTO waybill.batches (id, source_id, ordinal, partition_key) VALUES (:id, :source, 0, 'b')",
            id=key,
            source=source.id,
        )
    together, ended = threading.Barrier(2), threading.Barrier(2)

    def claim(owner: str) -> bool:
        together.wait(10)
        try:
            with held(ledger, "sources" if subject == "sources" else "batches", key, owner=owner, length=KNOWLEDGE):
                ended.wait(10)
                return True
        except AlreadyClaimedError:
            ended.wait(10)
            return False

    with ThreadPoolExecutor(2) as pool:
        for _ in range(25):
            assert sorted(pool.map(claim, ["run 1", "run 2"])) == [False, True]


def test_what_was_removed_meanwhile_cannot_be_claimed(ledger: Engine) -> None:
    with pytest.raises(AlreadyClaimedError, match="its source was removed"), held_by(ledger, UUID(int=1), "run 1"):
        pytest.fail("a lease of nothing")


def test_a_lease_whose_row_is_removed_refuses_to_write(ledger: Engine, ledger_url: str, source: Source) -> None:
    with held_by(ledger, source.id, "run 1") as lease:
        sql(ledger, "DELETE FROM waybill.sources")
        with pytest.raises(LeaseLostError), ledger.begin() as connection:
            lease.fence(connection)
