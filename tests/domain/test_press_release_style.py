"""Dates, numbers, times and titles as AP writes them, and nothing else touched."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.domain.press_release_dates import ap_date, date_of, spellings
from resources.domain.press_release_places import AP_STATES, ap_state, stands_alone
from resources.domain.press_release_style import slips, wholly_mended


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("It opens on Saturday 16 May 2026 at 9 a.m.", "It opens on Saturday, May 16, 2026, at 9 a.m."),
        ("It left on 1 September 2024, in rain.", "It left on Sept. 1, 2024, in rain."),
        ("It was September 5th, 2024.", "It was Sept. 5, 2024."),
        ("It was Sep. 5.", "It was Sept. 5."),
        ("It rose by 5 percent, and by 6.5 per cent.", "It rose by 5%, and by 6.5%."),
        ("It has 3 stores.", "It has three stores."),
        ("3 stores opened at 9am.", "Three stores opened at 9 a.m."),
        ("It was Mr. Whitlock who came.", "It was Whitlock who came."),
        ("It was Maya Lindqvist, Head of repairs.", "It was Maya Lindqvist, head of repairs."),
    ],
)
def test_a_slip_is_mended(text: str, mended: str) -> None:
    assert slips(text)
    assert wholly_mended(text) == mended


@pytest.mark.parametrize(
    "text",
    [
        "It opened in March 2026, and on May 5, 2026, again.",
        "Prices were read on 7 and 8 April 2026.",
        "It is 3 km from there, 4 degrees warmer, £5 dearer and 2.5 kg heavier.",
        "Cairn 2 tents weigh 3 to 5 pounds.",
        "He is 8, and it costs $4 million.",
        "“It rose by 5 percent on 3 May,” said Maya Lindqvist.",
        "It has 12 stores.",
    ],
)
def test_what_ap_allows_is_left_alone(text: str) -> None:
    assert slips(text) == []
    assert wholly_mended(text) == text


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_a_date_as_ap_writes_it_is_read_as_the_same_day(day: date) -> None:
    assert date_of(ap_date(day)) == day
    assert date_of(day.isoformat()) == day
    assert ap_date(day) in set(spellings(day))
    assert date_of(f"{(day + timedelta(days=1)):%A}, {ap_date(day)}") is None


def test_every_state_is_known_by_code_name_and_abbreviation() -> None:
    assert len(set(AP_STATES.values())) == 50
    assert {ap_state(text) for text in ("CA", "california", "Calif.")} == {"Calif."}
    assert ap_state("Yorkshire") is None
    assert stands_alone("new york")
    assert not stands_alone("Leeds")


@given(st.text(st.sampled_from("3 May 2026,.“”pcent%Mr JHead")))
def test_mending_ends(text: str) -> None:
    assert isinstance(wholly_mended(text), str)
