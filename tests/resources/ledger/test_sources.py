"""A client's sources: one for each place, each with a name of its own."""

import pytest
from sqlalchemy import Engine

from resources.ledger import batches, sources
from resources.ledger.batches import BatchUnknownError
from resources.ledger.sources import Source, SourceConflictError, SourceUnknownError
from tests.resources.ledger.making import ACME, OTHER, batch_of, found, list_source, registered, sql


def register(engine: Engine, location: str, *, name: str | None = None) -> Source:
    with engine.begin() as connection:
        return sources.register(connection, client=ACME, kind="folder", location=location, name=name, batch_documents=3)


def test_registering_a_place_twice_is_one_source(ledger: Engine) -> None:
    first = register(ledger, "/data/site")
    assert register(ledger, "/data/site") == first
    assert register(ledger, "/data/site", name="site") == first
    assert sql(ledger, "SELECT count(*) FROM waybill.sources") == [(1,)]


def test_a_name_is_made_from_the_place_and_numbered_when_taken(ledger: Engine) -> None:
    places = ["/data/Site Müller", "/other/Site Müller", "/", "/data/..."]
    assert [register(ledger, place).name for place in places] == ["site-m-ller", "site-m-ller-2", "source", "source-2"]
    assert len(register(ledger, f"/data/{'long' * 40}").name) == 56
    assert registered(ledger, "/data/Site Müller", client=OTHER).name == "site-m-ller"


def test_a_name_that_is_taken_is_refused(ledger: Engine) -> None:
    register(ledger, "/data/site")
    with pytest.raises(SourceConflictError, match="one at another place"):
        register(ledger, "/data/other", name="site")
    with pytest.raises(SourceConflictError, match="--source another"):
        register(ledger, "/data/site", name="another")


def test_a_source_that_is_being_removed_is_not_registered_again(ledger: Engine) -> None:
    register(ledger, "/data/site")
    sql(ledger, "UPDATE waybill.sources SET removing_at = now()")
    with pytest.raises(SourceConflictError, match="being removed since"):
        register(ledger, "/data/site")


def test_sources_are_found_by_client_and_name(ledger: Engine) -> None:
    site = register(ledger, "/data/site")
    with ledger.begin() as connection:
        assert sources.get(connection, "acme:site") == site
        assert sources.every(connection) == [site]
        with pytest.raises(SourceUnknownError, match="other:site"):
            sources.get(connection, "other:site")


def test_a_batch_that_is_unknown_or_being_removed_is_refused(ledger: Engine) -> None:
    site = register(ledger, "/data/site")
    list_source(ledger, site, found("a"))
    assert batch_of(ledger, site).partition_key == "acme:site:0000"
    with ledger.begin() as connection, pytest.raises(BatchUnknownError, match="found none"):
        batches.get(connection, "acme:site:0001")
    sql(ledger, "UPDATE waybill.sources SET removing_at = now()")
    with pytest.raises(BatchUnknownError, match="a source being removed"):
        batch_of(ledger, site)


def test_batches_ask_for_work_only_while_nobody_is_at_work(ledger: Engine) -> None:
    site = register(ledger, "/data/site")
    list_source(ledger, site, found("a", "b", "c", "d"))

    def changed(at_most: int = 100) -> list[str]:
        with ledger.begin() as connection:
            return batches.changed(connection, at_most=at_most)

    assert changed() == ["acme:site:0000", "acme:site:0001"]
    assert changed(1) == ["acme:site:0000"]
    sql(ledger, "UPDATE waybill.batches SET next_repair_at = now() + interval '1 min' WHERE ordinal = 0")
    assert changed() == ["acme:site:0001"]
    sql(ledger, "UPDATE waybill.sources SET lease_owner = 'x', lease_expires_at = now() + interval '1 min'")
    assert changed() == []
