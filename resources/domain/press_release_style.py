"""Slips against AP style that code can see and mend without a doubt, outside quotations. Source: AP Stylebook.

"numerals": one to nine in words, except with ages, money, dimensions, dates, times and percentages. "percent" (2019):
the sign with a figure. "months", "dates", "times", "courtesy titles", "titles".

Left out, as code would be wrong too often: figures for ten and above that a source spells out, the serial comma (AP has
none in simple series, and keeps it in others), times of a 24-hour clock, capitals of job titles before a name.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from resources.domain.press_release_dates import MONTH, ap_month
from resources.domain.press_release_rule import Rule
from resources.domain.press_release_words import QUOTATION, words_that_matter

_DIGITS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DAY_FIRST: Final = re.compile(
    rf"(?<!\d )(?<!\d-)(?<!\d\u2013)(?<!and )(?<!or )(?<!to )(?P<weekday>(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day )?"
    rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<month>{MONTH})(?:,? (?P<year>\d{{4}})\b)?(?P<after> (?=\w))?"
)
_MONTH_FIRST: Final = re.compile(rf"\b(?P<month>{MONTH}) (?P<day>\d{{1,2}})(?P<ordinal>st|nd|rd|th)?\b(?!\d|:|,\d)")
_ENDED: Final = re.compile(r"$|\s+[A-Z]")
_PERCENT: Final = re.compile(r"(?<=\d) ?(?:percent|per cent)\b")
_DIGIT: Final = re.compile(r"(?<![\w.,/$£€%:\u2013-])(?<![$£€] )(?P<digit>[1-9]) (?=(?P<next>[a-z]{3,}))")
_SMALL_UNITS: Final = frozenset(
    {
        *("acres", "and", "billion", "centimeters", "centimetres", "cents", "cubic"),
        *("degrees", "dollars", "euros", "feet", "foot", "gigabytes", "grams", "hectares"),
        *("inch", "inches", "kilograms", "kilometers", "kilometres", "liters", "litres"),
        *("megabytes", "meters", "metres", "mile", "miles", "millimeters", "millimetres"),
        *("million", "or", "ounces", "part", "parts", "pence", "per", "percent", "point", "points"),
        *("pound", "pounds", "square", "tonnes", "tons", "trillion", "volts", "watts", "years"),
    }
)
_TIME: Final = re.compile(r"\b(?P<hour>\d{1,2}(?::\d\d)?) ?(?P<half>am|pm|AM|PM)\b\.?")
_COURTESY: Final = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Mx)\b\.? (?=[A-Z])")
_JOB: Final = re.compile(
    r"(?<=[a-z], )(?:Vice |Deputy |Managing |Executive |Senior )?"
    r"(?:Chief [A-Z][a-z]+(?: Officer)?|Head|Director|Founder|President|Manager|Chairman|Chairwoman|Chair)\b"
)


@dataclass(frozen=True, slots=True)
class Slip:
    """``found`` from ``start`` on in a text, and what AP has in its place."""

    rule: Rule
    start: int
    found: str
    wanted: str


def slips(text: str) -> list[Slip]:
    """The slips of ``text`` in order, none within another or within quotation marks."""
    taken = [found.span() for found in QUOTATION.finditer(text)]
    slips: list[Slip] = []
    for rule, pattern, wanted_of in _LOOKS:
        for found in pattern.finditer(text):
            wanted = wanted_of(found)
            if wanted != found[0] and not any(start < found.end() and found.start() < end for start, end in taken):
                taken.append(found.span())
                slips.append(Slip(rule, found.start(), found[0], wanted))
    return sorted(slips, key=lambda slip: slip.start)


def mended(text: str, rule: str) -> str:
    """``text`` with its slips against ``rule`` as AP has them."""
    for slip in reversed([slip for slip in slips(text) if slip.rule == rule]):
        text = f"{text[: slip.start]}{slip.wanted}{text[slip.start + len(slip.found) :]}"
    return f"{text[:1].upper()}{text[1:]}"


def wholly_mended(text: str) -> str:
    """``text`` with all its slips as AP has them."""
    for rule in dict.fromkeys(rule for rule, *_ in _LOOKS):
        text = mended(text, rule)
    return text


def _day_first(found: re.Match[str]) -> str:
    weekday = f"{found['weekday'].strip()}, " if found["weekday"] else ""
    year = f", {found['year']}" if found["year"] else ""
    after = (", " if year else " ") if found["after"] else ""
    if found["month"].endswith(".") and _ENDED.match(found.string, found.end("month")):
        after = "."  # the month's full stop was the sentence's too
    return f"{weekday}{ap_month(found['month'])} {int(found['day'])}{year}{after}"


def _month_first(found: re.Match[str]) -> str:
    return f"{ap_month(found['month'])} {int(found['day'])}"


def _digit(found: re.Match[str]) -> str:
    before = found.string[: found.start()].split()[-1:]
    is_name = bool(before) and before[0][:1].isupper() and bool(words_that_matter(before[0]))
    in_range = before in (["to"], ["and"], ["or"], ["than"], ["No."], ["size"], ["page"])
    if is_name or in_range or found["next"] in _SMALL_UNITS:
        return found[0]
    return f"{_DIGITS[int(found['digit'])]} "


def _time(found: re.Match[str]) -> str:
    return f"{found['hour']} {'a.m.' if found['half'][0] in 'aA' else 'p.m.'}"


_LOOKS: Final[tuple[tuple[Rule, re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (Rule.DATES, _DAY_FIRST, _day_first),
    (Rule.DATES, _MONTH_FIRST, _month_first),
    (Rule.PERCENT, _PERCENT, lambda _: "%"),
    (Rule.TIMES, _TIME, _time),
    (Rule.NUMBERS, _DIGIT, _digit),
    (Rule.TITLES, _COURTESY, lambda _: ""),
    (Rule.TITLES, _JOB, lambda found: found[0].lower()),
)


def style_words(text: str) -> Iterator[tuple[Rule, str]]:
    """Each slip as a rule and what to do about it, in words."""
    for slip in slips(text):
        wish = f"write “{slip.wanted.strip()}” for “{slip.found.strip()}”"
        yield slip.rule, wish if slip.wanted.strip() else f"leave out “{slip.found.strip()}”"
