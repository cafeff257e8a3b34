"""A batch of links, from its workbook to files in review: each anchor in place once, and no text twice."""

import csv
import io
import json
from pathlib import Path
from typing import Any, Final

import pytest
from docx import Document

from orchestration.session import Session
from resources.domain.tasks import Act, TaskEvent
from resources.ledger import claims
from resources.work.review import decide
from tests.assets.desk import EXAMPLES, Desk, error_of
from tests.assets.killed_run import killed_at
from tests.assets.releases import CONFIGURATION as OF_KILLED_RUNS
from tests.resources.workbooks.reports import REPORT, write_workbook
from tests.sessions import ingested, sql
from tests.writer.scripted import Script

CONFIGURATION: Final[dict[str, Any]] = {
    "task_types": {"link_building": {"settings": {"links": 3}}},
    "clients": {"acme": {"name": "Acme Outdoor", "brands": ["Acme Outdoor"], "banned_words": ["Porto"]}},
}
SHEETS: Final = {
    **REPORT,
    "Roadmap": [["Roadmap"], ['"waterproof jacket", "waterproof jackets", "rain jacket"']],
    "Basic Tunings": [["Keyword", "waterproof jacket"], ["Synonyms", "rain jacket|shell jacket"]],
    "LSI Keywords": [[], [], [], [], [], [], ["membrane", 3.5, 0, 0, 0, 0, 2], ["repair", 2, 0, 0, 0, 0, 2]],
    "Entity Mentions": [["Entities"], [], [], ["Stormbreak"], ["Ridgeline"]],
    "Custom Entities": [["Ours"], ["Acme Outdoor"]],
}


@pytest.fixture
def desk(session: Session) -> Desk:
    ingested(session, EXAMPLES)
    return Desk(session, CONFIGURATION)


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    return write_workbook(tmp_path / "acme waterproof jacket.xlsx", SHEETS)


def links_of(desk: Desk, content: bytes) -> list[tuple[str, str]]:
    made = Document(io.BytesIO(content))
    return [(link.text, link.url) for each in made.paragraphs for link in each.hyperlinks]


def test_a_workbook_becomes_articles_with_the_plans_anchors_each_in_place_once(desk: Desk, workbook: Path) -> None:
    task = desk.task("link_building", "Links for waterproof jacket", workbook=workbook)
    result = desk.run("link_building", task)
    assert result.success, error_of(result)
    assert desk.stands(task)["state"] == "in_review"
    (version,) = desk.versions(task)
    files = desk.files(version)
    published = sorted(name for name, file in files.items() if file.published)
    assert published == ["article-001.docx", "article-002.docx", "article-003.docx", "link-plan.csv"]
    plan = list(csv.DictReader(io.StringIO(desk.content(files["link-plan.csv"]).decode("utf-8-sig"))))
    assert len(plan) == 3
    for row in plan:
        ((anchor, target),) = links_of(desk, desk.content(files[f"article-{int(row['Number']):03}.docx"]))
        assert (anchor.casefold(), target) == (row["Anchor"].casefold(), row["Target"])
    batch = json.loads(desk.content(files["link-batch.json"]))
    texts = [
        sentence["runs"][0]["text"]
        for article in batch["articles"]
        for paragraph in article["paragraphs"]
        for sentence in paragraph
        if sentence["extraction_id"]
    ]
    assert len(texts) == len(set(texts))
    assert "Porto" not in json.dumps(batch), "a banned word"
    cited = {row[0] for row in sql(desk.session, "SELECT text FROM waybill.citations")}
    assert len(cited) >= 9


