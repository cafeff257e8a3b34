"""The example client: its questions have an answer, each in one document, and the README lists the same ones."""

import tomllib

import pytest

from tests.architecture.sources import ROOT

EXAMPLES = ROOT / "examples"
CLIENT = EXAMPLES / "acme-outdoor"
QUESTIONS = tomllib.loads((EXAMPLES / "questions.toml").read_text(encoding="utf-8"))["questions"]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["document"])
def test_the_answer_stands_in_its_document_and_in_no_other(question: dict[str, str]) -> None:
    holders = [path for path in CLIENT.rglob("*.*") if question["says"] in path.read_text(encoding="utf-8")]
    assert [path.relative_to(CLIENT).as_posix() for path in holders] == [question["document"]]


def test_the_readme_lists_the_same_questions() -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert len(QUESTIONS) >= 6
    for question in QUESTIONS:
        assert f"| {question['asks']} | `{question['document']}` |" in readme


def test_the_documents_are_of_every_kind_and_nested() -> None:
    documents = [path for path in CLIENT.rglob("*") if path.is_file()]
    assert len(documents) >= 12
    assert {path.suffix for path in documents} == {".html", ".md", ".txt"}
    assert max(len(path.relative_to(CLIENT).parts) for path in documents) >= 3
