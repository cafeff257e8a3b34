"""The sources that a sentence cites, each read once for all claims of it."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from resources.domain.claim_dates import Day, days
from resources.domain.claim_numbers import Number, numbers
from resources.domain.claims import CitedSource, ClaimKind, Finding, Verdict
from resources.domain.sentences import sentences
from resources.domain.spans import Cover, Span


class Reading:
    """What a source says in dates and numbers, and in which of its sentences."""

    def __init__(self, source: CitedSource) -> None:
        """Read ``source``; its sentences only when one is asked for."""
        self.source = source
        self.days = tuple(days(source.text))
        dated = Cover(len(source.text), (each.span for each in self.days if each.month))
        self.numbers = tuple(each for each in numbers(source.text) if not dated.overlaps(each.span))

    @cached_property
    def _sentences(self) -> list[Span]:
        return [each.span for each in sentences(self.source.text)]

    @cached_property
    def _lines(self) -> dict[Span, str]:
        return {}

    def sentence_at(self, place: Span) -> str:
        """The sentence that stands at ``place``, on one line."""
        at = bisect_right(self._sentences, place.start, key=lambda each: each.start) - 1
        span = self._sentences[at] if at >= 0 else place
        if span not in self._lines:
            self._lines[span] = " ".join(self.source.text[span.start : span.end].split())
        return self._lines[span]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a sentence claims: ``words`` are those of ``span``."""

    kind: ClaimKind
    words: str
    span: Span

    def found(self, verdict: Verdict, beside: tuple[Reading, Number | Day] | None = None) -> Finding:
        """The finding, with what the source says in the place ``beside``."""
        if beside is None:
            return Finding(self.kind, verdict, self.words, self.span)
        source, place = beside
        return Finding(self.kind, verdict, self.words, self.span, source.sentence_at(place.span), source.source.key)
