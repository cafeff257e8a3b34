"""A press release by rule, from what the client's sources and the task state: an inverted pyramid of their sentences.

What fits the headline and the topic comes first, so that two headlines make two releases. Each sentence of the body is
one of a source, whole; each quotation is one of the task, or stands in a source with its speaker.
"""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final, Literal

from resources.domain.link_articles import MADE_BY
from resources.domain.press_release_facts import Passage, passages_of, said_in_sources, split
from resources.domain.press_release_headlines import DENIES, by_name, headlines_for, shortened
from resources.domain.press_release_ledes import fits_lede, lede_of, topic_cites
from resources.domain.press_release_printable import holds_banned
from resources.domain.press_release_topics import is_about, is_near, topic_words
from resources.domain.press_release_words import QUOTATION, word_count, words_that_matter
from resources.domain.press_releases import Brief, Paragraph, Quote, Release, Sentence

TARGET_WORDS: Final = 380
"""When the release has so many, no more facts are added. Within the 250 to 600 that the rules ask for."""
ENOUGH_WORDS: Final = 120
"""Below it, facts come in that name the company and are of another matter: more would be padding. Our choice."""
FEW_WORDS: Final = 80
"""Below it, so do facts that share a single word with headline or topic. Our choice."""
LEDE_CHOICE: Final = 4
"""Of how many of the most fitting facts one may stand in the lede. Our choice."""
PARAGRAPH_SENTENCES: Final = 3
MAX_SOURCE_QUOTES: Final = 2
"""How many quotations a release has, unless the task itself gives more. Our choice."""


def compose(brief: Brief, headline: str) -> Release:
    """A release under ``headline``, the same for the same brief. Short when the facts are few, never padded."""
    ranked = ranked_passages(brief, headline)
    own = next((each for each in ranked if _is_headline(brief, each.sentences[0], headline)), None)
    fact_first = _leads(brief, own, headline)
    form = 0 if own or headline == headlines_for(brief, 1)[0] else 1
    opening = own if fact_first else _opening(brief, [each for each in ranked if each is not own], form)
    lede = lede_of(brief, opening.sentences[0] if opening else None, form=form, fact_first=fact_first)
    spoken = _quotes(brief)
    words = word_count(lede.text) + sum(word_count(each.text) for each in spoken)
    body = _paragraphs(_chosen([each for each in ranked if each not in (opening, own)], words, brief))
    first = [*(opening.sentences[1:] if opening else ()), *(own.sentences if own and own is not opening else ())]
    if first:
        body.insert(0, _paragraph("body", first))
    return Release(
        headline=headline_sentence(brief, headline),
        city=brief.city,
        state=brief.state,
        dated=brief.dated,
        paragraphs=(lede, *_interleaved(body, spoken)),
        about=tuple(Sentence(text=text) for text in split(brief.company.about)),
        company=brief.company.name,
        contact=brief.contact,
        made_by=MADE_BY,
    )


def ranked_passages(brief: Brief, headline: str) -> list[Passage]:
    """What can be printed and is of the matter, the most fitting for ``headline`` first, equals in the brief's order.

    A word of the headline or the topic in the sentence counts twice one in the document's title. What is not near to
    the topic comes last: what names the company, as background, then what shares a word.
    """
    own = words_that_matter(brief.company.name)
    topic, asked = topic_words(brief), words_that_matter(headline) - own
    scored = []
    for place, passage in enumerate(passages_of(brief)):
        words, title = words_that_matter(passage.text) - own, words_that_matter(passage.title) - own
        score = 2 * len(asked & words) + 2 * len(topic & words) + len((topic | asked) & title)
        score += 2 * is_about(brief, passage.text)
        tier = _tier(brief, passage)
        if tier < _SHARES or score:
            scored.append((tier, -score, place, passage))
    return [passage for *_, passage in sorted(scored, key=lambda each: each[:3])]


def headline_sentence(brief: Brief, headline: str) -> Sentence:
    """``headline`` with the fact that it is, else those that say what the release is about and share a word with it."""
    ranked = ranked_passages(brief, headline)
    first = next((each.sentences[0] for each in ranked if _is_headline(brief, each.sentences[0], headline)), None)
    if first:
        return Sentence(text=headline, cites=first.cites)
    words = words_that_matter(headline) - words_that_matter(brief.company.name)
    near = ranked[0].sentences[0] if ranked else None
    shared = words & words_that_matter(near.text) - topic_words(brief) if near else frozenset()
    return Sentence(text=headline, cites=(*topic_cites(brief), *(near.cites if near and shared else ())))


