"""Real sentences, and seeded ways to make each wrong or to say the same in another form."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from resources.domain.claims import ClaimKind
from resources.domain.statements import statements

EXAMPLES: Final = Path(__file__).parents[2] / "examples" / "acme-outdoor"
SPOKEN: Final = (
    ("Maya Lindqvist", "We made a promise to repair every pack we ever sold, and we keep it"),
    ("Tom Okafor", "A good zip is worth more than a new colour, and our customers know that"),
    ("Priya Raman", "Most jackets come to us with a broken zip, and leave with ten more years in them"),
    ("Ben Whitlock", "People ask why the price went up, and the honest answer is the fabric"),
    ("Hannah Weiss", "The study shows that a second repair saves more carbon than the first one"),
    ("Ines Costa", "My mother sewed for this mill, and now I run the line that makes the shells"),
)
_FIGURE: Final = re.compile(r"(?<![\w.,£$€])\d{1,3}(?:,\d{3})+(?![\d.,]\d)|(?<![\w.,£$€])\d+(?![\w.,]*\d|\w)")
_YEAR: Final = re.compile(r"(?:1[5-9]|20)\d\d")
_UNITS: Final = {
    "grams": "kilograms",
    "kg": "tonnes",
    "days": "weeks",
    "minutes": "hours",
    "hours": "days",
    "%": " pounds",
}
_MONTHS: Final = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
                  "November", "December")  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A sentence beside its source; ``kind``: what of it was changed, ``how`` by which mutator."""

    source: str
    sentence: str
    kind: ClaimKind
    how: str


Mutator = Callable[[random.Random, str], str | None]


def facts() -> list[str]:
    """Sentences of the example client's documents that state something in figures."""
    texts = [path.read_text() for path in sorted(EXAMPLES.rglob("*")) if path.suffix in (".md", ".txt")]
    found = [" ".join(text[each.span.start : each.span.end].split()) for text in texts for each in statements(text)]
    plain = [each for each in dict.fromkeys(found) if not re.search(r'[“”"*_#|\[\]]', each)]
    return [each for each in plain if _FIGURE.search(each)]


def quotes() -> list[str]:
    """Sentences with a quotation and who says it."""
    return [f"“{words},” said {who}." for who, words in SPOKEN]


def off_by_one(chance: random.Random, sentence: str) -> str | None:
    return _with_figure(chance, sentence, lambda value: value + chance.choice((-1, 1)))


def other_digit(chance: random.Random, sentence: str) -> str | None:
    return _with_figure(
        chance, sentence, lambda value: value + chance.choice((2, 3, 5, 7)) * 10 ** (len(str(value)) - 1)
    )


def other_size(chance: random.Random, sentence: str) -> str | None:
    return _with_figure(chance, sentence, lambda value: value * 10)


def other_unit(chance: random.Random, sentence: str) -> str | None:
    there = [unit for unit in _UNITS if re.search(rf"\d\s?{unit}(?!\w)", sentence)]
    if not there:
        return None
    unit = chance.choice(there)
    return re.sub(rf"(?<=\d)(\s?){unit}(?!\w)", rf"\g<1>{_UNITS[unit]}", sentence, count=1)


def other_date(chance: random.Random, sentence: str) -> str | None:
    found = re.search(rf"\b(\d{{1,2}}) ({'|'.join(_MONTHS)})\b", sentence)
    if found is None:
        return None
    day = int(found[1]) % 27 + 1
    return sentence.replace(found[0], f"{day} {found[2]}", 1)


def dropped_word(chance: random.Random, sentence: str) -> str | None:
    words, rest = _quoted(sentence)
    at = chance.randrange(1, len(words) - 1)
    return f"“{' '.join((*words[:at], *words[at + 1 :]))}{rest}"


def other_word(chance: random.Random, sentence: str) -> str | None:
    words, rest = _quoted(sentence)
    at = chance.randrange(1, len(words) - 1)
    return f"“{' '.join((*words[:at], 'hardly', *words[at + 1 :]))}{rest}"


