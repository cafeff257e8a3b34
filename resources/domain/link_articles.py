"""An article for each planned link, composed by rule from what the client's sources state, with its one link in place.

An article is a structure and not a text with markup: a link is a run with a target, so that no word of a source can
become one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from resources.domain.errors import PermanentError
from resources.domain.ids import ExtractionId
from resources.domain.link_plans import LinkPlan, PlannedLink
from resources.domain.shingles import MAX_SHARED_WORDS, SHINGLE_WORDS, shingles_of, words_of

MIN_STATEMENTS: Final = 3
"""Fewer make no article."""
MAX_STATEMENTS: Final = 9
PARAGRAPH_STATEMENTS: Final = 3
MADE_BY: Final = "Composed by Waybill by rule, without a language model"
ADDRESS: Final = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://|\bwww\.|\bmailto:", re.IGNORECASE)
"""What programs that show a text make links of by themselves."""
MARKUP: Final = re.compile(r"\]\(|\]\[|<[a-z/!]", re.IGNORECASE)
_LEADS: Final = ("More on this: ", "Read more: ", "See also: ", "Further reading: ", "Find out more: ")
_ENDS: Final = (".", "!", "?", "…", "\u201d", '"')
_OVERLAP: Final = 0.25
"""A statement of which so much stands in others repeats them: half of `shingles.MAX_CONTAINMENT`, as each of two
articles can repeat the other."""
_COPIED: Final = MAX_SHARED_WORDS - SHINGLE_WORDS + 1


class StatementsTooFewError(PermanentError):
    """The client's sources state too little for so many articles that share no text."""


@dataclass(frozen=True, slots=True)
class SourceStatement:
    """A sentence that a source states, and the extraction that it is."""

    text: str
    extraction_id: ExtractionId


@dataclass(frozen=True, slots=True)
class Run:
    """Words of a sentence; ``target`` is where they link to, None for plain words."""

    text: str
    target: str | None = None


@dataclass(frozen=True, slots=True)
class ArticleSentence:
    """One sentence in runs, joined without space; ``extraction_id``: what it rests on, None: it states nothing."""

    runs: tuple[Run, ...]
    extraction_id: ExtractionId | None

    @property
    def text(self) -> str:
        """The sentence as a reader sees it."""
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True, slots=True)
class LinkArticle:
    """The article for the link ``number`` of the plan. ``made_by`` says who wrote it, for people."""

    number: int
    title: str
    paragraphs: tuple[tuple[ArticleSentence, ...], ...]
    made_by: str

    @property
    def body(self) -> str:
        """All sentences as a reader sees them, paragraphs with an empty line between; without the title."""
        return "\n\n".join(" ".join(sentence.text for sentence in each) for each in self.paragraphs)


