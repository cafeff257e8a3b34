"""The note: the same for the same words, whole, bounded, and nothing from outside is markup in it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from resources.domain.ids import ExtractionId
from resources.domain.notes import MAX_CHARS, MAX_FINDINGS, Finding, Question, compose, inline
from resources.domain.spans import Span

QUESTION = Question("How long is the guarantee?", "A customer asks.\n\nPlease quote the FAQ.", "acme")
FINDING = Finding(
    1,
    "Zips are guaranteed for ten years.",
    "Questions and answers",
    "file:///srv/faq.html",
    Span(1203, 1420),
    ExtractionId(UUID(int=7)),
)
NOTE = """\
# How long is the guarantee?

*Knowledge note for acme, version 2: 2 passages from 1 document*

> A customer asks.
>
> Please quote the FAQ.

## What was asked for

Version 2, after these words of the reviewer:

> Add the price.

## What the sources say

### 1. Questions and answers

> Zips are guaranteed for ten years.

### 2. Questions and answers

> A new zip costs £18.

## Sources

1. **Questions and answers**\x20\x20
   `file:///srv/faq.html`\x20\x20
   characters 1,203 to 1,420, extraction `00000000-0000-0000-0000-000000000007`
2. **Questions and answers**\x20\x20
   `file:///srv/faq.html`\x20\x20
   characters 0 to 20, extraction `00000000-0000-0000-0000-000000000008`

---

*Composed by Waybill by rule, without a language model: each passage is quoted from its source.*
"""
MARKUP = (
    "<b>",
    "</b>",
    "<!-- ",
    "<http://x.y>",
    "&amp;",
    "&#39;",
    "[a](b)",
    "![i](j)",
    "[a]: b",
    "```",
    "~~~",
    "~~",
    "**",
)
BLOCKS = ("# ", "> ", "- ", "1. ", "+ ", "---", "===", "    ", "\t", "|a|b|\n|-|-|", "\n", "\n\n", "  \n", "\\")
OUTSIDE = st.lists(st.sampled_from(MARKUP + BLOCKS) | st.text(max_size=4), max_size=12).map("".join)
LINE = st.lists(st.sampled_from(MARKUP + BLOCKS) | st.text("_*é1a #;.)", max_size=4), max_size=12).map("".join)
PLAIN = {"heading_open", "paragraph_open", "blockquote_open", "ordered_list_open", "list_item_open", "hr", "inline"}


MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})


def parsed(note: str) -> list[Token]:
    return MARKDOWN.parse(note)


def everything(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from everything(token.children or ())


def words(tokens: Sequence[Token]) -> str:
    """The text that a reader sees."""
    return "".join(
        token.content if token.type in ("text", "code_inline", "text_special") else " "
        for token in everything(tokens)
        if token.type != "inline" and not (token.type == "code_inline" and not token.content)
    )


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_it_reads_like_this() -> None:
    second = replace(
        FINDING, number=2, text="A new zip costs £18.", span=Span(0, 20), extraction_id=ExtractionId(UUID(int=8))
    )
    assert compose(QUESTION, [FINDING, second], version=2, feedback="Add the price.") == NOTE


def test_the_first_version_speaks_of_no_review() -> None:
    note = compose(QUESTION, [FINDING], version=1, feedback=None)
    assert "version 1: 1 passage from 1 document*" in note
    assert "review" not in note
    assert compose(QUESTION, [FINDING], version=1, feedback=" \n\u200b") == note


def test_when_nothing_was_found_it_says_so_and_lists_no_sources() -> None:
    note = compose(QUESTION, [], version=1, feedback=None)
    assert "**Nothing was found.** No passage in the sources of acme answers this question." in note
    assert "## Sources" not in note
    assert "without a language model" in note


def test_a_task_without_words_is_a_note_all_the_same() -> None:
    assert compose(Question("", "", ""), [], version=1, feedback=None).startswith("# A question without words\n")


@settings(max_examples=100, deadline=None)
@given(outside=st.tuples(*[OUTSIDE] * 6))
def test_what_comes_from_outside_stays_words(outside: tuple[str, ...]) -> None:
    title, body, text, source, uri, feedback = outside
    finding = replace(FINDING, text=text, title=source, uri=uri)
    tokens = parsed(compose(Question(title, body, "acme"), [finding], version=2, feedback=feedback))
    opened = [token for token in tokens if not token.type.endswith("_close")]
    assert {token.type for token in opened} <= PLAIN
    assert sum(token.type == "heading_open" for token in opened) <= 5
    assert sum(token.type == "list_item_open" for token in opened) == 1
    kinds = {token.type for token in everything(tokens)}
    assert not kinds & {"html_inline", "html_block", "image", "s_open", "fence", "code_block", "table_open"}
    if not uri.lower().startswith("http"):
        assert "link_open" not in kinds


@settings(max_examples=200, deadline=None)
@given(line=LINE, quoted=st.booleans())
def test_a_reader_sees_every_word_as_it_is(line: str, quoted: bool) -> None:
    note = f"> {inline(line)}" if quoted else f"# {inline(line)}"
    assert squeezed(words(parsed(note))) == squeezed(line)


@pytest.mark.parametrize(
    ("uri", "links"),
    [
        ("https://acme.example/a_b?c=1&d=2", True),
        ("HTTP://acme.example", False),
        ("javascript:alert(1)", False),
        ("https://acme.example/> <b>", False),
        ("https://acme.example/" + "a" * 600, False),
        ("file:///srv/a `b``.txt", False),
        ("", False),
    ],
)
def test_only_web_addresses_are_links_and_to_just_what_they_show(uri: str, links: bool) -> None:
    tokens = list(everything(parsed(compose(QUESTION, [replace(FINDING, uri=uri)], version=1, feedback=None))))
    assert [token.attrGet("href") for token in tokens if token.type == "link_open"] == ([uri] if links else [])
    if not links:
        shown = next(token.content for token in tokens if token.type == "code_inline")
        assert shown == (uri if len(uri) < 500 else shown) or not uri


def test_unseen_characters_that_turn_text_around_are_taken_out() -> None:
    assert inline("pay \u202e10\u202c pounds\x00\u200b") == "pay 10 pounds"
    assert inline("👩‍🌾") == "👩‍🌾", "what joins an emoji stays"


@pytest.mark.parametrize("filling", ["*", "a ", "*\n", "\n\n&amp;", "`", "é", "<b>"])
def test_it_is_bounded_whatever_it_is_given(filling: str) -> None:
    huge = filling * 50_000
    findings = [replace(FINDING, number=n, text=huge, title=huge, uri=huge) for n in range(1, MAX_FINDINGS + 30)]
    note = compose(Question(huge, huge, huge), findings, version=2, feedback=huge)
    assert len(note) <= MAX_CHARS
    assert "…" in note
    assert f"\n{MAX_FINDINGS}. **" in note
    assert f"\n{MAX_FINDINGS + 1}. **" not in note
