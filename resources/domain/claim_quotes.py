"""Quotations: where they stand in a text, who is said to say them, and how they compare with what a source says."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from resources.domain.spans import Span

MIN_WORDS: Final = 3
"""Fewer words between marks are a title or a term, and no quotation."""
ALIKE: Final = 0.6
"""Of a quotation's words so many have to stand in the source, in order, for it to be that passage, altered."""
_MARKED: Final = re.compile(r'“([^“”]{1,4000})”|"([^"]{1,4000})"|«([^«»]{1,4000})»')
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019\-][^\W_]+)*")
_EDITED: Final = re.compile(r"\[[^\]]*\]|…|\.\.\.")
_SAYING: Final = (
    "said|says|say|adds|added|explained|explains|noted|notes|told|recalled|recalls|wrote|writes|commented"
    "|[Aa]ccording to"
)
_NAME: Final = r"(?:[A-ZÀ-ÖØ-Þ][\w'\u2019.\-]*)(?:\s+(?:[A-ZÀ-ÖØ-Þ][\w'\u2019.\-]*|de|van|von|der|al|bin|da))*"
_AFTER: Final = re.compile(
    rf"^[\s,.”\"»]*(?:(?:{_SAYING})\s+(?P<a>{_NAME})|[—\u2013-]\s*(?P<b>{_NAME})|(?P<c>{_NAME}),?\s+(?:[^.“”\"]{{0,60}}\s)?(?:{_SAYING})\b)"
)
_BEFORE: Final = re.compile(
    rf"(?:(?P<a>{_NAME})(?:,[^,“”\"]{{1,80}},)?\s+(?:{_SAYING})(?:\s+(?:that|us|reporters))?|(?:{_SAYING})\s+(?P<b>{_NAME}))[\s,:]*$"
)
_TURN: Final = re.compile(
    r"^[ \t]*(?P<who>[A-ZÀ-ÖØ-Þ][\w'\u2019.\-]*(?:[ ][A-ZÀ-ÖØ-Þ][\w'\u2019.\-]*){0,3}):[ \t]+", re.MULTILINE
)
AROUND: Final = 200
"""How far from a quotation its speaker is looked for, in code points."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words between marks; ``speaker`` is who is said to say them, empty when nobody is named."""

    text: str
    span: Span
    speaker: str

    @property
    def words(self) -> tuple[str, ...]:
        """Without case and punctuation."""
        return words_of(self.text)


def words_of(text: str) -> tuple[str, ...]:
    """The words in order, without case, with one kind of apostrophe."""
    return tuple(found[0].casefold().replace("\u2019", "'") for found in _WORD.finditer(text))


def word_spans(text: str) -> tuple[Span, ...]:
    """Where each of `words_of` stands, in code points."""
    return tuple(Span(*found.span()) for found in _WORD.finditer(text))


def quotations(text: str) -> Iterator[Quotation]:
    """Each quotation of at least `MIN_WORDS` words, in order."""
    for found in _MARKED.finditer(text):
        inner = next(part for part in found.groups() if part is not None)
        if len(words_of(inner)) >= MIN_WORDS:
            yield Quotation(inner, Span(*found.span()), _speaker(text, found.start(), found.end()))


def is_edited(quotation: str) -> bool:
    """Whether an ellipsis or brackets say that words were left out or put in."""
    return _EDITED.search(quotation) is not None


def find_run(words: Sequence[str], within: Sequence[str], start: int = 0) -> int | None:
    """Where ``words`` stand in ``within`` as one run, from ``start``; None: nowhere."""
    size, first = len(words), words[0] if words else ""
    for place in range(start, len(within) - size + 1):
        if within[place] == first and tuple(within[place : place + size]) == tuple(words):
            return place
    return None


def nearest(words: Sequence[str], within: Sequence[str]) -> tuple[float, Span]:
    """How much of ``words`` stands in the best stretch of ``within``, from 0 to 1, and that stretch, in words."""
    matcher = SequenceMatcher(None, list(within), list(words), autojunk=False)
    best = matcher.find_longest_match()
    start = max(0, best.a - best.b)
    stretch = within[start : start + len(words) + 4]
    blocks = SequenceMatcher(None, list(stretch), list(words), autojunk=False).get_matching_blocks()
    matched = sum(block.size for block in blocks)
    ends = [block.a + block.size for block in blocks if block.size]
    return matched / max(1, len(words)), Span(start, start + max(ends, default=1))


def speakers_of(text: str) -> Iterator[tuple[Span, str]]:
    """Who says what in a source: stretches of it with their speakers, by marks and by turns of a transcript."""
    for quotation in quotations(text):
        if quotation.speaker:
            yield quotation.span, quotation.speaker
    turns = list(_TURN.finditer(text))
    ends = [*(turn.start() for turn in turns[1:]), len(text)] if turns else []
    for turn, end in zip(turns, ends, strict=True):
        yield Span(turn.end(), max(turn.end(), end)), turn["who"]


def same_person(one: str, other: str) -> bool:
    """Whether two names may be of one person: the last words are the same, or one is part of the other."""
    first, second = words_of(one), words_of(other)
    if not first or not second:
        return False
    return first[-1] == second[-1] or set(first) <= set(second) or set(second) <= set(first)


def _speaker(text: str, start: int, end: int) -> str:
    after = _AFTER.match(text[end : end + AROUND])
    if after:
        return next(part for part in after.groups() if part).rstrip(".")
    before = _BEFORE.search(text[max(0, start - AROUND) : start])
    return next((part for part in before.groups() if part), "") if before else ""
