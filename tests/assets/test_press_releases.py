"""Press releases from a task to files in review, step by step; a rejection changes what was named and nothing else."""

import io
import json
from pathlib import Path
from typing import Any, Final

import pytest
from docx import Document

from orchestration.session import Session
from resources.domain.news_articles import validated
from resources.domain.tasks import Act, TaskEvent, TaskId
from resources.ledger import claims
from resources.work.review import decide
from resources.writer.offline import OfflineWriter
from tests.assets.desk import EXAMPLES, Desk, error_of
from tests.sessions import ingested, sql

CONFIGURATION: Final[dict[str, Any]] = {
    "task_types": {"press_release": {}},
    "clients": {
        "acme": {
            "name": "Acme Outdoor",
            "about": "Acme Outdoor makes packs, jackets and tents for people who walk.",
            "city": "Sheffield, England",
            "website": "https://acme-outdoor.example",
            "contact": {"name": "Ben Whitlock", "email": "press@acme-outdoor.example"},
            "banned_words": ["revolutionary"],
        }
    },
}
BODY: Final = """Announce the jacket.

Date: 3 February 2026
Quote: “We wanted a jacket that can be repaired for as long as it is worn.” — Maya Lindqvist, founder
"""
STEPS: Final = ["brief", "headlines", "drafts", "files"]


@pytest.fixture
def desk(session: Session) -> Desk:
    ingested(session, EXAMPLES)
    return Desk(session, CONFIGURATION, writer=OfflineWriter())


def ordered(desk: Desk) -> TaskId:
    return desk.task("press_release", "Press release: launch of the Stormbreak jacket", body=BODY)


def rejected(desk: Desk, task: TaskId, words: str) -> None:
    with desk.session.ledger.engine.begin() as connection:
        found, _ = claims.look(connection, task)
        decide(connection, desk.configuration, found, TaskEvent.REQUEST_CHANGES, Act("Anna", words))


def release_text(desk: Desk, task: TaskId, place: int = 1, version: int = -1) -> str:
    whole = [each for each in desk.versions(task) if each.stage == "whole"]
    return desk.content(desk.files(whole[version])[f"release-{place}.md"]).decode()


def test_a_task_becomes_two_releases_in_review_each_step_shown(desk: Desk, tmp_path: Path) -> None:
    task = ordered(desk)
    result = desk.run("press_release", task)
    assert result.success, error_of(result)
    assert desk.stands(task)["state"] == "in_review"
    version = desk.versions(task)[-1]
    files = desk.files(version)
    assert sorted(name for name, file in files.items() if file.published) == [
        "press-release-1-with-sources.docx", "press-release-1.docx", "press-release-1.jsonld",
        "press-release-2-with-sources.docx", "press-release-2.docx", "press-release-2.jsonld",
    ]  # fmt: skip
    article = validated(json.loads(desk.content(files["press-release-1.jsonld"])))
    assert article["datePublished"] == "2026-02-03"
    made = Document(io.BytesIO(desk.content(files["press-release-1.docx"])))
    text = "\n".join(each.text for each in made.paragraphs)
    assert "“We wanted a jacket that can be repaired for as long as it is worn,” said Maya Lindqvist, founder." in text
    assert "without a language model" in text
    reviewers = Document(io.BytesIO(desk.content(files["press-release-1-with-sources.docx"])))
    assert len(list(reviewers.comments)) >= 3
    for step in STEPS:
        assert len(desk.shown(f"press_release_{step}", task)) == 1, step
    (shown,) = desk.shown("delivered_press_releases", task)
    assert shown["citations"] >= 3
    checks = [event for event in result.all_events if event.event_type_value == "ASSET_CHECK_EVALUATION"]
    assert [each.asset_check_evaluation_data.passed for each in checks] == [True]
    (tmp_path / "release.md").write_text(release_text(desk, task))


def test_cp3_a_rejection_changes_the_sentence_that_was_named_and_the_headline_stays(desk: Desk) -> None:
    task = ordered(desk)
    assert desk.run("press_release", task).success
    before = release_text(desk, task)
    body = [part for part in before.split("\n\n") if part[0] not in "#*>"]
    sentence = body[0].split(" \\[")[0]
    rejected(desk, task, f"Please take out “{sentence}”.")
    result = desk.run("press_release", task)
    assert result.success, error_of(result)
    after = release_text(desk, task)
    assert sentence in before
    assert sentence not in after
    assert before.splitlines()[0] == after.splitlines()[0]
    calls = sql(desk.session, "SELECT step, count(*) FROM waybill.task_steps GROUP BY step ORDER BY step")
    assert dict(calls)["headlines"] == dict(calls)["judge"] == 1, "what was paid for is not asked for again"