def stitched(chance: random.Random, sentence: str) -> str | None:
    words, rest = _quoted(sentence)
    other, _ = _quoted(chance.choice([each for each in quotes() if each != sentence]))
    return f"“{' '.join((*words[:6], *other[-6:]))}{rest}"


def other_speaker(chance: random.Random, sentence: str) -> str | None:
    who = next(name for name, _ in SPOKEN if name in sentence)
    return sentence.replace(who, chance.choice([name for name, _ in SPOKEN if name != who]))


def invented(chance: random.Random, sentence: str) -> str | None:
    _, rest = _quoted(sentence)
    words = chance.choice(
        ("Everybody here is proud of what this team achieved", "Nothing like it was ever tried before")
    )
    return f"“{words},{rest.removeprefix(',')}"


def misspelt(chance: random.Random, sentence: str) -> str | None:
    who = next(name for name, _ in SPOKEN if name in sentence)
    first, last = who.split()
    at = chance.randrange(1, len(last) - 1)
    return sentence.replace(who, f"{first} {last[:at]}{last[at]}{last[at:]}")


NUMBERS: Final = (off_by_one, other_digit, other_size, other_unit)
QUOTES: Final = (dropped_word, other_word, stitched, other_speaker, invented)


def same(sentence: str) -> Iterator[str]:
    """The sentence in forms that say the same."""
    yield sentence
    yield sentence.replace("“", '"').replace("”", '"')
    yield re.sub(r"(?<=\d),(?=\d{3})", "", sentence)
    yield sentence.replace("%", " percent")
    yield re.sub(rf"\b(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}})", r"\2 \1, \3", sentence)
    yield re.sub(r"\bgrams\b", "g", sentence)


def mutants(seed: int, number: int) -> list[Mutant]:
    """``number`` sentences that are wrong, drawn from ``seed``: numbers and dates, quotations, names."""
    chance, figures, spoken = random.Random(seed), facts(), quotes()
    made: list[Mutant] = []
    while len(made) < number:
        kind = chance.choices((ClaimKind.NUMBER, ClaimKind.DATE, ClaimKind.QUOTE, ClaimKind.NAME), (40, 10, 42, 8))[0]
        of_figures = kind in (ClaimKind.NUMBER, ClaimKind.DATE)
        how: Mutator = {
            ClaimKind.NUMBER: chance.choice(NUMBERS), ClaimKind.DATE: other_date,
            ClaimKind.QUOTE: chance.choice(QUOTES), ClaimKind.NAME: misspelt,
        }[kind]  # fmt: skip
        original = chance.choice(figures if of_figures else spoken)
        wrong = how(chance, original)
        if wrong is not None and wrong != original:
            source = original if of_figures else " ".join(spoken)
            made.append(Mutant(source, wrong, kind, how.__name__))
    return made


def _with_figure(chance: random.Random, sentence: str, change: Callable[[int], int]) -> str | None:
    """The sentence with one of its figures changed, to one that the sentence does not have."""
    found = [each for each in _FIGURE.finditer(sentence) if not _YEAR.fullmatch(each[0])]
    found = [each for each in found if not re.match(rf"\s(?:{'|'.join(_MONTHS)})", sentence[each.end() :])]
    if not found:
        return None
    chosen = chance.choice(found)
    value = change(int(chosen[0].replace(",", "")))
    shown = f"{value:,}" if "," in chosen[0] or value >= 10_000 else str(value)
    if value < 0 or re.search(rf"(?<![\d,.]){re.escape(shown)}(?![\d,.]*\d)", sentence):
        return None
    return sentence[: chosen.start()] + shown + sentence[chosen.end() :]


def _quoted(sentence: str) -> tuple[list[str], str]:
    words, _, rest = sentence.removeprefix("“").partition(",”")
    return words.split(), f",”{rest}"
