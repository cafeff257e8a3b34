"""A task is read as its author meant it, or refused with what to write; nothing is guessed."""

import time
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.domain.errors import PermanentError
from resources.domain.press_release_order_fields import PressOrderError
from resources.domain.press_release_orders import PressOrder, order_of
from resources.domain.press_releases import Contact, Quote

BODY = """\
Please keep it calm. The bench can be watched.

**Date:** 3 February 2026
* City: Leeds
contact: Ben Whitlock, press@acme.example, +44 114 496 0182
- Quote: “Repair is our
craft.” — Maya Lindqvist, head of repairs
QUOTE: "We mend what breaks." - *Hannah Adeyemi*

The store is in Kirkgate.
"""


def ordered(body: str = "", name: str = "Leeds store", **fields: str) -> PressOrder:
    return order_of(name=name, body=body, fields=fields)


def test_labelled_lines_are_read_whatever_their_case_and_marks() -> None:
    order = ordered(BODY)
    assert (order.topic, order.city, order.state, order.dated) == ("Leeds store", "Leeds", "", date(2026, 2, 3))
    assert order.contact == Contact(name="Ben Whitlock", email="press@acme.example", phone="+44 114 496 0182")
    assert order.quotes == (
        Quote(words="Repair is our craft.", speaker="Maya Lindqvist", role="head of repairs", key="task:quote-1"),
        Quote(words="We mend what breaks.", speaker="Hannah Adeyemi", key="task:quote-2"),
    )
    assert order.notes == "Please keep it calm. The bench can be watched.\n\n\nThe store is in Kirkgate."


def test_what_the_task_states_is_a_fact_in_its_own_words() -> None:
    facts = {fact.key: fact.text for fact in ordered(BODY).facts}
    assert facts == {
        "task:topic": "Leeds store",
        "task:body": "Please keep it calm. The bench can be watched.\n\n\nThe store is in Kirkgate.",
        "task:date": "3 February 2026",
        "task:city": "Leeds",
        "task:contact": "Ben Whitlock, press@acme.example, +44 114 496 0182",
        "task:quote-1": "“Repair is our craft.” — Maya Lindqvist, head of repairs",
        "task:quote-2": '"We mend what breaks." - *Hannah Adeyemi*',
    }


def test_a_custom_field_wins_over_a_line_and_an_empty_one_does_not() -> None:
    order = ordered("City: Leeds\nDate: 3 May 2026", **{"city": "York", "Release date": " ", "Other": "x"})
    assert (order.city, order.dated) == ("York", date(2026, 5, 3))


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("Press release: Leeds store opening", "Leeds store opening"),
        ("Press release \u2013 the Stormbreak", "the Stormbreak"),
        ("Please write a press release about the Stormbreak jacket.", "the Stormbreak jacket"),
        ("Press release", "Press release"),
        ("Opening of the Leeds store", "Opening of the Leeds store"),
    ],
)
def test_the_topic_is_the_name_of_the_task_without_the_request(name: str, topic: str) -> None:
    assert ordered(name=name).topic == topic


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-03",
        "2026-02-03T12:00:00Z",
        "2026-02-03T12:00:00.123+01:00",
        "February 3, 2026",
        "Feb. 3, 2026",
        "3rd of February 2026",
        "Tuesday, 3 February 2026",
    ],
)
def test_a_date_is_read_in_each_way_that_is_clear(text: str) -> None:
    assert ordered(**{"Release date": text}).dated == date(2026, 2, 3)


@pytest.mark.parametrize(
    ("quotes", "read"),
    [
        ("“A thing.” — Maya, founder\n“Another.” — Tom", [("A thing.", "Maya", "founder"), ("Another.", "Tom", "")]),
        ("1. “A thing,” said Maya Berg, founder.", [("A thing,", "Maya Berg", "founder")]),
        ('"A thing." (Maya Berg, founder)', [("A thing.", "Maya Berg", "founder")]),
        ("Repair is what we do — Maya Berg, head", [("Repair is what we do", "Maya Berg", "head")]),
        ("„Ein Ding.“ \u2013 Maya Berg", [("Ein Ding.", "Maya Berg", "")]),
    ],
)
def test_quotes_are_read_with_their_speakers(quotes: str, read: list[tuple[str, str, str]]) -> None:
    assert [(each.words, each.speaker, each.role) for each in ordered(Quotes=quotes).quotes] == read


def test_quotes_below_their_label_are_all_read() -> None:
    order = ordered("## Quotes:\n- “A thing.” — Maya\n- “Another.” — Tom\n\nAll else.")
    assert [each.speaker for each in order.quotes] == ["Maya", "Tom"]
    assert order.notes == "All else."


@pytest.mark.parametrize(
    ("city", "state", "read"),
    [
        ("Portland, Oregon", "", ("Portland", "Ore.")),
        ("Portland", "OR", ("Portland", "Ore.")),
        ("Boston, MA", "", ("Boston", "")),
        ("Leeds", "England", ("Leeds", "England")),
    ],
)
def test_a_state_is_read_as_ap_writes_it(city: str, state: str, read: tuple[str, str]) -> None:
    order = ordered(City=city, State=state)
    assert (order.city, order.state) == read


@pytest.mark.parametrize(
    ("body", "field", "found"),
    [
        ("Date: 31 February 2026", "Release date", "31 February 2026"),
        ("Date: 03/02/2026", "Release date", "03/02/2026"),
        ("Date: soon", "Release date", "soon"),
        ("Date: Monday, 3 February 2026", "Release date", "Monday"),
        ("Date: 3 May 2026\nDate: 4 May 2026", "Date", "4 May 2026"),
        ("Quote: “Nobody said this.”", "Quotes", "Nobody said this."),
        ("Quote: hello", "Quotes", "hello"),
        ("Quote: “A.” — Maya\nQuote: “B.”", "Quotes", "“B.”"),
        ("Contact: Ben", "Contact", "Ben"),
        ("City: 12", "City", "12"),
        ("State: Ohio", "City", "nothing"),
        ("City: Portland, Ore.\nState: Maine", "State", "Maine"),
    ],
)
def test_what_cannot_be_read_is_refused_with_an_example(body: str, field: str, found: str) -> None:
    with pytest.raises(PressOrderError) as caught:
        ordered(body)
    assert isinstance(caught.value, PermanentError)
    assert f"'{field}'" in caught.value.where
    assert found in caught.value.found
    assert "Write it like this: " in caught.value.remedy


def test_a_task_without_words_is_refused() -> None:
    with pytest.raises(PressOrderError, match="Topic"):
        ordered(name="  ")


@given(st.text(st.sampled_from('Quote: “"”—-*\n aMD,.;|1@(')), st.text(max_size=40))
def test_any_task_is_an_order_or_refused(body: str, name: str) -> None:
    try:
        order = ordered(body, name=name)
    except PressOrderError:
        return
    assert order.topic.strip()
    assert all(quote.words and quote.speaker for quote in order.quotes)


@pytest.mark.parametrize("unit", ["“", '"a', "a@", "Quote: “a” ", "- ", "1.", "(", "Contact: +1 ", "“a” - ***\n"])
def test_long_descriptions_take_no_long_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    begun = time.perf_counter()
    for field in ("Quotes", "Contact", "City", "Release date"):
        with suppress(PressOrderError):
            ordered(**{field: text})
    assert time.perf_counter() - begun < 5
