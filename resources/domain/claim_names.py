"""Names in prose: capitalised words that do not stand first for it, and whether a source has them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from resources.domain.claim_sources import Claim
from resources.domain.claim_words import folded, listed
from resources.domain.claims import CitedSource, ClaimKind, Finding, Verdict
from resources.domain.spans import Span

MISSPELT: Final = 0.75
"""How alike two words have to be for one to be the other, misspelt (difflib's ratio): our choice."""
LONGEST: Final = 40
"""So much of a word is compared, in code points."""
COMPARED: Final = 20
"""With so many names that share a word with it a name is compared."""
_RUN: Final = re.compile(
    r"(?<!°)[A-ZÀ-ÖØ-Þ][\w'\u2019&.-]*(?:(?<!['\u2019])(?<!['\u2019]s)[ ]"
    r"(?:[A-ZÀ-ÖØ-Þ][\w'\u2019&.-]*|(?:de|van|von|der|al|bin|da)\b))*"
)
_WORD: Final = re.compile(r"[^\W\d_][\w'\u2019-]*")
_NO_NAMES: Final = listed(
    "i a an the he she it they we you his her its their our this that these those there in on at by for from of to and"
    " but or as if when while after before since with without monday tuesday wednesday thursday friday saturday sunday"
    " january february march april may june july august september october november december jan feb aug sept oct nov"
    " dec no not mr mrs ms dr usd eur gbp celsius fahrenheit ceo cfo cto coo mp councillor cllr chief president"
    " director chair chairman chairwoman minister mayor senator professor sir dame"
)
_BEGINS: Final = re.compile(r"(?:^|[.!?:;“\"(—\u2013]\s*)$")


@dataclass(frozen=True, slots=True)
class Name:
    """Capitalised words that stand together; ``words`` without possessives, as they are written."""

    words: tuple[str, ...]
    span: Span


def names(text: str) -> Iterator[Name]:
    """Each name, in order. One word that begins a sentence is none: any word has a capital there."""
    for found in _RUN.finditer(text):
        words = [word for word in map(_bare, _WORD.findall(found[0])) if word]
        begins = _BEGINS.search(text[max(0, found.start() - 3) : found.start()]) is not None
        if begins and words and (len(words) == 1 or words[0].casefold() in _NO_NAMES):
            words = words[1:]
        words = [word for word in words if word.casefold() not in _NO_NAMES]
        if words:
            end = found.start() + len(found[0].rstrip(".-"))
            yield Name(tuple(words), Span(found.start(), end))


class Named:
    """The names that the sources have, and all their other words."""

    def __init__(self, cited: Sequence[CitedSource]) -> None:
        """Read ``cited``."""
        self._sources = [_Words(each) for each in cited]

    def judge(self, claim: Claim, name: Name) -> Finding:
        """Sourced when a source has it; else for a person, with the name that a source has nearly so."""
        words = tuple(map(folded, name.words))
        for source in self._sources:
            if source.has(words):
                return Finding(ClaimKind.NAME, Verdict.SOURCED, claim.words, claim.span, None, source.key)
        for source in self._sources:
            if (near := source.nearly(words)) is not None:
                return Finding(ClaimKind.NAME, Verdict.UNSURE, claim.words, claim.span, near, source.key)
        return claim.found(Verdict.UNSURE)


class _Words:
    """The words and names of one source, folded."""

    def __init__(self, source: CitedSource) -> None:
        self.key = source.key
        written = [_bare(word) for word in _WORD.findall(source.text)]
        self._all = frozenset(map(folded, written))
        self._common = frozenset(word for word in written if word.islower())
        self._initials = frozenset(word[:1] for word in self._all)
        self._text = f" {' '.join(map(folded, written))} "
        self._by_word: defaultdict[str, list[Name]] = defaultdict(list)
        for name in names(source.text):
            for word in dict.fromkeys(map(folded, name.words)):
                self._by_word[word].append(name)

    def has(self, words: Sequence[str]) -> bool:
        """Whether the source has ``words``: those that are names as one name, or in a row."""
        own = [word for word in words if word not in self._common]
        whole = [word for word in own if len(word) > 1]
        initials = self._initials if whole else frozenset[str]()
        if not all(word in self._all or (len(word) == 1 and word in initials) for word in own):
            return False
        if len(own) <= 1 or f" {' '.join(own)} " in self._text:
            return True
        return any(_covers(other, own) for word in whole[:1] for other in self._by_word[word][:COMPARED])

    def nearly(self, words: Sequence[str]) -> str | None:
        """The name that shares a word with ``words`` and has another nearly as it is; None: there is none."""
        for other in (other for word in words for other in self._by_word.get(word, ())[:COMPARED]):
            if len(other.words) == len(words) > 1:
                pairs = zip(words, map(folded, other.words), strict=True)
                differing = [pair for pair in pairs if pair[0] != pair[1]]
                if len(differing) == 1 and _is_misspelt(*differing[0]):
                    return " ".join(other.words)
        return None


def _covers(name: Name, words: Iterable[str]) -> bool:
    there = list(map(folded, name.words))
    return all(word in there or (len(word) == 1 and any(each[:1] == word for each in there)) for word in words)


def _is_misspelt(word: str, other: str) -> bool:
    """Nearly alike, and not merely another ending, as a plural has."""
    word, other = word[:LONGEST], other[:LONGEST]
    inflected = word.startswith(other) or other.startswith(word)
    return not inflected and SequenceMatcher(None, word, other, autojunk=False).ratio() >= MISSPELT


def _bare(word: str) -> str:
    return re.sub(r"(?:-(?:based|born|led|made|style))?(?:['\u2019]s?)?$", "", word).rstrip("-'\u2019")
