"""AP-7: how many statements are sent does not grow with what they are about, but by the chunk."""

from collections.abc import Callable

from sqlalchemy import Engine

from resources.domain.ids import ExtractionId, VersionId
from resources.domain.spans import Span
from resources.ledger import hits
from tests.resources.ledger.making import (
    ACME,
    batch_of,
    extract,
    fetch,
    found,
    list_source,
    registered,
    sql,
    statements,
)

SMALL, LARGE = 10, 90


def texts(count: int) -> dict[str, str]:
    return {f"{number:03d}": f"Shop {number} in Leeds opens on 16 May 2026 with 14 people." for number in range(count)}


def counted(engine: Engine, work: Callable[[], object]) -> int:
    with statements(engine) as sent:
        work()
    return len(sent)


def spent(engine: Engine, location: str, count: int) -> dict[str, int]:
    source = registered(engine, location, batch_documents=100)
    listing = counted(engine, lambda: list_source(engine, source, found(*texts(count))))
    batch = batch_of(engine, source)
    return {
        "listing": listing,
        "fetching": counted(engine, lambda: fetch(engine, batch, texts(count))),
        "extracting": counted(engine, lambda: extract(engine, batch)),
        "listing again": counted(engine, lambda: list_source(engine, source, found(*texts(count)))),
    }


def test_AP_7_a_chunk_costs_the_same_statements_whatever_it_holds(ledger: Engine) -> None:
    small, large = spent(ledger, "/data/small", SMALL), spent(ledger, "/data/large", LARGE)
    assert small == large
    assert max(large.values()) < 25


def test_AP_7_search_asks_the_ledger_two_questions_for_any_number_of_hits(ledger: Engine) -> None:
    source = registered(ledger, batch_documents=100)
    list_source(ledger, source, found(*texts(LARGE)))
    batch = batch_of(ledger, source)
    fetch(ledger, batch, texts(LARGE))
    extract(ledger, batch)
    rows = sql(ledger, "SELECT id, version_id, span_start, span_end, text FROM waybill.extractions")
    for number in (0, 1, len(rows)):
        with ledger.begin() as connection, statements(ledger) as sent:
            live = hits.live(connection, ACME, [ExtractionId(row[0]) for row in rows[:number]])
            quoted = hits.quotes(connection, [(VersionId(row[1]), Span(row[2], row[3])) for row in rows[:number]])
        assert len(sent) == 2
        assert len(live) == number
        assert quoted == [row[4] for row in rows[:number]]
