"""Spans: which characters of a text are meant. Counted in Unicode code points, as Python's ``str`` counts them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The half-open range ``[start, end)`` of code points; never empty, never negative."""

    start: int
    end: int

    def __post_init__(self) -> None:
        """Refuse what quotes nothing.

        Raises:
            ValueError: ``start`` is negative, or ``end`` is not after ``start``.
        """
        if not 0 <= self.start < self.end:
            raise ValueError(f"span [{self.start}, {self.end}): expected 0 <= start < end")

    def __len__(self) -> int:
        return self.end - self.start

    def overlaps(self, other: "Span") -> bool:
        """Whether the two share at least one character; spans that merely touch share none."""
        return self.start < other.end and other.start < self.end


class Cover:
    """Which characters of a text are covered by spans; asking costs what the span asked about is long."""

    def __init__(self, length: int, spans: Iterable[Span] = ()) -> None:
        """Of a text of ``length`` code points, ``spans`` are covered; none of them reaches beyond it."""
        self._covered = bytearray(length)
        for span in spans:
            self.add(span)

    def add(self, span: Span) -> None:
        """Cover ``span`` too."""
        self._covered[span.start : span.end] = b"\1" * len(span)

    def overlaps(self, span: Span) -> bool:
        """Whether at least one character of ``span`` is covered."""
        return self._covered.find(1, span.start, span.end) >= 0


def quote(text: str, span: Span) -> str:
    """The characters of ``text`` that ``span`` covers.

    Raises:
        ValueError: the span reaches beyond the text, so it was made for another text or version.
    """
    if span.end > len(text):
        raise ValueError(f"span [{span.start}, {span.end}) reaches beyond a text of {len(text)} characters")
    return text[span.start : span.end]


def overlap_groups(items: Iterable[Item], span_of: Callable[[Item], Span]) -> Iterator[tuple[Span, list[Item]]]:
    """Group what overlaps, directly or through others: each group with the span that covers all of it.

    In order of start; items of one text only. What touches without overlapping stays apart: two passages side by
    side are two hits, a sentence within a passage is one hit with it.
    """
    group: list[Item] = []
    start = end = 0
    for item in sorted(items, key=span_of):
        span = span_of(item)
        if group and span.start < end:
            end = max(end, span.end)
        else:
            if group:
                yield Span(start, end), group
            group, (start, end) = [], (span.start, span.end)
        group.append(item)
    if group:
        yield Span(start, end), group


def merged(spans: Iterable[Span]) -> list[Span]:
    """The fewest spans that cover the same characters, in order; see ``overlap_groups`` for what counts as one."""
    return [span for span, _ in overlap_groups(spans, lambda span: span)]
