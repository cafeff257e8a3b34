"""What of a brief's facts can stand in a release as it is: whole sentences, in the third person, that need no other."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from resources.domain.press_release_orders import BODY, TASK
from resources.domain.press_release_printable import (
    MAX_WORDS,
    ended,
    holds_banned,
    in_third_person,
    is_clean,
    is_credited_quotation,
    is_more_said,
    is_printable,
    leans,
    stands_alone,
    typographic,
)
from resources.domain.press_release_words import word_count, words_that_matter
from resources.domain.press_releases import Brief, Fact, Sentence
from resources.domain.sentences import sentences

_MIN_ITEM_WORDS: Final = 3
_REPEATED: Final = 0.7
"""A sentence of which this share of words stands in one before says the same. Our choice."""

# A document that calls itself so speaks of others, or not to the public.
_NOT_FOR_PRINT: Final = re.compile(
    r"\b(?:competitors?|competition|internal|confidential|not for quotation|guidelines|drafts?|agency)\b", re.IGNORECASE
)
# What is said in one only makes sense with what was asked; its quotations with a speaker do.
_TALK: Final = re.compile(r"\b(?:interviews?|transcripts?|conversations?|podcasts?)\b", re.IGNORECASE)


_ASKS: Final = re.compile(
    r"(?:please\b|kindly\b|announce|write|draft|mention|include|use|focus|make|add|keep|send|tell|describe|cover|quote|note"
    r"|see|ask|we\b|you\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence, or two of which the second leans on the first; ``uri`` and ``place``: where they stand."""

    sentences: tuple[Sentence, ...]
    title: str
    uri: str
    place: int = 0

    @property
    def text(self) -> str:
        """As a reader sees it."""
        return " ".join(sentence.text for sentence in self.sentences)


def passages_of(brief: Brief) -> tuple[Passage, ...]:
    """What can be printed, in the order of the facts; none says what one before it says, none has a banned word."""
    facts = [fact for fact in brief.facts if _may_be_printed(fact) and not _TALK.search(f"{fact.title} {fact.uri}")]
    pieces = [replace(piece, text=in_third_person(piece.text)) for piece in _distinct(facts)]
    leaning = {before: after for before, after in _neighbours(pieces) if leans(after.text)}
    seen = [words_that_matter(sentence) for sentence in split(brief.company.about)]
    passages = []
    for piece in pieces:
        if _asks(piece) or not stands_alone(piece.text):
            continue
        if holds_banned(piece.text, brief) or not is_news(piece.text, seen):
            continue
        after = leaning.get(piece)
        pair = [piece, after] if after and _can_follow(after.text, brief) else [piece]
        seen += [words_that_matter(each.text) for each in pair]
        cited = tuple(Sentence(text=each.text, cites=(each.fact.key,)) for each in pair)
        passages.append(_passage(piece, cited))
    return tuple(passages)


def said_in_sources(brief: Brief) -> tuple[Passage, ...]:
    """Quotations of the sources with their speaker, as they stand there; none has a banned word.

    When the next sentence of the document is all in quotation marks, the speaker goes on, and it stands second.
    """
    pieces = _distinct(fact for fact in brief.facts if _may_be_printed(fact))
    going_on = {before: after for before, after in _neighbours(pieces) if is_more_said(after.text)}
    found: dict[str, Passage] = {}
    for piece in pieces:
        if is_credited_quotation(piece.text):
            spoken = [piece, going_on[piece]] if piece in going_on else [piece]
            cited = [Sentence(text=typographic(each.text), cites=(each.fact.key,)) for each in spoken]
            if not holds_banned(" ".join(each.text for each in cited), brief):
                found.setdefault(piece.text, _passage(piece, tuple(cited)))
    return tuple(found.values())


def anything_on(brief: Brief) -> tuple[Passage, ...]:
    """What a reviewer may ask for by name: what can be printed, then list items and the like, in the facts' order."""
    strict = passages_of(brief)
    there = {sentence.text for passage in strict for sentence in passage.sentences}
    loose = []
    for fact in brief.facts:
        for piece in _pieces(fact) if _may_be_printed(fact) else ():
            if _asks(piece):
                continue
            text = ended(in_third_person(piece.text))
            is_plain = word_count(text) in range(_MIN_ITEM_WORDS, MAX_WORDS + 1) and (
                text[:1].isupper() or text[:1].isdigit()
            )
            if is_plain and text not in there and is_clean(text) and not holds_banned(text, brief):
                loose.append(_passage(piece, (Sentence(text=text, cites=(fact.key,)),)))
    return (*strict, *loose)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence of a fact; ``place`` is its span in the document, None where the fact has none."""

    fact: Fact
    text: str
    place: tuple[int, int] | None


def _asks(piece: _Piece) -> bool:
    """Whether a sentence of the task's description tells the writer what to do, and is nothing to print."""
    return piece.fact.key == BODY and _ASKS.match(piece.text) is not None


def _passage(piece: _Piece, cited: tuple[Sentence, ...]) -> Passage:
    return Passage(cited, piece.fact.title, piece.fact.uri, piece.place[0] if piece.place else 0)


def split(text: str) -> tuple[str, ...]:
    """The sentences of ``text``, each on one line."""
    found = (" ".join(text[each.span.start : each.span.end].split()) for each in sentences(text))
    return tuple(each for each in found if each)


def _may_be_printed(fact: Fact) -> bool:
    return not _NOT_FOR_PRINT.search(fact.title) and (not fact.key.startswith(TASK) or fact.key == BODY)


def _pieces(fact: Fact) -> Iterator[_Piece]:
    offset = fact.span[0] if fact.span else 0
    for found in sentences(fact.text):
        text = " ".join(fact.text[found.span.start : found.span.end].split())
        place = (offset + found.span.start, offset + found.span.end) if fact.span else None
        yield _Piece(fact, text, place)


def _distinct(facts: Iterable[Fact]) -> list[_Piece]:
    """The sentences of all facts, in their order; one that stands in several is of the shortest fact."""
    found: dict[tuple[str, str, tuple[int, int] | None], _Piece] = {}
    for piece in (piece for fact in facts for piece in _pieces(fact)):
        key = (piece.text, piece.fact.uri, piece.place)
        if key not in found or len(piece.fact.text) < len(found[key].fact.text):
            found[key] = piece
    return list(found.values())


def _neighbours(pieces: Sequence[_Piece]) -> Iterator[tuple[_Piece, _Piece]]:
    """Each piece with the one that follows it in its document, where both are in the brief: one space apart."""
    placed = sorted((piece for piece in pieces if piece.place), key=lambda piece: (piece.fact.uri, piece.place))
    for before, after in pairwise(placed):
        is_next = before.place and after.place and after.place[0] - before.place[1] == 1
        if is_next and before.fact.uri == after.fact.uri:
            yield before, after


def _can_follow(text: str, brief: Brief) -> bool:
    return is_printable(text) and not holds_banned(text, brief)


def is_news(text: str, seen: Sequence[frozenset[str]]) -> bool:
    """Whether ``text`` says something that no sentence of ``seen``, each as the words that matter, says."""
    words = words_that_matter(text)
    return bool(words) and all(len(words & other) < _REPEATED * min(len(words), len(other)) for other in seen)
