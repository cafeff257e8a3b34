"""Numbers of a sentence against those of its sources: the value, the unit, and what is counted."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from itertools import islice
from typing import Final

from resources.domain.claim_numbers import ORDINAL, Number
from resources.domain.claim_sources import Claim, Reading
from resources.domain.claim_units import TIME, are_one
from resources.domain.claim_words import listed
from resources.domain.claims import Finding, Verdict

ROUNDED: Final = Decimal("0.05")
"""How far a number that is said to be rough may be from its source, as a share of it: our choice."""
HALF_A_DAY: Final = 12 * 60
COMPARED: Final = 16
"""With so many numbers of one value or one unit a number is compared; a source with more is a table."""
_STOP: Final = listed(
    "a an and are as at be by did do for from had has have in into is of on or per than that the to was were will with"
)
"""What follows a number and is not what it counts."""

Pair = tuple[Reading, Number]


class Counted:
    """The numbers of all sources, by value and by what they measure or count."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        """Take the numbers of ``readings``."""
        self._by_value: defaultdict[Decimal, list[Pair]] = defaultdict(list)
        self._by_thing: defaultdict[str, list[Pair]] = defaultdict(list)
        self._vague: dict[str, Pair] = {}
        for pair in ((reading, each) for reading in readings for each in reading.numbers):
            number = pair[1]
            if number.is_vague:
                self._vague.setdefault(number.noun, pair)
                continue
            self._by_value[number.value].append(pair)
            for thing in _things(number):
                self._by_thing[thing].append(pair)
        for pairs in self._by_thing.values():
            pairs.sort(key=lambda pair: pair[1].value)
        self._all = sorted(
            (pair for pairs in self._by_value.values() for pair in pairs), key=lambda pair: pair[1].value
        )

    def judge(self, claim: Claim, number: Number) -> Finding | None:
        """The finding; None: ``one`` that counts nothing which the sources count."""
        if number.is_vague:
            beside = self._vague.get(number.noun)
            return claim.found(Verdict.SOURCED if beside else Verdict.UNSURE, beside)
        equal = self._by_value.get(number.value, [])[:COMPARED]
        others = self._others(number)
        if number.is_one:
            wrong = others and not any(_is_of_one_thing(number, each) for _, each in equal)
            return claim.found(Verdict.UNSURE, others[0]) if wrong else None
        if same := [pair for pair in equal if _is_of_one_thing(number, pair[1])]:
            best = max(same, key=lambda pair: len(number.around & pair[1].around))
            is_unsure = _fits_another(number, best, others) or (others and _is_only_a_figure(number, best[1]))
            return claim.found(Verdict.UNSURE if is_unsure else Verdict.SOURCED, best)
        return self._differing(claim, number, equal, others)

    def equal(self, number: Number) -> Pair | None:
        """The first number of the same value."""
        return next(iter(self._by_value.get(number.value, ())), None)

    def _differing(self, claim: Claim, number: Number, equal: list[Pair], others: list[Pair]) -> Finding:
        if equal:
            if (number.unit and all(each.unit or (others and not _counts_anything(each)) for _, each in equal)) or all(
                _differs_in_time(number, each) for _, each in equal
            ):
                return claim.found(Verdict.ALTERED, equal[0])
            counts_another = others and not number.unit
            return claim.found(*((Verdict.ALTERED, others[0]) if counts_another else (Verdict.UNSURE, equal[0])))
        if number.unit == ORDINAL:
            rivals = [pair for pair in others if pair[1].noun == number.noun not in _STOP]
            return claim.found(Verdict.ALTERED if rivals else Verdict.UNSURE, rivals[0] if rivals else None)
        if unsure := next((pair for pair in others if _may_be_meant(number, pair[1])), None):
            return claim.found(Verdict.UNSURE, unsure)
        nearest = next(iter(others or _near(self._all, number.value)), None)
        return claim.found(Verdict.INVENTED if nearest is None else Verdict.ALTERED, nearest)

    def _others(self, number: Number) -> list[Pair]:
        """The numbers that say of the same thing how much or how many it is, and say another, nearest first."""
        found = {id(pair[1]): pair for thing in _things(number) for pair in _near(self._by_thing[thing], number.value)}
        other = (pair for pair in found.values() if pair[1].value != number.value)
        return sorted(other, key=lambda pair: abs(pair[1].value - number.value))


def _things(number: Number) -> frozenset[str]:
    """The unit, or what may be counted."""
    return frozenset({number.unit}) if number.unit else (number.after | {number.noun}) - _STOP - {""}


def _near(pairs: Sequence[Pair], value: Decimal) -> list[Pair]:
    """Those of ``pairs``, which are sorted, that are nearest to ``value``."""
    at = max(0, bisect_left(pairs, value, key=lambda pair: pair[1].value) - COMPARED // 2)
    return sorted(islice(pairs, at, at + COMPARED), key=lambda pair: abs(pair[1].value - value))


def _differs_in_time(number: Number, other: Number) -> bool:
    """Whether one is reached in a week, say, and the other in a day."""
    return "" not in (number.per, other.per) and number.per != other.per


def _is_of_one_thing(number: Number, other: Number) -> bool:
    if _differs_in_time(number, other):
        return False
    if number.unit or other.unit:
        return are_one(number.unit, other.unit)
    return _counts_anything(number) or _counts_anything(other) or not _things(number).isdisjoint(_things(other))


def _counts_anything(number: Number) -> bool:
    return (number.noun in _STOP or not number.noun) and not _things(number)


def _is_only_a_figure(number: Number, other: Number) -> bool:
    """Whether ``other`` says nothing of what ``number`` counts."""
    return not number.unit and not _counts_anything(number) and _counts_anything(other)


def _fits_another(number: Number, equal: Pair, others: Sequence[Pair]) -> bool:
    """Whether the sentence speaks of what the source gives another number for, as where two were exchanged."""
    if number.noun and number.noun == equal[1].noun and not number.unit:
        return False
    shared = len(number.around & equal[1].around)
    return not shared and any(len(number.around & each.around) > 1 for _, each in others)


def _may_be_meant(number: Number, other: Number) -> bool:
    """Whether ``other`` is what a rounding that says so rounds, or the same time by a clock of twelve hours."""
    apart = abs(other.value - number.value)
    if number.unit == TIME:
        return apart == HALF_A_DAY and (number.is_open or other.is_open)
    return number.is_rough and apart <= ROUNDED * abs(other.value)
