"""Press releases from a task to files in review, step by step; a rejection changes what was named and nothing else."""

import io
import json
from typing import Final

import pytest
from docx import Document

from orchestration.session import Session
from resources.domain.news_articles import validated
from resources.writer.offline import OfflineWriter
from tests.assets.desk import EXAMPLES, Desk, error_of
from tests.assets.releases import CONFIGURATION, ordered, rejected, release_text
from tests.sessions import ingested, sql

STEPS: Final = ["brief", "headlines", "drafts", "files"]


@pytest.fixture
def desk(session: Session) -> Desk:
    ingested(session, EXAMPLES)
    return Desk(session, CONFIGURATION, writer=OfflineWriter())


def test_a_task_becomes_two_releases_in_review_each_step_shown(desk: Desk) -> None:
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
