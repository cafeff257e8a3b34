"""Dates as the press writes them, and as people write them in a task: pure, whatever the clock and the locale say.

AP Stylebook, "months" and "dates": with a day, eight months are abbreviated and five (March to July) are not; days are
figures without st, nd, rd or th; a year is set off by commas.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
AP_MONTHS: Final = (
    *("Jan.", "Feb.", "March", "April", "May", "June"),
    *("July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec."),
)
"""As they stand before a day."""
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

MONTH: Final = (
    "(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)(?!\w)"
)
"""A pattern for a month's name, whole or abbreviated."""
_WEEKDAY: Final = r"(?:(?P<weekday>Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,?\s+)?"
_DAY: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_NUMERIC: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?")
_DAY_FIRST: Final = re.compile(
    rf"{_WEEKDAY}{_DAY}\s+(?:of\s+)?(?P<month>{MONTH}),?\s+(?P<year>\d{{4}})", re.IGNORECASE | re.ASCII
)
_MONTH_FIRST: Final = re.compile(
    rf"{_WEEKDAY}(?P<month>{MONTH})\s+{_DAY},?\s+(?P<year>\d{{4}})", re.IGNORECASE | re.ASCII
)


def ap_date(day: date) -> str:
    """``day`` as AP writes it with a year: ``Feb. 3, 2026``."""
    return f"{ap_day(day)}, {day.year}"


def ap_day(day: date) -> str:
    """``day`` as AP writes it within its year: ``Feb. 3``."""
    return f"{AP_MONTHS[day.month - 1]} {day.day}"


def weekday(day: date) -> str:
    """The day's name, in English: AP uses it alone for a day within a week of the dateline."""
    return WEEKDAYS[day.weekday()]


def ap_month(name: str) -> str:
    """A month's name, however abbreviated, as AP writes it before a day; a word that is no month as it is."""
    stem = name[:3].casefold()
    return next((written for written in AP_MONTHS if written[:3].casefold() == stem), name)


def spellings(day: date) -> Iterator[str]:
    """How a text may name ``day``: with its year, within it, with the day first, as ISO, and by its weekday."""
    for month in (AP_MONTHS[day.month - 1], MONTHS[day.month - 1]):
        for named in (f"{month} {day.day}", f"{day.day} {month}"):
            yield from (f"{named}, {day.year}", f"{named} {day.year}", named)
    yield day.isoformat()
    yield weekday(day)


def date_of(text: str) -> date | None:
    """The day that ``text`` names and nothing else; None when it names none, or its weekday is another.

    Read are ``2026-02-03``, an ISO instant (its day as written), ``3 February 2026`` and ``Feb. 3, 2026``, with or
    without a weekday. ``03/02/2026`` is two days at once, and so none.
    """
    text = " ".join(text.split())
    if numeric := _NUMERIC.fullmatch(text):
        year, month, day = (int(part) for part in numeric.groups())
        return _day(year, month, day)
    written = _DAY_FIRST.fullmatch(text) or _MONTH_FIRST.fullmatch(text)
    if written is None:
        return None
    month = [each[:3].casefold() for each in MONTHS].index(written["month"][:3].casefold()) + 1
    found = _day(int(written["year"]), month, int(written["day"]))
    named = written["weekday"]
    return None if found and named and not weekday(found).casefold().startswith(named.casefold()) else found


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
