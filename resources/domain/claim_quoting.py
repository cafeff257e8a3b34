"""Quotations of a sentence against its sources: the same words, together, in order, by the same person."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from resources.domain.claim_passages import Passage, Place, goes_on
from resources.domain.claim_quotes import MIN_WORDS, Quotation, words_of
from resources.domain.claim_speakers import Speaker, same_person, surname_in
from resources.domain.claims import CitedSource, ClaimKind, Finding, Verdict
from resources.domain.spans import Span

DROPPED: Final = 4
"""So few words left out between two runs are an alteration; more make it a quotation from two places."""
ALIKE: Final = 0.6
"""Of a quotation's words so many have to stand in a passage, in order, for it to be that passage, altered."""
_EDITS: Final = re.compile(r"\[[^\[\]]*\]|…|\.\.\.")


def judge_quotes(
    text: str, quoted: Sequence[Quotation], cited: Sequence[CitedSource], known_names: Collection[str]
) -> Iterator[Finding]:
    """A finding for each quotation. The parts around an attribution are one: they have to stand together."""
    if not quoted:
        return
    passages = [Passage(each) for each in cited]
    last: list[Place] = []
    speaker = Speaker()
    for at, quotation in enumerate(quoted):
        speaker = quotation.speaker if quotation.speaker.name else speaker
        goes = at > 0 and goes_on(text, quoted[at - 1].span, quotation.span)
        places = [place for passage in passages for place in passage.places(quotation.words)]
        whole = [place for place in places if place.is_whole]
        if goes and last and whole:
            whole, apart = [place for place in whole if any(_follows(each, place) for each in last)], whole
            if not whole:
                yield _finding(quotation, text, Verdict.STITCHED, apart[0])
                last = apart
                continue
        if whole:
            yield _spoken(text, quotation, speaker, whole, known_names)
        else:
            yield _not_exact(text, quotation, passages, places)
        last = whole


def _follows(before: Place, after: Place) -> bool:
    """Whether the second place goes on where the first ends, or is in the same quotation that who says it divides."""
    if before.passage is not after.passage:
        return False
    text, gap = before.passage.source.text, Span(before.span.start, max(after.span.end, before.span.start + 1))
    if before.span.end > after.span.start:
        return False
    if not words_of(text[before.span.end : after.span.start][:200]):
        return not before.passage.breaks(gap)
    return goes_on(text, before.span, after.span) and before.passage.breaks(gap)


def _not_exact(text: str, quotation: Quotation, passages: Sequence[Passage], broken: Sequence[Place]) -> Finding:
    """``broken``: where its words stand, but across the marks of a quotation."""
    edited = _EDITS.search(quotation.text) is not None
    if edited and (place := _in_order(quotation, passages)) is not None:
        verdict = Verdict.UNSURE if place.is_whole else Verdict.STITCHED
        return _finding(quotation, text, verdict, place)
    if broken:
        return _finding(quotation, text, Verdict.STITCHED, broken[0])
    if (place := _stitched(quotation.words, passages)) is not None:
        return _finding(quotation, text, Verdict.STITCHED, place)
    share, near = max((passage.nearest(quotation.words) for passage in passages), key=lambda found: found[0])
    if near is not None and share >= ALIKE:
        return _finding(quotation, text, Verdict.ALTERED, near)
    return Finding(ClaimKind.QUOTE, Verdict.INVENTED, _claim(text, quotation), quotation.span)


def _in_order(quotation: Quotation, passages: Sequence[Passage]) -> Place | None:
    """Where the pieces around ellipses and brackets stand, in order, in one source."""
    pieces = [words for part in _EDITS.split(quotation.text) if (words := words_of(part))]
    for passage in passages if pieces else ():
        at, first = 0, None
        for piece in pieces:
            start = passage.runs.find(piece, at)
            if start is None:
                break
            first, at = start if first is None else first, start + len(piece)
        else:
            return passage.place(first or 0, at - (first or 0))
    return None


def _stitched(words: Sequence[str], passages: Sequence[Passage]) -> Place | None:
    """Where the first part stands of a quotation whose two parts stand in two places; None: it is not so made."""
    head = _longest(words, passages, from_the_end=False)
    tail = _longest(words, passages, from_the_end=True)
    cut = min(head, len(words) - MIN_WORDS)
    if cut < max(MIN_WORDS, len(words) - tail):
        return None
    heads = [(passage, at) for passage in passages for at in passage.runs.places(words[:cut])]
    tails = [(passage, at) for passage in passages for at in passage.runs.places(words[cut:])]
    for passage, at in heads:
        for other, place in tails:
            if other is passage and 0 <= place - (at + cut) <= DROPPED:
                whole = passage.place(at, place + len(words) - cut - at)
                return None if whole.is_whole else whole
    return heads[0][0].place(heads[0][1], cut) if heads else None


def _longest(words: Sequence[str], passages: Sequence[Passage], *, from_the_end: bool) -> int:
    """How many of the first (or last) words stand in a row in a source: by halving, as all shorter runs do too."""
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        run = words[len(words) - middle :] if from_the_end else words[:middle]
        if any(passage.runs.find(run) is not None for passage in passages):
            low = middle
        else:
            high = middle - 1
    return low


def _spoken(
    text: str, quotation: Quotation, speaker: Speaker, places: Sequence[Place], known_names: Collection[str]
) -> Finding:
    """The words are right; whether they are this person's is left to say."""
    if not speaker.name:
        return _finding(quotation, text, Verdict.SOURCED, places[0])
    for place in places:
        if any(same_person(speaker.name, who.name) for who in place.speakers):
            return _finding(quotation, text, Verdict.SOURCED, place)
    for place in places:
        if place.speakers:
            near = any(
                surname_in(speaker.name, who.told) or surname_in(who.name, speaker.told) for who in place.speakers
            )
        else:
            known = any(same_person(speaker.name, name) for name in known_names)
            near = known or surname_in(speaker.name, place.passage.source.text)
        if near:
            return _finding(quotation, text, Verdict.UNSURE, place)
    return _finding(quotation, text, Verdict.MISATTRIBUTED, next((each for each in places if each.speakers), places[0]))


def _finding(quotation: Quotation, text: str, verdict: Verdict, place: Place) -> Finding:
    who = place.speakers
    shown = f"{place.text} ({who[0].name})" if who and verdict is Verdict.MISATTRIBUTED else place.text
    key = place.passage.source.key
    return Finding(ClaimKind.QUOTE, verdict, _claim(text, quotation), quotation.span, shown, key)


def _claim(text: str, quotation: Quotation) -> str:
    return text[quotation.span.start : quotation.span.end]
