"""A release with a note met, by rule: each rule has one answer, and all else stays as it was.

A sentence that cannot be mended is taken out, or gives way to the most fitting fact that the release does not have yet.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from resources.domain.press_release_composing import attributed, headline_sentence, ranked_passages
from resources.domain.press_release_edits import holds, replaced, reworded, with_body, with_headline, with_paragraphs
from resources.domain.press_release_facts import Passage, is_news, split
from resources.domain.press_release_form import MAX_LEDE_WORDS, MAX_WORDS, MIN_WORDS
from resources.domain.press_release_headlines import IDEAL_CHARS, best_headlines, cut_to, headlines_for, shortened
from resources.domain.press_release_ledes import fits_lede, lede_sentence
from resources.domain.press_release_places import ap_state, stands_alone
from resources.domain.press_release_printable import holds_banned, leans
from resources.domain.press_release_rule import Rule
from resources.domain.press_release_rules import is_credited
from resources.domain.press_release_style import mended, wholly_mended
from resources.domain.press_release_topics import is_near
from resources.domain.press_release_words import word_count, words_that_matter
from resources.domain.press_releases import HEADLINES, Brief, Note, Paragraph, Release

MAX_ADDED_SENTENCES: Final = 3
"""How many sentences a paragraph has that is added to a release that is too short."""


_STYLE: Final = (Rule.NUMBERS, Rule.PERCENT, Rule.DATES, Rule.TIMES, Rule.TITLES)


def met(brief: Brief, release: Release, note: Note) -> Release:
    """The release with ``note`` met; as it was when no rule can, as when facts are too few.

    A rule that is not known is met by giving the sentence that is named in ``where`` another fact's place.
    """
    return _ANSWERS.get(note.rule, _give_way)(brief, release, note)


def in_order(notes: Sequence[Note]) -> list[Note]:
    """The notes as they can be met: a note of style changes the words by which another names its sentence, so last."""
    return sorted(notes, key=lambda note: note.rule in _STYLE)


def unused(brief: Brief, release: Release) -> list[Passage]:
    """What is near to the topic and the release does not state yet, the most fitting first."""
    ranked = [each for each in ranked_passages(brief, release.headline.text) if is_near(brief, each.text, each.title)]
    there = said_in(release)
    return [each for each in ranked if is_news(each.sentences[0].text, there)]


def said_in(release: Release) -> list[frozenset[str]]:
    """The words that matter of each sentence of the paragraphs: the style of a fact may have changed since it came."""
    return [words_that_matter(each.text) for paragraph in release.paragraphs for each in paragraph.sentences]


def given_way(brief: Brief, release: Release, old: str) -> Release:
    """The release with the next best fact in place of the sentence ``old``, or of the headline, if it is that."""
    if old == release.headline.text:
        return other_headline(brief, release)
    paragraph = next((each for each in release.paragraphs if any(s.text == old for s in each.sentences)), None)
    if paragraph is None:
        return release
    next_best = next((each for each in unused(brief, release)), None) if paragraph.role == "body" else None
    return replaced(brief, release, {old}, next_best.sentences if next_best else ())


def other_headline(brief: Brief, release: Release) -> Release:
    """The release under the best of the other headlines that the rules make."""
    others = [each for each in headlines_for(brief, HEADLINES) if each != release.headline.text]
    if not others:
        return release
    best = best_headlines(brief, others, 1)[0]
    return with_headline(release, headline_sentence(brief, others[best.place]))


def _give_way(brief: Brief, release: Release, note: Note) -> Release:
    return given_way(brief, release, note.where)


def _take_out(brief: Brief, release: Release, note: Note) -> Release:
    if note.where == release.headline.text:
        return other_headline(brief, release)
    if any(sentence.text == note.where for sentence in release.about):
        return release.model_copy(update={"about": tuple(each for each in release.about if each.text != note.where)})
    return replaced(brief, release, {note.where})


def _restyle(_brief: Brief, release: Release, note: Note) -> Release:
    """The sentence that was noted, though another slip in it was mended since."""
    same = next(
        (each.text for each in release.sentences if wholly_mended(each.text) == wholly_mended(note.where)), None
    )
    return reworded(release, same, mended(same, note.rule)) if same else release


def _cut_headline(_brief: Brief, release: Release, _note: Note) -> Release:
    text = release.headline.text
    return reworded(release, text, shortened(text) or cut_to(text, IDEAL_CHARS))


def _end_headline(_brief: Brief, release: Release, _note: Note) -> Release:
    return reworded(release, release.headline.text, release.headline.text.rstrip(". "))


def _calm_headline(_brief: Brief, release: Release, _note: Note) -> Release:
    return reworded(release, release.headline.text, " ".join(release.headline.text.replace("!", " ").split()))


def _lower_headline(brief: Brief, release: Release, _note: Note) -> Release:
    """In sentence case: a word keeps a capital when the brief writes it so within a sentence."""
    known = " ".join((brief.company.name, brief.city, brief.topic, *(fact.text for fact in brief.facts)))
    names = {name.casefold(): name for name in re.findall(r"(?<=[\w,] )[A-ZÀ-ÖØ-Þ][\w'\u2019-]*", f"x {known}")}
    words = [names.get(word.casefold(), word.lower()) for word in release.headline.text.split()]
    text = " ".join(words)
    return reworded(release, release.headline.text, text[:1].upper() + text[1:])


def _set_dateline(brief: Brief, release: Release, _note: Note) -> Release:
    city = release.city.strip() or brief.city or brief.company.city
    state = release.state.strip() if release.city.strip() else brief.state or brief.company.state
    state = "" if stands_alone(city) and ap_state(state) else ap_state(state) or state
    return release.model_copy(update={"city": city, "state": state})


def _answer_in_lede(brief: Brief, release: Release, _note: Note) -> Release:
    first = lede_sentence(brief)
    if holds(release, first.text):
        return release
    kept = [each for each in release.paragraphs[0].sentences[1:] if fits_lede(brief, each)][:1]
    lede = Paragraph(role="lede", sentences=(first, *kept))
    return with_paragraphs(release, [lede, *release.paragraphs[1:]])


def _cut_lede(brief: Brief, release: Release, _note: Note) -> Release:
    lede, *others = release.paragraphs
    kept, moved = list(lede.sentences), list[Paragraph]()
    while len(kept) > 1 and word_count(" ".join(each.text for each in kept)) > MAX_LEDE_WORDS:
        moved.insert(0, Paragraph(role="body", sentences=(kept.pop(),)))
    if word_count(kept[0].text) > MAX_LEDE_WORDS:
        kept = [min(kept[0], lede_sentence(brief), key=lambda each: word_count(each.text))]
    return with_paragraphs(release, [lede.model_copy(update={"sentences": tuple(kept)}), *moved, *others])


def _enrich_lede(brief: Brief, release: Release, _note: Note) -> Release:
    lede, *others = release.paragraphs
    if leans("".join(each.text for each in others[:1])):
        return release
    fact = next((each.sentences[0] for each in unused(brief, release) if fits_lede(brief, each.sentences[0])), None)
    sentences = (*lede.sentences, fact) if fact else lede.sentences
    return with_paragraphs(release, [lede.model_copy(update={"sentences": sentences}), *others])


def _credit(brief: Brief, release: Release, note: Note) -> Release:
    """As the task gives it, where the words are the task's; a speaker is never guessed, so any other goes."""
    said = next((quote for quote in brief.quotes if quote.words.strip(" .,") in note.where), None)
    paragraphs = [
        Paragraph(role="quote", sentences=(attributed(said),)) if said and each.text == note.where else each
        for each in release.paragraphs
        if said or each.role != "quote" or each.text != note.where
    ]
    return with_paragraphs(release, paragraphs or release.paragraphs)


