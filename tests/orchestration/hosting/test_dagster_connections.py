"""A command's own runs write their events over connections that are kept, and a server's restart is no error."""

from pathlib import Path

import psycopg
from sqlalchemy import event, text

from orchestration.hosting.dagster_connections import engines
from orchestration.session import Session, open_session
from tests.sessions import ingested, run, unchanged_environment, write
from tests.waiting import wait_until


def test_a_run_opens_no_connection_for_each_event(session: Session, tmp_path: Path) -> None:
    ingested(session, write(tmp_path / "site", one="The workshop in Sheffield mended 12 jackets on 14 March 2011."))
    opened: list[object] = []
    for engine in engines(session.instance):
        event.listen(engine, "connect", lambda *given: opened.append(given))
    assert run(session, "embed_batch", "acme:site:0000").success
    assert len(opened) <= 2, "one beside another that is in use; sixty, were none kept"


def test_a_connection_that_died_is_replaced(session: Session) -> None:
    run_id = session.instance.create_run_for_job(session.definitions.resolve_job_def("list_source")).run_id
    pids = _checked_in(session)
    with psycopg.connect(session.backends.database_url, autocommit=True) as admin:
        for pid in pids:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    session.instance.add_run_tags(run_id, {"still": "there"})
    assert session.instance.get_run_by_id(run_id) is not None
    session.instance.add_dynamic_partitions("sources", ["acme:new"])
    assert "acme:new" in session.instance.get_dynamic_partitions("sources")


def test_a_closed_session_leaves_no_connection(session: Session) -> None:
    with unchanged_environment(), open_session(session.settings) as other:
        other.instance.add_dynamic_partitions("sources", ["acme:new"])
        held = _checked_in(other)
    assert held
    with psycopg.connect(session.backends.database_url, autocommit=True) as admin:
        wait_until(lambda: not _still_open(admin, held), 5, "the server's processes to end")


def _checked_in(session: Session) -> list[int]:
    """The server's processes behind the connections that the instance keeps."""
    pids = []
    for engine in engines(session.instance):
        with engine.connect() as connection:
            pids.append(connection.scalar(text("SELECT pg_backend_pid()")))
    return pids


def _still_open(admin: psycopg.Connection, pids: list[int]) -> list[tuple[int]]:
    return admin.execute("SELECT pid FROM pg_stat_activity WHERE pid = ANY(%s)", [pids]).fetchall()
