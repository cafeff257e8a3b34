"""A command's own runs write their events over connections that are kept, and a server's restart is no error."""

from pathlib import Path

import psycopg
from sqlalchemy import event, text

from orchestration.hosting.dagster_connections import engines
from orchestration.session import Session
from tests.sessions import ingested, run, write


def test_a_run_opens_no_connection_for_each_event(session: Session, tmp_path: Path) -> None:
    ingested(session, write(tmp_path / "site", one="The workshop in Sheffield mended 12 jackets on 14 March 2011."))
    opened: list[object] = []
    for engine in engines(session.instance):
        event.listen(engine, "connect", lambda *given: opened.append(given))
    assert run(session, "embed_batch", "acme:site:0000").success
    assert len(opened) <= 2, "one beside another that is in use; sixty, were none kept"


def test_a_connection_that_died_is_replaced(session: Session) -> None:
    run_id = session.instance.create_run_for_job(session.definitions.resolve_job_def("list_source")).run_id
    pids = []
    for engine in engines(session.instance):
        with engine.connect() as connection:
            pids.append(connection.scalar(text("SELECT pg_backend_pid()")))
    with psycopg.connect(session.backends.database_url, autocommit=True) as admin:
        for pid in pids:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    session.instance.add_run_tags(run_id, {"still": "there"})
    assert session.instance.get_run_by_id(run_id) is not None
    session.instance.add_dynamic_partitions("sources", ["acme:new"])
    assert "acme:new" in session.instance.get_dynamic_partitions("sources")
