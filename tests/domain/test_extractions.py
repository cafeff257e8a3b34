from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from resources.domain.extractions import Drafting, Extraction, StoredExtraction, Template, diff
from resources.domain.ids import DocumentId, extraction_id
from resources.domain.spans import Span

DOCUMENT = DocumentId(UUID(int=7))
WORDS = st.lists(st.sampled_from(["red", "blue", "green"]), max_size=8)


def drafted(words: list[str]) -> list[Extraction]:
    """One statement a word of a text that consists of them."""
    text = " ".join(words)
    drafting = Drafting(DOCUMENT, text)
    position, found = 0, []
    for word in words:
        found.append(drafting.add(Template.STATEMENT, Span(position, position + len(word)), ("name",), 0.6))
        position += len(word) + 1
    return found


def stored(extractions: list[Extraction], *, retired: bool = False) -> list[StoredExtraction]:
    return [StoredExtraction(e.id, e.span, retired) for e in extractions]


def test_an_extraction_quotes_its_span_and_derives_its_identity_from_the_text() -> None:
    first, second = drafted(["red", "red"])
    assert (first.text, second.text, second.span) == ("red", "red", Span(4, 7))
    assert first.id == extraction_id(DOCUMENT, "statement", "red", 0)
    assert second.id == extraction_id(DOCUMENT, "statement", "red", 1)


def test_templates_count_their_occurrences_apart() -> None:
    drafting = Drafting(DOCUMENT, "red")
    passage = drafting.add(Template.PASSAGE, Span(0, 3), (), 1.0)
    statement = drafting.add(Template.STATEMENT, Span(0, 3), (), 1.0)
    assert passage.id == extraction_id(DOCUMENT, "passage", "red", 0)
    assert statement.id == extraction_id(DOCUMENT, "statement", "red", 0)


@given(WORDS)
def test_an_unchanged_document_adds_nothing_and_retires_nothing(words: list[str]) -> None:
    drafts = drafted(words)
    changes = diff(stored(drafts), drafts)
    assert (changes.kept, changes.added, changes.retired) == (tuple(drafts), (), ())


@given(WORDS, WORDS)
def test_kept_and_retired_are_what_was_stored_and_kept_and_added_what_was_drafted(a: list[str], b: list[str]) -> None:
    before, after = drafted(a), drafted(b)
    changes = diff(stored(before), after)
    kept, added = {e.id for e in changes.kept}, {e.id for e in changes.added}
    assert kept | set(changes.retired) == {e.id for e in before}
    assert kept.isdisjoint(changes.retired)
    assert kept.isdisjoint(added)
    assert kept | added == {e.id for e in after}
    assert all(e in after for e in (*changes.kept, *changes.added))  # with the new version's spans


@given(WORDS, WORDS)
def test_a_text_that_stands_in_both_versions_keeps_as_many_extractions_as_it_can(a: list[str], b: list[str]) -> None:
    kept = diff(stored(drafted(a)), drafted(b)).kept
    assert {w: sum(e.text == w for e in kept) for w in set(a + b)} == {
        w: min(a.count(w), b.count(w)) for w in set(a + b)
    }


def test_a_fact_that_moved_is_kept_with_its_new_span() -> None:
    changes = diff(stored(drafted(["red", "blue"])), drafted(["green", "red"]))
    assert [(e.text, e.span) for e in changes.kept] == [("red", Span(6, 9))]
    assert [e.text for e in changes.added] == ["green"]
    assert list(changes.retired) == [extraction_id(DOCUMENT, "statement", "blue", 0)]


def test_a_retired_extraction_that_stands_again_is_kept_and_one_that_does_not_stays_out() -> None:
    red, blue = drafted(["red", "blue"])
    changes = diff(stored([red, blue], retired=True), drafted(["red"]))
    assert ([e.id for e in changes.kept], changes.added, changes.retired) == ([red.id], (), ())
