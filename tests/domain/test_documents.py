import time
import unicodedata

from hypothesis import example, given, settings
from hypothesis import strategies as st

from resources.domain.documents import MAX_TITLE_CHARS, ParsedDocument, content_hash, normalised, title_from

# All of Unicode, lone surrogates too, and more often than by chance what the rules are about.
RAW = st.text(
    st.one_of(st.characters(exclude_categories=()), st.sampled_from("a \t\r\n\0\x85\u2028\u00a0\ud800\udc00é\u0301"))
)


@given(RAW)
@example("a\0\n\0\n\0\n\0\nb")
@example("a \t\nb")
@example("e\u00ad\u0301")
@example("\ud83d\ude00")
def test_normalised_text_is_in_the_one_stored_form(raw: str) -> None:
    text = normalised(raw)
    assert normalised(text) == text
    assert unicodedata.is_normalized("NFC", text)
    assert text == text.strip()
    assert "\n\n\n\n" not in text
    assert not any(line != line.rstrip() for line in text.split("\n"))
    assert not any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n" for c in text)
    text.encode()  # as Postgres will


def test_two_halves_of_a_pair_become_the_character_and_a_lone_half_is_replaced() -> None:
    assert normalised("\ud83c\udf89 \ud83c!") == "🎉 \ufffd!"


def test_line_ends_of_every_system_become_line_feeds() -> None:
    assert normalised("a\r\nb\rc\u2028d\x0ce") == "a\nb\nc\nd\ne"


def test_what_would_hide_a_word_from_search_goes() -> None:
    assert normalised("ful\u00adfil\u200bment of\u00a0it") == "fulfilment of it"


def test_letters_and_blank_lines_that_matter_stay() -> None:
    assert normalised("  a  b\n\n\n\n\n\n\tc — “d” 日本  \n") == "a  b\n\n\n\tc — “d” 日本"


def test_a_megabyte_of_marks_on_one_letter_does_not_take_quadratic_time() -> None:
    began = time.process_time()
    text = normalised("a" + "\u0300\u0316" * 500_000)
    assert time.process_time() - began < 10
    assert 1 <= len(text) <= 31


def test_texts_are_equal_when_their_hashes_are() -> None:
    assert ParsedDocument("A", "same").content_hash == content_hash("same") != content_hash("same ")
    assert content_hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.lists(st.one_of(st.none(), RAW), max_size=3))
@settings(max_examples=50)
def test_a_title_is_one_short_line_and_never_empty(candidates: list[str | None]) -> None:
    title = title_from(*candidates)
    assert 0 < len(title) <= MAX_TITLE_CHARS
    assert "\n" not in title
    title.encode()


def test_the_first_title_that_says_anything_is_taken() -> None:
    assert title_from(None, " \n\0", " The\n  title ", "other") == "The title"
    assert title_from(" ") == "Untitled"
    assert title_from("w" * 1000).endswith("w…")
