"""Text that two articles share, by w-shingling: every run of `SHINGLE_WORDS` words is a shingle, an article their set.

Resemblance (Jaccard) and containment are Broder's, Glassman's, Manasse's and Zweig's (Syntactic Clustering of the Web,
1997). Each bound below is a choice with a source, not measured on articles of ours.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

SHINGLE_WORDS: Final = 4
"""Typical for near-duplicate pages (Manning, Raghavan, Schütze: Introduction to Information Retrieval, 19.6)."""
MAX_RESEMBLANCE: Final = 0.5
"""Broder et al. put pages that resemble each other this much into one cluster; 0.9, the book's example, is for copies
of one page, and paid articles have to differ more."""
MAX_CONTAINMENT: Final = 0.5
"""The same share of the shorter article, which resemblance misses when the other is long."""
MAX_SHARED_WORDS: Final = 12
"""A run of 13 words is taken for copied (13-grams: Brown et al., Language Models are Few-Shot Learners, appendix C):
one copied sentence in a long article passes the two shares."""
_WORD: Final = re.compile(r"\w+(?:['\u2019]\w+)*")


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two articles that share too much.

    Attributes:
        first, second: their names, in the order in which they were given.
        resemblance, containment: from 0 to 1; containment is of the one that is contained the most.
        shared: the runs of words that stand in both, longest first, as the first article spells them.
    """

    first: str
    second: str
    resemblance: float
    containment: float
    shared: tuple[str, ...]


def words_of(text: str) -> list[str]:
    """The words in order, without case and punctuation."""
    return [found[0].casefold() for found in _WORD.finditer(text)]


def shingles_of(words: Sequence[str]) -> frozenset[tuple[str, ...]]:
    """Every run of `SHINGLE_WORDS` words; of a shorter text, all of it; none of an empty one."""
    starts = range(max(1, len(words) - SHINGLE_WORDS + 1))
    return frozenset(tuple(words[start : start + SHINGLE_WORDS]) for start in starts) if words else frozenset()


def duplicates(texts: Mapping[str, str]) -> tuple[Duplicate, ...]:
    """The pairs of ``texts`` (name: text) that share more than the bounds allow, in the order of the texts.

    Time: linear in the text and in the shingles that each pair shares.
    """
    words = {name: _WORD.findall(text) for name, text in texts.items()}
    shingles = {name: shingles_of([word.casefold() for word in each]) for name, each in words.items()}
    places = {name: place for place, name in enumerate(texts)}
    in_order = sorted(_common(shingles).items(), key=lambda pair: (places[pair[0][0]], places[pair[0][1]]))
    found = []
    for (first, second), common in in_order:
        resemblance = common / (len(shingles[first]) + len(shingles[second]) - common)
        containment = common / min(len(shingles[first]), len(shingles[second]))
        much = resemblance >= MAX_RESEMBLANCE or containment >= MAX_CONTAINMENT
        if much or common > MAX_SHARED_WORDS - SHINGLE_WORDS + 1:
            runs = _shared_runs(words[first], words[second])
            if much or len(_WORD.findall(runs[0])) > MAX_SHARED_WORDS:
                found.append(Duplicate(first, second, resemblance, containment, runs))
    return tuple(found)


def _common(shingles: Mapping[str, frozenset[tuple[str, ...]]]) -> Counter[tuple[str, str]]:
    """How many shingles each pair shares, of the pairs that share any."""
    holders: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, each in shingles.items():
        for shingle in each:
            holders[shingle].append(name)
    return Counter(pair for names in holders.values() for pair in combinations(names, 2))


def _shared_runs(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    """The longest runs of words that stand in both in this very order, without those inside others; longest first."""
    there = f" {' '.join(second).casefold()} "
    runs: dict[str, int] = {}
    start = 0
    while start < len(first):
        length = _shared_from(first[start:], there)
        if length >= min(SHINGLE_WORDS, len(first), len(second)):
            runs.setdefault(" ".join(first[start : start + length]), length)
        start += length if length >= SHINGLE_WORDS else 1
    return tuple(sorted(runs, key=lambda run: -runs[run]))


def _shared_from(words: Sequence[str], there: str) -> int:
    """How many of ``words``, from the first on, stand in ``there`` in a row."""
    run, at = " ", 0
    for length, word in enumerate(words):
        run += f"{word.casefold()} "
        at = there.find(run, at)  # a longer run begins nowhere before a shorter one
        if at < 0:
            return length
    return len(words)
