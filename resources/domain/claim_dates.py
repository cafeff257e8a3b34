"""Dates in prose, whatever their form: a day, a month of a year, a year, a day without a year."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from resources.domain.press_release_dates import MONTH, MONTHS, WEEKDAYS
from resources.domain.spans import Span

_WEEKDAY: Final = r"(?:(?P<weekday>Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday),?\s+)?"
_YEAR: Final = r"(?:1[5-9]|20)\d\d"
_FORMS: Final = tuple(
    re.compile(form)
    for form in (
        r"(?<!\d)(?P<year>\d{4})-(?P<number>\d\d)-(?P<day>\d\d)(?!\d)",
        rf"{_WEEKDAY}(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{MONTH})(?:,?\s+(?P<year>{_YEAR}))?(?!\d)",
        rf"{_WEEKDAY}\b(?P<month>{MONTH})\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(?P<year>{_YEAR})(?!\d))?",
        rf"\b(?P<month>{MONTH}),?\s+(?P<year>{_YEAR})(?!\d)",
        rf"(?<![\d.,£$€-])(?P<year>{_YEAR})(?![\d.,]\d|\d|\s?%|-\d)",
    )
)


@dataclass(frozen=True, slots=True)
class Day:
    """A date as far as a text says it; ``month`` from 1, ``weekday`` by name or empty."""

    year: int | None
    month: int | None
    day: int | None
    span: Span
    weekday: str = ""

    def is_within(self, other: "Day") -> bool:
        """Whether ``other`` says all that this says: a month is within each of its days."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return all(mine is None or mine == theirs for mine, theirs in pairs)

    @property
    def contradicts_itself(self) -> bool:
        """Whether its weekday is another one than its date has."""
        if not self.weekday or None in (self.year, self.month, self.day):
            return False
        try:
            found = date(self.year or 1, self.month or 1, self.day or 1)
        except ValueError:
            return True
        return WEEKDAYS[found.weekday()] != self.weekday


def days(text: str) -> Iterator[Day]:
    """Each date, in order, none within another. A number of four figures that may be a year is one."""
    taken: list[Span] = []
    found: list[Day] = []
    for form in _FORMS:
        for match in form.finditer(text):
            span = Span(*match.span())
            if not any(span.overlaps(each) for each in taken):
                taken.append(span)
                found.append(_day(match, span))
    yield from sorted(found, key=lambda each: each.span.start)


def _day(match: re.Match[str], span: Span) -> Day:
    groups = match.groupdict()
    month = int(groups["number"]) if groups.get("number") else _month(groups.get("month"))
    year, day = groups.get("year"), groups.get("day")
    return Day(int(year) if year else None, month, int(day) if day else None, span, groups.get("weekday") or "")


def _month(name: str | None) -> int | None:
    stem = (name or "")[:3].casefold()
    return next((at for at, each in enumerate(MONTHS, start=1) if stem and each[:3].casefold() == stem), None)
