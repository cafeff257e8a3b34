import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resources.domain.sentences import sentences

PROSE = st.lists(
    st.sampled_from(
        [
            "Dr.",
            "U.S.",
            "a",
            "The",
            "ends.",
            "x!",
            '"Yes."',
            "3.5",
            "\n",
            "\n\n",
            "- item",
            "1.",
            "...",
            "…",
            "?",
            "。",
            "é",
        ]
    )
).map(" ".join)


def split(text: str) -> list[str]:
    return [text[s.span.start : s.span.end] for s in sentences(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Dr. Smith of Acme Inc. went to the U.S. on Jan. 5, 2024.",
        "It grew 3.5% to $1.2m, i.e. more than Messrs. Lee vs. Park expected.",
        "It stands on St. James St. near No. 10 in Washington D.C. today.",
        "J. K. Rowling and T. S. Eliot left.",
        "He paid (see Fig. 3) at approx. 5 p.m. in cash.",
        "Visit www.acme.example/a.b?c=d or mail a.b@acme.example now.",
        '"Stop!" he said.',
        "Yahoo! announced it... and then left.",
    ],
)
def test_what_ends_no_sentence_does_not_split_one(sentence: str) -> None:
    assert split(f"Before it. {sentence} After it.") == ["Before it.", sentence, "After it."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It left Widgets Ltd. The end came.", ["It left Widgets Ltd.", "The end came."]),
        ("He said no. Then he left.", ["He said no.", "Then he left."]),
        ("It has Plan B. The team knows.", ["It has Plan B.", "The team knows."]),
        ('She said "We grew." Nobody heard.', ['She said "We grew."', "Nobody heard."]),
        ("It grew (a lot). It fell.", ["It grew (a lot).", "It fell."]),
        ("Really? Yes! Good…\nNow.", ["Really?", "Yes!", "Good…", "Now."]),
        ("the wing . the flow was laminar .", ["the wing .", "the flow was laminar ."]),
        ("日本語です。次の文。", ["日本語です。", "次の文。"]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_a_wrapped_paragraph_is_read_across_its_line_ends() -> None:
    text = "This is a paragraph that was wrapped at some width, long ago, by\nAcme Widgets itself. It goes\non here."
    assert split(text) == [text[: text.index(" It")], "It goes\non here."]


def test_headings_items_and_rows_stand_alone() -> None:
    text = (
        "Our History\nAcme grew.\n\n- first item\n- second item\n  goes on\n2) third\n"
        "| a | b |\n| c | d |\n# Title\ntext"
    )
    assert split(text) == [
        *("Our History", "Acme grew.", "first item", "second item\n  goes on", "third"),
        *("| a | b |", "| c | d |", "# Title", "text"),
    ]
    assert [s.is_item for s in sentences(text)] == [False, False, True, True, True, False, False, False, False]


@given(st.one_of(PROSE, st.text()))
@example("- ")
@example("1. \n.")
def test_sentences_are_in_order_trimmed_and_lose_no_letter(text: str) -> None:
    spans = [sentence.span for sentence in sentences(text)]
    assert all(a.end <= b.start for a, b in pairwise(spans))
    quotes = [text[span.start : span.end] for span in spans]
    assert all(q == q.strip() for q in quotes)
    kept = {i for span in spans for i in range(span.start, span.end)}
    # A list item's marker may be a digit or a letter; nothing else may be missing.
    lost = [i for i, c in enumerate(text) if c.isalpha() and i not in kept and text[i + 1 : i + 2] != ")"]
    assert not lost


@pytest.mark.parametrize(
    "unit",
    [
        ".",
        ". ",
        "a. ",
        "x",
        "\n",
        "- ",
        "- a\n",
        '."',
        " ",
        "A. B",
        "U.",
        "a\n \n",
        "(",
        "Dr. ",
        "?!",
        "1.",
        "\t-",
        "a\n",
    ],
)
def test_no_megabyte_takes_more_than_linear_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit)) + "end"
    began = time.process_time()
    count = sum(1 for _ in sentences(text))
    assert time.process_time() - began < 5
    assert count >= 1
