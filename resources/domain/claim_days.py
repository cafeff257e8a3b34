"""Dates of a sentence against those of its sources, whatever form either has."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

from resources.domain.claim_counts import Counted
from resources.domain.claim_dates import Day
from resources.domain.claim_numbers import Number
from resources.domain.claim_sources import Claim, Reading
from resources.domain.claims import ClaimKind, Finding, Verdict

COMPARED: Final = 30
"""With so many dates of the sources that say the same a date is compared."""

Pair = tuple[Reading, Day]
Key = tuple[int | None, int | None, int | None]


class Dated:
    """The dates of all sources, by each part of what they say: a day is found by its month and its year too."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        """Take the dates of ``readings``."""
        self._exact: defaultdict[Key, list[Pair]] = defaultdict(list)
        self._within: defaultdict[Key, list[Pair]] = defaultdict(list)
        for pair in ((reading, each) for reading in readings for each in reading.days):
            self._exact[_key(pair[1])].append(pair)
            for key in _parts(pair[1]):
                self._within[key].append(pair)

    def judge(self, claim: Claim, day: Day, plain: Number | None, counted: Counted) -> Finding:
        """The finding; ``plain`` is the number that it may be as well, when it is no more than four figures."""
        if day.contradicts_itself:
            told = "a weekday that this date does not have"
            return Finding(ClaimKind.DATE, Verdict.ALTERED, claim.words, claim.span, told)
        same = self._within.get(_key(day), [])[:COMPARED]
        if within := next((pair for pair in same if day.is_within(pair[1])), None):
            sure = Verdict.ALTERED if _is_of_another_weekday(day, within[1]) else Verdict.SOURCED
            return claim.found(Verdict.UNSURE if day.is_ambiguous else sure, within)
        if plain and (number := counted.equal(plain)):
            return claim.found(Verdict.SOURCED if plain.noun == number[1].noun else Verdict.UNSURE, number)
        if rival := next((pair for pair in self._same_day(day) if pair[1].year), None):
            return claim.found(Verdict.ALTERED, rival)
        loosely = (pair for key in _parts(day) for pair in self._exact.get(key, ())[:COMPARED])
        if unsure := next((pair for pair in (*same, *loosely) if _may_be(day, pair[1])), None):
            return claim.found(Verdict.UNSURE, unsure)
        nearest = next((pair for key in _parts(day) for pair in self._within.get(key, ())), None)
        return claim.found(Verdict.INVENTED if nearest is None else Verdict.ALTERED, nearest)

    def _same_day(self, day: Day) -> Sequence[Pair]:
        """The same day of whatever year, when ``day`` says all three."""
        return () if None in _key(day) else self._within.get((None, day.month, day.day), [])[:COMPARED]


def _key(day: Day) -> Key:
    return day.year, day.month, day.day


def _parts(day: Day) -> Iterator[Key]:
    """What the date says, and all that says less, the most telling first; the last says nothing."""
    year, month, day_of_month = ((each, None) if each is not None else (None,) for each in _key(day))
    yield from sorted(product(year, month, day_of_month), key=lambda key: key.count(None))


def _is_of_another_weekday(day: Day, other: Day) -> bool:
    said = day.weekday and other.weekday not in ("", day.weekday)
    return bool(said) or day.in_year_of(other).contradicts_itself


def _may_be(day: Day, other: Day) -> bool:
    """Whether ``other`` says less than ``day``, or says it in a way that code cannot compare."""
    if day.year == other.year and (day.part or other.part) and not (day.part and other.part):
        return True
    return other.is_within(day)