def _set_apart(brief: Brief, release: Release, note: Note) -> Release:
    place, spoken = next(
        ((at, each) for at, one in enumerate(release.paragraphs) for each in one.sentences if each.text == note.where),
        (0, None),
    )
    if spoken is None:
        return release
    apart = Paragraph(role="quote", sentences=(spoken,))
    behind = len(release.paragraphs) - place - 1
    without = list(replaced(brief, release, {note.where}).paragraphs)
    if is_credited(apart):
        without.insert(max(1, len(without) - behind), apart)
    return with_paragraphs(release, without)


def _shorten_sentences(brief: Brief, release: Release, _note: Note) -> Release:
    body = [each for paragraph in release.paragraphs if paragraph.role == "body" for each in paragraph.sentences]
    longest = max(body, key=lambda each: word_count(each.text), default=None)
    return replaced(brief, release, {longest.text}) if longest else release


def _fit_length(brief: Brief, release: Release, _note: Note) -> Release:
    words = _words(release)
    if words < MIN_WORDS:
        added = [s for passage in unused(brief, release) for s in passage.sentences][:MAX_ADDED_SENTENCES]
        return with_body(release, added, first=False)
    while words > MAX_WORDS and len(release.paragraphs) > 1:
        release = with_paragraphs(release, release.paragraphs[:-1])
        words = _words(release)
    return release


def _words(release: Release) -> int:
    return sum(word_count(paragraph.text) for paragraph in release.paragraphs)


def _set_about(brief: Brief, release: Release, _note: Note) -> Release:
    from_company = [text for text in split(brief.company.about) if not holds_banned(text, brief)]
    about = tuple(release.headline.model_copy(update={"text": text, "cites": ()}) for text in from_company)
    return release.model_copy(update={"about": about or release.about})


def _set_contact(brief: Brief, release: Release, _note: Note) -> Release:
    is_whole = brief.contact.name and (brief.contact.email or brief.contact.phone)
    return release.model_copy(update={"contact": brief.contact if is_whole else brief.company.contact})


_ANSWERS: Final[Mapping[str, Callable[[Brief, Release, Note], Release]]] = MappingProxyType(
    {
        Rule.HEADLINE_LENGTH: _cut_headline,
        Rule.HEADLINE_END: _end_headline,
        Rule.HEADLINE_CAPITALS: _lower_headline,
        Rule.HEADLINE_EXCLAMATION: _calm_headline,
        Rule.DATELINE: _set_dateline,
        Rule.LEDE_ANSWERS: _answer_in_lede,
        Rule.LEDE_LENGTH: _cut_lede,
        Rule.LEDE_REPEATS: _enrich_lede,
        Rule.QUOTE_CREDIT: _credit,
        Rule.QUOTE_PARAGRAPH: _set_apart,
        Rule.READING_GRADE: _shorten_sentences,
        Rule.LENGTH: _fit_length,
        Rule.ABOUT: _set_about,
        Rule.CONTACT: _set_contact,
        **dict.fromkeys(_STYLE, _restyle),
        **dict.fromkeys((Rule.BANNED_WORD, Rule.SOURCE, Rule.UNKNOWN_SOURCE, Rule.REPETITION), _take_out),
    }
)