def test_every_step_of_a_batch_is_shown(desk: Desk, workbook: Path) -> None:
    task = desk.task("link_building", "Links for waterproof jacket", workbook=workbook)
    assert desk.run("link_building", task).success
    (report,) = desk.shown("cora_reports", task)
    assert (report["keyword"], report["targets"]) == ("waterproof jacket", 2)
    (plan,) = desk.shown("link_plans", task)
    assert plan["links"] == 3
    assert {record.data["kind"] for record in plan["plan"].records} <= {"exact", "partial", "brand", "plain"}
    (articles,) = desk.shown("link_articles", task)
    assert articles["articles"] == 3
    assert "## " in articles["preview"]
    for asset in ("link_batch_files", "delivered_link_batches"):
        (shown,) = desk.shown(asset, task)
        assert (shown["version"], shown["citations"] >= 9) == (1, True)
        assert "## " in shown["preview"] or "1. " in shown["preview"]


def test_cp3_a_sentence_that_a_reviewer_named_is_not_in_the_next_version_nor_in_the_one_after(
    desk: Desk, workbook: Path
) -> None:
    task = desk.task("link_building", "Links for waterproof jacket", workbook=workbook)
    assert desk.run("link_building", task).success
    named = []
    for _ in range(2):
        text = desk.content(desk.files(desk.versions(task)[-1])["articles.md"]).decode()
        sentence = next(part for part in text.split("\n\n")[1].split(". ") if len(part.split()) > 8)
        named.append(sentence)
        with desk.session.ledger.engine.begin() as connection:
            found, _ = claims.look(connection, task)
            words = Act("Anna", f"Please take out “{sentence}”, it is wrong.")
            decide(connection, desk.configuration, found, TaskEvent.REQUEST_CHANGES, words)
        result = desk.run("link_building", task)
        assert result.success, error_of(result)
    first, second, third = (desk.content(desk.files(each)["articles.md"]).decode() for each in desk.versions(task))
    assert named[0] in first
    assert named[0] not in second
    assert named[1] in second
    assert not [each for each in named if each in third]


def test_a_task_without_a_workbook_says_so(desk: Desk) -> None:
    task = desk.task("link_building", "Links for nothing")
    assert not desk.run("link_building", task).success
    stands = desk.stands(task)
    assert stands["state"] == "failed"
    assert "expected a workbook; found none" in stands["reason"]


def test_cb9_too_few_statements_fail_the_task_with_what_to_do(session: Session, tmp_path: Path) -> None:
    source = tmp_path / "site"
    source.mkdir()
    (source / "one.txt").write_text("The Ridgeline pack weighs 1,240 grams. It was first sewn on 14 March 2011.\n")
    ingested(session, source)
    desk = Desk(session, CONFIGURATION)
    task = desk.task("link_building", "Links", workbook=write_workbook(tmp_path / "w.xlsx", SHEETS))
    assert not desk.run("link_building", task).success
    assert "Add sources that say more, or plan fewer links" in desk.stands(task)["reason"]


def test_cb5_a_batch_killed_between_any_two_steps_ends_in_the_same_and_nothing_is_attached_twice(
    session: Session, workbook: Path, tmp_path: Path
) -> None:
    ingested(session, EXAMPLES)
    desk = Desk(session, OF_KILLED_RUNS)
    whole = desk.task("link_building", "Links for waterproof jacket", workbook=workbook)
    assert desk.run("link_building", whole).success
    expected = desk.content(desk.files(desk.versions(whole)[-1])["articles.md"])
    script = Script(asked=tmp_path / "asked").write(tmp_path / "script.json")
    for boundary in ("planned", "composed", "make_files", "record", "publish"):
        task = desk.task("link_building", "Links for waterproof jacket", workbook=workbook)
        sql(session, "UPDATE waybill.tasks SET origin = 'clickup' WHERE id = :id", id=task)
        killed_at(session, script, "link_building", task, boundary)
        result = desk.run("link_building", task)
        assert result.success, f"{boundary}: {error_of(result)}"
        (version,) = desk.versions(task)
        assert desk.content(desk.files(version)["articles.md"]) == expected, boundary
        sent = sql(session, "SELECT kind, count(*) FROM waybill.outbox WHERE task_id = :id GROUP BY kind", id=task)
        assert (dict(sent)["attachment"], dict(sent)["comment"]) == (4, 1), boundary
