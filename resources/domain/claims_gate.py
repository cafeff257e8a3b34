"""The claims gate: each number, date, name and quotation of a sentence against the sources that the sentence cites.

By code alone, so it is sure only where words and figures can be compared. Where it is not, it says so for the reviewer.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

from resources.domain.claim_dates import Day, days
from resources.domain.claim_names import Name, judge_name, names
from resources.domain.claim_numbers import Number, numbers
from resources.domain.claim_quotes import Quotation, quotations
from resources.domain.claim_quoting import judge_quotes
from resources.domain.claim_words import listed
from resources.domain.claims import CitedSource, ClaimKind, Finding, Verdict
from resources.domain.sentences import sentences
from resources.domain.spans import Span

ROUNDED: Final = 0.05
"""How far a number that is said to be rough may be from its source, as a share of it: our choice."""
MAX_SENTENCE_CHARS: Final = 2_000
"""A longer one is left to a person: no sentence of a release comes near."""
_STOP: Final = listed("a an and as at by for from in into is of on or per than that the to was were will with")
"""What follows a number and is not what it counts."""


def judge_sentence(
    sentence: str, cited: Sequence[CitedSource], *, known_names: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Every claim of the sentence, in order, with its verdict.

    ``known_names``: phrases that need no source, with the numbers and dates within them.
    """
    if len(sentence) > MAX_SENTENCE_CHARS:
        told = f"longer than {MAX_SENTENCE_CHARS} characters: not read"
        return (Finding(ClaimKind.QUOTE, Verdict.UNSURE, sentence[:100], Span(0, len(sentence)), told),)
    return tuple(_judged(sentence, [_Reading.of(each) for each in cited], known_names))


def _judged(text: str, read: Sequence["_Reading"], known_names: Collection[str]) -> list[Finding]:
    free = [*_known(text, known_names)]
    quoted = list(quotations(text))
    taken = [*free, *(each.span for each in quoted)]
    dated = [each for each in days(text) if not _within(each.span, taken)]
    counted = [each for each in numbers(text) if not _within(each.span, [*taken, *(day.span for day in dated)])]
    named = [each for each in names(text) if not _within(each.span, [*taken, *(day.span for day in dated)])]
    if not read:
        by_kind: dict[ClaimKind, Sequence[Quotation | Day | Number | Name]] = {
            ClaimKind.QUOTE: quoted,
            ClaimKind.DATE: dated,
            ClaimKind.NUMBER: counted,
            ClaimKind.NAME: named,
        }
        return list(_uncited(text, [(kind, each.span) for kind, claims in by_kind.items() for each in claims]))
    cited = [each.source for each in read]
    found = [
        *judge_quotes(text, quoted, cited, known_names),
        *(_judge_day(text, each, read) for each in dated),
        *(_judge_number(text, each, read) for each in counted),
        *(judge_name(text, each, cited) for each in named),
    ]
    return sorted(found, key=lambda each: (each.span.start, each.kind))


@dataclass(frozen=True, slots=True)
class _Reading:
    """A source, read once for all claims of a sentence."""

    source: CitedSource
    days: tuple[Day, ...]
    numbers: tuple[Number, ...]
    sentences: tuple[Span, ...]

    @classmethod
    def of(cls, source: CitedSource) -> Self:
        text = source.text
        return cls(source, tuple(days(text)), tuple(numbers(text)), tuple(each.span for each in sentences(text)))

    def sentence_at(self, place: Span) -> str:
        """The sentence that stands at ``place``, on one line."""
        span = next((each for each in self.sentences if each.overlaps(place)), place)
        return " ".join(self.source.text[span.start : span.end].split())


def _known(text: str, phrases: Collection[str]) -> Iterator[Span]:
    """Where what needs no source stands, whatever its case and the space in it."""
    for phrase in phrases:
        if words := phrase.split():
            pattern = r"(?<!\w)" + r"\s+".join(map(re.escape, words)) + r"(?:['\u2019]s)?(?!\w)"
            yield from (Span(*found.span()) for found in re.finditer(pattern, text, re.IGNORECASE))


def _within(span: Span, spans: Sequence[Span]) -> bool:
    return any(span.overlaps(each) for each in spans)


