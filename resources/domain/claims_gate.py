"""The claims gate: each number, date, name and quotation of a sentence against the sources that the sentence cites.

By code alone, so it is sure only where words and figures can be compared. Where it is not, it says so for the reviewer.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from resources.domain.claim_counts import Counted
from resources.domain.claim_dates import Day, days
from resources.domain.claim_days import Dated
from resources.domain.claim_names import Name, Named, names
from resources.domain.claim_numbers import Number, numbers
from resources.domain.claim_quotes import Quotation, quotations, terms
from resources.domain.claim_quoting import judge_quotes
from resources.domain.claim_sources import Claim, Reading
from resources.domain.claims import CitedSource, ClaimKind, Finding, Verdict
from resources.domain.spans import Cover, Span

MAX_SENTENCE_CHARS: Final = 20_000
"""A longer one is left to a person: no sentence of a release comes near."""


def judge_sentence(
    sentence: str, cited: Sequence[CitedSource], *, known_names: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Every claim of the sentence, in order, with its verdict.

    ``known_names``: phrases that need no source, with the numbers and dates within them.
    """
    if len(sentence) > MAX_SENTENCE_CHARS:
        told = f"longer than {MAX_SENTENCE_CHARS} characters: not read"
        return (Finding(ClaimKind.QUOTE, Verdict.UNSURE, sentence[:100], Span(0, len(sentence)), told),)
    claims = _Claims.of(sentence, known_names)
    found = _judged(claims, cited, known_names) if cited else _uncited(claims)
    return tuple(sorted(found, key=lambda each: (each.span.start, each.kind)))


@dataclass(frozen=True, slots=True)
class _Claims:
    """What a sentence claims, no claim within another."""

    text: str
    quotes: tuple[Quotation, ...]
    days: tuple[Day, ...]
    numbers: tuple[Number, ...]
    names: tuple[Name, ...]

    @classmethod
    def of(cls, text: str, known_names: Collection[str]) -> "_Claims":
        quoted = tuple(quotations(text))
        taken = Cover(len(text), (*_known(text, known_names), *(each.span for each in quoted)))
        titled = [each for each in terms(text) if not taken.overlaps(each.span)]
        for title in titled:
            taken.add(title.span)
        dated = tuple(each for each in days(text) if not taken.overlaps(each.span))
        for day in dated:
            taken.add(day.span)
        counted = tuple(each for each in numbers(text) if not taken.overlaps(each.span))
        named = [each for each in names(text) if not taken.overlaps(each.span)]
        return cls(text, quoted, dated, counted, (*titled, *named))

    def claim(self, kind: ClaimKind, span: Span) -> Claim:
        return Claim(kind, self.text[span.start : span.end], span)


def _known(text: str, phrases: Collection[str]) -> Iterator[Span]:
    """Where what needs no source stands, whatever its case and the space in it."""
    for phrase in phrases:
        if words := phrase.split():
            pattern = r"(?<!\w)" + r"\s+".join(map(re.escape, words)) + r"(?:['\u2019]s)?(?!\w)"
            yield from (Span(*found.span()) for found in re.finditer(pattern, text, re.IGNORECASE))


def _uncited(claims: _Claims) -> Iterator[Finding]:
    """Without a source nothing is sourced; a name is left to the reviewer, as any word may have a capital."""
    by_kind: dict[ClaimKind, Sequence[Quotation | Day | Number | Name]] = {
        ClaimKind.QUOTE: claims.quotes,
        ClaimKind.DATE: claims.days,
        ClaimKind.NUMBER: [each for each in claims.numbers if not each.is_one],
        ClaimKind.NAME: claims.names,
    }
    for kind, found in by_kind.items():
        verdict = Verdict.UNSURE if kind is ClaimKind.NAME else Verdict.UNCITED
        yield from (claims.claim(kind, each.span).found(verdict) for each in found)


def _judged(claims: _Claims, cited: Sequence[CitedSource], known_names: Collection[str]) -> Iterator[Finding]:
    readings = [Reading(each) for each in cited]
    counted, dated, named = Counted(readings), Dated(readings), Named(cited)
    yield from judge_quotes(claims.text, claims.quotes, cited, known_names)
    figures = {each.span.start: each for each in numbers(claims.text)} if claims.days else {}
    for day in claims.days:
        plain = figures.get(day.span.start) if day.month is None and not day.part else None
        yield dated.judge(claims.claim(ClaimKind.DATE, day.span), day, plain, counted)
    for number in claims.numbers:
        if (finding := counted.judge(claims.claim(ClaimKind.NUMBER, number.span), number)) is not None:
            yield finding
    yield from (named.judge(claims.claim(ClaimKind.NAME, name.span), name) for name in claims.names)
