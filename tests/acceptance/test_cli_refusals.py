"""What `waybill` says when it cannot do what was asked: one sentence, exit code 1, and nothing half done."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.waybill_process import Addresses, Waybill
from tests.sessions import write

CLIENT: Final = ("--client", "acme")


@pytest.fixture(scope="module")
def waybill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waybill]:
    """A home of its own."""
    made = Waybill(tmp_path_factory.mktemp("refusals") / "home")
    yield made
    made.kill_all()


@pytest.fixture(scope="module")
def at(waybill: Waybill) -> Iterator[Addresses]:
    """The servers, held for all of these tests, with a ledger that has nothing in it."""
    with waybill.held() as addresses:
        assert waybill.within("migrate").code == 0
        yield addresses


def sources(at: Addresses) -> list[tuple[str, ...]]:
    return at.sql("SELECT client, name FROM waybill.sources ORDER BY client, name")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"WAYBILL_PORT": "none"}, ("WAYBILL_PORT", "a port from 0 to 65535", "'none'")),
        ({"WAYBILL_QDRANT_ULR": "http://x"}, ("WAYBILL_QDRANT_ULR", "WAYBILL_QDRANT_URL")),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed_and_nothing_is_started(
    tmp_path: Path, settings: dict[str, str], words: tuple[str, ...]
) -> None:
    waybill = Waybill(tmp_path / "home")

    said = waybill.run("status", "--json", **settings).refused()

    assert all(word in said for word in words), said
    assert not waybill.home.exists()


def test_a_missing_path_is_named_and_no_path_is_ingested(waybill: Waybill, at: Addresses, tmp_path: Path) -> None:
    before = sources(at)

    said = waybill.within("ingest", write(tmp_path / "good", one="One."), tmp_path / "absent", *CLIENT).refused()

    assert str(tmp_path / "absent") in said
    assert "a folder or a file" in said
    assert at.sql("SELECT count(*) FROM waybill.documents") == [(0,)]
    assert sources(at) == before


@pytest.mark.parametrize("name", ["Acme", "acme outdoor", "", "a" * 64])
def test_a_client_that_is_no_slug_is_refused(waybill: Waybill, at: Addresses, tmp_path: Path, name: str) -> None:
    said = waybill.within("ingest", write(tmp_path / "good", one="One."), "--client", name).refused()

    assert "small letters, digits and hyphens" in said


@pytest.mark.parametrize("name", ["Site", "a...b", "a:b", "-"])
def test_a_source_name_that_no_partition_can_have_is_refused(
    waybill: Waybill, at: Addresses, tmp_path: Path, name: str
) -> None:
    said = waybill.within("ingest", write(tmp_path / "good", one="One."), *CLIENT, "--source", name).refused()

    assert name in said
    assert at.sql("SELECT count(*) FROM waybill.sources WHERE name = %s", name) == [(0,)]


def test_a_folder_may_have_a_name_that_no_partition_can_have(waybill: Waybill, at: Addresses, tmp_path: Path) -> None:
    folder = write(tmp_path / "Q&A ... Ünïcode", one="The pack weighs 12 kilograms.")

    waybill.within("ingest", folder, "--client", "folders")

    assert [name for client, name in sources(at) if client == "folders"] == ["q-a-n-code"]


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (("search", "words", "--client", "nobody"), "nobody"),
        (("repair", "--client", "nobody"), "nobody"),
        (("sources", "remove", "nothing", "--client", "acme"), "acme:nothing"),
    ],
    ids=lambda value: value[0],
)
def test_an_unknown_client_or_source_is_named(
    waybill: Waybill, at: Addresses, command: tuple[str, ...], found: str
) -> None:
    assert found in waybill.within(*command).refused()


def test_the_name_of_another_source_is_refused(waybill: Waybill, at: Addresses, tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", text="One is 1."), write(tmp_path / "two", text="Two is 2.")
    assert waybill.within("ingest", one, "--client", "named", "--source", "site").code == 0

    other_place = waybill.within("ingest", two, "--client", "named", "--source", "site").refused()
    other_name = waybill.within("ingest", one, "--client", "named", "--source", "blog").refused()

    assert "no other source called site" in other_place
    assert "to be called site" in other_name
    assert [name for client, name in sources(at) if client == "named"] == ["site"]
