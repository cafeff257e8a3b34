"""Quotations of a sentence against its sources: the same words, together, in order, by the same person."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from resources.domain.claim_quotes import (
    ALIKE,
    MIN_WORDS,
    Quotation,
    find_run,
    is_edited,
    nearest,
    same_person,
    speakers_of,
    word_spans,
    words_of,
)
from resources.domain.claim_words import listed
from resources.domain.claims import CitedSource, ClaimKind, Finding, Verdict
from resources.domain.spans import Span

DROPPED: Final = 4
"""So few words left out between two runs are an alteration; more make it a quotation from two places."""
ATTRIBUTION: Final = 12
"""How many words of who says it may stand between the parts of one quotation in a source."""
_SAYING: Final = listed("said says say added adds explained explains noted notes told wrote")
_PRONOUNS: Final = listed("he she they it we i")
_EDITS: Final = re.compile(r"\[[^\]]*\]|…|\.\.\.")


@dataclass(frozen=True, slots=True)
class _Source:
    source: CitedSource
    words: tuple[str, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a quotation stands: ``span`` in words of the source."""

    source: _Source
    span: Span

    @property
    def start(self) -> int:
        """Where it begins, in code points."""
        return self.source.spans[self.span.start].start if self.source.spans else 0

    @property
    def text(self) -> str:
        """What stands there."""
        found = self.source.spans[self.span.start : self.span.end]
        return self.source.source.text[found[0].start : found[-1].end] if found else ""

    @property
    def speakers(self) -> list[str]:
        """Who says it there, as far as the source tells."""
        return [who for span, who in speakers_of(self.source.source.text) if span.start <= self.start < span.end]


def judge_quotes(
    text: str, quoted: Sequence[Quotation], cited: Sequence[CitedSource], known_names: Collection[str]
) -> Iterator[Finding]:
    """A finding for each quotation. The parts around an attribution are one: they have to stand together."""
    sources = [_Source(each, words_of(each.text), word_spans(each.text)) for each in cited]
    before: _Place | None = None
    for place, quotation in enumerate(quoted):
        found = _exact(quotation, sources)
        if found is None:
            yield _not_exact(text, quotation, sources)
        elif (
            before is not None and _is_one_sentence(text, quoted[place - 1], quotation) and not _goes_on(before, found)
        ):
            yield _finding(text, quotation, Verdict.STITCHED, found)
        else:
            yield _spoken(text, quotation, _speaker(quoted, place), found, known_names)
        before = found


def _exact(quotation: Quotation, sources: Sequence[_Source]) -> _Place | None:
    words = quotation.words
    for source in sources:
        start = find_run(words, source.words)
        if start is not None:
            return _Place(source, Span(start, start + len(words)))
    return None


def _not_exact(text: str, quotation: Quotation, sources: Sequence[_Source]) -> Finding:
    if is_edited(quotation.text) and (place := _in_order(quotation, sources)) is not None:
        return _finding(text, quotation, Verdict.UNSURE, place)
    if (place := _stitched(quotation.words, sources)) is not None:
        return _finding(text, quotation, Verdict.STITCHED, place)
    best = max(((nearest(quotation.words, each.words), each) for each in sources), key=lambda pair: pair[0][0])
    (share, span), source = best
    if share >= ALIKE:
        return _finding(text, quotation, Verdict.ALTERED, _Place(source, span))
    return Finding(ClaimKind.QUOTE, Verdict.INVENTED, _claim(text, quotation), quotation.span)


def _in_order(quotation: Quotation, sources: Sequence[_Source]) -> _Place | None:
    """Where the pieces around ellipses and brackets stand, in order, in one source."""
    pieces = [words for part in _EDITS.split(quotation.text) if (words := words_of(part))]
    for source in sources:
        at, first = 0, None
        for piece in pieces:
            start = find_run(piece, source.words, at)
            if start is None:
                break
            first, at = start if first is None else first, start + len(piece)
        else:
            return _Place(source, Span(first or 0, at))
    return None


def _stitched(words: Sequence[str], sources: Sequence[_Source]) -> _Place | None:
    """Where the first part stands of a quotation whose two parts stand in two places; None: it is not so made."""
    for cut in range(len(words) - MIN_WORDS, MIN_WORDS - 1, -1):
        heads = [(source, start) for source in sources if (start := find_run(words[:cut], source.words)) is not None]
        if not heads:
            continue
        for source, start in heads:
            tails = [(other, place) for other in sources if (place := find_run(words[cut:], other.words)) is not None]
            apart = [
                (other, place) for other, place in tails
                if other is not source or not 0 <= place - (start + cut) <= DROPPED
            ]  # fmt: skip
            if apart and len(apart) == len(tails):
                return _Place(source, Span(start, start + cut))
        return None
    return None


def _goes_on(before: _Place, after: _Place) -> bool:
    """Whether the second part follows the first: at once, or behind who says it."""
    if before.source is not after.source:
        return False
    gap = before.source.words[before.span.end : after.span.start]
    if after.span.start < before.span.end:
        return False
    return not gap or (len(gap) <= ATTRIBUTION and bool(_SAYING & set(gap)))


def _is_one_sentence(text: str, first: Quotation, second: Quotation) -> bool:
    """Whether nothing but an attribution stands between two quotations: ``“A,” said X, “b.”``."""
    between = text[first.span.end : second.span.start]
    return not re.search(r"[.!?]\s", between) and bool(_SAYING & set(words_of(between)))


def _speaker(quoted: Sequence[Quotation], place: int) -> str:
    """Who is said to say it; of the second part of a quotation, who says the first."""
    return quoted[place].speaker or (quoted[place - 1].speaker if place else "")


def _spoken(text: str, quotation: Quotation, speaker: str, place: _Place, known_names: Collection[str]) -> Finding:
    """The words are right; whether they are this person's is left to say."""
    if not speaker or speaker.casefold() in _PRONOUNS:
        return _finding(text, quotation, Verdict.SOURCED, place)
    if by := place.speakers:
        right = any(same_person(speaker, who) for who in by)
        return _finding(text, quotation, Verdict.SOURCED if right else Verdict.MISATTRIBUTED, place)
    named = set(words_of(speaker)) <= set(place.source.words)
    known = any(same_person(speaker, name) for name in known_names)
    return _finding(text, quotation, Verdict.UNSURE if named or known else Verdict.MISATTRIBUTED, place)


def _finding(text: str, quotation: Quotation, verdict: Verdict, place: _Place) -> Finding:
    who = place.speakers
    shown = f"{place.text} ({who[0]})" if who and verdict is Verdict.MISATTRIBUTED else place.text
    return Finding(ClaimKind.QUOTE, verdict, _claim(text, quotation), quotation.span, shown, place.source.source.key)


def _claim(text: str, quotation: Quotation) -> str:
    return text[quotation.span.start : quotation.span.end]
