"""Seeded ways to make a right sentence wrong, and to say the same in another form."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from resources.domain.claims import ClaimKind
from tests.domain.claim_sentences import Said, facts, sayings

_MONTHS: Final = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
                  "November", "December")  # fmt: skip
_MONTH: Final = "|".join(_MONTHS)
_FIGURE: Final = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\d.,]\d)|(?<![\w.,:])\d+(?![\w.,:/-]*\d|st|nd|rd|th)")
_YEAR: Final = re.compile(r"(?:1[5-9]|20)\d\d")
_UNITS: Final = {
    "grams": "kilograms", "g": "kg", "kg": "tonnes", "km": "miles", "metres": "feet", "hectares": "acres",
    "days": "weeks", "weeks": "days", "minutes": "hours", "months": "years", "years": "months", "tonnes": "kg",
    "%": " percentage points", "kWh": "MWh", "megawatts": "kilowatts",
}  # fmt: skip
_CUT: Final = {"kilometres": "km", "metres": "m", "grams": "g", "megawatts": "MW"}
_FULL: Final = {"kg": "kilograms", "km": "kilometers", "g": "grams", "kWh": "kilowatt-hours"}
_WORDS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
_INVENTED: Final = (
    "Everybody here is proud of what this team achieved", "Nothing like it was ever tried before in our trade",
    "This is a milestone for our customers and partners alike", "Our community deserves the very best that money buys",
)  # fmt: skip
_OTHER_WORDS: Final = ("hardly", "seldom", "thousand", "cheaper", "yesterday", "surely")


@dataclass(frozen=True)
class Case:
    """A sentence beside its source; ``how`` it was made, and which ``kind`` of claim that concerns."""

    source: str
    sentence: str
    kind: ClaimKind
    how: str


Change = Callable[[random.Random, str], str | None]
ChangeOfQuote = Callable[[random.Random, Said], str | None]


def off_by_one(chance: random.Random, sentence: str) -> str | None:
    return _with_figure(chance, sentence, lambda value: value + chance.choice((-1, 1)))


def swapped_digits(chance: random.Random, sentence: str) -> str | None:
    def swap(value: int) -> int:
        digits = list(str(value))
        pairs = [at for at in range(len(digits) - 1) if digits[at] != digits[at + 1] and digits[at + 1] != "0"]
        if not pairs:
            return value
        at = chance.choice(pairs)
        digits[at], digits[at + 1] = digits[at + 1], digits[at]
        return int("".join(digits))

    return _with_figure(chance, sentence, swap)


def other_size(chance: random.Random, sentence: str) -> str | None:
    if re.search(r"\d million\b", sentence):
        return re.sub(r"(?<=\d) million\b", " billion", sentence, count=1)
    return _with_figure(chance, sentence, lambda value: value * 10)


def other_unit(chance: random.Random, sentence: str) -> str | None:
    there = [unit for unit in _UNITS if re.search(rf"\d\s?{unit}(?!\w)", sentence)]
    if money := [sign for sign in "£$€" if re.search(rf"{re.escape(sign)}\d", sentence)]:
        return sentence.replace(money[0], "$" if money[0] != "$" else "€")
    if not there:
        return None
    unit = chance.choice(there)
    return re.sub(rf"(?<=\d)(\s?){unit}(?!\w)", rf"\g<1>{_UNITS[unit]}", sentence, count=1)


def other_day(chance: random.Random, sentence: str) -> str | None:
    found = re.search(rf"\b(\d{{1,2}}) ({_MONTH})\b", sentence)
    return found and sentence.replace(found[0], f"{int(found[1]) % 27 + 1} {found[2]}", 1)


def other_month(chance: random.Random, sentence: str) -> str | None:
    found = re.search(rf"\b({_MONTH}) (?=\d)|(?<=\d )({_MONTH})\b", sentence)
    month = chance.choice([each for each in _MONTHS if each not in sentence])
    return found and sentence[: found.start()] + found[0].replace(found[0].strip(), month) + sentence[found.end() :]


def other_year(chance: random.Random, sentence: str) -> str | None:
    found = re.search(rf"(?<=\w ){_YEAR.pattern}(?![\d,]\d|\d)", sentence)
    return found and sentence[: found.start()] + str(int(found[0]) + chance.choice((-2, 3))) + sentence[found.end() :]


def dropped_word(chance: random.Random, said: Said) -> str | None:
    words = said.words.split()
    at = chance.randrange(1, len(words) - 1)
    return _quoted([*words[:at], *words[at + 1 :]], said.who)


def other_word(chance: random.Random, said: Said) -> str | None:
    words = said.words.split()
    at = chance.randrange(1, len(words) - 1)
    return _quoted([*words[:at], chance.choice(_OTHER_WORDS), *words[at + 1 :]], said.who)


def stitched(chance: random.Random, said: Said) -> str | None:
    others = [each for each in sayings() if each.source == said.source and each.words != said.words]
    if not others:
        return None
    return _quoted([*said.words.split()[:5], *chance.choice(others).words.split()[-4:]], said.who)


def other_speaker(chance: random.Random, said: Said) -> str | None:
    return _quoted([said.words], chance.choice([each.who for each in sayings() if each.who != said.who]))


def invented(chance: random.Random, said: Said) -> str | None:
    return _quoted([chance.choice(_INVENTED)], said.who)


def misspelt(chance: random.Random, said: Said) -> str | None:
    first, last = said.who.split()
    at = chance.randrange(1, len(last) - 1)
    return _quoted([said.words], f"{first} {last[:at]}{last[at]}{last[at:]}")


OF_NUMBERS: Final[tuple[Change, ...]] = (off_by_one, swapped_digits, other_size, other_unit)
OF_DATES: Final[tuple[Change, ...]] = (other_day, other_month, other_year)
OF_QUOTES: Final[tuple[ChangeOfQuote, ...]] = (dropped_word, other_word, stitched, other_speaker, invented)


def mutants(seed: int, number: int) -> list[Case]:
    """``number`` sentences that are wrong, drawn from ``seed``."""
    chance = random.Random(seed)
    made: dict[str, Case] = {}
    while len(made) < number:
        kind = chance.choices((ClaimKind.NUMBER, ClaimKind.DATE, ClaimKind.QUOTE, ClaimKind.NAME), (40, 15, 38, 7))[0]
        case = _of_fact(chance, kind) if kind in (ClaimKind.NUMBER, ClaimKind.DATE) else _of_quote(chance, kind)
        if case is not None:
            made[case.sentence] = case
    return list(made.values())


def controls(seed: int, number: int) -> list[Case]:
    """``number`` sentences that are right, drawn from ``seed`` among all forms of all."""
    told = [Case(each.source, form, ClaimKind.NUMBER, how) for each in facts() for how, form in restated(each.sentence)]
    quoted = [Case(each.source, form, ClaimKind.QUOTE, how) for each in sayings() for how, form in requoted(each)]
    distinct = list({case.sentence: case for case in (*reversed(told), *reversed(quoted))}.values())
    return random.Random(seed).sample(distinct, min(number, len(distinct)))


def restated(sentence: str) -> Iterator[tuple[str, str]]:
    """The sentence in forms that say the same, each with what was done."""
    yield "as it is", sentence
    yield "no commas", re.sub(r"(?<=\d),(?=\d{3})", "", sentence)
    yield "percent", re.sub(r"(?<=\d)%", " percent", sentence)
    yield "month first", re.sub(rf"(?<!and )\b(\d{{1,2}}) ({_MONTH}) (\d{{4}})", r"\2 \1, \3", sentence)
    yield "month cut", re.sub(rf"\b({_MONTH})\b(?= \d)", _cut, sentence)
    yield "date in figures", re.sub(rf"(?<!and )\b(\d{{1,2}}) ({_MONTH}) (\d{{4}})", _in_figures, sentence)
    yield "units cut", re.sub(rf"(?<=\d )({'|'.join(_CUT)})\b", lambda found: _CUT[found[1]], sentence)
    yield "units in full", re.sub(rf"(?<=\d )({'|'.join(_FULL)})\b", lambda found: _FULL[found[1]], sentence)
    small = r"(?<![\w.,:£$€-])(\d|1[0-2])(?= [a-z])(?! (?:million|and|mm|g|kg|km|kWh)\b)"
    yield "words for figures", re.sub(small, lambda found: _WORDS[int(found[1])], sentence)
    spelled = rf"\b({'|'.join(_WORDS[2:])})\b(?= [a-z])"
    yield "figures for words", re.sub(spelled, lambda found: str(_WORDS.index(found[1])), sentence)
    yield "short millions", re.sub(r"(?<=[£$€])([\d.]+) million", r"\1m", sentence)
    yield "money in words", re.sub(r"£([\d,]*\d)(?![\d.,]*\d| million|m)", r"\1 pounds", sentence)
    yield "introduced", f"According to the report, {sentence}"


def requoted(said: Said) -> Iterator[tuple[str, str]]:
    """The quotation in forms that are right, each with what was done."""
    words, who = said.words, said.who
    yield "as it is", said.sentence
    yield "straight", f'"{words}," said {who}.'
    yield "after", f"{who} said: “{words}.”"
    yield "subject first", f"“{words},” {who} says."
    yield "surname", f"“{words},” {who.split()[-1]} told reporters."
    yield "with a title", f"“{words},” said {who}, who spoke at the opening."
    yield "single marks", f"\u2018{words},\u2019 {who} added."
    yield "signed", f"“{words}.” — {who}"
    yield "in the middle", f"As {who} explained, “{words[:1].lower()}{words[1:]}”."
    if ", " in words:
        first, _, rest = words.partition(", ")
        yield "divided", f"“{first},” said {who}, “{rest}.”"
    if len(words.split()) > 8:
        yield "its beginning", f"“{' '.join(words.split()[:6]).rstrip(',')},” {who} noted."


def _of_fact(chance: random.Random, kind: ClaimKind) -> Case | None:
    how = chance.choice(OF_NUMBERS if kind is ClaimKind.NUMBER else OF_DATES)
    fact = chance.choice(facts())
    wrong = how(chance, fact.sentence)
    return Case(fact.source, wrong, kind, how.__name__) if wrong and wrong != fact.sentence else None


def _of_quote(chance: random.Random, kind: ClaimKind) -> Case | None:
    how = chance.choice(OF_QUOTES) if kind is ClaimKind.QUOTE else misspelt
    said = chance.choice(sayings())
    wrong = how(chance, said)
    return Case(said.source, wrong, kind, how.__name__) if wrong and wrong != said.sentence else None


def _with_figure(chance: random.Random, sentence: str, change: Callable[[int], int]) -> str | None:
    """The sentence with one of its figures changed, to one that the sentence does not have."""
    found = [each for each in _FIGURE.finditer(sentence) if not _YEAR.fullmatch(each[0])]
    found = [each for each in found if not re.search(rf"(?:{_MONTH}) $", sentence[: each.start()])]
    found = [each for each in found if not re.match(rf"\s(?:and \d+ )?(?:{_MONTH})", sentence[each.end() :])]
    if not found:
        return None
    chosen = chance.choice(found)
    value = change(int(chosen[0].replace(",", "")))
    shown = f"{value:,}" if "," in chosen[0] or value >= 10_000 else str(value)
    if value < 0 or re.search(rf"(?<![\d,.]){re.escape(shown)}(?![\d,.]*\d)", sentence):
        return None
    return sentence[: chosen.start()] + shown + sentence[chosen.end() :]


def _cut(found: re.Match[str]) -> str:
    return f"{found[1][:3]}." if len(found[1]) > 5 else found[1]


def _in_figures(found: re.Match[str]) -> str:
    return f"{found[3]}-{_MONTHS.index(found[2]) + 1:02}-{int(found[1]):02}"


def _quoted(words: list[str], who: str) -> str:
    return f"“{' '.join(words)},” said {who}."
