"""Numbers in prose: their value, their unit, and the noun beside them; so that 1,200 g and "1200 grams" are one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from resources.domain.claim_units import POWER, TIME, currency_of, unit_of
from resources.domain.claim_words import listed, numbered
from resources.domain.spans import Cover, Span

ORDINAL: Final = "th"
"""The unit of ``third`` and ``3rd``."""
NOON: Final = 12
_HOURS: Final = 24
_MINUTES: Final = 60
AROUND: Final = 45
"""How far from a number the words are looked for that tell what it is about, in code points."""
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
_ORDINALS: Final = numbered(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth", start=1
)
_WORDS: Final = "|".join(sorted((*_VALUES, "hundred", "thousand", "million", "billion"), key=len, reverse=True))
_NUMBER: Final = re.compile(
    r"(?:(?<!\w)(?P<currency>US\$|[£$€]|(?:USD|EUR|GBP)(?!\w))\s?|(?<![\w.,]))"
    r"(?P<minus>(?<![\w)])[-\u2212]|(?<!\w)minus[ ])?(?<![\w.,])"
    r"(?P<digits>\d{1,3}(?:,\d{3})++(?:\.\d++)?|\d++(?:\.\d++)?)(?P<ordinal>st|nd|rd|th)?"
    r"(?:(?i:[ -]?(?P<scale>thousand|million|billion|trillion|bn|mn)|(?P<letter>[mk]))(?!\w))?"
    r"(?P<percent>\s?%)?(?!\w*\d)"
)
_TIME: Final = re.compile(
    r"(?<![\w.,:])(?P<hour>\d{1,2})"
    r"(?:(?:[:.](?P<minute>\d\d))?\s?(?P<half>[ap])\.?m\b\.?|:(?P<minutes>[0-5]\d)(?![\d:])"
    r"|(?=\s?(?:-|\u2013|to|until)\s?\d{1,2}(?:[:.]\d\d)?\s?[ap]\.?m\b))",
    re.IGNORECASE,
)
_SPELLED: Final = re.compile(
    rf"(?<![\w-])(?P<minus>minus[ ])?(?P<words>(?:{_WORDS})(?:(?:[ -]|\sand\s)(?:{_WORDS}))*)(?![\w])", re.IGNORECASE
)
_ORDINAL: Final = re.compile(rf"(?<![\w-])(?P<nth>{'|'.join(_ORDINALS)})(?![\w])", re.IGNORECASE)
_VAGUE: Final = re.compile(
    r"(?<![\w-])(?P<vague>(?:(?:a|one|two|three|four)[ -](?:third|quarter|fifth)s?(?=[ ]of\b)|half)"
    r"|dozens|hundreds|thousands|millions|doubled?|doubling|twice|tripled?|quadrupled?|halved)(?!\w)",
    re.IGNORECASE,
)
_NEXT: Final = re.compile(
    rf"[\s-]{{0,3}}(?P<power>{POWER})?(?P<unit>percentage[ ]points?|per[ -]cent|%|[A-Za-zÀ-ÿ°]+[²³23]?)", re.IGNORECASE
)
_MANY: Final = re.compile(r"\s+(?:people|[a-z]+s)\b")
_PASSED: Final = listed("new more other own full additional further extra whole different large small separate us")
"""What may stand between a number and what it counts."""
_ABOUT: Final = re.compile(
    r"(?:about|around|some|roughly|nearly|almost|over|more than|less than|under|up to|at least|approximately)\s+$",
    re.IGNORECASE,
)
_CONTENT: Final = re.compile(r"[^\W\d_]{3,}")
_CLAUSE: Final = re.compile(
    r"[,;:.()\d\n]|\b(?:and|or|but|while|a|an|the|per|of|in|on|at|for|to|from|with|by|as|is|are|was|were|has|have|had)\b"
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as a text says it.

    Attributes:
        value: of a time of day, minutes since midnight.
        unit: of measure, money, time or order, as one sign; empty: it counts something.
        noun: what follows, in small letters without a plural's s; what is counted, when there is no unit.
        after: the words that follow, up to a preposition, a verb or a mark, as ``noun`` is written.
        around: those words and the ones before.
        is_rough: whether the text says that it is not exact.
        is_vague: whether it is no figure, as ``half``, ``dozens``, ``doubled``; ``noun`` is this word then.
        is_one: whether it is the word ``one``, which is a pronoun as often.
        is_open: whether it is a time that does not say which half of the day it means.
    """

    value: Decimal
    unit: str
    noun: str
    span: Span
    after: frozenset[str] = frozenset()
    around: frozenset[str] = frozenset()
    is_rough: bool = False
    is_vague: bool = False
    is_one: bool = False
    is_open: bool = False


