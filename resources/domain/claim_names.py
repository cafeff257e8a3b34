"""Names in prose: capitalised words that do not stand first for it, and whether a source has them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from resources.domain.claim_words import listed
from resources.domain.claims import CitedSource, ClaimKind, Finding, Verdict
from resources.domain.spans import Span

MISSPELT: Final = 0.75
"""How alike two words have to be for one to be the other, misspelt (difflib's ratio): our choice."""
_RUN: Final = re.compile(r"[A-ZÀ-ÖØ-Þ][\w'\u2019&.-]*(?:[ ](?:[A-ZÀ-ÖØ-Þ][\w'\u2019&.-]*|de|van|von|der|al|bin|da))*")
_WORD: Final = re.compile(r"[^\W\d_][\w'\u2019-]*")
_NO_NAMES: Final = listed(
    "i a an the he she it they we you his her its their our this that these those there in on at by for from of to and"
    " but or as if when while after before since with without monday tuesday wednesday thursday friday saturday sunday"
    " january february march april may june july august september october november december jan feb aug sept oct nov"
    " dec no not mr mrs ms dr"
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
        if begins and (len(words) == 1 or words[0].casefold() in _NO_NAMES):
            words = words[1:]
        words = [word for word in words if word.casefold() not in _NO_NAMES]
        if words:
            end = found.start() + len(found[0].rstrip(".-"))
            yield Name(tuple(words), Span(found.start(), end))


def judge_name(text: str, name: Name, cited: Sequence[CitedSource]) -> Finding:
    """Sourced when a source has all its words; altered when it has one and another nearly so; else for a person."""
    claim = text[name.span.start : name.span.end]
    for source in cited:
        there = {_bare(word).casefold() for word in _WORD.findall(source.text)}
        if all(word.casefold() in there for word in name.words):
            return Finding(ClaimKind.NAME, Verdict.SOURCED, claim, name.span, None, source.key)
    for source in cited:
        if (near := _nearly(name, source.text)) is not None:
            return Finding(ClaimKind.NAME, Verdict.ALTERED, claim, name.span, near, source.key)
    return Finding(ClaimKind.NAME, Verdict.UNSURE, claim, name.span)


def _nearly(name: Name, text: str) -> str | None:
    """The source's name that shares a word with ``name`` and has another nearly as it is; None: there is none."""
    for other in names(text):
        if len(other.words) != len(name.words) or len(name.words) == 1:
            continue
        pairs = [(mine.casefold(), theirs.casefold()) for mine, theirs in zip(name.words, other.words, strict=True)]
        differing = [pair for pair in pairs if pair[0] != pair[1]]
        if len(differing) == 1 and _is_misspelt(*differing[0]):
            return " ".join(other.words)
    return None


def _is_misspelt(word: str, other: str) -> bool:
    """Nearly alike, and not merely another ending, as a plural has."""
    inflected = word.startswith(other) or other.startswith(word)
    return not inflected and SequenceMatcher(None, word, other, autojunk=False).ratio() >= MISSPELT


def _bare(word: str) -> str:
    return re.sub(r"['\u2019]s?$", "", word).rstrip("-'\u2019")
