"""Two whole batches for the tests of sensors and checks: ingested once, put in order again after each test."""

from collections.abc import Iterator
from typing import Final

import dagster as dg
import psycopg
import pytest

from orchestration.session import Session
from sensors.in_flight import UNFINISHED
from tests.engines import running_engine
from tests.hosts import PostgresHost
from tests.sessions import ingested, new_session, run, sql, unchanged_environment, write

FIRST: Final = "acme:site:0000"
SECOND: Final = "acme:site:0001"
_TEXTS: Final = {f"fact{n}": f"The workshop in Sheffield mended {n + 10} jackets on 14 March 2011." for n in range(5)}
_IN_ORDER: Final = (
    "UPDATE waybill.sources SET removing_at = NULL, lease_owner = NULL, lease_expires_at = NULL",
    "UPDATE waybill.batches SET repairs = 0, next_repair_at = NULL, retired_at = NULL,"
    " lease_owner = NULL, lease_process = NULL, lease_expires_at = NULL",
    "UPDATE waybill.documents SET extracted_version_id = current_version_id, gone_at = NULL",
    "UPDATE waybill.extractions e SET embedding_id = w.embedding_id, embedding_failures = 0, retired_at = NULL,"
    " text = w.text, span_start = w.span_start, span_end = w.span_end FROM public.whole w WHERE w.id = e.id",
)


@pytest.fixture(scope="session")
def site(postgres: PostgresHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("whole")
    with psycopg.connect(postgres.url_of("postgres"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE whole TEMPLATE waybill")
        with (
            running_engine(folder / "vectors") as engine,
            new_session(postgres, postgres.url_of("whole"), engine, folder / "home") as session,
        ):
            with unchanged_environment():  # of all the tests that come while this session stands
                ingested(session, write(folder / "site", **_TEXTS))
            with psycopg.connect(session.backends.database_url) as owner:
                owner.execute("CREATE TABLE public.whole AS SELECT * FROM waybill.extractions")
                owner.execute("GRANT SELECT ON public.whole TO waybill_app")
            yield session
        admin.execute("DROP DATABASE whole WITH (FORCE)")


@pytest.fixture
def whole(site: Session) -> Iterator[Session]:
    yield site
    with psycopg.connect(site.backends.database_url, autocommit=True) as owner:
        owner.execute(
            "GRANT SELECT ON waybill.extractions, waybill.documents, waybill.document_versions TO waybill_app"
        )
    for statement in _IN_ORDER:
        sql(site, statement)
    for unfinished in site.instance.get_runs(dg.RunsFilter(statuses=UNFINISHED)):
        site.instance.delete_run(unfinished.run_id)
    site.index.store.ensure_collection()
    store = site.index.store
    if {*store.extractions_of(list(store.scroll_ids())).values()} != set(_rows(site)):
        assert all(run(site, "embed_batch", key).success for key in (FIRST, SECOND))


def _rows(session: Session) -> list[object]:
    return [row[0] for row in sql(session, "SELECT id FROM public.whole")]