def _uncited(text: str, claims: Sequence[tuple[ClaimKind, Span]]) -> Iterator[Finding]:
    """Without a source nothing is sourced; a name is left to the reviewer, as any word may have a capital."""
    for kind, span in claims:
        verdict = Verdict.UNSURE if kind is ClaimKind.NAME else Verdict.UNCITED
        yield Finding(kind, verdict, text[span.start : span.end], span)


def _judge_day(text: str, day: Day, read: Sequence[_Reading]) -> Finding:
    claim = text[day.span.start : day.span.end]
    there = [(source, each) for source in read for each in source.days]
    if day.contradicts_itself:
        return Finding(ClaimKind.DATE, Verdict.ALTERED, claim, day.span, "a weekday that this date does not have")
    for source, each in there:
        if day.is_within(each):
            other = day.weekday and each.weekday and day.weekday != each.weekday
            verdict = Verdict.ALTERED if other else Verdict.SOURCED
            return _found(ClaimKind.DATE, verdict, claim, day.span, source, each.span)
    for source, each in there:
        if each.is_within(day):
            return _found(ClaimKind.DATE, Verdict.UNSURE, claim, day.span, source, each.span)
    if day.month is None and any(each.value == day.year for source in read for each in source.numbers):
        return Finding(ClaimKind.DATE, Verdict.UNSURE, claim, day.span)
    near = sorted(there, key=lambda pair: _apart(day, pair[1]))
    if near:
        return _found(ClaimKind.DATE, Verdict.ALTERED, claim, day.span, near[0][0], near[0][1].span)
    return Finding(ClaimKind.DATE, Verdict.INVENTED, claim, day.span)


def _apart(one: Day, other: Day) -> int:
    """How many of year, month and day differ."""
    return sum(
        mine != theirs for mine, theirs in ((one.year, other.year), (one.month, other.month), (one.day, other.day))
    )


def _judge_number(text: str, number: Number, read: Sequence[_Reading]) -> Finding:
    claim = text[number.span.start : number.span.end]
    there = [(source, each) for source in read for each in source.numbers]
    verdict, nearest = _number_verdict(number, there)
    if nearest is None:
        return Finding(ClaimKind.NUMBER, verdict, claim, number.span)
    return _found(ClaimKind.NUMBER, verdict, claim, number.span, nearest[0], nearest[1].span)


def _number_verdict(
    number: Number, there: Sequence[tuple[_Reading, Number]]
) -> tuple[Verdict, tuple[_Reading, Number] | None]:
    equal = [pair for pair in there if pair[1].value == number.value]
    for pair in equal:
        if pair[1].unit == number.unit and (number.unit or _same_noun(number, pair[1])):
            return Verdict.SOURCED, pair
    others = [pair for pair in there if pair[1].value != number.value and _alike(number, pair[1])]
    if equal:
        units = {pair[1].unit for pair in equal}
        if number.unit and "" not in units:
            return Verdict.ALTERED, equal[0]
        return (Verdict.ALTERED, others[0]) if others and not number.unit else (Verdict.UNSURE, equal[0])
    if number.is_ordinal:
        return Verdict.UNSURE, None
    rough = [pair for pair in others if abs(pair[1].value - number.value) <= ROUNDED * float(abs(pair[1].value))]
    if rough and number.is_rough:
        return Verdict.UNSURE, rough[0]
    nearest = min(others or there, key=lambda pair: abs(pair[1].value - number.value), default=None)
    return (Verdict.INVENTED, None) if nearest is None else (Verdict.ALTERED, nearest)


def _alike(number: Number, other: Number) -> bool:
    """Whether both say how many or how much of one thing."""
    return bool(number.unit) == bool(other.unit) and (
        number.unit == other.unit if number.unit else number.noun == other.noun and number.noun not in _STOP
    )


def _same_noun(number: Number, other: Number) -> bool:
    return number.noun == other.noun or number.noun in _STOP or other.noun in _STOP or not number.noun or not other.noun


def _found(  # noqa: PLR0917  a finding with where its source says so
    kind: ClaimKind, verdict: Verdict, claim: str, span: Span, source: _Reading, place: Span
) -> Finding:
    return Finding(kind, verdict, claim, span, source.sentence_at(place), source.source.key)
