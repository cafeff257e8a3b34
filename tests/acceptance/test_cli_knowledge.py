"""`waybill ingest`, `search` and `status` as their users call them, over the embedded servers."""

import os
import pty
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.turnstile import closed
from tests.acceptance.waybill_process import WAYBILL, Addresses, Ended, Waybill
from tests.architecture.sources import ROOT
from tests.sessions import write

pytestmark = pytest.mark.slow

EXAMPLE: Final = ROOT / "examples" / "acme-outdoor"
QUESTIONS: Final = tomllib.loads((ROOT / "examples" / "questions.toml").read_text(encoding="utf-8"))["questions"]
DOCUMENTS: Final = sum(path.is_file() for path in EXAMPLE.rglob("*"))
NO_SOURCE: Final = {"kind", "location", "name", "client", "listed_at", "removing_at"}
CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
STATUS: Final = {"sources", "documents", "extractions", "orphans", "points", "dead_letters", "backends"}
HIT: Final = {"score", "text", "uri", "span", "extraction_id", "document_id"}


@pytest.fixture(scope="module")
def waybill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waybill]:
    """A home of its own for these tests, and nothing else configured."""
    made = Waybill(tmp_path_factory.mktemp("cli") / "home")
    yield made
    made.kill_all()


@pytest.fixture(scope="module")
def first_ingest(waybill: Waybill) -> Ended:
    """The example client, from nothing: no home, no server."""
    ended = waybill.made("ingest", EXAMPLE, "--client", "acme")
    assert waybill.left_behind() == []
    return ended


@pytest.fixture(scope="module")
def at(waybill: Waybill, first_ingest: Ended) -> Iterator[Addresses]:
    """The servers, held from here on so that each command need not start them."""
    with waybill.held() as addresses:
        yield addresses


def test_an_ingest_prints_plain_lines_where_there_is_no_terminal(first_ingest: Ended) -> None:
    assert not CONTROL.search(first_ingest.out + first_ingest.said)
    assert first_ingest.said == "batches: 1 of 1\n"
    row = next(line for line in first_ingest.out.splitlines() if "acme:acme-outdoor" in line)
    numbers = [int(number) for number in re.findall(r"\b\d+\b", row)]
    assert numbers[:5] == [DOCUMENTS, DOCUMENTS, 0, 0, 0]
    assert numbers[5] == numbers[6] > DOCUMENTS


def test_status_counts_what_there_is(waybill: Waybill, first_ingest: Ended) -> None:
    ended = waybill.made("status", "--json")
    status = ended.json()

    assert ended.said == ""
    assert status.keys() >= STATUS
    assert all(type(status[key]) is int for key in STATUS - {"documents", "backends"})
    assert status["documents"] == {"extracted": DOCUMENTS}
    assert status["extractions"] == status["points"] > DOCUMENTS
    assert (status["sources"], status["orphans"], status["dead_letters"]) == (1, 0, 0)
    assert "embedded" in status["backends"]["database"]
    assert "embedded" in status["backends"]["vectors"]
    assert waybill.left_behind() == []


def test_search_gives_hits_that_quote_their_documents(waybill: Waybill, at: Addresses) -> None:
    ended = waybill.made("search", QUESTIONS[0]["asks"], "--client", "acme", "-k", "3", "--json")
    hits = ended.json()["hits"]

    assert ended.said == ""
    assert len(hits) == 3
    assert all(hit.keys() >= HIT for hit in hits)
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    for hit in hits:
        start, end = hit["span"]
        quoted = at.sql(
            "SELECT substr(v.text, %s, %s) FROM waybill.documents d"
            " JOIN waybill.document_versions v ON v.id = d.current_version_id WHERE d.id = %s AND d.uri = %s",
            *(start + 1, end - start, hit["document_id"], hit["uri"]),
        )
        assert quoted == [(hit["text"],)]
        known = at.sql("SELECT document_id::text FROM waybill.extractions WHERE id = %s", hit["extraction_id"])
        assert known == [(hit["document_id"],)]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["document"])
def test_every_question_of_the_example_is_answered_by_its_document(
    waybill: Waybill, at: Addresses, question: dict[str, str]
) -> None:
    hits = waybill.within("search", question["asks"], "--client", "acme", "-k", "3", "--json").json()["hits"]

    answers = [hit for hit in hits if hit["uri"] == (EXAMPLE / question["document"]).as_uri()]
    assert answers, [hit["uri"] for hit in hits]
    assert any(question["says"] in hit["text"] for hit in answers)


