import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.domain.statements import MAX_STATEMENT_CHARS, MIN_STATEMENT_CHARS, labels_of, statements


def found(text: str) -> dict[str, tuple[str, ...]]:
    return {text[s.span.start : s.span.end]: tuple(s.labels) for s in statements(text)}


@pytest.mark.parametrize(
    ("sentence", "labels"),
    [
        ("The plant will employ 140 people.", ("number",)),
        ("Revenue rose by 14% to £22.5m last year.", ("number",)),
        ("It has doubled its two sites.", ("number",)),
        ("The company was founded in 1998.", ("date",)),
        ("The office opens on 12 May this year.", ("date",)),
        ("The office opened on 2024-05-12 at last.", ("date",)),
        ("It was sold in March 2023 for nothing.", ("date",)),
        ("It was sold in Q3 2023 for nothing.", ("date",)),
        ("It paid on May 5, 2024 and June 6 to both.", ("date",)),
        ("It is led by Jane Doe now.", ("name",)),
        ("The plant is in Leeds today.", ("name",)),
        ("It is certified by NASA itself.", ("name",)),
        ("It moved, Bradford being full.", ("name",)),
        ("He said “we have outgrown the site” to them.", ("quote",)),
        ('"We have outgrown the site," she said.', ("quote",)),
        ("On 12 May 2024 Acme hired 30 people.", ("number", "date", "name")),
        ("It sold 2000 units of the 2-inch kind.", ("number",)),
        ("The company has grown ever since.", ()),
        ("May we ask them to march on?", ()),
        ("The two-dimensional flow is laminar.", ()),
        ("It happened on a Monday, as I know.", ()),
        ("It is the H2O of our trade.", ("name",)),
    ],
)
def test_a_sentence_is_labelled_with_what_it_states(sentence: str, labels: tuple[str, ...]) -> None:
    assert tuple(labels_of(sentence)) == labels


def test_questions_headings_rows_and_scraps_state_nothing() -> None:
    text = (
        "Our 25 Years In Leeds\n\nDid it sell 500 units in Leeds?\n- Did it sell 500 units in Leeds?\n\n"
        "| 2020 | $5m in Leeds |\n\nIn 1998.\n\n"
        "THE PLANT OPENED IN LEEDS IN 1998.\n\nIt opened its plant in Leeds."
    )
    assert found(text) == {"It opened its plant in Leeds.": ("name",)}


def test_a_list_item_states_something_without_a_full_stop() -> None:
    assert found("- Founded in 1998 by Jane Doe\n- Free delivery everywhere\n") == {
        "Founded in 1998 by Jane Doe": ("date", "name")
    }


def test_spans_are_exact_beyond_the_first_plane() -> None:
    assert found("🎉 Hurray 🚀! The plant 🎉 will employ 140 people. 🎉") == {
        "The plant 🎉 will employ 140 people.": ("number",)
    }


@given(st.text(st.sampled_from('aA .\n"12-“”é🎉')))
def test_every_statement_is_of_a_length_to_cite_and_has_a_label(text: str) -> None:
    for statement in statements(text):
        assert MIN_STATEMENT_CHARS <= len(statement.span) <= MAX_STATEMENT_CHARS
        assert statement.labels


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "In May 5, 2024 the A. B. paid 5. ",
            "“",
            '"a',
            "1,",
            "May ",
            "Aa",
            "A ",
            "aA-",
            "in 19",
            "(2000 ",
            "“aaaaaaaaaaaaa",
        ),
        *("A" * 500 + ". ", "1" * 500 + ". ", ("May 5 " * 90) + ". ", ("“a " * 190) + ". "),
    ],
)
def test_no_megabyte_takes_more_than_linear_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit)) + "."
    began = time.process_time()
    count = sum(1 for _ in statements(text))
    assert time.process_time() - began < 8
    assert count >= 0