def attributed(quote: Quote, *, again: bool = False) -> Sentence:
    """A quote as AP prints it, its words as given; ``again``: the speaker was named with the role before."""
    words = re.sub(r"^[“„\"]([^“”„\"]*)[”\"“]$", r"\1", quote.words.strip())
    words = re.sub(r"[“„\"]([^“”„\"]*)[”\"“]", "\u2018\\1\u2019", words).strip()
    words = words if words.endswith(("?", "!", "…")) else f"{words.rstrip(' .,;:')},"
    role = quote.role.strip(" ,.")
    return Sentence(
        text=f"“{words}” said {quote.speaker.strip(' .,')}{f', {role}' if role and not again else ''}.",
        cites=(quote.key,),
    )


def _leads(brief: Brief, own: Passage | None, headline: str) -> bool:
    """Whether the fact that the headline was made from comes first in the lede: where it says more than that."""
    if own is None or not fits_lede(brief, own.sentences[0]):
        return False
    goes_on = all(each.text.startswith(("It ", "Its ")) for each in own.sentences[1:])
    return goes_on and len(own.sentences[0].text) > len(headline) + _MORE_CHARS


def _opening(brief: Brief, ranked: Sequence[Passage], form: int) -> Passage | None:
    """The fact that stands in the lede behind what was announced: of the most fitting, one that is about the topic.

    With the second form of the lede it is the second best, so that headlines of one angle make two releases.
    """
    near = (each for each in ranked[:LEDE_CHOICE] if _tier(brief, each) == _NEAR)
    fitting = [each for each in near if _opens(brief, each.sentences[0])]
    fitting.sort(key=lambda each: not is_about(brief, each.text))
    return fitting[min(form, len(fitting) - 1)] if fitting else None


def _opens(brief: Brief, sentence: Sentence) -> bool:
    return fits_lede(brief, sentence) and not DENIES.search(sentence.text)


def _is_headline(brief: Brief, sentence: Sentence, headline: str) -> bool:
    return headline in {shortened(sentence.text), shortened(by_name(sentence.text, brief.company.name))}


_MORE_CHARS: Final = 15
"""How much longer a fact is than the headline made from it, for both to be worth reading. Our choice."""
_NEAR, _BACKGROUND, _SHARES = range(3)


def _tier(brief: Brief, passage: Passage) -> int:
    if is_near(brief, passage.text, passage.title):
        return _NEAR
    name = brief.company.name.casefold().strip()
    return _BACKGROUND if name and name in passage.text.casefold() else _SHARES


def _chosen(ranked: Sequence[Passage], words: int, brief: Brief) -> list[Passage]:
    """The first of ``ranked`` till there are words enough, of a farther tier only while there are few."""
    limits = {_NEAR: TARGET_WORDS, _BACKGROUND: ENOUGH_WORDS, _SHARES: FEW_WORDS}
    chosen = []
    for passage in ranked:
        if words < limits[_tier(brief, passage)]:
            chosen.append(passage)
            words += word_count(passage.text)
    return chosen


def _paragraphs(chosen: Sequence[Passage]) -> list[Paragraph]:
    """A paragraph for what stands in one document, in its order; the document with the most fitting sentence first."""
    rank = {uri: place for place, uri in reversed(list(enumerate(each.uri for each in chosen)))}
    in_order = sorted(chosen, key=lambda each: (rank[each.uri], each.place))
    paragraphs: list[Paragraph] = []
    for _, group in groupby(in_order, key=lambda each: each.uri):
        gathered: list[Sentence] = []
        for passage in group:
            if gathered and len(gathered) + len(passage.sentences) > PARAGRAPH_SENTENCES:
                paragraphs.append(_paragraph("body", gathered))
                gathered = []
            gathered += passage.sentences
        paragraphs.append(_paragraph("body", gathered))
    return paragraphs


def _paragraph(role: Literal["body", "quote"], sentences: Sequence[Sentence]) -> Paragraph:
    return Paragraph(role=role, sentences=tuple(sentences))


def _quotes(brief: Brief) -> list[Paragraph]:
    """All of the task's, then those of the sources that are near to the topic, of other speakers."""
    said: set[str] = set()
    paragraphs = []
    for quote in brief.quotes:
        if not holds_banned(quote.words, brief):
            paragraphs.append(_paragraph("quote", [attributed(quote, again=quote.speaker in said)]))
            said.add(quote.speaker)
    for passage in said_in_sources(brief):
        is_other = not any(name in passage.text for name in said)
        words = QUOTATION.findall(passage.text)
        if len(paragraphs) < MAX_SOURCE_QUOTES and is_other and is_near(brief, " ".join(words), passage.title):
            paragraphs.append(_paragraph("quote", passage.sentences))
    return paragraphs


def _interleaved(body: Sequence[Paragraph], quotes: Sequence[Paragraph]) -> list[Paragraph]:
    """A quotation after the first paragraph of the body and after every second one from there; the rest at the end."""
    waiting = list(quotes)
    paragraphs: list[Paragraph] = []
    for place, paragraph in enumerate(body):
        paragraphs.append(paragraph)
        if waiting and place % 2 == 0:
            paragraphs.append(waiting.pop(0))
    return [*paragraphs, *waiting]