def test_a_file_is_a_source_of_its_own(waybill: Waybill, at: Addresses, tmp_path: Path) -> None:
    file = write(tmp_path, note="The annual meeting is on 9 June 2026.") / "note.txt"

    report = waybill.within("ingest", file, "--client", "single", "--source", "minutes", "--json").json()["sources"]

    assert [source["source"] for source in report] == ["single:minutes"]
    listed = waybill.within("sources", "list", "--json").json()["sources"]
    (source,) = [source for source in listed if source["client"] == "single"]
    assert source.keys() >= NO_SOURCE
    assert (source["kind"], source["location"], source["removing_at"]) == ("upload", str(file), None)
    (hit,) = waybill.within("search", "annual meeting", "--client", "single", "--json").json()["hits"]
    assert hit["uri"] == file.as_uri()


def test_a_failed_document_is_named_with_its_reason_and_the_others_are_ingested(
    waybill: Waybill, at: Addresses, tmp_path: Path
) -> None:
    folder = write(tmp_path / "mixed", good="The good one weighs 12 kilograms.")
    (folder / "bad.txt").write_bytes(b"\x00\x01\x02\xff\xfe\x00" * 200)
    (folder / "empty.txt").write_text("")

    ended = waybill.within("ingest", folder, "--client", "mixed", "--json")

    assert ended.code == 1
    (source,) = ended.json()["sources"]
    reasons = {Path(failure["uri"]).name: failure["reason"] for failure in source["failures"]}
    assert "expected" in reasons["bad.txt"]
    assert "empty.txt" in reasons
    assert len(reasons) == 2
    assert waybill.within("search", "good one", "--client", "mixed", "--json").json()["hits"]
    again = waybill.within("ingest", folder, "--client", "mixed")
    assert again.code == 1
    assert "bad.txt" in again.said, "it failed before and nothing changed, so it still counts and is named"


def test_CB_4_while_an_ingest_runs_search_answers_and_a_second_one_of_the_source_is_refused(
    waybill: Waybill, at: Addresses, tmp_path: Path
) -> None:
    folder = write(tmp_path / "large", **{f"n{number}": f"Item {number} weighs {number} grams." for number in range(9)})
    with (
        closed(at.ledger, "waybill.extractions") as (turnstile,),
        waybill.start("ingest", folder, "--client", "acme", "--json") as running,
    ):
        turnstile.stop_at("COPY waybill.extractions")
        meanwhile = waybill.within("search", QUESTIONS[0]["asks"], "--client", "acme", "--json").json()
        second = waybill.within("ingest", folder, "--client", "acme").refused()
        turnstile.open()
        first = running.end()

    assert meanwhile["hits"]
    assert "already claimed by ingest" in second
    assert "acme:large" in second
    assert (first.code, sum(found(first, "source_listings.new"))) == (0, 9)
    assert at.sql(
        "SELECT state, count(*) FROM waybill.documents WHERE uri LIKE %s GROUP BY 1", f"{folder.as_uri()}%"
    ) == [("extracted", 9)]


def test_AP_10_ctrl_c_ends_an_ingest_in_one_sentence_and_the_next_one_goes_on(
    waybill: Waybill, at: Addresses, tmp_path: Path
) -> None:
    folder = write(tmp_path / "broken off", one="The tent weighs 2,100 grams.")
    with (
        closed(at.ledger, "waybill.extractions") as (turnstile,),
        waybill.start("ingest", folder, "--client", "acme") as running,
    ):
        turnstile.stop_at("COPY waybill.extractions")
        ended = running.interrupt()

    assert (ended.code, ended.out, ended.said.count("\n")) == (130, "", 1), ended
    assert "interrupted" in ended.said
    leases = "SELECT lease_owner FROM waybill.sources UNION SELECT lease_owner FROM waybill.batches"
    assert at.sql(leases) == [(None,)], "it let go of what it had claimed"
    assert waybill.within("ingest", folder, "--client", "acme").code == 0


def test_an_ingest_draws_a_bar_on_a_terminal(waybill: Waybill, at: Addresses, tmp_path: Path) -> None:
    folder = write(tmp_path / "drawn", one="The stove weighs 90 grams.")
    terminal, its_end = pty.openpty()
    command: list[str | Path] = [WAYBILL, "ingest", folder, "--client", "acme"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=its_end, env=waybill.environment()) as process:
        os.close(its_end)
        shown = b"".join(iter(lambda: drawn(terminal), b"")).decode()
    os.close(terminal)

    assert process.returncode == 0, shown
    assert "batches" in shown
    assert "\x1b[" in shown
    assert "batches: 1 of 1" not in shown


def drawn(terminal: int) -> bytes:
    """What comes next; nothing once nobody holds the other end any more."""
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""


def found(ended: Ended, count: str) -> list[Any]:
    return [source["counts"][count] for source in ended.json()["sources"]]