def compose_articles(plan: LinkPlan, statements: Sequence[SourceStatement]) -> tuple[LinkArticle, ...]:
    """One article for each link, from statements that stand in no other article. Deterministic.

    Each gets as many as the others, `MAX_STATEMENTS` at most: those that hold its anchor first, then those that hold
    most of its related words and entities. What holds an address or markup, or repeats another, is left out.

    Raises:
        StatementsTooFewError: fewer than `MIN_STATEMENTS` for each article.
    """
    usable = _usable(statements)
    each = min(MAX_STATEMENTS, len(usable) // len(plan.links))
    if each < MIN_STATEMENTS:
        raise StatementsTooFewError(
            f"link articles for {plan.keyword!r}",
            expected=f"{MIN_STATEMENTS * len(plan.links)} statements that differ, for {len(plan.links)} articles",
            found=f"{len(usable)} of {len(statements)}",
            remedy="Add sources that say more, or plan fewer links.",
        )
    hands = _dealt(plan, usable, each)
    return tuple(_composed(plan.keyword, link, hand) for link, hand in zip(plan.links, hands, strict=True))


def place_of(anchor: str, text: str) -> re.Match[str] | None:
    """Where ``anchor`` stands in ``text`` first, as whole words and whatever its case; None: it does not."""
    # A pattern takes a few more letters for the same than casefold does: `is_anchor` decides, as for the checker.
    words = r"\s+".join(re.escape(word) for word in anchor.split())
    found = re.finditer(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE)
    return next((place for place in found if is_anchor(place[0], anchor)), None)


def is_anchor(words: str, anchor: str) -> bool:
    """Whether ``words`` are the anchor's, whatever their case and the space between."""
    return words.casefold().split() == anchor.casefold().split()


def _usable(statements: Sequence[SourceStatement]) -> list[SourceStatement]:
    """On one line, with an end, and none that says what one before it said."""
    seen: set[tuple[str, ...]] = set()
    usable = []
    for statement in statements:
        text = " ".join(statement.text.split())
        shingles = shingles_of(words_of(text))
        repeated = len(shingles & seen)
        if not shingles or repeated >= min(_OVERLAP * len(shingles), _COPIED) or not _is_plain(text):
            continue
        seen |= shingles
        ended = text if text.endswith(_ENDS) else f"{text}."
        usable.append(SourceStatement(ended, statement.extraction_id))
    return usable


def _is_plain(text: str) -> bool:
    return not ADDRESS.search(text) and not MARKUP.search(text)


def _dealt(plan: LinkPlan, statements: Sequence[SourceStatement], each: int) -> list[list[SourceStatement]]:
    """``each`` statements a link, in rounds, so that no article takes the best of all; each in the sources' order."""
    words = [frozenset(words_of(statement.text)) for statement in statements]
    rankings = [iter(_ranked(link, statements, words)) for link in plan.links]
    hands: list[list[int]] = [[] for _ in plan.links]
    taken: set[int] = set()
    for _ in range(each):
        for hand, ranking in zip(hands, rankings, strict=True):
            chosen = next(place for place in ranking if place not in taken)
            taken.add(chosen)
            hand.append(chosen)
    return [[statements[place] for place in sorted(hand)] for hand in hands]


def _ranked(link: PlannedLink, statements: Sequence[SourceStatement], words: Sequence[frozenset[str]]) -> list[int]:
    """The places of the statements, the best for ``link`` first, equals in the sources' order."""
    about = frozenset(word for phrase in (*link.related_words, *link.entities) for word in words_of(phrase))
    scores = [
        (place_of(link.anchor, statement.text) is None, -len(about & words[place]))
        for place, statement in enumerate(statements)
    ]
    return sorted(range(len(statements)), key=lambda place: (*scores[place], place))


def _composed(keyword: str, link: PlannedLink, hand: Sequence[SourceStatement]) -> LinkArticle:
    sentences = [ArticleSentence((Run(statement.text),), statement.extraction_id) for statement in hand]
    linked = next((place for place, each in enumerate(sentences) if place_of(link.anchor, each.text)), None)
    if linked is not None:
        sentences[linked] = _linked(sentences[linked], link)
    chunks = iter(sentences)
    paragraphs = [list(chunk) for chunk in iter(lambda: list(islice(chunks, PARAGRAPH_STATEMENTS)), [])]
    if linked is None:
        paragraphs[0].append(_pointer(link))
    title = _title(keyword, link)
    return LinkArticle(link.number, title, tuple(tuple(each) for each in paragraphs), MADE_BY)


def _linked(sentence: ArticleSentence, link: PlannedLink) -> ArticleSentence:
    place = place_of(link.anchor, sentence.text)
    if place is None:
        return sentence
    before, after = Run(sentence.text[: place.start()]), Run(sentence.text[place.end() :])
    runs = (before, Run(place[0], link.target), after)
    return ArticleSentence(tuple(run for run in runs if run.text), sentence.extraction_id)


def _pointer(link: PlannedLink) -> ArticleSentence:
    lead = _LEADS[link.number % len(_LEADS)]
    return ArticleSentence((Run(lead), Run(link.anchor, link.target), Run(".")), None)


def _title(keyword: str, link: PlannedLink) -> str:
    about = [word for word in (*link.entities, *link.related_words) if _is_plain(word)][:2]
    subject = keyword[:1].upper() + keyword[1:] if _is_plain(keyword) else "Article"
    return f"{subject}: {' and '.join(about)}" if about else f"{subject}, part {link.number}"
