"""Sources as passages that can be quoted: their words, who says which, and where a run of words stands."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate
from typing import Final, Self

from resources.domain.claim_people import WholeNames, whole_names
from resources.domain.claim_quotes import Quotation, quotations, word_spans, words_of
from resources.domain.claim_speakers import NOBODY, SENTENCE_END, Speaker, same_person, says, surname_in, turns
from resources.domain.claims import CitedSource
from resources.domain.spans import Span

PLACES: Final = 10
"""In so many places a run of words is looked for."""
COMPARED_WORDS: Final = 60
"""So many words of a quotation are compared with a passage that differs from it."""
ATTRIBUTION_CHARS: Final = 400
ATTRIBUTION: Final = 20
"""How many words of who says it may stand between the parts of one quotation."""


class Runs:
    """Words in which runs are found, in time linear in them."""

    def __init__(self, words: Sequence[str]) -> None:
        """Of ``words``, as `words_of` gives them."""
        self.words = words
        self._text = f" {' '.join(words)} "
        self._starts = list(accumulate((len(word) + 1 for word in words), initial=0))

    def find(self, words: Sequence[str], start: int = 0) -> int | None:
        """The first place, from ``start`` on, where ``words`` stand in a row."""
        if start >= len(self._starts):
            return None
        at = self._text.find(f" {' '.join(words)} ", self._starts[start])
        return None if at < 0 else bisect_right(self._starts, at) - 1

    def places(self, words: Sequence[str]) -> Iterator[int]:
        """The first `PLACES` places of ``words``."""
        at = self.find(words)
        for _ in range(PLACES):
            if at is None:
                return
            yield at
            at = self.find(words, at + 1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where words stand in a source.

    Attributes:
        span: in code points.
        is_whole: whether they stand there as one: no mark of a quotation begins or ends among them.
    """

    passage: "Passage"
    span: Span
    is_whole: bool

    @property
    def text(self) -> str:
        """What stands there."""
        return self.passage.source.text[self.span.start : self.span.end]

    @property
    def speakers(self) -> list[Speaker]:
        """Who says it there, as far as the source tells: by its marks, by its turns."""
        return self.passage.speakers_at(self.span.start)


