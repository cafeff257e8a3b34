"""Which sentences state something, told by rule: they hold a number, a date, a name or a quotation.

The rules are for English-like prose and err towards leaving a sentence out: all text is in a passage anyway.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from resources.domain.sentences import Sentence, sentences
from resources.domain.spans import Span

# Shorter says too little to be cited alone; longer is a table or a run-on list that lost its line ends.
MIN_STATEMENT_CHARS = 20
MAX_STATEMENT_CHARS = 600
MIN_STATEMENT_WORDS = 4
MIN_QUOTED_CHARS = 12


class Label(StrEnum):
    """What a sentence states something with, in the order in which labels are listed."""

    NUMBER = "number"
    DATE = "date"
    NAME = "name"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that states something; at least one label, in the order of ``Label``."""

    span: Span
    labels: tuple[Label, ...]


_MONTH = (
    "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_YEAR = r"(?:1[5-9]|20)\d\d"
_DATE = re.compile(
    r"\b(?=[\dA-DF-JL-OQSTUWYa-dfilmostuwy])"  # what one begins with: spares most words the slow part
    rf"(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}[/.]\d{{1,2}}[/.](?:\d{{4}}|\d\d)|{_DAY}\ (?:of\ )?{_MONTH}(?:,?\ {_YEAR})?"
    rf"|{_MONTH}\ {_DAY}(?!\d)(?:,?\ {_YEAR})?|{_MONTH},?\ {_YEAR}|Q[1-4],?\ {_YEAR}"
    r"|(?i:(?:in|since|by|until|till|from|during|before|after|around|circa|early|late|mid|year|of|spring|summer|autumn"
    rf"|fall|winter|between))[ -]{_YEAR}(?:s|\ ?[-\u2013]\ ?\d\d(?:\d\d)?)?)\b(?!\s?%|,\d|\.\d)"
    rf"|\({_YEAR}(?:\ ?[-\u2013]\ ?{_YEAR})?\)"
)
_DIGIT = re.compile(r"(?<![^\W_])\d")
_NUMBERS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    "|dozens?|hundreds?|thousands?|millions?|billions?|trillions?|doubled|tripled|quadrupled"
)
_NUMBER_WORD = re.compile(rf"(?i:\b(?:{_NUMBERS})\b(?!-))")
_NUMBER_WORDS = frozenset(_NUMBERS.replace("?", "").split("|")) | frozenset(_NUMBERS.replace("s?", "").split("|"))
_LETTERS = re.compile("[a-z]{3,}")
# Both begin with the capital, which the engine finds fast, and look behind it from there.
_CAPITALISED = re.compile(r"[A-ZÀ-ÖØ-Þ](?:(?<=[^\W_][ -].)|(?<=[,;&] .))[\w'\u2019&-]*|\b[A-Z]{2,}\b")
_CAPITALISED_WITHIN = re.compile(r"[A-ZÀ-ÖØ-Þ](?:(?<=[^\W_][ -][a-z].)|(?<=[^\W_][ -][a-z][a-z].))")  # iPhone, McKay
_QUOTED = re.compile(f'[“"«][^“”"«»]{{{MIN_QUOTED_CHARS},}}[”"»]')
_QUESTION = ("?", "\uff1f")
_FULL_STOP = (".", "!", "…", "。", "\uff01")
_LOWER_WORD = re.compile(r"\b[a-zß-öø-ÿ]{2,}")
_APOSTROPHE = re.compile("['\u2019]")
_NO_NAMES = frozenset(
    {"I", "OK", "PM", "AM", "Mr", "Mrs", "Ms", "Dr", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
    | {"Sunday", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October"}
    | {"November", "December", "Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Sept", "Oct", "Nov", "Dec"}
)


def statements(text: str) -> Iterator[Statement]:
    """The sentences of ``text`` that state something, in order, each with an exact span.

    Left out: questions, headings and table rows (no full stop, no list), and what is too short or too long to cite.
    """
    for sentence in sentences(text):
        span = sentence.span
        if MIN_STATEMENT_CHARS <= len(span) <= MAX_STATEMENT_CHARS:
            words = text[span.start : span.end]
            if _is_a_whole_sentence(words, sentence) and (labels := labels_of(words)):
                yield Statement(span, labels)


def labels_of(sentence: str) -> tuple[Label, ...]:
    """What ``sentence`` states something with; empty when with nothing that these rules know.

    A name is a capitalised word that is not capitalised merely for standing first, or an acronym.
    """
    holds_digits = _DIGIT.search(sentence) is not None  # as every date does: spares most sentences the slow pattern
    undated, dates = _DATE.subn("x", sentence) if holds_digits else (sentence, 0)
    labels = []
    if (holds_digits and _DIGIT.search(undated)) or _has_number_word(undated):
        labels.append(Label.NUMBER)
    if dates:
        labels.append(Label.DATE)
    if _has_name(undated):
        labels.append(Label.NAME)
    if _QUOTED.search(sentence):
        labels.append(Label.QUOTE)
    return tuple(labels)


def _has_number_word(sentence: str) -> bool:
    # The set first: most sentences have none, and the pattern tries thirty words at each place.
    if _NUMBER_WORDS.isdisjoint(_LETTERS.findall(sentence.lower())):
        return False
    return _NUMBER_WORD.search(sentence) is not None


def _has_name(sentence: str) -> bool:
    words = (found[0] for found in _CAPITALISED.finditer(sentence))
    return (
        any(_APOSTROPHE.split(word, maxsplit=1)[0] not in _NO_NAMES for word in words)
        or _CAPITALISED_WITHIN.search(sentence) is not None
    )


def _is_a_whole_sentence(words: str, sentence: Sentence) -> bool:
    bare = words.rstrip("\"'”\u2019»)]*_ ")
    if bare.endswith(_QUESTION) or not (sentence.is_item or bare.endswith(_FULL_STOP)):
        return False
    # A line of capitalised words is a heading, whatever it ends with.
    return len(words.split(None, MIN_STATEMENT_WORDS)) >= MIN_STATEMENT_WORDS and len(_LOWER_WORD.findall(words)) > 1
