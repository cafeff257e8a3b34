import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.domain.documents import DocumentEmptyError, DocumentUnreadableError, normalised
from resources.sources.locations import MEDIA_TYPES
from resources.sources.parse import PARSERS, parse

URI = "file:///sources/our_story%20so%20far.any"
FORMATS = sorted(PARSERS)


def test_every_suffix_that_is_listed_has_a_parser() -> None:
    assert set(MEDIA_TYPES.values()) == set(PARSERS)


@pytest.mark.parametrize("media_type", FORMATS)
@pytest.mark.parametrize("content", [b"", b" \n\t ", b"\xef\xbb\xbf", "\u00ad\u200b".encode()])
def test_content_without_text_is_empty_and_says_where(media_type: str, content: bytes) -> None:
    with pytest.raises(DocumentEmptyError, match="our_story") as caught:
        parse(content, media_type, URI)
    assert not caught.value.retry_helps


@pytest.mark.parametrize("media_type", FORMATS)
@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7 words", b"PK\x03\x04 words", b"\x89PNG\r\n", b"words\0words", b"\x01\x02\x03words", bytes(range(256))],
)
def test_binary_content_under_a_text_suffix_is_unreadable(media_type: str, content: bytes) -> None:
    with pytest.raises(DocumentUnreadableError, match="found binary data"):
        parse(content, media_type, URI)


def test_an_unknown_media_type_is_named_with_those_that_are_known() -> None:
    with pytest.raises(DocumentUnreadableError, match=r"text/html, text/markdown, text/plain; found image/png"):
        parse(b"words", "image/png", URI)


@pytest.mark.parametrize("media_type", FORMATS)
def test_a_document_without_a_title_is_called_by_its_file(media_type: str) -> None:
    words = b"It is wrapped over\nsome lines, all of\nthem of the first paragraph."
    assert parse(words, media_type, URI).title == "our story so far"
    assert parse(words, media_type, "file:///a/caf%E9%00.txt").title == "caf\ufffd\ufffd"


@pytest.mark.parametrize("media_type", FORMATS)
@given(
    content=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
)
@settings(max_examples=100, deadline=None)
def test_whatever_the_content_there_is_sound_text_or_a_typed_error(media_type: str, content: bytes) -> None:
    try:
        parsed = parse(content, media_type, URI)
    except (DocumentEmptyError, DocumentUnreadableError):
        return
    assert parsed.text == normalised(parsed.text) != ""
    assert parsed.title == normalised(parsed.title) != ""


TAGS = ("<p>", "</p>", "<div>", "</body>", "<li>", "<br>", "<script>", "<!--", "<title>", "<?xml ?>", "&amp;", "&#0;")
MARKS = (
    "# ",
    "- ",
    "\n",
    "\n\n",
    "*",
    "`",
    "[",
    "](",
    "|",
    "---\n",
    "1. ",
    "> ",
    "```\n",
    "word ",
    "\u0301",
    "&#xD800;",
)
MARKUP = st.lists(st.sampled_from(TAGS + MARKS), max_size=30).map(lambda parts: "".join(parts).encode())


@pytest.mark.parametrize("media_type", FORMATS)
@given(content=MARKUP)
@settings(max_examples=150, deadline=None)
def test_broken_markup_is_text_or_empty_but_never_breaks_the_parser(media_type: str, content: bytes) -> None:
    try:
        parsed = parse(content, media_type, URI)
    except DocumentEmptyError:
        return
    assert parsed.text == normalised(parsed.text) != ""


@pytest.mark.parametrize("media_type", FORMATS)
@pytest.mark.parametrize(
    "unit", ["<div>", "<", "[", "*a ", "`", "> ", "- a\n", "_a", "&amp;", "<!--", "|a|b|\n", "![](", "a\n"]
)
def test_parsing_takes_linear_time(media_type: str, unit: str) -> None:
    content = (unit * (200_000 // len(unit)) + " end").encode()
    began = time.process_time()
    try:
        outcome = parse(content, media_type, URI).text
    except DocumentEmptyError:
        outcome = ""
    assert time.process_time() - began < 10
    assert isinstance(outcome, str)


def test_a_document_of_each_kind_says_the_same(tmp_path: Path) -> None:
    words = "Acme was founded in 1998 by Jane Doe."
    assert {
        parse(f"<html><head><title>T</title></head><body><p>{words}</p></body></html>".encode(), "text/html", URI).text,
        parse(b"Acme was **founded** in [1998](https://x.example) by _Jane Doe_.", "text/markdown", URI).text,
        parse(words.encode("utf-16"), "text/plain", URI).text,
    } == {words}