class Passage:
    """A source, read for its quotations."""

    def __init__(self, source: CitedSource) -> None:
        """Read ``source``."""
        self.source = source
        self.runs = Runs(words_of(source.text))
        self._spans = word_spans(source.text)
        self._quoted = _with_speakers(source.text)
        self._quoted_starts = [each.span.start for each, _ in self._quoted]
        self._turns = list(turns(source.text))
        self._turn_starts = [span.start for span, _ in self._turns]
        self._speeches = [Speech.of(parts) for parts in _split(source.text, [each for each, _ in self._quoted])]
        self._at: dict[str, list[int]] = {}
        for at, word in enumerate(self.runs.words):
            known = self._at.setdefault(word, [])
            if len(known) < PLACES:
                known.append(at)

    def place(self, start: int, count: int) -> Place:
        """The place of ``count`` words from the word ``start`` on."""
        last = min(start + count, len(self._spans)) - 1
        span = Span(self._spans[start].start, self._spans[last].end)
        return Place(self, span, not self.breaks(span))

    def places(self, words: Sequence[str]) -> Iterator[Place]:
        """Where ``words`` stand in a row, or but for who says them."""
        yield from (self.place(at, len(words)) for at in self.runs.places(words))
        for speech in self._speeches:
            if speech.runs.find(words) is not None:
                yield Place(self, speech.span, is_whole=True)

    def speakers_at(self, at: int) -> list[Speaker]:
        """Who says what stands at the code point ``at``."""
        found = []
        if (quoted := self.quotation_at(at)) is not None:
            found.append(self._quoted[quoted][1])
        turn = bisect_right(self._turn_starts, at) - 1
        if turn >= 0 and at < self._turns[turn][0].end:
            found.append(self._turns[turn][1])
        return [each for each in found if each.name]

    def quotation_at(self, at: int) -> int | None:
        """Which of the source's quotations the code point ``at`` is in."""
        found = bisect_right(self._quoted_starts, at) - 1
        return found if found >= 0 and at < self._quoted[found][0].span.end else None

    def breaks(self, span: Span) -> bool:
        """Whether ``span`` begins in a quotation and ends beyond it, or ends in one and begins before it."""
        return self.quotation_at(span.start) != self.quotation_at(span.end - 1)

    def nearest(self, words: Sequence[str]) -> tuple[float, Place | None]:
        """How much of ``words`` stands in the stretch that has most of them in order, from 0 to 1, and that stretch."""
        some = words[:COMPARED_WORDS]
        votes = Counter((at - place) // 4 for place, word in enumerate(some) for at in self._at.get(word, ()))
        best, most = None, 0.0
        for vote, _ in votes.most_common(2):
            start = max(0, vote * 4 - 2)
            stretch = self.runs.words[start : start + len(some) + 8]
            blocks = SequenceMatcher(None, list(stretch), list(some), autojunk=False).get_matching_blocks()
            share = sum(block.size for block in blocks) / len(some)
            if share > most:
                first, last = blocks[0].a, max(block.a + block.size for block in blocks if block.size)
                best, most = self.place(start + first, max(last - first, 1) + len(words) - len(some)), share
        return most, best


@dataclass(frozen=True, slots=True)
class Speech:
    """A quotation that who says it divides: its words without that, and where all of it stands."""

    runs: Runs
    span: Span

    @classmethod
    def of(cls, parts: Sequence[Quotation]) -> Self:
        """Of its parts, in order."""
        words = [word for part in parts for word in part.words]
        return cls(Runs(words), Span(parts[0].span.start, parts[-1].span.end))


def goes_on(text: str, before: Span, after: Span) -> bool:
    """Whether no more than who says it stands between two quotations: no sentence ends there."""
    between = text[before.end : after.start]
    if len(between) > ATTRIBUTION_CHARS or SENTENCE_END.search(between) or _is_ended(text, before):
        return False
    return 0 < len(words_of(between)) <= ATTRIBUTION


def _is_ended(text: str, quoted: Span) -> bool:
    """Whether a full stop ends what is quoted, on either side of its mark."""
    return "." in text[max(0, quoted.end - 2) : quoted.end + 2]


def _split(text: str, quoted: Sequence[Quotation]) -> Iterator[list[Quotation]]:
    """The quotations that an attribution divides, each with all its parts."""
    parts = list(quoted[:1])
    for quotation in quoted[1:]:
        if not _is_divided(text, parts[-1], quotation):
            if len(parts) > 1:
                yield parts
            parts = []
        parts.append(quotation)
    if len(parts) > 1:
        yield parts


def _is_divided(text: str, first: Quotation, second: Quotation) -> bool:
    """Whether no more than who says the first stands between the two, and nobody else is said to say the second."""
    if not first.speaker.told:
        return False
    if goes_on(text, first.span, second.span):
        return True
    between = text[first.span.end : second.span.start]
    ends = SENTENCE_END.search(between)
    told = ends is not None and says(between) and not words_of(between[ends.end() :])
    return told and not second.speaker.told and len(words_of(between)) <= ATTRIBUTION


def _with_speakers(text: str) -> list[tuple[Quotation, Speaker]]:
    """The quotations with who says them; one that follows who said the last, and names nobody, is theirs too."""
    found: list[tuple[Quotation, Speaker]] = []
    named = WholeNames(text)
    for quotation in quotations(text):
        speaker = named.of(quotation.speaker, quotation.span.start)
        if found and not speaker.name:
            last, who = found[-1]
            between = text[last.span.end : quotation.span.start]
            if len(between) < ATTRIBUTION_CHARS and "\n\n" not in between:
                goes_on_speaking = speaker.told or len(SENTENCE_END.findall(between)) <= 1
                ends = None if _is_ended(text, last.span) else SENTENCE_END.search(between)
                since = between[ends.end() if ends else 0 :]
                speaker = _meant(since, who, found) if goes_on_speaking else NOBODY
        found.append((quotation, speaker))
    return found


def _meant(since: str, last: Speaker, found: Sequence[tuple[Quotation, Speaker]]) -> Speaker:
    """Who ``he`` or ``she`` is: who spoke last, or a speaker whom the words ``since`` then name, or nobody can tell."""
    others = (who for _, who in reversed(found[-PLACES:]) if who.name != last.name)
    if other := next((who for who in others if surname_in(who.name, since)), None):
        return other
    return last if all(same_person(each, last.name) for each in whole_names(since)) else NOBODY
