"""Dates in prose, whatever their form: a day, a range of days, a month or a season of a year, a year."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from resources.domain.press_release_dates import MONTH, MONTHS, WEEKDAYS
from resources.domain.spans import Cover, Span

_WEEKDAY: Final = r"(?:(?P<weekday>Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday),?\s+)?"
_YEAR: Final = r"(?:1[5-9]|20)\d\d"
_DAY: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_UNTIL: Final = r"(?:\s?(?:[-\u2013\u2014]|\b(?:to|and|until|through)\b)\s?(?P<until>\d{1,2})(?:st|nd|rd|th)?)?"
_PART: Final = (
    r"(?:(?P<part>(?i:early|mid|late|spring|summer|autumn|fall|winter|Q[1-4]"
    r"|(?:first|second|third|fourth)[ ](?:quarter|half)))(?:[ ]of)?[ -])?"
)
_FORMS: Final = tuple(
    re.compile(form)
    for form in (
        r"(?<!\d)(?P<year>\d{4})-(?P<number>\d\d)-(?P<day>\d\d)(?!\d)",
        rf"(?<![\d/.])(?P<one>\d{{1,2}})(?P<by>[/.])(?P<other>\d{{1,2}})(?P=by)(?P<year>{_YEAR})(?![\d/])",
        rf"{_WEEKDAY}(?<!\d){_DAY}{_UNTIL}\s+(?:of\s+)?(?P<month>{MONTH})(?:,?\s+(?P<year>{_YEAR}))?(?!\d)",
        rf"{_WEEKDAY}\b(?P<month>{MONTH})\s+{_DAY}(?!\d){_UNTIL}(?:,?\s+(?P<year>{_YEAR})(?!\d))?",
        rf"\b(?P<month>{MONTH}),?\s+(?P<year>{_YEAR})(?!\d)",
        rf"(?<![\d.,£$€-]){_PART}\b(?P<year>{_YEAR})(?![\d.,]\d|\d|\s?%|-\d)",
    )
)
_PARTS: Final = {
    "fall": "autumn", "first quarter": "q1", "second quarter": "q2", "third quarter": "q3", "fourth quarter": "q4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Day:
    """A date as far as a text says it.

    Attributes:
        month: from 1.
        weekday: by name; empty: not said.
        part: of the year, as ``spring`` or ``q3``; empty: not said.
        is_ambiguous: whether it may be two days, as 03/02/2026 may; only the year is told then.
    """

    year: int | None
    month: int | None
    day: int | None
    span: Span
    weekday: str = ""
    part: str = ""
    is_ambiguous: bool = False

    def is_within(self, other: "Day") -> bool:
        """Whether ``other`` says all that this says: a month is within each of its days."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return self.part in ("", other.part) and all(mine is None or mine == theirs for mine, theirs in pairs)

    def in_year_of(self, other: "Day") -> "Day":
        """The same day in the year of ``other``, when this says none."""
        return replace(self, year=self.year or other.year)

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
    """Each date, in order, none within another; of a range the first and the last day.

    A number of four figures that may be a year is one.
    """
    taken = Cover(len(text))
    found: list[Day] = []
    for form in _FORMS:
        for match in form.finditer(text):
            span = Span(*match.span())
            if not taken.overlaps(span):
                taken.add(span)
                found.extend(_days(match))
    yield from sorted(found, key=lambda each: each.span.start)


def _days(match: re.Match[str]) -> Iterator[Day]:
    groups = match.groupdict()
    whole = _day(groups, Span(*match.span()))
    if not groups.get("until"):
        yield whole
        return
    cut = match.start("until")
    yield replace(whole, span=Span(match.start(), cut))
    yield replace(whole, day=int(groups["until"]), span=Span(cut, match.end()), weekday="")


def _day(groups: dict[str, str | None], span: Span) -> Day:
    year, day, number = groups.get("year"), groups.get("day"), groups.get("number")
    if one := groups.get("one"):
        return _slashed(int(one), int(groups["other"] or 0), int(year or 0), span)
    part = (groups.get("part") or "").lower()
    return Day(
        int(year) if year else None,
        int(number) if number else _month(groups.get("month")),
        int(day) if day else None,
        span,
        groups.get("weekday") or "",
        _PARTS.get(part, part),
    )


def _slashed(one: int, other: int, year: int, span: Span) -> Day:
    """Day first or month first, where only one of them can be."""
    if one != other and one <= len(MONTHS) and other <= len(MONTHS):
        return Day(year, None, None, span, is_ambiguous=True)
    month, day = (one, other) if other > len(MONTHS) else (other, one)
    return Day(year, month, day, span)


def _month(name: str | None) -> int | None:
    stem = (name or "")[:3].casefold()
    return next((at for at, each in enumerate(MONTHS, start=1) if stem and each[:3].casefold() == stem), None)
