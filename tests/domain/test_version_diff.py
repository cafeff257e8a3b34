"""Two versions side by side: texts line by line, anything else by its hash, and words counted within what differs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.domain.version_diff import LONGEST_CHARS, Content, FileChange, changes, is_text

MARKDOWN = "text/markdown"
TEXTS = st.lists(st.sampled_from(["one two", "three", "", "four five six"]), max_size=6).map("\n".join)


def only(before: Content | None, after: Content | None) -> FileChange:
    (change,) = changes(*({"a.md": each} if each else {} for each in (before, after)))
    return change


@pytest.mark.parametrize(
    ("media_type", "text"),
    [
        ("text/markdown", True), ("TEXT/html; charset=utf-8", True), ("application/json", True),
        ("application/ld+json", True), ("application/pdf", False), ("application/jsonish", False),
    ],
)  # fmt: skip
def test_what_is_text(media_type: str, text: bool) -> None:
    assert is_text(media_type) == text


def test_lines_that_differ_are_shown_and_their_words_counted() -> None:
    change = only(
        Content("h1", MARKDOWN, "# A\n\nWarm boots for cold days.\nEnd."),
        Content("h2", MARKDOWN, "# A\n\nVery warm boots for days.\nEnd."),
    )
    assert change.diff == (
        "--- before/a.md", "+++ after/a.md", "@@ -1,4 +1,4 @@", " # A", " ", "-Warm boots for cold days.",
        "+Very warm boots for days.", " End.",
    )  # fmt: skip
    assert (change.change, change.before, change.after) == ("changed", "h1", "h2")
    assert (change.words_added, change.words_removed) == (2, 2), "Warm is another word than warm"


def test_a_file_comes_and_another_goes() -> None:
    gone, come = changes({"a.md": Content("h1", MARKDOWN, "one two")}, {"b.md": Content("h2", MARKDOWN, "three")})
    assert (gone.name, gone.change, gone.after, gone.words_removed) == ("a.md", "removed", None, 2)
    assert (come.name, come.change, come.before, come.words_added) == ("b.md", "added", None, 1)


def test_what_is_no_text_is_told_apart_by_its_hash() -> None:
    change = only(Content("h1", "application/zip"), Content("h2", "application/zip"))
    assert (change.change, change.diff, change.before, change.after) == ("changed", None, "h1", "h2")
    assert only(Content("h1", "application/zip"), Content("h1", "application/zip")).change == "same"


def test_a_text_that_became_something_else_is_compared_by_its_hash() -> None:
    assert only(Content("h1", MARKDOWN, "one"), Content("h2", "application/pdf")).diff is None


def test_a_text_beyond_all_measure_is_compared_by_its_hash() -> None:
    assert only(Content("h1", MARKDOWN, "x" * (LONGEST_CHARS + 1)), Content("h2", MARKDOWN, "x")).diff is None


def test_json_is_compared_a_value_a_line() -> None:
    one, other = (
        Content("h1", "application/json", '{"a":1,"b":"é"}'),
        Content("h2", "application/json", '{"a":2,"b":"é"}'),
    )
    diff = only(one, other).diff or ()
    assert [line for line in diff if line[0] in "+-" and line[1:2] == " "] == ['-  "a": 1,', '+  "a": 2,']
    assert '   "b": "é"' in diff


@pytest.mark.parametrize("broken", ["{", "[" * 100_000])
def test_what_only_says_it_is_json_is_shown_as_it_is(broken: str) -> None:
    diff = only(Content("h1", "application/json", broken), Content("h2", "application/json", "{}")).diff or ()
    assert f"-{broken}" in diff


@given(before=TEXTS, after=TEXTS)
def test_the_words_that_came_and_went_make_up_the_difference(before: str, after: str) -> None:
    change = only(Content("h1", MARKDOWN, before), Content("h2", MARKDOWN, after))
    assert change.words_added - change.words_removed == len(after.split()) - len(before.split())
    shown = change.diff or ()
    gone = [line[1:] for line in shown[2:] if line.startswith("-")]
    assert all(line in before.splitlines() for line in gone)
