import time
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from resources.domain.documents import normalised
from resources.domain.extractions import Extraction, StoredExtraction, Template, diff
from resources.domain.ids import DocumentId
from resources.domain.spans import quote
from resources.extractors.offline import MAX_PASSAGE_CHARS, MAX_SECTION_CHARS, extract

DOCUMENT = DocumentId(UUID(int=7))
WORDS = [
    "Acme",
    "paid",
    "5",
    "é",
    "🎉",
    "日本",
    "in 1998.",
    "\n",
    "\n\n",
    "- item",
    "x" * 300,
    "\u3000",
    "\u200d",
    "👨‍👩‍👧",
]
TEXTS = st.one_of(
    st.text().map(normalised),
    st.lists(st.sampled_from(WORDS), max_size=400).map(" ".join).map(normalised),
    st.tuples(st.sampled_from(["🎉", "x", "a ", "é\n", "A b. "]), st.integers(1, 50_000)).map(
        lambda t: normalised(t[0] * t[1])
    ),
)


def passages(text: str) -> list[Extraction]:
    return [e for e in extract(DOCUMENT, text) if e.template is Template.PASSAGE]


@given(TEXTS)
@example("x" * (MAX_SECTION_CHARS + 1))
@example("🎉" * (MAX_PASSAGE_CHARS + 1))
@settings(max_examples=200, deadline=None)
def test_every_span_quotes_its_text_exactly(text: str) -> None:
    found = extract(DOCUMENT, text)
    assert all(quote(text, e.span) == e.text == e.text.strip() for e in found)
    assert len({e.id for e in found}) == len(found)
    assert all(0 < e.confidence <= 1 for e in found)


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_every_character_but_space_is_in_just_one_passage(text: str) -> None:
    covered = [0] * len(text)
    for passage in passages(text):
        assert len(passage.text) <= MAX_PASSAGE_CHARS
        for position in range(passage.span.start, passage.span.end):
            covered[position] += 1
    assert all(count == 1 for count, c in zip(covered, text, strict=True) if not c.isspace())
    assert max(covered, default=0) <= 1


@given(TEXTS)
@settings(max_examples=50, deadline=None)
def test_extracting_again_changes_nothing(text: str) -> None:
    found = extract(DOCUMENT, text)
    changes = diff([StoredExtraction(e.id, e.span) for e in found], extract(DOCUMENT, text))
    assert (list(changes.kept), changes.added, changes.retired) == (found, (), ())


def test_a_text_without_words_has_no_extractions() -> None:
    assert extract(DOCUMENT, "") == []


def test_a_document_of_two_hundred_words_is_one_passage_and_its_statements() -> None:
    text = "Acme was founded in 1998 by Jane Doe. " + "It makes fasteners of every kind there is. " * 24
    text = normalised(text)
    found = extract(DOCUMENT, text)
    assert [(e.template, e.labels, e.text) for e in found] == [
        (Template.PASSAGE, (), text),
        (Template.STATEMENT, ("date", "name"), "Acme was founded in 1998 by Jane Doe."),
    ]


def test_a_long_document_is_cut_between_paragraphs() -> None:
    paragraphs = [f"Paragraph {n}. " + "It says little. " * 50 for n in range(20)]
    text = normalised("\n\n".join(paragraphs))
    assert all(p.text.startswith("Paragraph") and p.text.endswith("little.") for p in passages(text))
    assert len(passages(text)) == 10


@pytest.mark.parametrize("ending", [" ", ". ", "\n", "\n\n"])
def test_no_word_is_cut_in_two(ending: str) -> None:
    text = normalised(("word" + ending) * 10_000)
    assert {word for passage in passages(text) for word in passage.text.split()} <= {"word", "word."}


def test_a_changed_sentence_keeps_the_other_statements() -> None:
    old = normalised("Acme paid 5 pounds to us. Acme paid 6 pounds to you.\n\nAcme paid 7 pounds to them.")
    new = "A new line of words.\n\n" + old.replace("paid 6", "paid 60")
    changes = diff([StoredExtraction(e.id, e.span) for e in extract(DOCUMENT, old)], extract(DOCUMENT, new))
    assert [e.text for e in changes.kept] == ["Acme paid 5 pounds to us.", "Acme paid 7 pounds to them."]
    assert [e.text for e in changes.added if e.template is Template.STATEMENT] == ["Acme paid 60 pounds to you."]
    assert len(changes.retired) == 2  # the passage and the changed sentence


@pytest.mark.parametrize("unit", ["x", "word and more. ", "a ", "🎉", "a\u0301", "👨‍👩‍👧‍👦", "A line.\n", "\n\nA"])
def test_a_megabyte_takes_linear_time(unit: str) -> None:
    text = normalised(unit * (1_000_000 // len(unit)))
    began = time.process_time()
    assert extract(DOCUMENT, text)
    assert time.process_time() - began < 5


def test_one_endless_line_is_cut_in_linear_time() -> None:
    began = time.process_time()
    assert len(passages("x" * 4_000_000)) == 2_000
    assert time.process_time() - began < 10
