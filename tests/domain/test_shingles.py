"""Shared text between articles is found whoever wrote them, and shown; what merely speaks of one subject is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.domain.shingles import MAX_SHARED_WORDS, duplicates, shingles_of, words_of


def numbered(first: int, last: int) -> str:
    return " ".join(f"w{number}" for number in range(first, last))


def test_a_rose_is_a_rose_has_the_shingles_of_the_book() -> None:
    assert len(shingles_of(words_of("A rose is a rose is a rose."))) == 3
    assert shingles_of(["a", "rose"]) == {("a", "rose")}
    assert shingles_of([]) == frozenset()


def test_copies_are_found_whatever_case_and_punctuation() -> None:
    (found,) = duplicates({"one": "Bags are made by hand, in Florence.", "two": "BAGS are made by hand in florence!"})
    assert (found.first, found.second, found.resemblance, found.containment) == ("one", "two", 1.0, 1.0)
    assert found.shared == ("Bags are made by hand in Florence",)


def test_a_short_article_inside_a_long_one_is_found_by_containment() -> None:
    (found,) = duplicates({"long": numbered(0, 100), "short": numbered(10, 20)})
    assert found.resemblance < 0.1
    assert found.containment == 1.0


@pytest.mark.parametrize(("words", "found"), [(MAX_SHARED_WORDS, 0), (MAX_SHARED_WORDS + 1, 1)])
def test_one_copied_sentence_in_long_articles_is_found(words: int, found: int) -> None:
    copied = " ".join(f"copied{number}" for number in range(words))
    texts = {"a": f"{numbered(0, 200)} {copied} {numbered(200, 400)}", "b": f"{numbered(500, 700)} {copied}."}
    assert [each.shared for each in duplicates(texts)] == [(copied,)] * found


@pytest.mark.parametrize(("more", "found"), [("", 1), (" x", 0)])
def test_the_bound_of_containment_is_a_half(more: str, found: int) -> None:
    """Seven words are four shingles, of which the long text holds two; an eighth word makes them five."""
    long = f"a b c d {numbered(0, 50)} d e f g {numbered(50, 99)}"
    assert len(duplicates({"long": long, "short": f"a b c d e f g{more}"})) == found


def test_many_short_runs_in_long_articles_are_no_copy() -> None:
    pieces = [f"a{n} b{n} c{n} d{n}" for n in range(20)]
    one = " ".join(f"x{n} {piece} y{n}" for n, piece in enumerate(pieces))
    two = " ".join(f"z{n} {piece} w{n}" for n, piece in enumerate(pieces))
    assert duplicates({"a": one, "b": two}) == ()


def test_articles_on_one_subject_are_no_duplicates() -> None:
    texts = {
        "a": "Leather bags are made by hand in Florence. The tannery opened in 1954 and employs 40 people.",
        "b": "Leather bags are sold in 12 countries. The founder of the tannery opened a school in 1961.",
    }
    assert duplicates(texts) == ()


def test_pairs_come_in_the_order_of_the_texts_and_empty_texts_share_nothing() -> None:
    texts = {
        "c": "one two three four five",
        "a": "one two three four five",
        "e": "",
        "f": "",
        "b": "six seven eight nine",
    }
    texts["d"] = texts["c"]
    assert [(each.first, each.second) for each in duplicates(texts)] == [("c", "a"), ("c", "d"), ("a", "d")]


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=25).map(" ".join), max_size=5))
def test_what_is_shown_stands_in_both(articles: list[str]) -> None:
    texts = {str(number): text for number, text in enumerate(articles)}
    for found in duplicates(texts):
        assert found.shared
        assert 0 < found.resemblance <= found.containment <= 1
        for run in found.shared:
            assert f" {run} " in f" {texts[found.first]} "
            assert f" {run} " in f" {texts[found.second]} "
