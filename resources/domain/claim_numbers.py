"""Numbers in prose: their value, their unit, and the noun beside them; so that 1,200 g and "1200 grams" are one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from resources.domain.claim_words import listed, numbered
from resources.domain.spans import Span

_ONES: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_VALUES: Final = {word: Decimal(at) for word, at in (numbered(_ONES) | numbered(_TENS, 20, 10)).items()}
_SCALES: Final = {
    "hundred": Decimal(100), "thousand": Decimal(1000), "k": Decimal(1000), "million": Decimal(10**6),
    "m": Decimal(10**6), "mn": Decimal(10**6), "billion": Decimal(10**9), "bn": Decimal(10**9),
    "trillion": Decimal(10**12),
}  # fmt: skip
_ORDINALS: Final = numbered("first second third fourth fifth sixth seventh eighth ninth tenth", 1)
_UNITS: Final = {
    name: unit
    for unit, names in {
        "%": "% percent per-cent percentage",
        "g": "g gram grams gramme grammes", "kg": "kg kilo kilos kilogram kilograms", "t": "tonne tonnes",
        "mm": "mm millimetre millimetres millimeter millimeters",
        "cm": "cm centimetre centimetres centimeter centimeters",
        "km": "km kilometre kilometres kilometer kilometers", "mile": "mile miles mi", "inch": "inch inches",
        "foot": "foot feet ft", "metre": "metre metres meter meters",
        "l": "litre litres liter liters l", "ml": "ml", "oz": "oz ounce ounces", "lb": "lb lbs pound-weight",
        "second": "second seconds", "minute": "minute minutes min", "hour": "hour hours",
        "day": "day days", "week": "week weeks", "month": "month months", "year": "year years",
        "£": "pound pounds gbp sterling", "$": "dollar dollars usd", "€": "euro euros eur",
        "°": "degree degrees",
    }.items()
    for name in names.split()
}  # fmt: skip
_WORDS: Final = "|".join(sorted((*_VALUES, "hundred", "thousand", "million", "billion"), key=len, reverse=True))
_NUMBER: Final = re.compile(
    r"(?P<currency>[£$€])?\s?(?<![\w.,])(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<ordinal>st|nd|rd|th)?"
    r"(?:[ -]?(?P<scale>thousand|million|billion|trillion|bn|mn|[mk](?=\b)))?(?P<percent>\s?%)?(?!\w*\d)",
)
_SPELLED: Final = re.compile(rf"(?<![\w-])(?:{_WORDS})(?:(?:[ -]|\sand\s)(?:{_WORDS}))*(?![\w])", re.IGNORECASE)
_ORDINAL: Final = re.compile(rf"(?<![\w-])(?:{'|'.join(_ORDINALS)})(?![\w])", re.IGNORECASE)
_NEXT: Final = re.compile(r"[\s-]*(?P<unit>%|[A-Za-zÀ-ÿ]+(?:-cent)?)")
_PASSED: Final = listed("new more other own full additional further extra whole different large small separate")
"""What may stand between a number and what it counts."""
_ABOUT: Final = re.compile(
    r"(?:about|around|some|roughly|nearly|almost|over|more than|less than|under|up to|at least|approximately)\s+$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as a text says it.

    Attributes:
        unit: of measure or money, as one sign; empty: it counts something.
        noun: what follows, in small letters without a plural's s; what is counted, when there is no unit.
        is_rough: whether the text says that it is not exact.
        is_ordinal: whether it is ``first``, ``second`` and so on, in words: they often count nothing.
    """

    value: Decimal
    unit: str
    noun: str
    span: Span
    is_rough: bool = False
    is_ordinal: bool = False


def numbers(text: str) -> Iterator[Number]:
    """Each number, in figures or in words, in order; ``one`` alone is a pronoun and none."""
    found = [*_NUMBER.finditer(text), *_SPELLED.finditer(text), *_ORDINAL.finditer(text)]
    for match in sorted(found, key=lambda each: each.start()):
        value = _value(match)
        if value is not None:
            yield _number(text, match, value)


def _value(match: re.Match[str]) -> Decimal | None:
    groups = match.groupdict()
    if "digits" in groups:
        value = Decimal(groups["digits"].replace(",", ""))
        return value * _SCALES[groups["scale"].lower()] if groups["scale"] else value
    words = [word for word in re.split(r"[ -]|\sand\s", match[0].lower()) if word and word != "and"]
    if words[0] in _ORDINALS:
        return Decimal(_ORDINALS[words[0]])
    return None if words in (["one"], ["hundred"], ["thousand"], ["million"], ["billion"]) else _spelled(words)


def _spelled(words: list[str]) -> Decimal:
    total = current = Decimal(0)
    for word in words:
        if word in _VALUES:
            current += _VALUES[word]
        elif word == "hundred":
            current = (current or Decimal(1)) * 100
        else:
            total, current = total + (current or Decimal(1)) * _SCALES[word], Decimal(0)
    return total + current


def _number(text: str, match: re.Match[str], value: Decimal) -> Number:
    groups = match.groupdict()
    start = match.start() + (len(match[0]) - len(match[0].lstrip()))
    rough = _ABOUT.search(text[max(0, start - 14) : start]) is not None
    if groups.get("percent"):
        return Number(value, "%", "", Span(start, match.end()), rough)
    following = _NEXT.match(text, match.end())
    word = following["unit"].lower() if following else ""
    if following and word in _PASSED and (further := _NEXT.match(text, following.end())):
        word = further["unit"].lower()
    unit = groups.get("currency") or _UNITS.get(word, "")
    ordinal = match[0].lower() in _ORDINALS
    return Number(value, unit, _singular(word), Span(start, match.end()), rough, ordinal)


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
