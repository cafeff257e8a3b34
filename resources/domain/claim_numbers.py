"""Numbers in prose: their value, their unit, and the noun beside them; so that 1,200 g and "1200 grams" are one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from resources.domain.claim_units import MONEY, POWER, TIME, WHOLE, WORDS, currency_of, unit_of
from resources.domain.claim_words import listed, numbered, singular
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
    "": Decimal(1),
    "hundred": Decimal(100), "thousand": Decimal(1000), "k": Decimal(1000), "million": Decimal(10**6),
    "m": Decimal(10**6), "mn": Decimal(10**6), "billion": Decimal(10**9), "bn": Decimal(10**9),
    "trillion": Decimal(10**12),
}  # fmt: skip
_ORDINALS: Final = numbered(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth", start=1
)
_WORDS: Final = "|".join(sorted((*_VALUES, "hundred", "thousand", "million", "billion"), key=len, reverse=True))
_NUMBER: Final = re.compile(
    r"(?:(?<!\w)(?P<currency>(?:US|[CA])\$|[£$€¥₹]|(?:USD|EUR|GBP|CHF)(?!\w))\s?|(?<![\w.,]))"
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
_NEXT: Final = re.compile(rf"[\s-]{{0,3}}(?P<power>{POWER})?(?P<unit>{WORDS})", re.IGNORECASE)
_OF: Final = re.compile(r"\s+(?:of\s+(?:them|these|those|whom|which|the|its|their|our)|are|were)\s+")
"""What stands between a part and what it is a part of, or what it is."""
_IN: Final = re.compile(rf"\s+(?:in|out\sof)\s+(?P<of>\d{{1,3}}|{'|'.join(_VALUES)})(?![\w,.]*\d|\w)", re.IGNORECASE)
_TO: Final = re.compile(r"\s?(?:[-\u2013]|to|and|or)\s?")
MAX_TO_CHARS: Final = 8
"""Between the ends of a range there is no more, in code points."""
LEAST_SCALE: Final = 1000
_PER: Final = re.compile(
    r"(?:\s(?!(?:and|or|but|who|which|that|in|on|at|to|for|from)\b)[^\W\d][\w-]*){0,3}?"
    r"\s(?:(?:an?|per|each|every)\s(?P<per>second|minute|hour|day|week|month|quarter|year)"
    r"|(?P<ly>daily|weekly|monthly|annually|yearly))\b(?!\s(?:ago|earlier|later|before))",
    re.IGNORECASE,
)
_LY: Final = {"daily": "day", "weekly": "week", "monthly": "month", "annually": "year", "yearly": "year"}
_EMPLOYS: Final = re.compile(r"\b(?:employ|staff|workforce)", re.IGNORECASE)
_MANY: Final = re.compile(r"\s+(?:people|[a-z]+s)\b")
_PASSED: Final = listed("new more other own full additional further extra whole different large small separate us")
"""What may stand between a number and what it counts."""
_ABOUT: Final = re.compile(
    r"(?:about|around|some|roughly|nearly|almost|over|above|below|(?:more|less|fewer) than|under|up to|at least"
    r"|close to|approximately)\s+$",
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
        per: the time in which it is reached, as ``week``; empty: not said.
        scale: of the word that multiplies it, as 1000 of ``thousand``; 1: there is none.
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
    per: str = ""
    scale: Decimal = Decimal(1)
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
    found.sort(key=lambda each: each.span.start)
    for at, after in enumerate(found[1:]):
        before = found[at]
        if _TO.fullmatch(text[before.span.end : after.span.start][:MAX_TO_CHARS]):
            found[at], found[at + 1] = _shared(before, after)
    yield from found


def _shared(before: Number, after: Number) -> tuple[Number, Number]:
    """The ends of a range, each with what only one of them says: the unit, the scale."""
    units = {before.unit, after.unit} - {""}
    if units & {ORDINAL, TIME} or len(units) > 1 or before.is_vague or after.is_vague:
        return before, after
    if before.scale == 1 < after.scale and before.value < LEAST_SCALE:
        before = replace(before, value=before.value * after.scale, scale=after.scale)
    if after.unit and not before.unit:
        return replace(before, unit=after.unit, noun=""), after
    is_money = before.unit in MONEY and not after.unit
    return before, replace(after, unit=before.unit) if is_money else after


def _number(text: str, match: re.Match[str], span: Span) -> Number | None:
    groups = match.groupdict()
    if "hour" in groups:
        return _time(groups, span)
    if vague := groups.get("vague"):
        return Number(Decimal(0), "", singular(vague.lower().replace("-", " ")), span, is_vague=True)
    value = _value(text, match, groups)
    if value is None:
        return None
    rough = _ABOUT.search(text[max(0, span.start - 14) : span.start]) is not None
    before = text[max(0, span.start - AROUND) : span.start]
    is_one = (groups.get("words") or "").lower() == "one"
    after = _after(text, span.end, of_what=not is_one)
    unit, noun = _counted(text, match, groups)
    if noun == "people" and _EMPLOYS.search(before):
        after |= {"employee"}
    if unit in WHOLE:
        value, unit = value / 100, WHOLE[unit]
    per, scale = _per(text, match.end()), _SCALES[_scale(text, match, groups)] if "digits" in groups else Decimal(1)
    around = after | _content(before)
    return Number(value, unit, noun, span, after, around, per, scale, rough, is_one=is_one and not unit)


def _per(text: str, at: int) -> str:
    found = _PER.match(text, at)
    return (found["per"] or _LY[found["ly"].lower()]).lower() if found else ""


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
        return Decimal(groups["digits"].replace(",", "")) * sign * _SCALES[_scale(text, match, groups)]
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
    """The unit and the noun. Of ``2 in 5`` the unit is all that is behind the 2."""
    if groups.get("percent"):
        return "%", ""
    if share := _share(text, match.end()):
        return share, ""
    following = _NEXT.match(text, match.end())
    if following and following["unit"].lower() in _PASSED:
        following = _NEXT.match(text, following.end()) or following
    word = following["unit"].lower() if following else ""
    if "nth" in groups or groups.get("ordinal"):
        return ORDINAL, singular(word)
    if groups.get("currency"):
        return currency_of(groups["currency"]), singular(word)
    if (groups.get("letter") or "").lower() == "m" and not _scale(text, match, groups):
        return unit_of("m"), ""
    return unit_of(word, (following["power"] or "") if following else ""), singular(word)


def _share(text: str, end: int) -> str:
    """``in 5``, when that stands at ``end`` and is no time in which something happens."""
    share = _IN.match(text, end)
    if share is None:
        return ""
    following = _NEXT.match(text, share.end())
    if following and unit_of(following["unit"].lower()):
        return ""
    return f"in {_VALUES.get(share['of'].lower(), share['of'])}"


def _after(text: str, at: int, *, of_what: bool) -> frozenset[str]:
    lead = _OF.match(text, at) if of_what else None
    start = lead.end() if lead else at
    return _content(_clause(text[start : start + AROUND]))


def _clause(text: str) -> str:
    end = _CLAUSE.search(text)
    return text[: end.start()] if end else text


def _content(text: str) -> frozenset[str]:
    return frozenset(singular(word.lower()) for word in _CONTENT.findall(text))