def numbers(text: str) -> Iterator[Number]:
    """Each number, in figures or in words, in order, none within another."""
    taken = Cover(len(text))
    found: list[Number] = []
    for form in (_TIME, _VAGUE, _NUMBER, _SPELLED, _ORDINAL):
        for match in form.finditer(text):
            span = Span(match.end() - len(match[0].lstrip()), match.end())
            if not taken.overlaps(span) and (number := _number(text, match, span)) is not None:
                taken.add(span)
                found.append(number)
    yield from sorted(found, key=lambda each: each.span.start)


def _number(text: str, match: re.Match[str], span: Span) -> Number | None:
    groups = match.groupdict()
    if "hour" in groups:
        return _time(groups, span)
    if vague := groups.get("vague"):
        return Number(Decimal(0), "", _singular(vague.lower().replace("-", " ")), span, is_vague=True)
    value = _value(text, match, groups)
    if value is None:
        return None
    rough = _ABOUT.search(text[max(0, span.start - 14) : span.start]) is not None
    after = _content(_clause(text[span.end : span.end + AROUND]))
    around = frozenset(after) | frozenset(_content(text[max(0, span.start - AROUND) : span.start]))
    unit, noun = _counted(text, match, groups)
    is_one = (groups.get("words") or "").lower() == "one"
    return Number(value, unit, noun, span, frozenset(after), around, rough, is_one=is_one)


def _time(groups: dict[str, str], span: Span) -> Number | None:
    hour, minute = int(groups["hour"]), int(groups["minute"] or groups["minutes"] or 0)
    if hour > _HOURS or minute >= _MINUTES:
        return None
    half = (groups["half"] or "").lower()
    if half and hour <= NOON:
        hour = hour % NOON + (NOON if half == "p" else 0)
    return Number(Decimal(hour * _MINUTES + minute), TIME, "", span, is_open=not half and hour <= NOON)


def _value(text: str, match: re.Match[str], groups: dict[str, str]) -> Decimal | None:
    sign = -1 if groups.get("minus") else 1
    if "digits" in groups:
        value = Decimal(groups["digits"].replace(",", "")) * sign
        return value * _SCALES[scale] if (scale := _scale(text, match, groups)) else value
    if "nth" in groups:
        return Decimal(_ORDINALS[groups["nth"].lower()])
    words = [word for word in re.split(r"[ -]|\sand\s", groups["words"].lower()) if word and word != "and"]
    return None if words in (["hundred"], ["thousand"], ["million"], ["billion"]) else _spelled(words) * sign


def _scale(text: str, match: re.Match[str], groups: dict[str, str]) -> str:
    """The scale, by name. ``5m`` is millions of money and of what is counted, but metres where it stands alone."""
    letter = (groups["letter"] or "").lower()
    if letter == "m" and not groups["currency"] and not _MANY.match(text, match.end()):
        return ""
    return letter or (groups["scale"] or "").lower()


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


def _counted(text: str, match: re.Match[str], groups: dict[str, str]) -> tuple[str, str]:
    """The unit and the noun."""
    if groups.get("percent"):
        return "%", ""
    following = _NEXT.match(text, match.end())
    if following and following["unit"].lower() in _PASSED:
        following = _NEXT.match(text, following.end()) or following
    word = following["unit"].lower() if following else ""
    if "nth" in groups or groups.get("ordinal"):
        return ORDINAL, _singular(word)
    if groups.get("currency"):
        return currency_of(groups["currency"]), _singular(word)
    if (groups.get("letter") or "").lower() == "m" and not _scale(text, match, groups):
        return unit_of("m"), ""
    return unit_of(word, (following["power"] or "") if following else ""), _singular(word)


def _clause(text: str) -> str:
    end = _CLAUSE.search(text)
    return text[: end.start()] if end else text


def _content(text: str) -> list[str]:
    return [_singular(word.lower()) for word in _CONTENT.findall(text)]


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
